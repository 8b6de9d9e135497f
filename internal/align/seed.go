package align

import (
	"math/bits"
	"slices"
)

// A table maps the q-grams of a text to their places. A slot belongs to one gram;
// next links the places of that gram, ascending.
type table struct {
	q     int
	ids   []uint32
	shift uint
	slots []slot
	next  []int32
	of    []int32 // the slot of the gram at each token, -1 if it is not in the table
	hits  []hit

	maybe      []uint64 // the bits of all hashes in the table are set; they rule out most grams
	maybeShift uint
	some       [64]uint64 // the bits that maybeIn sets for a stretch of the other text
}

// A slot is free if count is 0. Between scans, other and rank are 0.
type slot struct {
	first, count int32
	other        int32 // number of places in the other text
	rank         int32 // number of those places seen so far
}

// A hit is a gram of the other text, at token j, that the table has.
type hit struct{ j, slot int32 }

// reset empties the table for up to n grams of ids.
func (t *table) reset(ids []uint32, q, n int) {
	width := min(bits.Len(uint(2*n+15)), 32)
	wide := min(width+3, 32) // eight bits of maybe for each slot
	t.q, t.ids, t.shift, t.maybeShift = q, ids, uint(32-width), uint(32-wide)
	t.slots = slices.Grow(t.slots[:0], 1<<width)[:1<<width]
	clear(t.slots)
	t.next = slices.Grow(t.next[:0], len(ids))[:len(ids)]
	t.of = slices.Grow(t.of[:0], len(ids))[:len(ids)]
	for i := range t.of {
		t.of[i] = -1
	}
	t.maybe = slices.Grow(t.maybe[:0], 1<<(wide-6))[:1<<(wide-6)]
	clear(t.maybe)
}

// slot returns the slot of the gram of ids at the given token, or the free slot for
// it.
func (t *table) slot(ids []uint32, at int) int32 { return t.slotOf(ids, at, t.hash(ids, at)) }

func (t *table) slotOf(ids []uint32, at int, h uint32) int32 {
	mask := len(t.slots) - 1
	for s := int(h >> t.shift); ; s = (s + 1) & mask {
		sl := t.slots[s]
		if sl.count == 0 || equal(t.ids[sl.first:int(sl.first)+t.q], ids[at:at+t.q]) {
			return int32(s)
		}
	}
}

// add adds the gram at the given token; later tokens must be added first.
func (t *table) add(at int) {
	h := t.hash(t.ids, at)
	bit := h >> t.maybeShift
	t.maybe[bit/64] |= 1 << (bit % 64)
	k := t.slotOf(t.ids, at, h)
	sl := &t.slots[k]
	t.next[at], t.of[at] = -1, k
	if sl.count > 0 {
		t.next[at] = sl.first
	}
	sl.first, sl.count = int32(at), sl.count+1
}

// part restores the table to its state before meet.
func (t *table) part() {
	for _, h := range t.hits {
		s := &t.slots[h.slot]
		s.other, s.rank = 0, 0
	}
}

func equal(x, y []uint32) bool {
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// limits returns the number of places that are examined on each side for a gram that
// occurs at ca and cb places.
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
	q := e.Gram
	for most := max(len(a), len(b)); most > longText && q < e.Gram+2; most /= 10 {
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
	t.meet(b, nil)
	if e.scan(t, a, b) {
		e.seedWide(a, b)
	}
	t.part()
}

// scan examines the places of the grams that t has met and reports whether some had
// too many places to examine all.
func (e *Engine) scan(t *table, a, b []uint32) (common bool) {
	for _, h := range t.hits {
		s := &t.slots[h.slot]
		if s.count == 1 && s.other == 1 { // as most grams are, most of them within a run
			if d := &e.diag[int(s.first)-int(h.j)+len(b)-1]; d.call != e.call || s.first < d.from || s.first >= d.to {
				e.found(a, b, s.first, h.j, int32(t.q), true)
			}
			continue
		}
		ka, kb := limits(s.count, s.other)
		common = common || ka < s.count || kb < s.other
		s.rank++
		if s.rank > kb {
			continue
		}
		for i := s.first; ka > 0; ka-- {
			e.found(a, b, i, h.j, int32(t.q), true)
			i = t.next[i]
		}
	}
	return common
}

// seedWide looks for wider grams where all short ones are too common, so that a long
// shared run is found even in a text with few distinct words.
func (e *Engine) seedWide(a, b []uint32) {
	if len(a) < gramWide || len(b) < gramWide {
		return
	}
	s := &e.short
	over := func(k int32) bool {
		ka, kb := limits(s.slots[k].count, s.slots[k].other)
		return ka < s.slots[k].count || kb < s.slots[k].other
	}
	span := gramWide - s.q + 1 // number of short grams in a wide one
	// The tokens of b at which a wide gram of common short ones begins, descending.
	var at []int32
	for k, run := len(s.hits)-1, 0; k >= 0; k-- {
		h := s.hits[k]
		switch {
		case !over(h.slot):
			run = 0
		case run > 0 && s.hits[k+1].j == h.j+1:
			run++
		default:
			run = 1
		}
		if run >= span && int(h.j) <= len(b)-gramWide {
			at = append(at, h.j)
		}
	}
	if len(at) == 0 {
		return
	}
	e.wideAt = e.wideAt[:0]
	run := 0
	for i := len(a) - s.q; i >= 0; i-- {
		if run++; !over(s.of[i]) {
			run = 0
		}
		if run >= span {
			e.wideAt = append(e.wideAt, int32(i))
		}
	}
	if len(e.wideAt) == 0 {
		return
	}
	t := &e.wide
	t.reset(a, gramWide, len(e.wideAt))
	for _, i := range e.wideAt {
		t.add(int(i))
	}
	next := len(at) - 1
	t.meet(b, func(j int) bool {
		for next >= 0 && int(at[next]) < j {
			next--
		}
		return next >= 0 && int(at[next]) == j
	})
	e.scan(t, a, b)
	t.part()
}

// found widens the n equal tokens at (i, j) to the whole run of equal tokens. Unless
// sure is set, it first checks that they are equal.
func (e *Engine) found(a, b []uint32, i, j, n int32, sure bool) {
	if i < 0 || j < 0 || int(i)+int(n) > len(a) || int(j)+int(n) > len(b) {
		return
	}
	d := &e.diag[int(i)-int(j)+len(b)-1]
	if d.call == e.call && d.from <= i && i < d.to {
		return
	}
	if e.budget <= 0 {
		e.Truncated = true
		return
	}
	if !sure && !equal(a[i:i+n], b[j:j+n]) {
		return
	}
	end := i + n
	for k := j + n; int(end) < len(a) && int(k) < len(b) && a[end] == b[k]; k++ {
		end++
	}
	for i > 0 && j > 0 && a[i-1] == b[j-1] {
		i, j = i-1, j-1
	}
	*d = reach{i, end, e.call}
	e.budget -= int(end - i)
	if r := (Run{i, j, end - i}); promising(a, b, r, e.Drop, e.worth) {
		e.segs = append(e.segs, r)
	}
}
