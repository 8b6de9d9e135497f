package boilerplate

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/internal/intlog"
)

// findCopies finds copies of the page among the documents of a scope that are named
// by counters, and returns how many documents there may be in total. Blocks that
// narrower scopes flagged are ignored: repeats within a host do not make copies.
//
// A document is a copy if it holds more than half of the page, with every block
// weighted by its words and the logarithm of its rarity. If a document does not hold
// a block verbatim, it is credited with the share of the block's anchors that it
// holds. If all documents hold the whole page, nothing is rare and there are no
// copies; see restore.
func (v *view) findCopies(scope Scope, docs int) int {
	var total overlap
	same := 0
	v.overlaps.clear()
	v.full, v.limits = v.full[:0], v.limits[:0]
	v.docs, v.logDocs = docs, log2(docs)
	for i := range v.dg.blocks {
		if v.findings[i].state.undecided() {
			seen := v.seen(i, scope)
			same = max(same, seen.unnamed())
			weight := int64(v.dg.blocks[i].mass) * v.rarity(seen)
			if weight == 0 { // all documents hold the block
				if seen.named == listed {
					v.full = append(v.full, seen.counter)
				}
				continue
			}
			whole := overlap{weight: weight}
			v.compare(scope, i, seen, &whole)
			total.add(&whole)
		}
	}
	v.sum()
	v.copies = v.copies[:0]
	for _, i := range v.overlaps.used {
		o := &v.overlaps.slots[i]
		if o.copies(&total, v.undecided(o.doc)) {
			v.copies = append(v.copies, o.doc)
		}
	}
	slices.Sort(v.copies)
	most := len(v.copies) + same
	if len(v.copies) == 0 {
		return most
	}
	for i := range v.full {
		if n, others := v.split(v.full[i].names()); n > others {
			most = max(most, int(v.full[i].count))
		}
	}
	return most
}

// split counts how many of the named documents are copies of the page and how many
// are not, leaving out the page itself. A full list of names is only a sample, so if
// most of it are copies, all of it counts as copies.
func (v *view) split(names []uint32) (copies, others int) {
	if len(v.copies) == 0 {
		others = len(names)
		if v.observed && slices.Contains(names, v.self) {
			others--
		}
		return 0, others
	}
	for _, doc := range names {
		if doc == v.self {
			continue
		}
		if _, is := slices.BinarySearch(v.copies, doc); is {
			copies++
		} else {
			others++
		}
	}
	if len(names) == listed && copies > others {
		copies, others = copies+others, 0
	}
	return copies, others
}

// compare credits the documents that hold the i-th block, or anchors of it, with the
// weight of what they hold. It completes whole, which is what the block adds to the
// totals of the page.
func (v *view) compare(scope Scope, i int, seen *sighting, whole *overlap) {
	b := &v.dg.blocks[i]
	if v.findings[i].prose {
		whole.prose = whole.weight
	}
	names := seen.names()
	unique := !v.credit(seen, whole)
	if len(names) == listed {
		v.fill(seen.counter, whole.weight)
		return // a template, or a story with many copies: anchors are not needed
	}
	anchors := 0
	grams := v.dg.gramsOf(b)
	for _, g := range grams {
		if g&anchorSample == 0 {
			anchors++
		}
	}
	if anchors == 0 {
		if unique && b.toks[1]-b.toks[0] >= gramUnits/wordUnits {
			whole.unknown = whole.weight
		}
		return
	}
	var edited int64
	for _, g := range grams {
		if g&anchorSample != 0 {
			continue
		}
		at := &v.anchor
		v.sites[scope].lookup(anchorKey(g), at)
		share := overlap{anchors: 1, weight: int64(b.mass) * v.rarity(at) / int64(anchors)}
		edited += share.weight
		if v.findings[i].prose {
			share.prose = share.weight
		}
		for _, doc := range at.names() {
			if doc != v.self && !slices.Contains(names, doc) {
				v.overlaps.of(doc).add(&share)
			}
		}
		if at.named == listed {
			v.fill(at.counter, share.weight)
		}
	}
	if unique {
		whole.weight = edited
	}
}

// credit credits the documents named by a sighting with a part of the page, and
// reports whether any of them is not the page itself.
func (v *view) credit(seen *sighting, part *overlap) (others bool) {
	for _, doc := range seen.names() {
		if doc != v.self {
			v.overlaps.of(doc).add(part)
			others = true
		}
	}
	return others
}

// fill records a full counter, which may not name all its documents, with the weight of
// its block or anchor.
func (v *view) fill(c *counter, weight int64) {
	v.full = append(v.full, c)
	v.limits = append(v.limits, limit{c.docs[listed-1], weight})
}

// rarity returns the negated logarithm of the share of the documents, this page
// included, that hold a block.
func (v *view) rarity(seen *sighting) int64 {
	df := int(seen.count)
	if !v.counted(seen) {
		df++
	}
	switch {
	case df <= 1:
		return v.logDocs
	case df >= v.docs:
		return 0
	}
	return v.logDocs - log2(df)
}

// An overlap is the text that a document shares with the page.
type overlap struct {
	doc     uint32 // 0 marks a free slot
	anchors int32  // number of shared anchors in blocks that doc does not hold verbatim
	weight  int64
	prose   int64 // part of weight that is prose
	unknown int64 // part of weight in blocks that happen to have no anchors
}

func (o *overlap) add(p *overlap) {
	o.anchors += p.anchors
	o.weight += p.weight
	o.prose += p.prose
	o.unknown += p.unknown
}

// copies reports whether a document with this overlap is a copy of the page. whole holds
// the totals of the page; undecided is the weight of the parts that the document may
// hold without being named.
func (o *overlap) copies(whole *overlap, undecided int64) bool {
	total := whole.weight
	if o.anchors >= 3 {
		total -= whole.unknown
	}
	return 2*o.weight > total-undecided && 4*o.weight > total
}

// A limit belongs to a part of the page that more documents hold than its counter can
// name. doc is the last document named there.
type limit struct {
	doc    uint32
	weight int64 // weight of the part; after sum, of all parts up to this one
}

// sum sorts the limits and adds up their weights.
func (v *view) sum() {
	slices.SortFunc(v.limits, func(a, b limit) int { return cmp.Compare(a.doc, b.doc) })
	weight := int64(0)
	for i := range v.limits {
		weight += v.limits[i].weight
		v.limits[i].weight = weight
	}
}

// undecided returns the weight of the parts that doc may hold without being named:
// all documents named for these parts come before doc.
func (v *view) undecided(doc uint32) int64 {
	n, _ := slices.BinarySearchFunc(v.limits, doc, func(l limit, doc uint32) int {
		return cmp.Compare(l.doc, doc)
	})
	if n == 0 {
		return 0
	}
	return v.limits[n-1].weight
}

// overlaps holds the overlap of each document with the page.
type overlaps struct {
	slots []overlap // open addressing; the length is zero or a power of two
	used  []int32
}

// of returns the overlap of a document, valid until the next call.
func (o *overlaps) of(doc uint32) *overlap {
	if 2*len(o.used) >= len(o.slots) {
		old := *o
		*o = overlaps{slots: make([]overlap, max(64, 2*len(old.slots)))}
		for _, i := range old.used {
			*o.of(old.slots[i].doc) = old.slots[i]
		}
	}
	mask := uint32(len(o.slots) - 1)
	i := doc * 0x9E3779B1 >> 7 & mask
	for o.slots[i].doc != doc {
		if o.slots[i].doc == 0 {
			o.slots[i].doc = doc
			o.used = append(o.used, int32(i))
			break
		}
		i = (i + 1) & mask
	}
	return &o.slots[i]
}

func (o *overlaps) clear() {
	for _, i := range o.used {
		o.slots[i] = overlap{}
	}
	o.used = o.used[:0]
}

// log2 returns the binary logarithm of n >= 1 in units of 1/256, rounded down.
func log2(n int) int64 {
	if n < len(logs) {
		return int64(logs[n])
	}
	return intlog.Log2(uint64(n))
}

var logs = func() (t [256]int16) {
	for n := 1; n < len(t); n++ {
		t[n] = int16(intlog.Log2(uint64(n)))
	}
	return t
}()
