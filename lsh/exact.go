package lsh

import (
	"slices"
)

// prepare finds the rows that take no part and the exact duplicates.
func (e *engine) prepare() error {
	n := e.src.Len()
	if uint64(n) >= none {
		panic("lsh: too many documents for 32-bit row numbers")
	}
	e.grouper = grouper{src: e.src, key: &e.key, all: e.tags, workers: e.workers, tags: make([]uint32, n*e.bandsPerScan())}
	whole := e.opts.Banding.Bands // the band number of the whole signature
	if err := e.grouper.scan(e.ctx, whole, 1); err != nil {
		return err
	}
	if err := e.markAbsent(); err != nil {
		return err
	}
	if err := e.grouper.group(e.ctx, 0, e.isOpen); err != nil {
		return err
	}
	err := e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(_ uint32, entries []uint64) error { return w.duplicates(entries) })
	})
	e.step()
	return err
}

func (e *engine) isOpen(row int) bool { return e.state[row] == open }

// markAbsent marks the rows that are removed or have an empty signature.
func (e *engine) markAbsent() error {
	empty := make([]uint32, e.src.K())
	for i := range empty {
		empty[i] = ^uint32(0)
	}
	tag := e.key.tag(empty, e.opts.Banding.Bands)
	w := e.newWorker()
	buf := make([]uint32, e.src.K())
	for row := range e.state {
		switch {
		case e.removed != nil && e.removed(row):
			e.state[row] = absent
			continue
		case e.grouper.tags[row] == tag:
			r, err := w.one(buf, uint32(row))
			if err != nil {
				return err
			}
			if isEmpty(r) {
				e.state[row] = absent
				continue
			}
		}
		e.work.Documents++
	}
	return nil
}

// duplicates marks the exact duplicates among rows whose signatures are very likely
// the same.
func (w *worker) duplicates(entries []uint64) error {
	w.sortRows(entries)
	firsts := make(map[uint64]uint32, min(len(w.rows), 4)) // by the hash of signature and set
	k := w.src.K()
	buf := make([]uint32, 2*k)
	for _, row := range w.rows {
		regs, err := w.one(buf[:k:k], row)
		if err != nil {
			return err
		}
		set := w.set(row)
		h := w.key.start[0]
		for _, v := range regs {
			h = fold(h^uint64(v), w.key.mul)
		}
		for _, x := range set {
			h = fold(h^x, w.key.mul)
		}
		first, ok := firsts[h]
		if !ok {
			firsts[h] = row
			continue
		}
		other, err := w.one(buf[k:], first)
		if err != nil {
			return err
		}
		if slices.Equal(regs, other) && slices.Equal(set, w.set(first)) {
			w.state[row], w.link[row] = duplicate, first
			w.work.ExactDuplicates++
		}
	}
	return nil
}

// expandDuplicates adds the pairs of exact duplicates: with each other, and with
// every match of the first of their group. If there are too many pairs, each
// duplicate is paired only with the first of its group.
func (e *engine) expandDuplicates() {
	groups := e.duplicateGroups()
	if len(groups) == 0 {
		return
	}
	full := e.fullDuplicates(groups)
	members := func(row uint32) []uint32 {
		if g, ok := groups[row]; ok {
			return g
		}
		return []uint32{row}
	}
	for _, x := range e.edges { // appended to below: the loop must cover only the pairs of firsts
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
			e.work.BoundedDuplicates += len(g)
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

// fullDuplicates returns the size up to which all pairs within a group of exact
// duplicates, and between two matching groups, are listed.
func (e *engine) fullDuplicates(groups map[uint32][]uint32) int {
	size := func(row uint32) int { return max(1, len(groups[row])) }
	var sizes []int
	for _, g := range groups {
		if len(g) > FullBucket {
			sizes = append(sizes, len(g))
		}
	}
	for _, x := range e.edges {
		if n := size(x.a) + size(x.b); n > FullBucket {
			sizes = append(sizes, n)
		}
	}
	slices.Sort(sizes)
	return fullUpTo(sizes, budget(e.work.Documents), func(n float64) float64 { return n * n / 2 })
}

// orderedEdge returns the edge of a and b with the lower row first; s is the score
// with a as A and b as B.
func orderedEdge(a, b uint32, s Score) edge {
	if a > b {
		a, b = b, a
		s.ContainmentA, s.ContainmentB = s.ContainmentB, s.ContainmentA
	}
	return edge{a, b, s}
}

// duplicateGroups returns the rows of each group of exact duplicates, keyed by the
// first row of the group, which also comes first in its list.
func (e *engine) duplicateGroups() map[uint32][]uint32 {
	groups := map[uint32][]uint32{}
	for row, s := range e.state {
		if s == duplicate {
			l := e.link[row]
			if groups[l] == nil {
				groups[l] = []uint32{l}
			}
			groups[l] = append(groups[l], uint32(row))
		}
	}
	return groups
}
