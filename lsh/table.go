package lsh

import (
	"math"
	"math/bits"
)

// A table maps the 32-bit tags of one band to the newest entry with that tag. It is
// open addressing with linear probing over pointer-free words, one slot for each
// distinct tag: the entries of equal tags are chained by the caller, so a million
// documents with the same band cost no more probes than one.
//
// A slot is tag<<32 | entry+1, and 0 when free. Its home is the tag scaled to the
// number of slots, so any size will do, growth needs no keys, and the slots lie
// nearly in the order of their tags: growing is one pass over both arrays.
type table struct {
	slots []uint64
	used  int
	least int // the sizes to which the table grows are least << i
}

const (
	// A table made for a number of tags is at most 3/4 full: linear probing then takes
	// 8.5 probes for a miss, and any higher load costs more time than it saves memory.
	maxLoadNum, maxLoadDen = 3, 4
	// A table doubles when it is 27/32 full. The tables of an index double one after
	// another, so at any moment their loads are spread from half of that to all of it:
	// on average a miss takes 5.3 probes, and a tag has 1.7 slots. Doubling moves an
	// entry once in all; growth by a third at a load of 3/4 would move it three times,
	// and take the same memory at its worst.
	fullNum, fullDen = 27, 32
	minSlots         = 32
)

// makeTable returns a table with room for n distinct tags.
func makeTable(n, least int) table {
	t := table{least: least}
	if n > 0 {
		t.slots = make([]uint64, max(minSlots, n*maxLoadDen/maxLoadNum+1))
	}
	return t
}

// home returns the slot where the search for tag starts.
func (t *table) home(tag uint32) int {
	hi, _ := bits.Mul64(uint64(tag)<<32, uint64(len(t.slots)))
	return int(hi)
}

// put makes entry the newest entry of its tag and returns the previous one, as
// entry+1; 0 if there was none.
func (t *table) put(tag, entry uint32) uint32 {
	if t.used*fullDen >= len(t.slots)*fullNum {
		t.grow()
	}
	slot := uint64(tag)<<32 | uint64(entry+1)
	i := t.home(tag)
	for {
		s := t.slots[i]
		if s == 0 {
			t.slots[i] = slot
			t.used++
			return 0
		}
		if uint32(s>>32) == tag {
			t.slots[i] = slot
			return uint32(s)
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
}

// get returns the newest entry of the tag as entry+1; 0 if there is none.
func (t *table) get(tag uint32) uint32 {
	if len(t.slots) == 0 {
		return 0
	}
	i := t.home(tag)
	return t.find(tag, i, t.slots[i])
}

// find is get from slot i on, which holds s.
func (t *table) find(tag uint32, i int, s uint64) uint32 {
	for s != 0 && uint32(s>>32) != tag {
		if i++; i == len(t.slots) {
			i = 0
		}
		s = t.slots[i]
	}
	return uint32(s)
}

// grow moves the slots to the next larger of the sizes of the table. They are nearly
// in the order of their homes, so each goes directly after the preceding one, or to
// its home if that comes later. The code does not branch on which of the two it is,
// or on whether the old slot is free.
func (t *table) grow() {
	old := t.slots
	size := t.least
	for size <= len(old) {
		size *= 2
	}
	t.slots = make([]uint64, size)
	// Slots that wrapped around are at the start, before the first free one.
	first := 0
	for first < len(old) && old[first] != 0 {
		first++
	}
	slots := t.slots
	next, run := 0, 0 // the slots from run to next are taken, those from next on are free
	for _, s := range old[first:] {
		home := t.home(uint32(s >> 32))
		taken := one(s != 0)
		at := max(home, next)
		if one(home < run)&taken != 0 || at >= len(slots) {
			// A free slot lies between its home and this run, or the array is full:
			// insert it by a search from its home.
			if taken != 0 {
				next = max(next, t.move(s)+1)
			}
			continue
		}
		if home > next {
			run = home
		}
		slots[at] = s
		next = at + taken
	}
	for _, s := range old[:first] {
		t.move(s)
	}
}

// move puts a slot of another array into the first free one from its home on, and
// returns its index.
func (t *table) move(s uint64) int {
	i := t.home(uint32(s >> 32))
	for t.slots[i] != 0 {
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	t.slots[i] = s
	return i
}

// one returns 1 if ok, else 0. It compiles without a branch.
func one(ok bool) (n int) {
	if ok {
		n = 1
	}
	return n
}

// tables are the tables of all bands with the chains of equal tags.
type tables struct {
	bands []table
	next  blocks // len(bands) words per entry: the next older entry of the same tag, as entry+1
	n     int    // number of entries

	touched uint64 // keeps touch from being optimized away
}

func makeTables(bands, capacity int) tables {
	t := tables{bands: make([]table, bands), next: makeBlocks(bands, capacity)}
	for i := range t.bands {
		// Spread over an octave: at any moment the tables of an index have all the loads
		// from half full to full, so its memory does not jump, and an insertion seldom
		// has to move more than one of them.
		least := math.Round(minSlots * math.Exp2(float64(i)/float64(bands)))
		t.bands[i] = makeTable(capacity, int(least))
	}
	return t
}

// add appends an entry with one tag per band and returns its number.
func (t *tables) add(tags []uint32) uint32 {
	e := uint32(t.n)
	next := t.next.add()
	t.touch(tags)
	for b, tag := range tags {
		next[b] = t.bands[b].put(tag, e)
	}
	t.n++
	return e
}

// touch loads the first slot for each band's tag, all at once, because put would
// wait for one load after another.
func (t *tables) touch(tags []uint32) {
	if t.n == 0 {
		return
	}
	sum := uint64(0)
	for b, tag := range tags {
		sum |= t.bands[b].slots[t.bands[b].home(tag)]
	}
	t.touched = sum
}

// heads writes the newest entry of each band's tag to dst, as entry+1.
//
// The first slots of several bands are loaded before any is examined, so that the
// loads, each a cache miss, do not wait for each other.
func (t *tables) heads(dst, tags []uint32) {
	const ahead = 16
	var (
		home [ahead]int
		slot [ahead]uint64
	)
	if t.n == 0 {
		clear(dst)
		return
	}
	for from := 0; from < len(tags); from += ahead {
		part := tags[from:min(from+ahead, len(tags))]
		bands := t.bands[from : from+len(part)]
		for i := range bands {
			h := bands[i].home(part[i])
			home[i], slot[i] = h, bands[i].slots[h]
		}
		for i, tag := range part {
			dst[from+i] = bands[i].find(tag, home[i], slot[i])
		}
	}
}

// sweep removes dead entries from the chain of a band's tag until it has passed the
// given number of live ones. A chain keeps at least one entry.
func (t *tables) sweep(band int, tag uint32, passing int, dead func(entry uint32) bool) {
	table := &t.bands[band]
	kept := uint32(0)
	for e := table.get(tag); e != 0 && passing > 0; {
		next := t.next.at(int(e - 1))[band]
		switch {
		case !dead(e - 1):
			kept = e
			passing--
		case kept != 0:
			t.next.at(int(kept - 1))[band] = next
		case next != 0:
			table.put(tag, next-1)
		}
		e = next
	}
}

// blockWords is the largest number of words in a block, unless a single record is
// larger. It makes blocks of records of up to 32 words a whole number of pages, which
// the allocator rounds up to.
const blockWords = 1 << 16

// firstShift is the log2 of the records for which the first block has room at first.
const firstShift = 4

// blocks is a growing array of fixed-width records of words. It grows by whole
// blocks, after a first one that doubles until it has their size: no more than that
// one is copied, and a reader that holds an older value still sees the same records.
type blocks struct {
	width int
	shift int // log2 of the records in a block
	n     int
	list  [][]uint32
}

func makeBlocks(width, capacity int) blocks {
	b := blocks{width: width, shift: max(0, bits.Len(uint(blockWords/width))-1)}
	if capacity > 0 { // one allocation, divided into blocks
		n := (capacity-1)>>b.shift + 1
		size := width << b.shift
		all := make([]uint32, n*size)
		b.list = make([][]uint32, n)
		for i := range b.list {
			b.list[i] = all[i*size : (i+1)*size : (i+1)*size]
		}
	}
	return b
}

// add appends a record of zeros and returns it.
func (b *blocks) add() []uint32 {
	size := b.width << b.shift
	switch {
	case b.n>>b.shift < len(b.list):
		if first := b.list[0]; b.n*b.width == len(first) && len(first) < size {
			b.list[0] = make([]uint32, 2*len(first))
			copy(b.list[0], first)
		}
	case b.n == 0:
		b.list = append(b.list, make([]uint32, b.width<<min(b.shift, firstShift)))
	default:
		b.list = append(b.list, make([]uint32, size))
	}
	b.n++
	return b.at(b.n - 1)
}

// at returns record i.
func (b *blocks) at(i int) []uint32 {
	j := i & (1<<b.shift - 1) * b.width
	return b.list[i>>b.shift][j : j+b.width : j+b.width]
}
