package disk

import (
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/minhash"
)

// Documents are looked up by 32-bit tags: one for each band of the signature, one
// for the whole signature, and one for the id. Tags only propose documents, which
// are then compared.
//
// A tagger makes the tags of a document, in the order of the bands, then wholeTag,
// then idTag.
type tagger struct {
	p    params
	keys []uint64
	reg  []uint32
}

func (p params) tags() int     { return p.banding.Bands + 2 }
func (p params) wholeTag() int { return p.banding.Bands }
func (p params) idTag() int    { return p.banding.Bands + 1 }

// bandTags appends the tags of the bands and of the whole signature, and nothing for
// the signature of the empty set.
func (t *tagger) bandTags(dst []uint32, regs []uint32) []uint32 {
	b := t.p.banding
	t.keys = minhash.BandKeys(t.keys[:0], regs, b.Bands, b.Rows, t.p.seed)
	t.keys = minhash.BandKeys(t.keys, regs, 1, len(regs), ^t.p.seed)
	for _, k := range t.keys {
		dst = append(dst, uint32(k>>32))
	}
	return dst
}

// tagOf returns the tag of an id.
func (p params) tagOf(id string) uint32 {
	var d xxhash.Digest
	d.ResetWithSeed(p.seed)
	_, _ = d.WriteString(id) // never fails
	return uint32(d.Sum64() >> 32)
}

// A table holds the tags of the newest documents in memory: consecutive rows from
// base. All tags share one hash table; each slot leads to a chain of entries, the
// oldest first. Entry e is tag e%width of row base+e/width.
type table struct {
	width int
	base  uint32

	offsets []uint64 // offset of the record of each row
	times   []int64
	empty   []bool   // rows of empty signatures, which have only the tag of the id
	tags    []uint32 // width tags for each row

	slots []uint64 // mixed tag<<32 | oldest entry+1; 0 is free
	used  int
	next  []uint32 // next newer entry of the chain, plus 1
	last  []uint32 // newest entry of the chain in which this entry is the oldest
}

func newTable(width int, base uint32) *table {
	return &table{width: width, base: base, slots: make([]uint64, 1<<10)}
}

func (t *table) rows() int { return len(t.offsets) }

// mix makes tags of different kinds differ. If two still collide, a chain also holds
// unrelated documents, which the comparison rejects.
func mix(kind int, tag uint32) uint32 { return (tag ^ uint32(kind+1)*0x9E3779B9) * 0x85EBCA6B }

// slot returns the slot of a mixed tag, or the free one where it belongs.
func (t *table) slot(m uint32) int {
	mask := len(t.slots) - 1
	i := int(m>>7) & mask
	for t.slots[i] != 0 && uint32(t.slots[i]>>32) != m {
		i = (i + 1) & mask
	}
	return i
}

// add appends a row; tags holds all tags except the id's, or is empty.
func (t *table) add(offset uint64, ms int64, tags []uint32, id uint32) {
	e := len(t.tags)
	t.offsets = append(t.offsets, offset)
	t.times = append(t.times, ms)
	t.empty = append(t.empty, len(tags) == 0)
	t.tags = append(t.tags, tags...)
	for len(t.tags) < e+t.width-1 {
		t.tags = append(t.tags, 0)
	}
	t.tags = append(t.tags, id)
	t.next = append(t.next, make([]uint32, t.width)...)
	t.last = append(t.last, make([]uint32, t.width)...)
	for (t.used+t.width)*10 > len(t.slots)*7 {
		t.grow()
	}
	for k, tag := range tags {
		t.link(mix(k, tag), uint32(e+k))
	}
	t.link(mix(t.width-1, id), uint32(e+t.width-1))
}

func (t *table) link(m, e uint32) {
	i := t.slot(m)
	if t.slots[i] == 0 {
		t.slots[i] = uint64(m)<<32 | uint64(e+1)
		t.last[e] = e
		t.used++
		return
	}
	first := uint32(t.slots[i]) - 1
	t.next[t.last[first]] = e + 1
	t.last[first] = e
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, s := range old {
		if s != 0 {
			t.slots[t.slot(uint32(s>>32))] = s
		}
	}
}

// find appends the rows with a tag, oldest first, at most n that are not dead.
func (t *table) find(dst []uint32, kind int, tag uint32, n int, dead bitmap) []uint32 {
	for e := uint32(t.slots[t.slot(mix(kind, tag))]); e != 0 && n > 0; e = t.next[e-1] {
		if row := t.base + (e-1)/uint32(t.width); !dead.has(row) {
			dst = append(dst, row)
			n--
		}
	}
	return dst
}

// entries appends tag<<32|row of every row with a tag of the kind that is not
// dead, in ascending order.
func (t *table) entries(dst []uint64, kind int, dead bitmap) []uint64 {
	for i := range t.rows() {
		row := t.base + uint32(i)
		if (t.empty[i] && kind < t.width-1) || dead.has(row) {
			continue
		}
		dst = append(dst, uint64(t.tags[i*t.width+kind])<<32|uint64(row))
	}
	slices.Sort(dst)
	return dst
}

// bytes returns roughly how much memory the table takes.
func (t *table) bytes() int64 {
	return int64(17*cap(t.offsets) + 4*cap(t.tags) + 8*len(t.slots) + 4*cap(t.next) + 4*cap(t.last))
}

// A bitmap has a bit for each row that is dead: removed, replaced or expired.
type bitmap []uint64

func (b bitmap) has(row uint32) bool {
	return int(row>>6) < len(b) && b[row>>6]>>(row&63)&1 != 0
}

func (b *bitmap) set(row uint32) {
	for int(row>>6) >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[row>>6] |= 1 << (row & 63)
}

func (b bitmap) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}
