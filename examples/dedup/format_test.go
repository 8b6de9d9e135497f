package main

import (
	"io"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// A new format needs only an entry in the table: reading, cleaning and help follow from
// it.
func TestNewFormatNeedsOneTableEntry(t *testing.T) {
	was := input.Formats
	t.Cleanup(func() { input.Formats = was })
	input.Formats = append([]input.Format{{
		Name: "toy", Extensions: []string{".toy"}, Help: "a document between two bars",
		Recognize: func(head []byte) bool { return strings.HasPrefix(string(head), "TOY|") },
		Read: func(f *input.File) bool {
			data, err := io.ReadAll(f.In)
			if err != nil {
				return f.Fail(input.Place{}, err)
			}
			return f.Batch(len(data), func(emit func(*input.Doc, error) bool) {
				for i, text := range strings.Split(strings.Trim(strings.TrimPrefix(string(data), "TOY"), "|\n"), "|") {
					d := &input.Doc{Text: text, Format: "toy", Place: input.Place{File: f.Name, Record: i + 1}, Raw: []byte(text + "|")}
					if !emit(d, nil) {
						return
					}
				}
			})
		},
		Write: func(w input.Writer, d *input.Doc) error { _, err := w.Write(d.Raw); return err },
	}}, was...)
	t.Chdir(t.TempDir())
	put(t, map[string]string{"in.toy": "TOY|" + ferry + "|" + bread + "|" + ferry + "|", "other": "TOY|" + storyA + "|"})
	stdout, stderr, status := dedup(t, "", "pairs", "-json", "in.toy", "other")
	if want := `{"a":"in.toy:1","b":"in.toy:3","jaccard":1,"containment_a":1,"containment_b":1,"exact":true}` + "\n"; stdout != want || status != cli.ExitDone || !strings.Contains(stderr, "4 documents") {
		t.Errorf("pairs of a new format: status %d, %s%s, want %s", status, stdout, stderr, want)
	}
	if _, stderr, status := dedup(t, "", "clean", "-out", "out.toy.gz", "in.toy", "other"); status != cli.ExitDone {
		t.Errorf("clean of a new format: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	if stdout, _, _ := dedup(t, "", "clean", "-out", "-", "in.toy"); stdout != ferry+"|"+bread+"|" {
		t.Errorf("clean -out - = %q, want %q", stdout, ferry+"|"+bread+"|")
	}
	if _, stderr, _ := dedup(t, "", "clean", "-out", "x.csv", "in.toy"); !strings.Contains(stderr, "end the name in .toy") {
		t.Errorf("clean -out x.csv: %s, want %q", stderr, "end the name in .toy")
	}
	for _, args := range [][]string{{"-h"}, {"pairs", "-h"}} {
		if stdout, _, _ := dedup(t, "", args...); !strings.Contains(stdout, "toy") {
			t.Errorf("dedup %v prints %s, want the format toy named", args, stdout)
		}
	}
}
