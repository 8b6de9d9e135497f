package lsh

import (
	"context"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// An Explanation shows why two documents of a [Batch] match or not. The zero value
// explains a pair in which at least one document is empty.
type Explanation struct {
	// Agree is the number of registers in which the signatures agree.
	Agree int
	// Score is the score of the two documents, whether they match or not: exact if the
	// sets of both are known.
	Score Score
	// Similar reports that the [Rule] accepts the pair, whether or not it was
	// compared.
	Similar bool

	// Bands are the numbers of the bands that the two share. A pair that shares
	// none is never compared.
	Bands []int
	// Oversized lists the elements of Bands whose bucket is too large to compare all its
	// documents with each other, and in which neither document is a leader: the pair is
	// not compared there.
	Oversized []int
}

// Compared reports whether the two documents are compared with each other.
func (x Explanation) Compared() bool { return len(x.Bands) > len(x.Oversized) }

// Match reports whether the two documents are a pair of [Batch.Pairs], apart from
// pairs of very many exact duplicates that it does not list. Two matching documents
// may be in different clusters if neither is the representative of the other's
// cluster, since clusters do not chain: see [Locate].
func (x Explanation) Match() bool { return x.Similar && x.Compared() }

// Explain returns the reasons why the documents of rows x and y match or not. The
// order of preference of o decides which documents are the leaders of oversized
// buckets, as in [Batch.Clusters]. For each band that the two share, it costs as
// much as finding the documents of one band.
func (b *Batch) Explain(ctx context.Context, src Source, x, y int, o ClusterOptions[int]) (Explanation, error) {
	if n := src.Len(); x < 0 || y < 0 || x >= n || y >= n {
		panic("lsh: Explain: row out of range")
	}
	e, err := b.preferring(ctx, src, o)
	if err != nil {
		return Explanation{}, err
	}
	return e.explain(x, y)
}

func (e *engine) explain(x, y int) (Explanation, error) {
	if err := e.prepare(); err != nil {
		return Explanation{}, err
	}
	if e.state[x] == absent || e.state[y] == absent {
		return Explanation{}, nil
	}
	var out Explanation
	w := e.newWorker()
	w.rows = []uint32{uint32(x), uint32(y)}
	if err := w.fetch(); err != nil {
		return Explanation{}, err
	}
	rx, ry := w.registers(0), w.registers(1)
	if w.err != nil {
		return Explanation{}, w.err
	}
	out.Agree = minhash.Agree(rx, ry)
	out.Score, out.Similar = w.score(0, 1)
	if !out.Similar {
		// A pair that does not match may have no figures: compute them with a rule
		// without a floor.
		none := Rule{K: e.rule.K}
		out.Score, _ = none.judge(out.Agree, scoreSets, func() (a, b []uint64, known bool) {
			a, b = w.set(w.rows[0]), w.set(w.rows[1])
			return a, b, a != nil && b != nil
		}, func() (float64, float64) { return w.elements(rx), w.elements(ry) })
	}
	rows := e.opts.Banding.Rows
	for band := range e.opts.Banding.Bands {
		at := band * rows
		if !slices.Equal(rx[at:at+rows], ry[at:at+rows]) {
			continue
		}
		out.Bands = append(out.Bands, band)
		oversized, err := e.apart(band, w.key.tag(rx, band), w.rows)
		if err != nil {
			return Explanation{}, err
		}
		if oversized {
			out.Oversized = append(out.Oversized, band)
		}
	}
	return out, nil
}

// apart reports whether the bucket of a tag is oversized and neither row is one of
// its leaders. An exact duplicate counts as the first of its group.
func (e *engine) apart(band int, tag uint32, rows []uint32) (bool, error) {
	if err := e.grouper.scan(e.ctx, band, 1); err != nil {
		return false, err
	}
	if err := e.grouper.group(e.ctx, 0, e.isOpen); err != nil {
		return false, err
	}
	if err := e.findOversized(band); err != nil {
		return false, err
	}
	leaders, oversized := e.oversized[uint64(band)<<32|uint64(tag)]
	firsts := make([]uint32, len(rows))
	for i, row := range rows {
		firsts[i] = row
		if e.state[row] == duplicate {
			firsts[i] = e.link[row]
		}
		if slices.Contains(leaders, firsts[i]) {
			return false, nil
		}
	}
	return oversized && firsts[0] != firsts[1], nil
}

// Locate returns the cluster of a document and its similarity to the representative,
// or false if it is in no cluster.
func Locate[ID comparable](clusters []Cluster[ID], id ID) (Cluster[ID], float64, bool) {
	for _, c := range clusters {
		for _, m := range c.Members {
			if m.ID == id {
				return c, m.Similarity, true
			}
		}
	}
	return Cluster[ID]{}, 0, false
}
