package disk

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/neardup/neardup/internal/hashset"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// A query is the input of one search.
type query struct {
	regs   []uint32
	set    []uint64
	limit  int
	except uint32 // a row to leave out; noRow for none
	rule   lsh.Rule
}

func makeQuery(k int, threshold float64) query {
	return query{except: noRow, rule: lsh.NewRule(k, threshold)}
}

const (
	// fullBucket and perMatch bound the rows of one band that a query with a limit
	// compares; moreSame bounds the rows with exactly its signature.
	fullBucket = 1024
	perMatch   = 8
	moreSame   = 32
)

// scratch is the memory of a search.
type scratch struct {
	tg         tagger
	tags       []uint32
	rows       []uint32
	same       []uint32 // rows with exactly the signature of the query
	regs       []uint32
	set        []uint64
	sorted     []uint64 // the set of the query in ascending order, if it came in another one
	buf, bytes []byte
	found      []found
	bounded    bool
	candidates int
	left       []int // number of rows still wanted from each band
	spans      []span
	elements   float64 // estimated number of elements of the query; 0 until needed
}

type found struct {
	row uint32
	lsh.Match[string]
}

// search returns the matches of a query, best first; equal matches are in the order
// in which they were added.
func (st *store) search(ctx context.Context, sc *scratch, q query) (_ []lsh.Match[string], err error) {
	defer faults(&err)()
	sc.found, sc.candidates, sc.bounded, sc.elements = sc.found[:0], 0, false, 0
	sc.tg.p = st.p
	sc.tags = sc.tg.bandTags(sc.tags[:0], q.regs)
	sc.same = sc.same[:0]
	if len(sc.tags) == 0 || st.live == 0 {
		return nil, nil
	}
	done, err := st.searchSame(ctx, sc, &q)
	if err == nil && !done {
		err = st.searchBands(ctx, sc, &q)
	}
	if err != nil || len(sc.found) == 0 {
		return nil, err
	}
	slices.SortFunc(sc.found, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(x.row, y.row))
	})
	if q.limit > 0 && len(sc.found) > q.limit {
		sc.found = sc.found[:q.limit]
	}
	out := make([]lsh.Match[string], len(sc.found))
	for i := range sc.found {
		out[i] = sc.found[i].Match
	}
	clear(sc.found)
	return out, nil
}

// ascending returns a set in ascending order and without repeats: the slice itself
// if it already is, otherwise a copy in buf.
func ascending(buf *[]uint64, set []uint64) []uint64 {
	if hashset.Is(set) {
		return set
	}
	*buf = append((*buf)[:0], set...)
	return hashset.Make(*buf)
}

// faults converts the fault of an unreadable page of a mapped file into an error.
// Call it at the start of a function, and its result at the end.
func faults(err *error) func() {
	was := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(was)
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			*err = fmt.Errorf("page fault at address %#x while reading tables: %w", r.Addr(), ErrCorrupt)
		default:
			panic(r)
		}
	}
}

// searchSame first compares the documents with exactly the query's signature if only
// some matches are wanted, and reports whether they are enough: in the order of
// insertion, no later document ranks higher than one of similarity 1.
func (st *store) searchSame(ctx context.Context, sc *scratch, q *query) (done bool, err error) {
	if q.limit == 0 {
		return false, nil
	}
	n := q.limit + 1 // one of them may be the row to leave out
	if q.set != nil {
		n += moreSame
	}
	w := st.p.wholeTag()
	if sc.same, err = st.find(sc.same, w, sc.tags[w], n); err != nil {
		return false, err
	}
	perfect := 0
	for _, row := range sc.same {
		if err := st.judge(ctx, sc, q, row); err != nil {
			return false, err
		}
		if i := len(sc.found) - 1; i >= 0 && sc.found[i].row == row && sc.found[i].Similarity == 1 {
			if perfect++; perfect == q.limit {
				return true, nil
			}
		}
	}
	return false, nil
}

func (st *store) searchBands(ctx context.Context, sc *scratch, q *query) error {
	n := math.MaxInt
	if q.limit > 0 {
		n = fullBucket + perMatch*q.limit
	}
	bands := st.p.banding.Bands
	tags := sc.tags[:bands]
	sc.rows, sc.left = sc.rows[:0], sc.left[:0]
	for range bands {
		sc.left = append(sc.left, n)
	}
	sc.spans = slices.Grow(sc.spans[:0], bands)[:bands]
	var err error
	for _, s := range st.segs {
		if sc.rows, err = s.findBands(sc.rows, tags, sc.left, sc.spans, st.dead); err != nil {
			return err
		}
	}
	for _, t := range []*table{st.frozen, st.mem} {
		for b := 0; t != nil && b < bands; b++ {
			from := len(sc.rows)
			sc.rows = t.find(sc.rows, b, tags[b], sc.left[b], st.dead)
			sc.left[b] -= len(sc.rows) - from
		}
	}
	for _, n := range sc.left {
		sc.bounded = sc.bounded || n == 0
	}
	slices.Sort(sc.rows)
	sc.rows = slices.Compact(sc.rows)
	for _, row := range sc.rows {
		if _, ok := slices.BinarySearch(sc.same, row); !ok {
			if err := st.judge(ctx, sc, q, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge adds a row to those found if it matches.
func (st *store) judge(ctx context.Context, sc *scratch, q *query, row uint32) error {
	if row == q.except {
		return nil
	}
	if sc.candidates++; sc.candidates&63 == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	r, err := st.head(row, &sc.buf)
	if err != nil {
		return err
	}
	sc.regs = appendRegisters(sc.regs[:0], r.regs)
	s, ok := q.rule.Judge(minhash.Agree(q.regs, sc.regs), func() (a, b []uint64, known bool) {
		if q.set == nil || r.kind != kindAddSet {
			return nil, nil, false
		}
		sc.set, err = st.set(row, &r, sc.set[:0], &sc.bytes)
		return q.set, sc.set, true
	}, func() (float64, float64) {
		if sc.elements == 0 {
			sc.elements = st.elements(q.regs)
		}
		return sc.elements, st.elements(sc.regs)
	})
	if err != nil || !ok {
		return err
	}
	sc.found = append(sc.found, found{row, lsh.Match[string]{ID: string(r.id), Score: s}})
	return nil
}

func (st *store) elements(regs []uint32) float64 {
	sig, err := st.sk.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}
