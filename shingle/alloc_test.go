package shingle_test

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// TestReusedBuffersDoNotAllocate checks that nothing is allocated if buffers are reused.
func TestReusedBuffersDoNotAllocate(t *testing.T) {
	if race.Enabled {
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

// TestNewHashesAllocateSeldom checks that AppendHashes without memory to reuse allocates
// once for a text of several pieces, a few times for a long one, and leaves little of
// what it allocates unused, even if most of the text has no tokens.
func TestNewHashesAllocateSeldom(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	const line = "The ferry leaves the harbour at six, and it will not wait. "
	for _, c := range []struct {
		name   string
		text   string
		allocs float64
		times  int // maximum capacity, as a multiple of the number of hashes
	}{
		{"a line", line, 1, 1},
		{"60 KB", strings.Repeat(line, 1000), 1, 1},
		{"12 MB", strings.Repeat(line, 200_000), 4, 1},
		{"a dense beginning", strings.Repeat("a ", 2048) + strings.Repeat(" ", 1<<20), 1, 18},
	} {
		var hashes []uint64
		// A pool may be emptied at any time.
		if n := testing.AllocsPerRun(10, func() { hashes = (shingle.Shingler{}).AppendHashes(nil, c.text) }); n > c.allocs+0.5 {
			t.Errorf("%s: AppendHashes makes %v allocations, want %v", c.name, n, c.allocs)
		}
		if got, limit := cap(hashes), c.times*len(hashes)*9/8+32; got > limit {
			t.Errorf("%s: a capacity of %d for %d hashes, want at most %d", c.name, got, len(hashes), limit)
		}
	}
}

// TestHashesOnTheStack checks that the hashes of a short text are on the stack of a
// caller that does not keep them, and how much memory they take if they are kept.
func TestHashesOnTheStack(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	var sh shingle.Shingler
	var kept []uint64
	sum := uint64(0)
	for _, c := range []struct {
		words          int
		dropped, keeps float64 // allocations
		capacity       int     // maximum, if kept
	}{
		{0, 0, 1, 0},
		{1, 0, 1, 64},
		{50, 0, 1, 64},
		{68, 0, 1, 64},
		{69, 1, 2, 72},
		{300, 1, 1, 340},
	} {
		text := strings.Repeat("a word ", c.words/2) + strings.Repeat("last", c.words%2)
		dropped := testing.AllocsPerRun(50, func() {
			for _, h := range sh.Hashes(text) {
				sum += h
			}
		})
		keeps := testing.AllocsPerRun(50, func() { kept = sh.Hashes(text) })
		// A pool may be emptied at any time, so one run in ten may allocate.
		if dropped > c.dropped+0.1 || keeps > c.keeps+0.1 {
			t.Errorf("%d words: %v allocations, or %v if the hashes are kept; want %v and %v", c.words, dropped, keeps, c.dropped, c.keeps)
		}
		if cap(kept) > c.capacity {
			t.Errorf("%d words: a capacity of %d for %d hashes, want at most %d", c.words, cap(kept), len(kept), c.capacity)
		}
	}
}
