package shingle_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/shingle"
)

// TestAlignFindsSharedNews checks that the shared text of two news stories is found, to
// the byte. Adjoining paragraphs form one passage, despite curly quotes and no-break
// spaces.
func TestAlignFindsSharedNews(t *testing.T) {
	type side struct{ Start, End int }
	type gold struct{ A, B side }
	read := func(name string) string {
		data, err := os.ReadFile(corpus.Shared(t, "seeds", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var want []gold
	for line := range strings.Lines(read("gold.jsonl")) {
		var g gold
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		want = append(want, g)
	}
	a, b := read("000_07be50ff56453af9.txt"), read("003_0de752108fcf7d4a.txt")
	got := shingle.Aligner{}.Align(a, b)
	covered := make([]bool, len(want))
	for _, p := range got {
		// The outer edges of a passage are gold edges, and between them it holds only
		// gold passages and the space between paragraphs.
		startA, startB, endA, endB := false, false, false, false
		for i, g := range want {
			startA = startA || near(p.A.Start, g.A.Start)
			startB = startB || near(p.B.Start, g.B.Start)
			endA = endA || near(p.A.End, g.A.End)
			endB = endB || near(p.B.End, g.B.End)
			if p.A.Start-2 <= g.A.Start && g.A.End <= p.A.End+2 && p.B.Start-2 <= g.B.Start && g.B.End <= p.B.End+2 {
				covered[i] = true
			}
		}
		if !startA || !startB || !endA || !endB {
			t.Errorf("passage %+v, want one that begins and ends where a shared part does:\n%s\n%s", p, p.A.Of(a), p.B.Of(b))
		}
	}
	for i, ok := range covered {
		if !ok {
			t.Errorf("not found: %+v", want[i])
		}
	}
}

func near(x, y int) bool { return max(x-y, y-x) <= 2 }
