package align

import (
	"math/bits"
	"slices"
)

// A table maps the q-grams of a text to their places. A slot belongs to one
// gram; next links the places of that gram, ascending.
type table struct {
	q     int
	ids   []uint32
	shift uint
	slots []slot
	next  []int32
	other []int32 // per slot: places in the other text
	rank  []int32 // per slot: places of the other text seen so far
}

type slot struct{ first, count int32 } // count 0: free

// reset empties the table for up to n grams of ids.
func (t *table) reset(ids []uint32, q, n int) {
	width := bits.Len(uint(2*n + 15))
	t.q, t.ids, t.shift = q, ids, uint(64-width)
	t.slots = slices.Grow(t.slots[:0], 1<<width)[:1<<width]
	clear(t.slots)
	t.next = slices.Grow(t.next[:0], len(ids))[:len(ids)]
	t.other = slices.Grow(t.other[:0], 1<<width)[:1<<width]
	t.rank = slices.Grow(t.rank[:0], 1<<width)[:1<<width]
}

// hash mixes the q ids from at on.
func (t *table) hash(ids []uint32, at int) uint64 {
	h := uint64(0)
	for _, id := range ids[at : at+t.q] {
		h = (bits.RotateLeft64(h, 23) ^ uint64(id)) * 0x9E3779B97F4A7C15
	}
	return h ^ h>>29
}

// slot returns the place of the gram of ids at the given token: its slot, or
// the free one where it would go.
func (t *table) slot(ids []uint32, at int) int32 {
	mask := len(t.slots) - 1
	for s := int(t.hash(ids, at) * 0xD1B54A32D192ED03 >> t.shift); ; s = (s + 1) & mask {
		sl := t.slots[s]
		if sl.count == 0 || equal(t.ids[sl.first:int(sl.first)+t.q], ids[at:at+t.q]) {
			return int32(s)
		}
	}
}

// add puts the gram at the given token in; later tokens must be added first.
func (t *table) add(at int) {
	sl := &t.slots[t.slot(t.ids, at)]
	t.next[at] = -1
	if sl.count > 0 {
		t.next[at] = sl.first
	}
	sl.first, sl.count = int32(at), sl.count+1
}

func equal(x, y []uint32) bool {
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// limits returns how many places of a gram that stands at ca and cb places are
// looked at on each side.
func limits(ca, cb int32) (int32, int32) {
	if int64(ca)*int64(cb) <= maxCopies {
		return ca, cb
	}
	ka := min(ca, sideCopies)
	kb := min(cb, maxCopies/ka)
	return min(ca, maxCopies/kb), kb
}

// seed finds the runs of equal tokens that hold a shared gram.
func (e *Engine) seed(a, b []uint32) {
	q := gram
	for most := max(len(a), len(b)); most > longText && q < 5; most /= 10 {
		q++
	}
	q = min(q, e.Min)
	if len(a) < q || len(b) < q {
		return
	}
	t := &e.short
	if t.q != q || len(a) != len(e.indexed) || &a[0] != &e.indexed[0] {
		t.reset(a, q, len(a))
		for i := len(a) - q; i >= 0; i-- {
			t.add(i)
		}
		e.indexed = a
	}
	at := make([]int32, len(b)-q+1)
	if e.scan(t, a, b, at, func(int) bool { return true }) {
		e.seedWide(a, b, at)
	}
}

// scan looks the grams of b up in t and reports whether some stood at too many
// places to look at all of them. at[j] becomes the slot of the gram at j, -1
// where a has none.
func (e *Engine) scan(t *table, a, b []uint32, at []int32, want func(j int) bool) (common bool) {
	clear(t.other)
	clear(t.rank)
	for j := range at {
		at[j] = -1
		if !want(j) {
			continue
		}
		if s := t.slot(b, j); t.slots[s].count > 0 {
			at[j] = s
			t.other[s]++
		}
	}
	for j, s := range at {
		if s < 0 {
			continue
		}
		ca, cb := t.slots[s].count, t.other[s]
		ka, kb := limits(ca, cb)
		common = common || ka < ca || kb < cb
		t.rank[s]++
		if t.rank[s] > kb {
			continue
		}
		for i := t.slots[s].first; ka > 0; ka-- {
			e.found(a, b, i, int32(j), int32(t.q))
			i = t.next[i]
		}
	}
	return common
}

// seedWide looks for wider grams where all the short ones are too common, so
// that a long shared run is found in a text of few words as well.
func (e *Engine) seedWide(a, b []uint32, at []int32) {
	if len(a) < gramWide || len(b) < gramWide {
		return
	}
	s := &e.short
	over := func(k int32) bool {
		if k < 0 {
			return false
		}
		ka, kb := limits(s.slots[k].count, s.other[k])
		return ka < s.slots[k].count || kb < s.other[k]
	}
	span := gramWide - s.q + 1 // short grams in a wide one
	t := &e.wide
	t.reset(a, gramWide, len(a))
	run := 0
	for i := len(a) - s.q; i >= 0; i-- {
		if run++; !over(s.slot(a, i)) {
			run = 0
		}
		if run >= span {
			t.add(i)
		}
	}
	ok := make([]bool, len(b)-gramWide+1)
	run = 0
	for j := len(at) - 1; j >= 0; j-- {
		if run++; !over(at[j]) {
			run = 0
		}
		if run >= span {
			ok[j] = true
		}
	}
	e.scan(t, a, b, make([]int32, len(ok)), func(j int) bool { return ok[j] })
}

// found widens the n equal tokens at (i, j) to the run that they lie in.
func (e *Engine) found(a, b []uint32, i, j, n int32) {
	if i < 0 || j < 0 || int(i)+int(n) > len(a) || int(j)+int(n) > len(b) {
		return
	}
	d := &e.diag[int(i)-int(j)+len(b)-1]
	if d.N > 0 && d.A <= i && i < d.A+d.N {
		return
	}
	if e.budget <= 0 {
		e.Truncated = true
		return
	}
	if !equal(a[i:i+n], b[j:j+n]) {
		return
	}
	end := i + n
	for k := j + n; int(end) < len(a) && int(k) < len(b) && a[end] == b[k]; k++ {
		end++
	}
	for i > 0 && j > 0 && a[i-1] == b[j-1] {
		i, j = i-1, j-1
	}
	*d = Run{i, j, end - i}
	e.budget -= int(end - i)
	e.segs = append(e.segs, *d)
}
