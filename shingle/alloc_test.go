package shingle_test

import (
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestReusedBuffersDoNotAllocate demands that nothing is allocated where buffers are reused.
func TestReusedBuffersDoNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	text := randomText(9, 2000)
	skip := []shingle.Span{{Start: 10, End: 20}, {Start: 500, End: 900}}
	for _, s := range []shingle.Shingler{{}, {Unit: shingle.Chars}, {Size: 40, KeepAccents: true}} {
		hashes := s.AppendHashes(nil, text)
		toks := s.AppendTokens(nil, text)
		other := s.Set(text[:len(text)/2])
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"AppendHashes", func() { hashes = s.AppendHashes(hashes[:0], text) }},
			{"AppendHashes with spans to skip", func() { hashes = s.AppendHashes(hashes[:0], text, skip...) }},
			{"AppendTokens", func() { toks = s.AppendTokens(toks[:0], text) }},
			{"the similarity of a text to a set", func() {
				hashes = s.AppendHashes(hashes[:0], text)
				set := shingle.MakeSet(hashes)
				set.Jaccard(other)
				set.Containment(other)
			}},
		} {
			// A pool may be emptied at any time, so one in ten is forgiven.
			if n := testing.AllocsPerRun(50, c.f); n > 0.1 {
				t.Errorf("%v: %s makes %v allocations, want 0", s, c.name, n)
			}
		}
	}
}
