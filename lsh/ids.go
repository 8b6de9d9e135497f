package lsh

import "hash/maphash"

// idTable maps ids to rows: open addressing over row numbers; the caller keeps the
// ids.
type idTable struct {
	seed  maphash.Seed // random, so that ids cannot be chosen to collide; no result depends on it
	slots []uint32     // row+1; 0 if free, deleted if the row was removed
	used  int          // number of slots that are not free
}

const deleted = none

func makeIDTable(n int) idTable {
	return idTable{seed: maphash.MakeSeed(), slots: make([]uint32, idSlots(n))}
}

// idSlots returns a power of two with room for n ids at a load of at most 3/4.
func idSlots(n int) int {
	size := minSlots
	for size*maxLoadNum < n*maxLoadDen {
		size *= 2
	}
	return size
}

// find returns the slot of the id, or the one where it may be put.
func (t *idTable) find(names []string, id string) (slot int, ok bool) {
	mask := len(t.slots) - 1
	at := -1
	for i := int(maphash.String(t.seed, id)) & mask; ; i = (i + 1) & mask {
		switch s := t.slots[i]; {
		case s == 0:
			if at < 0 {
				at = i
			}
			return at, false
		case s == deleted:
			if at < 0 {
				at = i
			}
		case names[s-1] == id:
			return i, true
		}
	}
}

func (t *idTable) get(names []string, id string) (row uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	i, ok := t.find(names, id)
	if !ok {
		return 0, false
	}
	return t.slots[i] - 1, true
}

// put adds the row of an id that is not in the table.
func (t *idTable) put(names []string, row uint32) {
	if (t.used+1)*maxLoadDen > len(t.slots)*maxLoadNum {
		old := t.slots
		n := 0
		for _, s := range old {
			if s != 0 && s != deleted {
				n++
			}
		}
		*t = makeIDTable(2 * (n + 1))
		for _, s := range old {
			if s != 0 && s != deleted {
				i, _ := t.find(names, names[s-1])
				t.slots[i] = s
				t.used++
			}
		}
	}
	i, _ := t.find(names, names[row])
	if t.slots[i] == 0 {
		t.used++
	}
	t.slots[i] = row + 1
}

func (t *idTable) remove(names []string, id string) (row uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	i, ok := t.find(names, id)
	if !ok {
		return 0, false
	}
	row = t.slots[i] - 1
	t.slots[i] = deleted
	return row, true
}
