package shingle_test

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestReusedBuffersDoNotAllocate checks that nothing is allocated if buffers are reused.
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
			// A pool may be emptied at any time, so one run in ten may allocate.
			if n := testing.AllocsPerRun(50, c.f); n > 0.1 {
				t.Errorf("%v: %s makes %v allocations, want 0", s, c.name, n)
			}
		}
	}
}

// TestLongTextAllocatesOnce checks that AppendHashes without memory to reuse allocates once for a text
// of many pieces, and leaves little of what it allocates unused.
func TestLongTextAllocatesOnce(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	for _, n := range []int{1, 3000, 200_000} {
		text := strings.Repeat("The ferry leaves the harbour at six, and it will not wait. ", n/60+1)
		var hashes []uint64
		if n := testing.AllocsPerRun(50, func() { hashes = (shingle.Shingler{}).AppendHashes(nil, text) }); n > 1.1 {
			t.Errorf("%d bytes: AppendHashes makes %v allocations, want 1", len(text), n)
		}
		if got, limit := cap(hashes), len(hashes)*9/8+32; got > limit {
			t.Errorf("%d bytes: a capacity of %d for %d hashes, want at most %d", len(text), got, len(hashes), limit)
		}
	}
}
