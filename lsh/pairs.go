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
