package shingle

import (
	"math/bits"
	"slices"
	"sync"
)

// A Set is a set of shingle hashes: in ascending order, without repeats. Its
// methods allocate nothing and may be called by any number of goroutines.
type Set []uint64

// MakeSet sorts hashes in place, drops repeats and returns the result, which
// shares the memory of hashes. With the memory of an earlier set for
// [Shingler.AppendHashes] to append to, making a set allocates nothing:
//
//	buf = sh.AppendHashes(buf[:0], text)
//	set := shingle.MakeSet(buf)
func MakeSet(hashes []uint64) Set {
	sortHashes(hashes)
	return Set(slices.Compact(hashes))
}

// A sorter holds what sorting n hashes needs beside them.
type sorter struct {
	count [1 << maxRadix]uint32
	tmp   []uint64
}

const maxRadix = 11

var sorters = sync.Pool{New: func() any { return new(sorter) }}

// sortHashes sorts by the top bits into as many buckets as leave a few hashes
// to each, then each bucket. Hashes are spread evenly, so the buckets are short;
// where they are not, it costs no more than an ordinary sort.
func sortHashes(h []uint64) {
	if len(h) < 64 || uint64(len(h)) > 1<<32-1 {
		slices.Sort(h)
		return
	}
	s := sorters.Get().(*sorter)
	radix := min(maxRadix, bits.Len(uint(len(h)))-3)
	shift := 64 - radix
	count := s.count[:1<<radix]
	clear(count)
	for _, x := range h {
		count[x>>shift]++
	}
	sum := uint32(0)
	for i, c := range count {
		count[i] = sum
		sum += c
	}
	s.tmp = append(s.tmp[:0], h...)
	for _, x := range s.tmp {
		c := &count[x>>shift]
		h[*c] = x
		*c++
	}
	from := uint32(0)
	for _, to := range count { // each count has become the end of its bucket
		sortBucket(h[from:to])
		from = to
	}
	sorters.Put(s)
}

func sortBucket(h []uint64) {
	if len(h) > 24 {
		slices.Sort(h)
		return
	}
	for i := 1; i < len(h); i++ {
		x := h[i]
		k := i
		for ; k > 0 && h[k-1] > x; k-- {
			h[k] = h[k-1]
		}
		h[k] = x
	}
}

// gallopAt is how many times larger one set must be for a search from each
// element of the smaller to beat a merge.
const gallopAt = 12

// Common returns the number of elements that s and t share. It costs one pass
// over both, or a search for each element of the smaller where the other is
// far larger.
func (s Set) Common(t Set) int {
	if len(s) > len(t) {
		s, t = t, s
	}
	if len(s)*gallopAt < len(t) {
		return gallop(s, t)
	}
	n, i, j := 0, 0, 0
	for i < len(s) && j < len(t) {
		// Which of the two goes on is a coin toss: no branch on it.
		_, less := bits.Sub64(s[i], t[j], 0)
		_, more := bits.Sub64(t[j], s[i], 0)
		i += int(1 - more)
		j += int(1 - less)
		n += int(1 - more - less)
	}
	return n
}

// gallop counts the elements of s in t, each searched for in steps that double.
func gallop(s, t Set) (n int) {
	for _, x := range s {
		step := 1
		for step < len(t) && t[step] < x {
			step *= 2
		}
		i, found := slices.BinarySearch(t[step/2:min(step+1, len(t))], x)
		t = t[step/2+i:]
		if found {
			n++
		}
		if len(t) == 0 {
			break
		}
	}
	return n
}

// Jaccard returns |s∩t| / |s∪t|, and 0 when either set is empty.
func (s Set) Jaccard(t Set) float64 {
	c := s.Common(t)
	if c == 0 {
		return 0
	}
	return float64(c) / float64(len(s)+len(t)-c)
}

// Containment returns the share of s that is in t, and 0 when either is empty.
func (s Set) Containment(t Set) float64 {
	if len(s) == 0 {
		return 0
	}
	return float64(s.Common(t)) / float64(len(s))
}
