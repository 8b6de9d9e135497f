package lsh

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
)

// A repeat filter reports which elements may have been seen twice. The number of its
// cells is a power of two; each has two bits.
type repeatFilter struct {
	words []atomic.Uint64
	shift int
}

func makeRepeatFilter(elements float64) *repeatFilter {
	const perElement = 8
	n := min(33, max(10, bits.Len64(uint64(elements*perElement))))
	return &repeatFilter{make([]atomic.Uint64, 1<<(n-5)), 64 - n}
}

// cell mixes first, because elements need not be hashes.
func (f *repeatFilter) cell(x uint64) (word *atomic.Uint64, bit int) {
	c := fold(x, 0xD6E8FEB86659FD93) >> f.shift
	return &f.words[c/32], int(c % 32)
}

func (f *repeatFilter) add(x uint64) {
	w, bit := f.cell(x)
	if w.Or(1<<bit)>>bit&1 != 0 {
		w.Or(1 << (bit + 32))
	}
}

func (f *repeatFilter) twice(x uint64) bool {
	w, bit := f.cell(x)
	return w.Load()>>(bit+32)&1 != 0
}

// A numbering maps elements to their numbers.
type numbering struct {
	elements []uint64 // in ascending order
	numbers  []uint32
}

// numberByFrequency numbers the elements that occur more than once, the rarest
// first. It also returns how many there are.
func numberByFrequency(elements []uint64) (numbering, int) {
	sorted := slices.Clone(elements)
	slices.Sort(sorted)
	type token struct{ frequency, at uint32 }
	var tokens []token
	kept := sorted[:0]
	for i := 0; i < len(sorted); {
		x, n := sorted[i], 1
		for i+n < len(sorted) && sorted[i+n] == x {
			n++
		}
		if n > 1 {
			tokens = append(tokens, token{uint32(n), uint32(len(kept))})
			kept = append(kept, x)
		}
		i += n
	}
	slices.SortFunc(tokens, func(a, b token) int {
		return cmp.Or(cmp.Compare(a.frequency, b.frequency), cmp.Compare(a.at, b.at))
	})
	m := numbering{elements: slices.Clip(kept), numbers: make([]uint32, len(kept))}
	for i, t := range tokens {
		m.numbers[t.at] = uint32(i)
	}
	return m, len(tokens)
}

// at returns the number of x; none if it has no number.
func (m *numbering) at(x uint64) uint32 {
	if i, ok := slices.BinarySearch(m.elements, x); ok {
		return m.numbers[i]
	}
	return none
}
