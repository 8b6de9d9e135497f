package repeat

import (
	"cmp"
	"slices"
)

// A table holds places by key: an open-addressing table with the last place of each
// key, which leads to the others.
type table struct {
	limit   int      // number of entries at which it is full; 0 for no limit
	slots   []uint32 // numbers of entries, from 1
	used    int
	entries []entry
}

// An entry is a place with its key.
type entry struct {
	key uint64
	place
	next uint32 // number of the previous place with the same key; 0 for none
}

// tableEntry is the number of bytes that an entry takes, including its slots, while
// a table grows.
const tableEntry = 48

// leastSlots is the number of slots of a table with any entries.
const leastSlots = 1024

// slot returns the slot of a key.
func (t *table) slot(key uint64) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if e := &t.slots[i]; *e == 0 || t.entries[*e-1].key == key {
			return e
		}
	}
}

// appendPlaces appends the places of a key to dst, newest first.
func (t *table) appendPlaces(dst []place, key uint64) []place {
	if len(t.slots) == 0 {
		return dst
	}
	for e := *t.slot(key); e != 0; {
		f := &t.entries[e-1]
		dst = append(dst, f.place)
		e = f.next
	}
	return dst
}

func (t *table) add(key uint64, p place) {
	if 4*(t.used+1) > 3*len(t.slots) {
		t.slots = make([]uint32, max(leastSlots, 2*len(t.slots)))
		for i, e := range t.entries {
			*t.slot(e.key) = uint32(i + 1) // numbers ascend, so the slot keeps the last entry of its key
		}
	}
	s := t.slot(key)
	if *s == 0 {
		t.used++
	}
	if n := len(t.entries); n == cap(t.entries) && n < t.limit {
		t.entries = slices.Grow(t.entries, min(max(n, leastSlots), t.limit-n)) // do not reserve room that is never used
	}
	t.entries = append(t.entries, entry{key, p, *s})
	*s = uint32(len(t.entries))
}

// full reports whether the limit is reached.
func (t *table) full() bool { return t.limit > 0 && len(t.entries) >= t.limit }

// sort sorts the entries by key, then by the order in which they were added. Clear
// the table afterwards.
func (t *table) sort() {
	for i := range t.entries {
		t.entries[i].next = uint32(i)
	}
	slices.SortFunc(t.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.next, b.next)) })
}

// clear removes all entries.
func (t *table) clear() {
	if len(t.entries) > t.limit+t.limit/2 {
		*t = table{limit: t.limit} // frees what a long document needed in addition
		return
	}
	clear(t.slots)
	t.entries, t.used = t.entries[:0], 0
}
