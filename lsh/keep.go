package lsh

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Keep is a preference among documents: the first in its order represents a
// cluster. The zero value is First.
type Keep uint8

const (
	// First prefers the document that was added first, or the lower row.
	First Keep = iota
	// Newest prefers the document with the latest time, according to
	// ClusterOptions.Time. Ties go to the lesser id or row.
	Newest
	// Longest prefers the document with the most elements, counted in its set or,
	// without one, estimated from its signature. Ties go to the lesser id or row.
	Longest
)

// preference returns the comparison of rows for the options; nil if it is the order
// of row numbers.
func preference[ID any](e *engine, o ClusterOptions[ID], id func(row uint32) ID, tie func(a, b uint32) int) (func(a, b uint32) int, error) {
	switch {
	case o.Before != nil:
		return func(a, b uint32) int {
			if e.isRemoved(a) || e.isRemoved(b) { // removed rows have no id
				return tie(a, b)
			}
			switch x, y := id(a), id(b); {
			case o.Before(x, y):
				return -1
			case o.Before(y, x):
				return 1
			}
			return tie(a, b)
		}, nil
	case o.Keep == First:
		return nil, nil
	case o.Keep == Newest:
		if o.Time == nil {
			panic("lsh: Keep: Newest needs ClusterOptions.Time")
		}
		times := make([]time.Time, e.src.Len())
		for row := range times {
			if !e.isRemoved(uint32(row)) {
				times[row] = o.Time(id(uint32(row)))
			}
		}
		return func(a, b uint32) int {
			x, y := times[a], times[b]
			if x.IsZero() != y.IsZero() {
				if x.IsZero() {
					return 1
				}
				return -1
			}
			return cmp.Or(y.Compare(x), tie(a, b))
		}, nil
	case o.Keep == Longest:
		sizes, err := e.sizes()
		return func(a, b uint32) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), tie(a, b)) }, err
	}
	panic(fmt.Sprintf("lsh: unknown Keep %d", o.Keep))
}

func (e *engine) isRemoved(row uint32) bool { return e.removed != nil && e.removed(int(row)) }

// sizes returns the number of elements of every row, or an estimate.
func (e *engine) sizes() ([]float64, error) {
	if e.sets == nil && e.sketcher == nil {
		panic("lsh: Keep: Longest needs Batch.Sets or Batch.Scheme")
	}
	w := e.newWorker()
	sizes := make([]float64, e.src.Len())
	buf := make([]uint32, e.src.K())
	for row := range sizes {
		if e.isRemoved(uint32(row)) {
			continue
		}
		if e.sets != nil {
			if s := e.sets(row); s != nil {
				sizes[row] = float64(len(s))
				continue
			}
		}
		r, err := w.one(buf, uint32(row))
		if err != nil {
			return nil, err
		}
		sizes[row] = w.elements(r)
	}
	return sizes, nil
}

// rankBy sets the order of preference of all rows according to the options. tie
// breaks ties.
func rankBy[ID any](e *engine, o ClusterOptions[ID], id func(row uint32) ID, tie func(a, b uint32) int) error {
	compare, err := preference(e, o, id, tie)
	if err == nil && compare != nil {
		e.setRanks(compare)
	}
	return err
}

func (e *engine) setRanks(compare func(a, b uint32) int) {
	order := make([]uint32, e.src.Len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, compare)
	e.rank = make([]uint32, len(order))
	for r, row := range order {
		e.rank[row] = uint32(r)
	}
}
