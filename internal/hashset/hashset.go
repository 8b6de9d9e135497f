// Package hashset sorts hashes into sets.
package hashset

import (
	"math/bits"
	"slices"
	"sync"
)

// Make sorts hashes in place, drops repeats and returns the result, which shares the
// memory of hashes. Hashes that are spread evenly take a few nanoseconds each; others
// are left to [slices.Sort] after a few passes. It allocates nothing if its pool has
// memory for as many hashes.
func Make(hashes []uint64) []uint64 {
	s := sorters.Get().(*sorter)
	n := s.sort(hashes, hashes)
	sorters.Put(s)
	return hashes[:n]
}

// Is reports whether hashes are a set: in ascending order without repeats.
func Is(hashes []uint64) bool {
	for i := 1; i < len(hashes); i++ {
		if hashes[i] <= hashes[i-1] {
			return false
		}
	}
	return true
}

// Of returns hashes as a set: the slice itself if it already is one, otherwise a copy.
func Of(hashes []uint64) []uint64 {
	if Is(hashes) {
		return hashes
	}
	return Make(slices.Clone(hashes))
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
