package spill

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh"
)

// A Pair is two matching documents, given by name.
type Pair struct {
	A, B string
	lsh.Score
}

// An edge is a pair of matching documents, with the number of exact duplicates of
// each, including itself, if known.
type edge struct {
	a, b   int64
	score  lsh.Score
	na, nb uint64
}

func (x edge) append(dst []byte) []byte {
	dst = appendScore(appendRef(appendRef(dst, x.a), x.b), x.score)
	return binary.AppendUvarint(binary.AppendUvarint(dst, x.na), x.nb)
}

func edgeAt(b []byte) (x edge, err error) {
	if x.a, x.b, err = pairRef(b); err != nil {
		return x, err
	}
	b = b[2*refSize:]
	if x.score, err = scoreAt(b); err != nil || len(b) == scoreSize {
		return x, err
	}
	b = b[scoreSize:]
	n := 0
	if x.na, n = binary.Uvarint(b); n > 0 {
		x.nb, n = binary.Uvarint(b[n:])
	}
	if n <= 0 {
		err = errRecord
	}
	return x, err
}

// turned returns the edge with its documents swapped, so that records sort by the
// other one. The score is unchanged.
func (x edge) turned() edge { return edge{x.b, x.a, x.score, x.nb, x.na} }

// between returns the edge of two documents with the lower ref first; the score is
// in the given order.
func between(a, b int64, s lsh.Score) edge {
	if a > b {
		a, b = b, a
		s.ContainmentA, s.ContainmentB = s.ContainmentB, s.ContainmentA
	}
	return edge{a: a, b: b, score: s}
}

// Pairs yields all pairs in order.
func (r *Run) Pairs() iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		all := r.outputSorter(true)
		defer all.Close()
		if err := r.namePairs(all); err != nil {
			yield(Pair{}, r.advise(err))
			return
		}
		for record, err := range all.All() {
			if err != nil {
				yield(Pair{}, r.advise(err))
				return
			}
			x, err := scoreAt(record[2*refSize:])
			names := record[2*refSize+scoreSize:]
			n, size := binary.Uvarint(names)
			names = names[size:]
			if !yield(Pair{string(names[:n]), string(names[n:]), x}, err) || err != nil {
				return
			}
		}
	}
}

// namePairs adds all pairs with their names to a sorter.
func (r *Run) namePairs(all *extsort.Sorter) error {
	byA, byB := r.outputSorter(true), r.outputSorter(false)
	defer byA.Close()
	defer byB.Close()
	if err := r.expand(byA); err != nil {
		return err
	}
	var buf []byte
	err := r.join(byA.All(), func(record []byte, d *named) error {
		x, err := edgeAt(record)
		if err != nil {
			return err
		}
		buf = appendScore(appendRef(appendRef(buf[:0], x.b), x.a), x.score)
		return byB.Add(append(buf, d.name()...))
	})
	if err != nil {
		return err
	}
	_ = byA.Close()
	return r.join(byB.All(), func(record []byte, d *named) error {
		b, a, err := pairRef(record)
		if err != nil {
			return err
		}
		rest := record[2*refSize:]
		buf = append(appendRef(appendRef(buf[:0], a), b), rest[:scoreSize]...)
		name := rest[scoreSize:]
		buf = append(binary.AppendUvarint(buf, uint64(len(name))), name...)
		return all.Add(append(buf, d.name()...))
	})
}

// expand adds all pairs to a sorter: the matching pairs, the pairs between their exact
// duplicates, and the pairs within each group of exact duplicates. If these are too many
// (see [lsh.FullDuplicates]), a duplicate is paired only with the first of its group.
func (r *Run) expand(all *extsort.Sorter) error {
	x := &expanding{r: r, all: all, sizes: map[uint64]int{}}
	if err := x.count(); err != nil {
		return err
	}
	defer x.edges.Close()
	documents, err := r.full()
	if err != nil {
		return err
	}
	x.full = uint64(lsh.FullDuplicates(smallest(x.sizes, documents), documents))
	if err := x.pairs(); err != nil {
		return err
	}
	return x.groups()
}

// smallest returns the sizes that may matter, ascending: anything that takes twice
// the limit of [lsh.FullDuplicates] is certainly too much.
func smallest(sizes map[uint64]int, documents int) []int {
	var list []int
	left := 2 * max(1<<22, 16*float64(documents))
	for _, n := range slices.Sorted(maps.Keys(sizes)) {
		for range sizes[n] {
			if left < 0 {
				return list
			}
			left -= float64(n) * float64(n) / 2
			list = append(list, int(n))
		}
	}
	return list
}

// expanding is the state of expand.
type expanding struct {
	r     *Run
	all   *extsort.Sorter
	edges *extsort.Sorter // matching pairs, with the sizes of both groups
	sizes map[uint64]int  // number of groups of each size above lsh.FullBucket
	full  uint64
	buf   []byte
}

func (x *expanding) add(to *extsort.Sorter, e edge) error {
	x.buf = e.append(x.buf[:0])
	return to.Add(x.buf)
}

func (x *expanding) size(n uint64) {
	if n > lsh.FullBucket {
		x.sizes[n]++
	}
}

// count finds the number of exact duplicates of the documents of each edge.
func (x *expanding) count() error {
	r := x.r
	byA, byB := r.outputSorter(false), r.outputSorter(false)
	defer byA.Close()
	defer byB.Close()
	for record, err := range r.all("matches", len(r.parts), 0) {
		var e edge
		if err == nil {
			e, err = edgeAt(record)
		}
		if err == nil {
			err = x.add(byA, e.turned()) // matches has the higher ref first, and the score of the pair
		}
		if err != nil {
			return err
		}
	}
	g := r.copies()
	defer g.stop()
	for record, err := range byA.All() {
		var e edge
		if err == nil {
			e, err = edgeAt(record)
		}
		if err == nil {
			err = g.seek(e.a, 0)
		}
		if err == nil {
			e.na = g.n
			err = x.add(byB, e.turned())
		}
		if err != nil {
			return err
		}
	}
	_ = byA.Close()
	x.edges = r.outputSorter(false)
	h := r.copies()
	defer h.stop()
	for record, err := range byB.All() {
		var e edge
		if err == nil {
			e, err = edgeAt(record)
			e = e.turned()
		}
		if err == nil {
			err = h.seek(e.b, 0)
		}
		if err == nil {
			e.nb = h.n
			x.size(e.na + e.nb)
			err = x.add(x.edges, e)
		}
		if err != nil {
			return err
		}
	}
	for c := r.copies(); ; {
		ok, err := c.next(0)
		if err != nil || !ok {
			c.stop()
			return err
		}
		x.size(c.n)
	}
}

// pairs adds, for each edge, the pairs between the groups of its two documents.
func (x *expanding) pairs() error {
	byB := x.r.outputSorter(false)
	defer byB.Close()
	g := x.r.copies()
	defer g.stop()
	for record, err := range x.edges.All() {
		if err != nil {
			return err
		}
		e, err := edgeAt(record)
		if err != nil {
			return err
		}
		if n := e.na + e.nb; n == 2 || n > x.full {
			if err := x.add(x.all, edge{a: e.a, b: e.b, score: e.score}); err != nil {
				return err
			}
			continue
		}
		if err := g.seek(e.a, x.full); err != nil {
			return err
		}
		for _, a := range g.members {
			if err := x.add(byB, edge{e.b, a, e.score, e.nb, e.na}); err != nil {
				return err
			}
		}
	}
	_ = x.edges.Close()
	h := x.r.copies()
	defer h.stop()
	for record, err := range byB.All() {
		if err != nil {
			return err
		}
		e, err := edgeAt(record)
		if err == nil {
			err = h.seek(e.a, x.full)
		}
		if err != nil {
			return err
		}
		for _, b := range h.members {
			if err := x.add(x.all, between(e.b, b, e.score)); err != nil {
				return err
			}
		}
	}
	return nil
}

// groups adds the pairs within each group of exact duplicates.
func (x *expanding) groups() error {
	score := lsh.Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1, Exact: !x.r.o.Estimate}
	c := x.r.copies()
	defer c.stop()
	c.each = func(first, ref int64) error { return x.add(x.all, edge{a: first, b: ref, score: score}) }
	for {
		ok, err := c.next(x.full)
		if err != nil || !ok {
			return err
		}
		if c.n > x.full {
			x.r.work.BoundedDuplicates += int(c.n)
			continue
		}
		for i, a := range c.members[1:] { // pairs with the first are already included
			for _, b := range c.members[i+2:] {
				if err := x.add(x.all, edge{a: a, b: b, score: score}); err != nil {
					return err
				}
			}
		}
	}
}

// WarnBounded reports the comparisons and pairs left out.
func (r *Run) WarnBounded() { find.WarnBounded(r.e, r.work) }

// copies reads groups of exact duplicates in the order of their first documents.
type copies struct {
	p       *puller
	record  []byte // first record not yet read
	begun   bool
	first   int64
	n       uint64                       // documents of the group; 1 if first has no duplicates
	members []int64                      // first and its duplicates, up to the requested number
	each    func(first, ref int64) error // if not nil, called for every duplicate of first
}

func (r *Run) copies() *copies {
	return &copies{p: pull(r.byFirst(r.outputSorter(false))), first: -1}
}

func (c *copies) stop() { c.p.stop() }

// next reads the next group and keeps up to keep of its members.
func (c *copies) next(keep uint64) (ok bool, err error) {
	if !c.begun {
		c.begun = true
		if c.record, err = c.p.record(); err != nil {
			return false, err
		}
	}
	if c.record == nil {
		return false, nil
	}
	c.first, c.n = refAt(c.record), 1
	c.members = append(c.members[:0], c.first)
	for c.record != nil && refAt(c.record) == c.first {
		ref := refAt(c.record[refSize:])
		c.n++
		if c.n <= keep {
			c.members = append(c.members, ref)
		}
		if c.each != nil {
			if err := c.each(c.first, ref); err != nil {
				return false, err
			}
		}
		if c.record, err = c.p.record(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// seek reads the group with the given first document, which must not be before the
// current one. It keeps the members if there are at most keep.
func (c *copies) seek(first int64, keep uint64) error {
	for c.first < first {
		if c.begun && (c.record == nil || refAt(c.record) > first) {
			c.first, c.n, c.members = first, 1, append(c.members[:0], first)
			return nil
		}
		if !c.begun {
			var err error
			c.begun = true
			if c.record, err = c.p.record(); err != nil {
				return err
			}
			continue
		}
		if _, err := c.next(keep); err != nil {
			return err
		}
	}
	return nil
}
