package extsort

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
)

// A chunk holds records in memory. Their bytes are in slabs, which are kept from one
// run to the next; sorting moves only entries.
type chunk struct {
	slabs   [][]byte
	using   int // number of slabs with records
	entries []entry
	bytes   int64 // bytes of the slabs in use and of the entries
}

// An entry is a record: its first eight bytes, which usually decide the order, and
// its position.
type entry struct {
	prefix       uint64
	slab, offset uint32
	// The length is in the slab, in front of the record, as in a file.
}

const (
	slabSize  = 1 << 20
	entrySize = 16
)

// prefix returns the first eight bytes of a record as a number that sorts like them.
func prefix(record []byte) uint64 {
	if len(record) >= 8 {
		return binary.BigEndian.Uint64(record)
	}
	var b [8]byte
	copy(b[:], record)
	return binary.BigEndian.Uint64(b[:])
}

func (c *chunk) size() int64 { return c.bytes }

func (c *chunk) add(record []byte) {
	need := len(record) + binary.MaxVarintLen32
	if c.using == 0 || cap(c.slabs[c.using-1])-len(c.slabs[c.using-1]) < need {
		c.grow(need)
	}
	i := c.using - 1
	slab := c.slabs[i]
	c.entries = append(c.entries, entry{prefix(record), uint32(i), uint32(len(slab))})
	slab = binary.AppendUvarint(slab, uint64(len(record)))
	c.slabs[i] = append(slab, record...)
	c.bytes += entrySize
}

// grow begins another slab.
func (c *chunk) grow(need int) {
	if c.using == len(c.slabs) {
		c.slabs = append(c.slabs, nil)
	}
	if s := c.slabs[c.using]; cap(s) < need {
		c.slabs[c.using] = make([]byte, 0, max(need, slabSize))
	}
	c.bytes += int64(cap(c.slabs[c.using]))
	c.using++
}

// reset drops all records but keeps the memory, except for long records.
func (c *chunk) reset() {
	for i := range c.slabs {
		if cap(c.slabs[i]) > slabSize {
			c.slabs[i] = nil
		}
		c.slabs[i] = c.slabs[i][:0]
	}
	c.using, c.bytes, c.entries = 0, 0, c.entries[:0]
}

func (c *chunk) record(e entry) []byte {
	b := c.slabs[e.slab][e.offset:]
	n, size := binary.Uvarint(b)
	return b[size : size+int(n) : size+int(n)]
}

func (c *chunk) records() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, e := range c.entries {
			if !yield(c.record(e), nil) {
				return
			}
		}
	}
}

// sort sorts the records, and drops repeated ones if they must be unique.
func (c *chunk) sort(unique bool) {
	c.sortBy(c.entries, 56)
	if unique {
		c.entries = slices.CompactFunc(c.entries, func(x, y entry) bool { return c.compare(x, y) == 0 })
	}
}

func (c *chunk) compare(x, y entry) int {
	if x.prefix != y.prefix {
		return cmp.Compare(x.prefix, y.prefix)
	}
	return bytes.Compare(c.record(x), c.record(y))
}

// fewEntries is the largest number of entries that are sorted by comparison.
const fewEntries = 48

// sortBy sorts entries whose prefixes agree above the byte at shift: first by that
// byte, in place (American flag sort: McIlroy, Bostic & McIlroy 1993), then each
// group by the next byte.
func (c *chunk) sortBy(entries []entry, shift int) {
	if len(entries) <= fewEntries || shift < 0 {
		slices.SortFunc(entries, c.compare)
		return
	}
	var count [256]int
	for _, e := range entries {
		count[byte(e.prefix>>shift)]++
	}
	if count[byte(entries[0].prefix>>shift)] == len(entries) {
		c.sortBy(entries, shift-8)
		return
	}
	var next, end [256]int
	sum := 0
	for b, n := range count {
		next[b] = sum
		sum += n
		end[b] = sum
	}
	for b := range next {
		for i := next[b]; i < end[b]; i = next[b] {
			e := entries[i]
			to := byte(e.prefix >> shift)
			for int(to) != b {
				j := next[to]
				next[to]++
				entries[j], e = e, entries[j]
				to = byte(e.prefix >> shift)
			}
			entries[i] = e
			next[b]++
		}
	}
	start := 0
	for _, n := range count {
		if n > 1 {
			c.sortBy(entries[start:start+n], shift-8)
		}
		start += n
	}
}
