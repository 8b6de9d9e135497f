package boilerplate

import "math/bits"

// A placing decides where a table looks for a hash: at the leading bits of its
// product with an odd number derived from the seed. Without that number an attacker
// cannot crowd grams into one place, even though their hashes can be chosen up to an
// exclusive or with the seed.
type placing uint64

func (o *options) placing() placing { return placing(mix(o.seed^0x67726170) | 1) }

// of returns the place of a hash in a table of size slots, a power of two.
func (p placing) of(hash uint64, size int) uint64 { return p.at(hash, shiftFor(size)) }

// at is like of, for callers with many lookups: shift is the result of shiftFor for the
// size.
func (p placing) at(hash uint64, shift uint) uint64 { return hash * uint64(p) >> (shift & 63) }

func shiftFor(size int) uint { return uint(bits.LeadingZeros64(uint64(size - 1))) }

// A gramTable counts the documents that hold a run of words. A slot is 48 bits of
// the hash above a saturating 16-bit count; it does not name documents.
type gramTable struct {
	place  placing
	slots  []uint64 // open addressing; the length is zero or a power of two
	filled int
}

const maxGram = 0xFFFF

// find returns the index of the slot of gram, or of the free one where it
// belongs. There must be slots.
func (t *gramTable) find(gram uint64, shift uint) int {
	mask := uint64(len(t.slots) - 1)
	i := t.place.at(gram>>16, shift) & mask
	for x := t.slots[i]; min(x, (x^gram)>>16) != 0; x = t.slots[i] {
		i = (i + 1) & mask
	}
	return int(i)
}

// fetch loads the slots of grams into the cache, like site.fetch.
func (t *gramTable) fetch(grams []uint64) {
	if len(t.slots) == 0 {
		return
	}
	sum, shift, mask := uint64(0), shiftFor(len(t.slots)), uint64(len(t.slots)-1)
	for _, g := range grams {
		sum |= t.slots[t.place.at(g>>16, shift)&mask]
	}
	fetched(sum)
}

// addAll adds 1 to the count of every given gram.
func (t *gramTable) addAll(grams []uint64) {
	t.fetch(grams)
	shift := shiftFor(len(t.slots))
	for _, g := range grams {
		if t.full() {
			t.grow()
			shift = shiftFor(len(t.slots))
		}
		p := &t.slots[t.find(g, shift)]
		if *p == 0 {
			t.filled++
		}
		// In a free slot the count is 0; in any other slot the bits above the count equal
		// g's.
		n := *p & maxGram
		*p = g&^maxGram | min(n+1, maxGram)
	}
}

// add adds n to the count of gram.
func (t *gramTable) add(gram uint64, n int) {
	if t.full() {
		t.grow()
	}
	p := &t.slots[t.find(gram, shiftFor(len(t.slots)))]
	if *p == 0 {
		*p = gram &^ maxGram
		t.filled++
	}
	*p += uint64(min(n, maxGram-int(*p&maxGram)))
}

func (t *gramTable) full() bool { return t.filled >= len(t.slots)-len(t.slots)/4 }

func (t *gramTable) grow() { t.resize(max(16, 2*len(t.slots))) }

// reserve makes room for n more grams. Call it before adding the grams of another
// table: they come in the order of their places, and would crowd the beginning of a
// smaller table.
func (t *gramTable) reserve(n int) {
	size := len(t.slots)
	for n > 0 && t.filled+n > size-size/4 {
		size = max(16, 2*size)
	}
	if size > len(t.slots) {
		t.resize(size)
	}
}

func (t *gramTable) resize(size int) {
	old := t.slots
	t.slots = make([]uint64, size)
	shift := shiftFor(len(t.slots))
	for _, x := range old {
		if x != 0 {
			t.slots[t.find(x, shift)] = x
		}
	}
}

// recurring returns how many of the given grams are in at least need documents, and
// the number of documents that hold the rarest of them.
func (t *gramTable) recurring(grams []uint64, need int) (n, least int) {
	least = maxGram
	if len(t.slots) == 0 {
		return 0, least
	}
	shift := shiftFor(len(t.slots))
	for _, g := range grams {
		if c := int(t.slots[t.find(g, shift)] & maxGram); c >= need {
			n++
			least = min(least, c)
		}
	}
	return n, least
}

// lookup returns the number of documents that hold gram.
func (t *gramTable) lookup(gram uint64) int {
	if len(t.slots) == 0 {
		return 0
	}
	return int(t.slots[t.find(gram, shiftFor(len(t.slots)))] & maxGram)
}
