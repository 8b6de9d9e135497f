package show

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/shingle"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	ferry  = "The night ferry sails again from the first of May, and 夜間渡輪 is painted on its side in letters as tall as a man. Bicycles travel free."
	ferry2 = "Yesterday: the night ferry sails again from the first of June, and 夜間渡輪 is painted on its side in letters as tall as a man. Dogs do not."
)

func TestSideBySideAlignsWords(t *testing.T) {
	passages := shingle.Aligner{}.Align(ferry, ferry2)
	if len(passages) != 1 {
		t.Fatalf("%d passages, want 1", len(passages))
	}
	for _, s := range []screen.Screen{{Width: 40}, {Width: 80}, {Width: 80, Color: true}, {Width: 132}} {
		for _, long := range []bool{false, true} {
			name := fmt.Sprint("passage-", s.Width)
			idA, idB := "harbour.txt", "wire.txt"
			if s.Color {
				name += "-color"
			}
			if long {
				name += "-long"
				idA = strings.Repeat("folder/", 20) + idA
			}
			t.Run(name, func(t *testing.T) {
				var b strings.Builder
				SideBySide(&b, s, idA, ferry, idB, ferry2, passages, nil)
				got := b.String()
				for line := range strings.Lines(got) {
					if n := columns.Width(strings.TrimSuffix(line, "\n")); n > s.Width {
						t.Errorf("line of %d cells, want at most %d: %q", n, s.Width, line)
					}
				}
				file := filepath.Join("testdata", name+".golden")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("(-want +got; -update rewrites it):\n%s", diff)
				}
			})
		}
	}
}

// The text of a document cannot change the style of the terminal.
func TestHostileTextCannotStyleTerminal(t *testing.T) {
	evil := "\x1b[31m\x1b]0;title\x07\u202e one two three four five six seven eight nine ten eleven twelve thirteen"
	passages := shingle.Aligner{}.Align(evil+" fourteen", "zero "+evil+" other")
	var b strings.Builder
	SideBySide(&b, screen.Screen{Width: 80}, evil, evil+" fourteen", "b\r", "zero "+evil+" other", passages, nil)
	if len(passages) == 0 || strings.ContainsAny(b.String(), "\x1b\x07\u202e\r") {
		t.Errorf("%d passages shown as %q, want at least 1 and no control characters", len(passages), b.String())
	}
}

func TestCountsAndSizesAreFormatted(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Count(1, "pair"), "1 pair"}, {Count(0, "pair"), "0 pairs"}, {Count(21578, "document"), "21,578 documents"},
		{Number(999), "999"}, {Number(1000), "1,000"}, {Number(-1234567), "-1,234,567"},
		{Percent(0), "0 %"}, {Percent(.001), "under 1 %"}, {Percent(.455), "46 %"}, {Percent(.999), "99 %"}, {Percent(1), "100 %"},
		{Bytes(1), "1 byte"}, {Bytes(999), "999 bytes"}, {Bytes(5546), "5.5 kB"}, {Bytes(17182810), "17 MB"}, {Bytes(999_999_999), "1.0 GB"},
		{Excerpt("one  two\nthree", 20), "one two three"}, {Excerpt("one two three", 9), "one two…"}, {Excerpt("夜間渡輪", 5), "夜間…"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
