package shingle

import (
	"slices"

	"github.com/neardup/neardup/internal/hashset"
)

// A Set is a set of shingle hashes: in ascending order, without repeats. Its
// methods allocate nothing and may be called by any number of goroutines. The zero
// Set is empty.
type Set []uint64

// MakeSet sorts hashes in place, drops repeats and returns the result, which
// shares the memory of hashes. With the memory of an earlier set for
// [Shingler.AppendHashes] to append to, making a set allocates nothing:
//
//	buf = sh.AppendHashes(buf[:0], text)
//	set := shingle.MakeSet(buf)
func MakeSet(hashes []uint64) Set { return hashset.Make(hashes) }

// gallopAt is how many times larger one set must be for a search from each
// element of the smaller to beat a merge.
const gallopAt = 12

// Common returns the number of elements that s and t share. It costs one pass over
// both, or one search for each element of the smaller set if the other is far larger.
func (s Set) Common(t Set) int {
	if len(s) > len(t) {
		s, t = t, s
	}
	if len(s)*gallopAt < len(t) {
		return gallop(s, t)
	}
	if len(s) < 64 {
		return merge(s, t)
	}
	// Two merges run at once, one on the lower halves and one on the upper halves, and
	// neither waits for the other.
	half := len(s) / 2
	k, _ := slices.BinarySearch(t, s[half])
	a, b, c, d := s[:half], t[:k], s[half:], t[k:]
	n, i, j, p, q := 0, 0, 0, 0, 0
	for i < len(a) && j < len(b) && p < len(c) && q < len(d) {
		x, y := a[i], b[j]
		u, v := c[p], d[q]
		i += one(x <= y)
		j += one(y <= x)
		n += one(x == y)
		p += one(u <= v)
		q += one(v <= u)
		n += one(u == v)
	}
	return n + merge(a[i:], b[j:]) + merge(c[p:], d[q:])
}

// merge counts the elements that s and t share in one pass over both.
func merge(s, t Set) (n int) {
	for i, j := 0, 0; i < len(s) && j < len(t); {
		// A branch on which of the two advances would be unpredictable, so there is
		// none.
		x, y := s[i], t[j]
		i += one(x <= y)
		j += one(y <= x)
		n += one(x == y)
	}
	return n
}

// one returns 1 if ok. It compiles without a branch.
func one(ok bool) (n int) {
	if ok {
		n = 1
	}
	return n
}

// gallop counts the elements of s in t, searching for each one in steps of doubling
// size.
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
