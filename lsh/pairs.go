package lsh

import (
	"cmp"
	"context"
	"slices"
)

// A Pair is two matching documents. In an [Index], A was added before B; in a
// [Batch], A is the lower row. The zero Pair is not a match.
type Pair[ID any] struct {
	A, B ID
	Score
}

// Pairs returns every pair of documents that match, in the order in which A and then
// B were added. It does not list all pairs if very many documents are identical: see
// [Work] and [Index.Stats]. It fails only if the context ends.
func (ix *Index) Pairs(ctx context.Context) ([]Pair[string], error) {
	v := ix.view()
	e := v.engine(ctx)
	if e == nil {
		return nil, ctx.Err()
	}
	edges, err := e.pairs()
	if err != nil {
		return nil, err
	}
	ix.note(e.work)
	return pairsOfEdges(edges, v.name), nil
}

// Pairs returns every pair of matching documents in ascending order. Errors come
// from the context or from the source.
//
// It takes about 90 bytes for each pair found, in addition to the memory of any
// batch call.
func (b *Batch) Pairs(ctx context.Context, src Source) ([]Pair[int], Work, error) {
	e := b.engine(ctx, src)
	edges, err := e.pairs()
	if err != nil {
		return nil, e.work, err
	}
	return pairsOfEdges(edges, rowNumber), e.work, nil
}

func pairsOfEdges[ID any](edges []edge, id func(row uint32) ID) []Pair[ID] {
	pairs := make([]Pair[ID], len(edges))
	for i, x := range edges {
		pairs[i] = Pair[ID]{id(x.a), id(x.b), x.Score}
	}
	return pairs
}

// rowNumber is the id of a document of a [Batch].
func rowNumber(row uint32) int { return int(row) }

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
	e.grouper = grouper{} // reuse its memory for the result
	e.sortEdges()
	e.expandDuplicates()
	return e.edges, nil
}

func (e *engine) sortEdges() {
	slices.SortFunc(e.edges, func(x, y edge) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	// A pair may be found a second time if its first bucket was bounded.
	e.edges = slices.CompactFunc(e.edges, func(x, y edge) bool { return x.a == y.a && x.b == y.b })
}

// allPairs compares all rows of a bucket with each other, for [engine.pairs].
var allPairs = visit{
	wanted: func(*worker, int) bool { return true },
	compare: func(w *worker, band, j int) {
		for i := range j {
			if w.compared(band, i, j) {
				continue
			}
			if s, ok := w.score(i, j); ok {
				w.edges = append(w.edges, edge{w.rows[i], w.rows[j], s})
			}
		}
	},
}
