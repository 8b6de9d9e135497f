package lsh

import (
	"cmp"
	"slices"
)

// clusters returns the rows of every cluster of at least two. The leader of a
// cluster is its first row in the order of preference; every other row joins the
// first representative that it matches. Clusters are in the order of preference of
// their representatives, and so are the members of each cluster.
//
// This is greedy clustering in the order of preference (Hartigan's leader
// algorithm): a row is a representative unless it matches an earlier one. The
// matches are the pairs that pairs lists; in bounded buckets, only pairs with a
// leader. To compute it one band at a time, the earliest match of each row is found
// first. Rows without one are representatives, and rows whose earliest match is a
// representative have joined it. Rows that match only earlier rows that are not
// representatives remain: such a row joins the first representative among all its
// matches or, if there is none, is decided in the order of preference.
func (e *engine) clusters() ([][]uint32, error) {
	e.total = 2*e.opts.Banding.Bands + 2
	if err := e.prepare(); err != nil {
		return nil, err
	}
	for row := range e.link {
		if e.state[row] == open {
			e.link[row] = none
		}
	}
	if err := e.bands(e.isOpen, earliest); err != nil {
		return nil, err
	}
	if left := e.settle(); left > 0 {
		if err := e.settleRest(left); err != nil {
			return nil, err
		}
	}
	e.done = e.total - 1
	e.step()
	return e.collect(), nil
}

// earliest links each row to its earliest match.
var earliest = visit{
	wanted: func(w *worker, j int) bool { return w.improves(0, j) },
	compare: func(w *worker, band, j int) {
		for i := 0; i < j && w.improves(i, j); i++ {
			if w.compared(band, i, j) {
				continue
			}
			if s, ok := w.match(i, j); ok {
				w.join(w.rows[j], w.rows[i], s)
			}
		}
	},
}

// join links a row to an earlier one that it matches.
func (w *worker) join(row, to uint32, s Score) {
	w.link[row] = to
	w.linkings = append(w.linkings, linking{row, to, s.Similarity})
}

// improves reports whether the i-th row of the bucket precedes the link of the j-th
// one.
func (w *worker) improves(i, j int) bool {
	l := w.link[w.rows[j]]
	return l == none || w.before(w.rows[i], l)
}

// settle decides the rows whose outcome follows from their earliest match, and
// returns the number of rows still waiting.
func (e *engine) settle() int {
	for row, s := range e.state {
		if s == open && e.link[row] == none {
			e.state[row] = chosen
		}
	}
	left := 0
	for row, s := range e.state {
		if s != open {
			continue
		}
		if e.state[e.link[row]] == chosen {
			e.state[row] = joined
		} else {
			e.state[row] = waiting
			e.link[row] = none
			left++
		}
	}
	return left
}

// settleRest decides the rows that wait.
func (e *engine) settleRest(left int) error {
	rest := make([]uint32, 0, left)
	for row, s := range e.state {
		if s == waiting {
			rest = append(rest, uint32(row))
		}
	}
	take := func(row int) bool { return e.state[row] == waiting || e.state[row] == chosen }
	if err := e.bands(take, earliestChosen); err != nil {
		return err
	}
	if e.rank != nil {
		slices.SortFunc(rest, func(a, b uint32) int { return cmp.Compare(e.rank[a], e.rank[b]) })
	}
	return e.newWorker().inOrder(rest)
}

// earliestChosen links each waiting row to the earliest representative that it
// matches.
var earliestChosen = visit{
	wanted: func(w *worker, j int) bool { return w.state[w.rows[j]] == waiting && w.improves(0, j) },
	compare: func(w *worker, band, j int) {
		for i := 0; i < j && w.improves(i, j); i++ {
			if w.state[w.rows[i]] != chosen || w.compared(band, i, j) {
				continue
			}
			if s, ok := w.match(i, j); ok {
				w.join(w.rows[j], w.rows[i], s)
			}
		}
	},
}

// inOrder decides the waiting rows one after another, each against the
// representatives that emerged among them before it, which it keeps in tables.
func (w *worker) inOrder(rest []uint32) error {
	bands := w.opts.Banding.Bands
	t := makeTables(bands, 0)
	var risen []uint32 // the row of each entry of the tables
	tags, heads := make([]uint32, bands), make([]uint32, bands)
	buf, other := make([]uint32, w.src.K()), make([]uint32, w.src.K())
	var near []uint32
	byRank := func(a, b uint32) int { return cmp.Compare(w.rankOf(a), w.rankOf(b)) }
	for _, row := range rest {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		regs, err := w.one(buf, row)
		if err != nil {
			return err
		}
		for b := range tags {
			tags[b] = w.key.tag(regs, b)
		}
		t.heads(heads, tags)
		near = near[:0]
		for b, h := range heads {
			if oversized, ok := w.oversized[uint64(b)<<32|uint64(tags[b])]; ok {
				for _, head := range oversized {
					if entry, ok := slices.BinarySearchFunc(risen, head, byRank); ok {
						near = append(near, uint32(entry))
					}
				}
				continue
			}
			for h != 0 {
				near = append(near, h-1)
				h = t.next.at(int(h - 1))[b]
			}
		}
		slices.Sort(near)
		near = slices.Compact(near)
		for _, entry := range near { // earliest first: entries were added in order
			l := w.link[row]
			if l != none && !w.before(risen[entry], l) {
				break
			}
			r, err := w.one(other, risen[entry])
			if err != nil {
				return err
			}
			if s, ok := w.judge(risen[entry], row, r, regs, nil); ok {
				w.join(row, risen[entry], s)
				break
			}
		}
		if w.link[row] != none {
			w.state[row] = joined
			continue
		}
		w.state[row] = chosen
		t.add(tags)
		risen = append(risen, row)
	}
	w.engine.work.add(w.work)
	w.engine.linkings = append(w.engine.linkings, w.linkings...)
	return nil
}

// collect returns the clusters described by the states and links.
func (e *engine) collect() [][]uint32 {
	e.grouper = grouper{} // reuse its memory for the result
	var keys []uint64     // rank of the representative, rank of the member
	var rows []uint32     // row of each rank; nil if ranks are row numbers
	if e.rank != nil {
		rows = make([]uint32, len(e.rank))
		for row, r := range e.rank {
			if e.state[row] != absent {
				rows[r] = uint32(row)
			}
		}
	}
	rep := func(row uint32) uint32 {
		if e.state[row] == duplicate {
			row = e.link[row]
		}
		if e.state[row] == joined {
			row = e.link[row]
		}
		return row
	}
	for row, s := range e.state {
		if s == duplicate || s == joined {
			keys = append(keys, uint64(e.rankOf(rep(uint32(row))))<<32|uint64(e.rankOf(uint32(row))))
		}
	}
	slices.Sort(keys)
	byRank := func(r uint32) uint32 {
		if rows == nil {
			return r
		}
		return rows[r]
	}
	n := 0
	for i, k := range keys {
		if i == 0 || k>>32 != keys[i-1]>>32 {
			n++
		}
	}
	all := make([]uint32, 0, len(keys)+n)
	clusters := make([][]uint32, 0, n)
	for len(keys) > 0 {
		first := keys[0] >> 32
		start := len(all)
		all = append(all, byRank(uint32(first)))
		i := 0
		for ; i < len(keys) && keys[i]>>32 == first; i++ {
			all = append(all, byRank(uint32(keys[i])))
		}
		clusters = append(clusters, all[start:len(all):len(all)])
		keys = keys[i:]
	}
	return clusters
}

// similarities returns the similarity of every row of every cluster to the
// first of its cluster, as found when the row was linked.
func (e *engine) similarities(clusters [][]uint32) [][]float64 {
	at := make([]uint32, len(e.link)) // for each row the number of its linking, plus one
	for i, j := range e.linkings {
		if e.link[j.row] == j.to { // the row did not match an earlier one later on
			at[j.row] = uint32(i + 1)
		}
	}
	out := make([][]float64, len(clusters))
	for c, rows := range clusters {
		out[c] = make([]float64, len(rows))
		for i, row := range rows {
			if e.state[row] == duplicate {
				row = e.link[row]
			}
			out[c][i] = 1
			if n := at[row]; n > 0 {
				out[c][i] = e.linkings[n-1].similarity
			}
		}
	}
	return out
}
