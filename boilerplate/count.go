package boilerplate

import (
	"math/bits"
	"slices"
)

// listed is the maximum number of documents that a counter names.
const listed = 8

// A site counts the blocks of one scope: a host, a group or all documents.
type site struct {
	wide     bool    // the scope is a group or all documents: count hosts, not sections
	docs     counter // counts all documents observed
	gramDocs uint32  // number of documents whose grams were counted
	used     uint64  // value of the clock at the last observation
	slots    []slot  // open addressing; the length is zero or a power of two
	filled   int
	counters []counter
	hosts    []hosts // parallel to counters if wide, otherwise nil
	grams    gramTable
}

// newSite returns a site without documents. place is the placing of its gram table.
func newSite(wide bool, place placing) *site {
	return &site{wide: wide, grams: gramTable{place: place}}
}

// A slot holds the counts of one block. Blocks in only one document, the great
// majority, need nothing more.
type slot struct {
	key uint64 // 0 marks a free slot
	ref uint32 // a document or, if the top bit is set, an index into counters
	origin
}

// An origin is the part of a source that a slot keeps.
type origin struct {
	place uint16 // fingerprint of the section or, if the site is wide, of the host
	day   uint16 // 0 if unknown
}

// A source is the document in which a block occurs, and its origin.
type source struct {
	doc uint32 // fingerprint, at most 31 bits, never 0
	origin
}

const isCounter = 1 << 31

// A counter counts the documents that hold a block, if there is more than one. It
// names those with the smallest fingerprints, so the names do not depend on the
// order of observation, and blocks that occur in the same documents name the same
// documents.
type counter struct {
	docs  [listed]uint32 // fingerprints, ascending; zeros at the end mark free entries
	count uint32
	place uint16 // the section of all documents, or manyPlaces
	days  [2]uint16
}

// manyPlaces means documents of more than one section. A document without a section
// is in section 0.
const manyPlaces = 0xFFFF

// hosts counts the hosts of a block's documents. It keeps the four smallest
// fingerprints, and a bit for each of 64 classes of fingerprints.
type hosts struct {
	least   [4]uint16
	classes uint64
}

func (h *hosts) add(host uint16) {
	if host != 0 {
		insertLeast(h.least[:], host)
		h.classes |= 1 << (host % 64)
	}
}

// number returns the number of hosts: exact as long as it is below five, then
// estimated by linear counting (Whang, Vander-Zanden & Taylor 1990).
func (h *hosts) number() int {
	n := filled(h.least[:])
	if n == len(h.least) {
		n = max(n, linearCounts[bits.OnesCount64(h.classes)])
	}
	return n
}

// linearCounts[i] is 64 ln(64/(64-i)), rounded; the last entry repeats.
var linearCounts = [65]int{
	0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17, 18, 20, 21, 23, 24,
	25, 27, 28, 30, 32, 33, 35, 37, 39, 40, 42, 44, 46, 48, 51, 53, 55, 58,
	60, 63, 65, 68, 71, 74, 78, 81, 85, 89, 93, 97, 102, 107, 113, 119, 126,
	133, 142, 151, 163, 177, 196, 222, 266, 266,
}

// insertLeast enters x into the ascending list of the smallest values, unless it is
// already there. 0 marks free entries.
func insertLeast[T uint16 | uint32](list []T, x T) {
	if last := list[len(list)-1]; last != 0 && last < x {
		return
	}
	for i, y := range list {
		switch {
		case y == x:
			return
		case y == 0:
			list[i] = x
			return
		case y > x:
			copy(list[i+1:], list[i:])
			list[i] = x
			return
		}
	}
}

// filled returns the number of entries before the first 0.
func filled[T uint16 | uint32](list []T) int {
	if i := slices.Index(list, 0); i >= 0 {
		return i
	}
	return len(list)
}

// names returns the documents that c names.
func (c *counter) names() []uint32 {
	if c.docs[listed-1] != 0 {
		return c.docs[:]
	}
	return c.docs[:filled(c.docs[:])]
}

// widen extends days, an interval in which 0 means unknown, to include other.
func widen(days *[2]uint16, other [2]uint16) {
	if other[0] != 0 && (days[0] == 0 || other[0] < days[0]) {
		days[0] = other[0]
	}
	days[1] = max(days[1], other[1])
}

// find returns the index of the slot of key, or of the free one where it
// belongs. There must be slots.
func (s *site) find(key uint64) int {
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if k := s.slots[i].key; k == key || k == 0 {
			return int(i)
		}
	}
}

// A sighting holds the counts of a block in one scope. It is valid until the site
// changes.
type sighting struct {
	*counter     // points into the site, to single or to unseen
	named    int // number of documents in counter.docs
	hosts    hosts
	single   counter
}

// unseen is the counter of a block that no document holds.
var unseen counter

// lookup fills in the counts that s has for a block.
func (s *site) lookup(key uint64, out *sighting) {
	out.counter, out.named, out.hosts = &unseen, 0, hosts{}
	if s == nil || len(s.slots) == 0 {
		return
	}
	sl := &s.slots[s.find(key)]
	switch i := sl.ref &^ isCounter; {
	case sl.key == 0:
	case sl.ref&isCounter == 0:
		// The block has no counter, because only one document holds it.
		c := &out.single
		c.docs[0], c.count, c.place, c.days = sl.ref, 1, sl.place, [2]uint16{sl.day, sl.day}
		if s.wide {
			c.place = 0
			out.hosts.add(sl.place)
		}
		out.counter, out.named = c, 1
	default:
		out.counter = &s.counters[i]
		out.named = len(out.counter.names())
		if s.wide {
			out.hosts = s.hosts[i]
		}
	}
}

// fetch reads the table slots of some keys without using them: the processor then
// waits for all of these cache lines at once instead of one after the other.
func (s *site) fetch(keys []uint64) {
	if s == nil || len(s.slots) == 0 {
		return
	}
	mask, sum := uint64(len(s.slots)-1), uint64(0)
	for _, key := range keys {
		sum |= s.slots[key&mask].key
	}
	fetched(sum)
}

// fetched keeps the values read by fetch, so that the reads are not optimized away.
//
//go:noinline
func fetched(uint64) {}

// unnamed returns the number of documents that are not named although there is room.
// They have the fingerprint of a named document, because their text is the same.
func (s *sighting) unnamed() int {
	if s.named == listed {
		return 0
	}
	return int(s.count) - s.named
}

// names returns the documents that a sighting names.
func (s *sighting) names() []uint32 { return s.docs[:s.named] }

// counterOf returns the counts in a slot of s as a counter.
func (s *site) counterOf(sl slot) (c counter, h hosts) {
	if sl.ref&isCounter != 0 {
		i := sl.ref &^ isCounter
		if s.wide {
			h = s.hosts[i]
		}
		return s.counters[i], h
	}
	c = counter{
		docs: [listed]uint32{sl.ref}, count: 1,
		place: sl.place, days: [2]uint16{sl.day, sl.day},
	}
	if s.wide {
		c.place = 0
		h.add(sl.place)
	}
	return c, h
}

// add counts a block of a document. The blocks of a document must be distinct, and a
// document must be counted only once.
func (s *site) add(key uint64, from source) {
	if s.filled >= len(s.slots)-len(s.slots)/4 {
		s.reserve(1)
	}
	sl := &s.slots[s.find(key)]
	switch {
	case sl.key == 0:
		*sl = slot{key, from.doc, from.origin}
		s.filled++
	case sl.ref&isCounter == 0:
		i := s.promote(sl)
		s.counters[i].count++
		s.enter(i, from)
	default:
		i := sl.ref &^ isCounter
		c := &s.counters[i]
		c.count = max(c.count, c.count+1) // saturates
		s.enter(i, from)
	}
}

// promote gives a counter to the block of sl, which one document holds so far.
func (s *site) promote(sl *slot) uint32 {
	i := uint32(len(s.counters))
	c, h := s.counterOf(*sl)
	s.counters = append(s.counters, c)
	if s.wide {
		s.hosts = append(s.hosts, h)
	}
	sl.ref = isCounter | i
	sl.origin = origin{}
	return i
}

// enter adds a document with its origin to the counter at index i, but not to its count.
func (s *site) enter(i uint32, from source) {
	c := &s.counters[i]
	insertLeast(c.docs[:], from.doc)
	widen(&c.days, [2]uint16{from.day, from.day})
	if s.wide {
		s.hosts[i].add(from.place)
	} else if c.place != from.place {
		c.place = manyPlaces
	}
}

// reserve makes room for n more blocks.
func (s *site) reserve(n int) {
	if s.filled+n <= len(s.slots)-len(s.slots)/4 {
		return
	}
	size := max(16, len(s.slots))
	for s.filled+n > size-size/4 {
		size *= 2
	}
	s.rehash(size, func(slot) bool { return true })
}

// rehash replaces the table by one of the given size, with the slots that keep accepts.
func (s *site) rehash(size int, keep func(slot) bool) {
	old := s.slots
	s.slots, s.filled = make([]slot, size), 0
	for _, sl := range old {
		if sl.key != 0 && keep(sl) {
			s.slots[s.find(sl.key)] = sl
			s.filled++
		}
	}
}

// bytes returns the memory used by s, excluding the site struct itself.
func (s *site) bytes() int {
	return siteBytes + len(s.slots)*16 + cap(s.counters)*44 + cap(s.hosts)*16 +
		len(s.grams.slots)*8
}

// siteBytes is the approximate memory of a site, including its map entry but not its
// tables.
const siteBytes = 256
