package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
)

// New documents are compared with all old ones and with each other; passages that only
// old documents share are not reported.
func TestAgainstComparesNewDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	ferry := "the night ferry sails again from the first of may nine years after the last crossing"
	bread := "the baker on cooper street lets her rye rest for two nights before the ovens are lit"
	lines := func(texts ...string) string {
		var b strings.Builder
		for i := 0; i < len(texts); i += 2 {
			b.WriteString(`{"id":"` + texts[i] + `","text":"` + texts[i+1] + "\"}\n")
		}
		return b.String()
	}
	for name, data := range map[string]string{
		"old.jsonl":   lines("a", ferry, "b", ferry, "c", "something else altogether that nobody repeats"),
		"new.jsonl":   lines("x", bread, "a", ferry, "y", bread, "z", "a text that is new and stays new"),
		"empty.jsonl": "",
	} {
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	pair := func(a, b string) string {
		return `{"a":"` + a + `","b":"` + b + `","jaccard":1,"containment_a":1,"containment_b":1,"exact":true}` + "\n"
	}
	for _, tt := range []struct {
		why, args, want string
	}{
		{"both old copies of the new a, and the new x and y", "-against old.jsonl new.jsonl", pair("a", "a") + pair("b", "a") + pair("x", "y")},
		{"the same with -estimate", "-estimate -against old.jsonl new.jsonl", strings.ReplaceAll(pair("a", "a")+pair("b", "a")+pair("x", "y"), "true", "false")},
		{"nothing old", "-against empty.jsonl new.jsonl", pair("x", "y")},
		{"nothing new", "-against old.jsonl empty.jsonl", ""},
	} {
		stdout, stderr, status := dedup(t, "", append([]string{"pairs", "-json"}, strings.Fields(tt.args)...)...)
		if diff := cmp.Diff(tt.want, stdout); diff != "" || status != cli.ExitDone {
			t.Errorf("%s: exit status %d, %s (-want +got):\n%s", tt.why, status, stderr, diff)
		}
	}
}
