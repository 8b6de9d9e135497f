package shingle

import (
	"math/bits"
	"slices"
	"sync"
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
func MakeSet(hashes []uint64) Set {
	s := sorters.Get().(*sorter)
	n := s.sort(hashes, hashes)
	sorters.Put(s)
	return Set(hashes[:n])
}

// A sorter holds the memory that sorting needs in addition to the hashes.
type sorter struct {
	count [1 << maxRadix]uint16
	tmp   []uint64 // hashes in the order of their buckets
	parts []uint64 // hashes in the order of their parts, for a set that is first cut into parts
}

const (
	maxRadix  = 13
	partAt    = 1 << 14 // a set this large is cut into parts of about partSize
	partSize  = 1 << 12
	patience  = 8 // average number of moves per element above which another sort is better
	keepSpace = 1 << 20
)

var sorters = sync.Pool{New: func() any { return new(sorter) }}

// sort writes the distinct elements of src in ascending order to dst, which has room
// for all and may be src, and returns their number.
func (s *sorter) sort(dst, src []uint64) int {
	if uint64(len(src)) > 1<<32-1 {
		copy(dst, src)
		slices.Sort(dst[:len(src)])
		return len(slices.Compact(dst[:len(src)]))
	}
	if len(src) < partAt {
		return s.sortPart(dst, src, 0)
	}
	radix := min(maxRadix, bits.Len(uint(len(src)/partSize)))
	s.parts = room(s.parts, len(src))
	ends := s.split(s.parts, src, radix)
	n, from := 0, uint32(0)
	for _, to := range ends {
		n += s.sortPart(dst[n:], s.parts[from:to], radix)
		from = to
	}
	if cap(s.parts) > keepSpace {
		s.parts, s.tmp = nil, nil
	}
	return n
}

// room returns a slice of n elements in the memory of h, if that is large enough.
func room(h []uint64, n int) []uint64 {
	if cap(h) < n {
		return make([]uint64, n, n+n/4)
	}
	return h[:n]
}

// split writes src to dst in order of the upper radix bits, and returns the end of each
// part in dst.
func (s *sorter) split(dst, src []uint64, radix int) []uint32 {
	right := uint(64-radix) & 63
	ends := make([]uint32, 1<<radix)
	for _, x := range src {
		ends[x>>right]++
	}
	sum := uint32(0)
	for i, c := range ends {
		ends[i] = sum
		sum += c
	}
	for _, x := range src {
		c := &ends[x>>right]
		dst[*c] = x
		*c++
	}
	return ends
}

// sortPart is like sort, for elements whose upper skip bits are all equal. It takes
// about as many buckets as there are hashes; since hashes are spread evenly, few share
// a bucket.
func (s *sorter) sortPart(dst, src []uint64, skip int) int {
	switch {
	case len(src) < 2:
		return copy(dst, src)
	case len(src) >= 1<<16: // too many for the counters, because they are not spread evenly
		copy(dst, src)
		slices.Sort(dst[:len(src)])
		return len(slices.Compact(dst[:len(src)]))
	}
	n := len(src)
	s.tmp = room(s.tmp, n+1)
	s.scatter(s.tmp, src, skip, min(maxRadix, bits.Len(uint(n))))
	s.tmp[n] = ^uint64(0)
	return settle(dst, s.tmp)
}

// scatter writes src, of fewer than 1<<16 elements, to dst in order of the radix bits
// after the upper skip bits.
func (s *sorter) scatter(dst, src []uint64, skip, radix int) {
	left, right := uint(skip)&63, uint(64-radix)&63
	count, buckets := &s.count, s.count[:1<<radix]
	clear(buckets)
	for _, x := range src {
		count[x<<left>>right&(1<<maxRadix-1)]++
	}
	sum := uint16(0)
	for i, c := range buckets {
		buckets[i] = sum
		sum += c
	}
	for _, x := range src {
		c := &count[x<<left>>right&(1<<maxRadix-1)]
		dst[*c] = x
		*c++
	}
}

// settle sorts src without its last element, which is the greatest number and follows
// two or more others that are nearly sorted, into dst. It drops repeats and returns the
// number left.
func settle(dst, src []uint64) int {
	dst = dst[:len(src)-1]
	// Most elements are in place, and most of the others are one place too late: carry
	// the greater of two on, without a branch, which would be unpredictable. The last
	// element of src pushes the greatest of the others out.
	last, most := min(src[0], src[1]), max(src[0], src[1])
	dst[0] = last
	n, steps := 1, 0
	for _, x := range src[2:] {
		v := min(x, most)
		most = max(x, most)
		if v >= last {
			dst[n] = v
			if v != last {
				n++
			}
			last = v
			continue
		}
		k := n - 1 // dst[k] is above v
		for k > 0 && dst[k-1] > v {
			k--
		}
		if steps += n - k; steps > patience*len(src) {
			// So many moves mean that the elements are not ordinary hashes.
			copy(dst, src)
			slices.Sort(dst)
			return len(slices.Compact(dst))
		}
		if k > 0 && dst[k-1] == v {
			continue
		}
		copy(dst[k+1:n+1], dst[k:n])
		dst[k] = v
		n++
	}
	return n
}

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
