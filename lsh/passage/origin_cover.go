package passage

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

const (
	coverReach = 32 // tokens around a fingerprint that may be covered with it

	// Of a long document every fourth fingerprint is looked at, and for each the first
	// holders, to find the documents that are most likely to cover it.
	nearSample  = 256 // entries of a document from which it is long
	nearHolders = 64
	nearMost    = 3
)

// A coverage finds the holders that cover a document by a share of its text.
type coverage struct {
	*linker
	share float64
	of    []coveredDocument // by document
}

// A coveredDocument is a document with those that cover it.
type coveredDocument struct {
	mu       sync.Mutex
	measured map[int]float64 // the share that documents cover
	nearest  []int           // earlier documents that share most of its fingerprints
	looked   bool            // for nearest
	never    bool            // no document can cover it
	extents  []extent        // of all earlier documents, most first; nil until they are needed
}

// An extent is how many tokens of a document another may cover at most.
type extent struct{ doc, tokens int }

func newCoverage(l *linker, share float64) *coverage {
	return &coverage{l, share, make([]coveredDocument, len(l.docs))}
}

// by returns a document among the holders that is earlier than d and covers it by the
// share, -1 for none. Any number of goroutines may call it.
func (c *coverage) by(d int, holders []int) int {
	if c.docs[d].time.IsZero() {
		return -1
	}
	m := &c.of[d]
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.looked {
		m.looked, m.measured = true, map[int]float64{}
		if m.never = c.reach(d) < c.least(d); !m.never {
			m.nearest = c.nearest(d)
			for _, e := range m.nearest {
				c.measure(d, e)
			}
			slices.SortStableFunc(m.nearest, func(x, y int) int { return cmp.Compare(m.measured[y], m.measured[x]) })
		}
	}
	if m.never || len(holders) == 0 {
		return -1
	}
	held := map[int]bool{}
	for _, e := range holders {
		held[e] = before(c.docs[e], c.docs[d])
	}
	for _, e := range m.nearest {
		if held[e] && m.measured[e] >= c.share {
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
		if held[x.doc] && c.measure(d, x.doc) >= c.share {
			return x.doc
		}
	}
	return -1
}

// measure returns the share of d that document e covers.
func (c *coverage) measure(d, e int) float64 {
	m := c.of[d].measured
	s, ok := m[e]
	if !ok {
		x, y := c.docs[d].text, c.docs[e].text
		s = Covered(x, y, c.opts.Aligner.AlignTexts(x, y)).A
		m[e] = s
	}
	return s
}

// least returns the number of tokens of d that are the share.
func (c *coverage) least(d int) int {
	return int(math.Ceil(c.share * float64(c.docs[d].text.Len())))
}

// A spot is a token of a document where a fingerprint of earlier documents begins, whose
// postings begin at a place of the run.
type spot struct{ pos, begin uint32 }

// spots returns those of document d, in order: all of them, however often it repeats
// itself.
func (c *coverage) spots(d int) []spot {
	var out []spot
	for _, e := range c.entry[c.from[d]:c.from[d+1]] {
		if k := e.at; k > e.begin && c.run[k-1].doc == c.run[k].doc {
			continue
		}
		for k := int(e.at); k < len(c.run) && c.run[k].hash == c.run[e.at].hash && c.run[k].doc == uint32(d); k++ {
			out = append(out, spot{c.run[k].pos, e.begin})
		}
	}
	slices.SortFunc(out, func(x, y spot) int { return cmp.Compare(x.pos, y.pos) })
	return out
}

// reach returns how many tokens of d all earlier documents may cover together.
func (c *coverage) reach(d int) int {
	n, end := 0, 0
	for _, s := range c.spots(d) {
		n, end = c.extend(d, n, end, s.pos)
	}
	return n
}

// extend adds what the fingerprint at token p reaches to n tokens of d that end there.
func (c *coverage) extend(d, n, end int, p uint32) (int, int) {
	reach, t := coverReach, c.docs[d].text
	if t.Weights() != nil {
		reach *= 2 // a fingerprint has so many tokens more
	}
	from, to := max(end, int(p)-reach), min(int(p)+gram+reach, t.Len())
	return n + max(to-from, 0), max(end, to)
}

// reachable returns the earlier documents that share fingerprints with d, and how much
// of it each may cover.
func (c *coverage) reachable(d int) []extent {
	type reached struct{ tokens, end int }
	of := map[int]reached{}
	for _, s := range c.spots(d) {
		for k := int(s.begin); k < len(c.run) && c.run[k].hash == c.run[s.begin].hash; k++ {
			o := int(c.run[k].doc)
			if k > int(s.begin) && c.run[k-1].doc == c.run[k].doc || !before(c.docs[o], c.docs[d]) {
				continue
			}
			r := of[o]
			r.tokens, r.end = c.extend(d, r.tokens, r.end, s.pos)
			of[o] = r
		}
	}
	out := make([]extent, 0, len(of))
	for o, r := range of {
		out = append(out, extent{o, r.tokens})
	}
	slices.SortFunc(out, func(x, y extent) int {
		return cmp.Or(cmp.Compare(y.tokens, x.tokens), cmp.Compare(c.rank[x.doc], c.rank[y.doc]))
	})
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
	count := map[int]int{}
	for _, e := range held {
		hash := c.run[e.at].hash
		if hash>>7&sample != 0 {
			continue
		}
		for k, n := int(e.begin), 0; k < len(c.run) && c.run[k].hash == hash && n < nearHolders; k++ {
			if o := int(c.run[k].doc); k == int(e.begin) || c.run[k-1].doc != c.run[k].doc {
				n++
				if before(c.docs[o], c.docs[d]) {
					count[o]++
				}
			}
		}
	}
	var out []int
	for o := range count {
		out = append(out, o)
	}
	slices.SortFunc(out, func(x, y int) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(c.rank[x], c.rank[y]))
	})
	return out[:min(len(out), nearMost)]
}
