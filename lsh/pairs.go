package lsh

import (
	"cmp"
	"slices"
)

// pairs returns every matching pair of rows, the lower row first, in ascending
// order.
func (e *engine) pairs() ([]edge, error) {
	e.total = e.opts.Banding.Bands + 1
	if err := e.prepare(); err != nil {
		return nil, err
	}
	if err := e.bands(e.isOpen, allPairs); err != nil {
		return nil, err
	}
	e.grouper = grouper{} // its memory serves the result
	e.sortEdges()
	e.expandTwins()
	return e.edges, nil
}

func (e *engine) sortEdges() {
	slices.SortFunc(e.edges, func(x, y edge) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	// A pair is found twice where its first bucket was bounded.
	e.edges = slices.CompactFunc(e.edges, func(x, y edge) bool { return x.a == y.a && x.b == y.b })
}

// allPairs is the visit of [engine.pairs].
var allPairs = visit{
	wanted: func(*worker, int) bool { return true },
	compare: func(w *worker, band, j int) {
		for i := range j {
			if w.met(band, i, j) {
				continue
			}
			if s, ok := w.score(i, j); ok {
				w.edges = append(w.edges, edge{w.rows[i], w.rows[j], s})
			}
		}
	},
}

// expandTwins adds the pairs of twins: those among themselves, and for every
// pair of their leaders theirs. Where that is too many, each twin is paired with
// its leader only.
func (e *engine) expandTwins() {
	groups := e.twinGroups()
	if len(groups) == 0 {
		return
	}
	full := e.fullTwins(groups)
	members := func(row uint32) []uint32 {
		if g, ok := groups[row]; ok {
			return g
		}
		return []uint32{row}
	}
	for _, x := range e.edges { // appended to below: the range is over the leaders' pairs
		as, bs := members(x.a), members(x.b)
		if n := len(as) + len(bs); n == 2 || n > full {
			continue
		}
		for i, a := range as {
			for j, b := range bs {
				if i+j > 0 {
					e.edges = append(e.edges, orderedEdge(a, b, x.Score))
				}
			}
		}
	}
	for _, g := range groups {
		s := Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1, Exact: e.sets != nil && e.sets(int(g[0])) != nil}
		if len(g) > full {
			e.work.BoundedTwins += len(g)
		}
		for j := 1; j < len(g); j++ {
			for i := range g[:j] {
				e.edges = append(e.edges, edge{g[i], g[j], s})
				if len(g) > full {
					break
				}
			}
		}
	}
	e.sortEdges()
}

// fullTwins returns the size up to which all pairs of a group of twins are
// listed, and of two groups that match all pairs between them.
func (e *engine) fullTwins(groups map[uint32][]uint32) int {
	size := func(row uint32) int { return max(1, len(groups[row])) }
	var sizes []int
	for _, g := range groups {
		if len(g) > fullBucket {
			sizes = append(sizes, len(g))
		}
	}
	for _, x := range e.edges {
		if n := size(x.a) + size(x.b); n > fullBucket {
			sizes = append(sizes, n)
		}
	}
	slices.Sort(sizes)
	return fullUpTo(sizes, budget(e.work.Documents), func(n float64) float64 { return n * n / 2 })
}

// orderedEdge returns the edge of a and b with the lower row first; s is the
// score in the order given.
func orderedEdge(a, b uint32, s Score) edge {
	if a > b {
		a, b = b, a
		s.ContainmentA, s.ContainmentB = s.ContainmentB, s.ContainmentA
	}
	return edge{a, b, s}
}

// twinGroups returns the rows of each group of twins under the row of their
// leader, which comes first.
func (e *engine) twinGroups() map[uint32][]uint32 {
	groups := map[uint32][]uint32{}
	for row, s := range e.state {
		if s == twin {
			l := e.link[row]
			if groups[l] == nil {
				groups[l] = []uint32{l}
			}
			groups[l] = append(groups[l], uint32(row))
		}
	}
	return groups
}
