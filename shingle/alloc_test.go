package shingle_test

import (
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestAllocations demands that nothing is allocated where buffers are reused.
func TestAllocations(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	text := randomText(9, 2000)
	skip := []shingle.Span{{Start: 10, End: 20}, {Start: 500, End: 900}}
	for _, s := range []shingle.Shingler{{}, {Unit: shingle.Chars}, {Size: 40, KeepAccents: true}} {
		var hashes []uint64
		var toks []shingle.Token
		for name, f := range map[string]func(){
			"AppendHashes":      func() { hashes = s.AppendHashes(hashes[:0], text) },
			"AppendHashes skip": func() { hashes = s.AppendHashes(hashes[:0], text, skip...) },
			"AppendTokens":      func() { toks = s.AppendTokens(toks[:0], text) },
			"MakeSet":           func() { shingle.MakeSet(s.AppendHashes(hashes[:0], text)) },
			"Jaccard": func() {
				a := shingle.Set(hashes[:20])
				a.Jaccard(a)
				a.Containment(a)
			},
		} {
			if name == "Jaccard" && len(hashes) < 20 {
				hashes = s.AppendHashes(hashes[:0], text)
			}
			// A pool may be emptied at any time, so one in ten is forgiven.
			if n := testing.AllocsPerRun(50, f); n > 0.1 {
				t.Errorf("%v: %s allocates %v times", s, name, n)
			}
		}
	}
}
