package passage

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

const (
	coverReach = 32 // number of tokens on each side of a fingerprint that may be covered with it

	// In a long document every fourth fingerprint is examined, and for each the first
	// holders, to find the documents that are most likely to cover it.
	nearSample  = 256 // a document with this number of entries or more is long
	nearHolders = 64
	nearMost    = 3
)

// certain is the factor by which a lower bound of the covered part must exceed the
// share to make an exact measurement unnecessary.
const certain = 1.1

// In a document with at least longDocument fingerprints, chance matters little: a
// document that covers a part of it has at least one in fewestShared of the
// fingerprints of that part, and the passages around these cover at least hopeless
// times as much as all passages.
const (
	longDocument = 512
	fewestShared = 16
	hopeless     = .25
)

// A coverage finds the holders that cover a document by a share of its text.
type coverage struct {
	*linker
	share   float64
	size    []uint32 // fingerprints of each document, repeats included
	links   [][]link // links of each document
	of      []coveredDocument
	scratch sync.Pool // pool of *tally
}

// A coveredDocument is a document with the documents that cover it.
type coveredDocument struct {
	mu      sync.Mutex
	covered map[int]bool // for each document examined, whether it covers the share
	nearest []int        // earlier documents that share most of its fingerprints, most first
	looked  bool         // whether the other fields except extents have been set
	never   bool         // whether no document can cover it
	extents []extent     // extents of all earlier documents, the largest first; nil until they are needed
	spots   []spot
}

// An extent is another document, and the largest number of tokens of a document that
// it may cover.
type extent struct{ doc, tokens int }

// A tally counts per document. All counts are zero between uses.
type tally struct {
	of   []reached // counts of each document
	docs []uint32  // documents with counts above zero
}

// A reached counts the tokens of a document before end that another document may
// cover, and the fingerprints that the two share.
type reached struct{ tokens, end, shared int }

func newCoverage(l *linker, links [][]link, share float64) *coverage {
	c := &coverage{linker: l, share: share, size: make([]uint32, len(l.docs)), links: links, of: make([]coveredDocument, len(l.docs))}
	for k := range l.run {
		c.size[l.docOf(k)]++
	}
	c.scratch.New = func() any { return &tally{of: make([]reached, len(l.docs))} }
	return c
}

// by returns one of the holders, the keys of a map, that is earlier than d and
// covers at least the share of it, or -1 if there is none. Any number of goroutines
// may call it.
func (c *coverage) by(d int, holders map[int]int) int {
	if c.docs[d].time.IsZero() {
		return -1
	}
	m := &c.of[d]
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.looked {
		m.looked, m.covered, m.spots = true, map[int]bool{}, c.spots(d)
		if m.never = c.reach(d) < c.least(d); m.never {
			m.spots = nil
		} else {
			m.nearest = c.nearest(d)
		}
	}
	if m.never || len(holders) == 0 {
		return -1
	}
	holds := func(e int) bool {
		_, ok := holders[e]
		return ok
	}
	for _, e := range m.nearest {
		if holds(e) && c.covers(d, e) {
			return e
		}
	}
	if m.extents == nil {
		m.extents = c.reachable(d)
	}
	for _, x := range m.extents {
		if x.tokens < c.least(d) {
			break
		}
		if holds(x.doc) && c.covers(d, x.doc) {
			return x.doc
		}
	}
	return -1
}

// covers reports whether document e covers the share of d. The passages by which the
// two are linked, and those around all fingerprints that they share, are often
// enough to decide; otherwise the two are aligned whole.
func (c *coverage) covers(d, e int) bool {
	m := c.of[d].covered
	if yes, ok := m[e]; ok {
		return yes
	}
	x, y := c.docs[d].text, c.docs[e].text
	var linked []shingle.Passage
	for _, l := range c.links[d] {
		if l.holder == e {
			linked = append(linked, l.Passage)
		}
	}
	yes := Covered(x, y, linked).A >= certain*c.share
	if !yes {
		around := Covered(x, y, c.opts.Aligner.AlignAt(x, y, c.seeds(d, e))).A
		yes = around >= certain*c.share || (around >= hopeless*c.share || c.size[d] < longDocument) && Covered(x, y, c.opts.Aligner.AlignTexts(x, y)).A >= c.share
	}
	m[e] = yes
	return yes
}

// seeds returns the places at which two documents have the same fingerprints.
func (c *coverage) seeds(d, e int) []shingle.Seed {
	var out []shingle.Seed
	first, end := c.first[e], c.first[e+1]
	for _, s := range c.of[d].spots {
		from := c.postingsOf(e, int(s.begin))
		for k := from; k < min(len(c.run), from+places) && c.run[k].at < end && c.same(k, int(s.begin)); k++ {
			out = append(out, shingle.Seed{A: int(s.pos), B: int(c.run[k].at - first), N: gram})
		}
	}
	return out
}

// postingsOf returns the position of a document's postings, or where they would be,
// among the postings of the fingerprint that starts at a place of the run. Most
// fingerprints have few postings.
func (c *coverage) postingsOf(doc, begin int) int {
	first := c.first[doc]
	before := func(k int) bool { return k < len(c.run) && c.run[k].at < first && c.same(k, begin) }
	step := 1
	for before(begin + step - 1) {
		step *= 2
	}
	lo, hi := begin+step/2, begin+step-1 // postings below lo belong to earlier documents
	for lo < hi {
		if m := (lo + hi) / 2; before(m) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// least returns the number of tokens of d that make up the share.
func (c *coverage) least(d int) int {
	return int(math.Ceil(c.share * float64(c.docs[d].text.Len())))
}

// A spot is a token of a document at which a fingerprint of earlier documents
// begins, and the position of its postings in the run.
type spot struct{ pos, begin uint32 }

// spots returns the spots of document d, in order: all of them, however often the
// document repeats itself.
func (c *coverage) spots(d int) []spot {
	var keys []uint64
	first, end := c.first[d], c.first[d+1]
	for _, e := range c.entry[c.from[d]:c.from[d+1]] {
		if k := e.at; k > e.begin && c.run[k-1].at >= first {
			continue
		}
		for k := int(e.at); k < len(c.run) && c.run[k].at < end && c.same(k, int(e.at)); k++ {
			keys = append(keys, uint64(c.run[k].at-first)<<32|uint64(e.begin))
		}
	}
	slices.Sort(keys)
	out := make([]spot, len(keys))
	for i, k := range keys {
		out[i] = spot{uint32(k >> 32), uint32(k)}
	}
	return out
}

// reach returns the number of tokens of d that all earlier documents together may
// cover.
func (c *coverage) reach(d int) int {
	n, end := 0, 0
	for _, s := range c.of[d].spots {
		n, end = c.extend(d, n, end, s.pos)
	}
	return n
}

// extend adds the tokens of d that may be covered with the fingerprint at token p to
// a count of n tokens, the last of which ends at end. It returns the new count and
// the new end.
func (c *coverage) extend(d, n, end int, p uint32) (int, int) {
	reach, t := coverReach, c.docs[d].text
	if t.Weights() != nil {
		reach *= 2 // a fingerprint may have that many more tokens
	}
	from, to := max(end, int(p)-reach), min(int(p)+gram+reach, t.Len())
	return n + max(to-from, 0), max(end, to)
}

// reachable returns the earlier documents that share enough fingerprints with d to
// cover the share, and how much of it each of them may cover.
func (c *coverage) reachable(d int) []extent {
	t := c.scratch.Get().(*tally)
	defer c.scratch.Put(t)
	for _, s := range c.of[d].spots {
		for k := int(s.begin); k < len(c.run) && c.same(k, int(s.begin)); {
			o := c.docOf(k)
			if k = c.after(k, o); !before(c.docs[o], c.docs[d]) {
				continue
			}
			r := &t.of[o]
			if r.end == 0 {
				t.docs = append(t.docs, o)
			}
			r.tokens, r.end = c.extend(d, r.tokens, r.end, s.pos)
			r.shared++
		}
	}
	need := 0.
	if c.size[d] >= longDocument {
		need = c.share * float64(c.size[d]) / fewestShared
	}
	out := []extent{} // nil would mean that it has not been computed
	for _, o := range t.docs {
		if float64(t.of[o].shared) >= need {
			out = append(out, extent{int(o), t.of[o].tokens})
		}
		t.of[o] = reached{}
	}
	t.docs = t.docs[:0]
	slices.SortFunc(out, c.mostFirst)
	return out
}

// nearest returns a few earlier documents that share most of the fingerprints of
// document d.
func (c *coverage) nearest(d int) []int {
	held := c.entry[c.from[d]:c.from[d+1]]
	sample := uint64(0)
	if len(held) >= nearSample {
		sample = 3
	}
	t := c.scratch.Get().(*tally)
	defer c.scratch.Put(t)
	for _, e := range held {
		if c.run[e.at].hash()>>7&sample != 0 {
			continue
		}
		for k, n := int(e.begin), 0; k < len(c.run) && c.same(k, int(e.at)) && n < nearHolders; n++ {
			o := c.docOf(k)
			k = c.after(k, o)
			if before(c.docs[o], c.docs[d]) {
				if t.of[o].tokens++; t.of[o].tokens == 1 {
					t.docs = append(t.docs, o)
				}
			}
		}
	}
	var all []extent // the field tokens counts fingerprints here
	for _, o := range t.docs {
		all = append(all, extent{int(o), t.of[o].tokens})
		t.of[o] = reached{}
	}
	t.docs = t.docs[:0]
	slices.SortFunc(all, c.mostFirst)
	var out []int
	for _, x := range all[:min(len(all), nearMost)] {
		out = append(out, x.doc)
	}
	return out
}

// mostFirst orders documents by tokens, most first, then by time.
func (c *coverage) mostFirst(x, y extent) int {
	return cmp.Or(cmp.Compare(y.tokens, x.tokens), cmp.Compare(c.rank[x.doc], c.rank[y.doc]))
}
