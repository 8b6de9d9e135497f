package lsh

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// A view is the content of an index at one moment. It is a [Source].
type view struct {
	opts      Options
	scheme    minhash.Scheme
	sketcher  *minhash.Sketcher
	names     []string
	sets      [][]uint64
	group     []uint32
	registers blocks
}

func (ix *Index) view() *view {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	v := &view{
		opts:     ix.opts,
		scheme:   ix.scheme,
		sketcher: ix.sketcher,
		// Removal writes to these.
		names:     slices.Clone(ix.names),
		sets:      slices.Clone(ix.sets),
		group:     slices.Clone(ix.group),
		registers: ix.registers,
	}
	v.registers.list = slices.Clone(v.registers.list)
	if ix.nonNil == 0 {
		v.sets = nil
	}
	return v
}

func (v *view) set(row int) []uint64 {
	if row < len(v.sets) && v.sets[row] != nil {
		return v.sets[row]
	}
	if v.opts.Sets != nil {
		return v.opts.Sets(v.names[row])
	}
	return nil
}

func (v *view) removed(row int) bool { return v.group[row] == none }

// Len returns the number of rows.
func (v *view) Len() int { return len(v.group) }

// K returns the number of registers.
func (v *view) K() int { return v.scheme.K }

// Rows returns the registers of n rows.
func (v *view) Rows(buf []uint32, row, n int) ([]uint32, error) {
	k := v.scheme.K
	if n == 1 {
		if g := v.group[row]; g != none {
			return v.registers.at(int(g)), nil
		}
	}
	for i := range n {
		if g := v.group[row+i]; g != none {
			copy(buf[i*k:(i+1)*k], v.registers.at(int(g)))
		}
	}
	return buf[:n*k], nil
}

// engine returns an engine over the rows of the index; nil if it never held any.
func (v *view) engine() *engine {
	if v.sketcher == nil {
		return nil
	}
	e := newEngine(context.Background(), v, v.opts, workers(v.opts.Workers))
	e.sketcher = v.sketcher
	e.removed = v.removed
	if v.sets != nil || v.opts.Sets != nil {
		e.sets = v.set
	}
	return e
}

// A Pair is two documents of an index that match. A was added before B.
type Pair struct {
	A, B string
	Score
}

// Pairs yields every pair of documents that match, in the order in which A and
// then B were added. It works on the documents of the moment it is called, finds
// all pairs before it yields the first, and lists fewer than all where very many
// documents are the same: see [Work.Bounded] and [Index.Stats].
func (ix *Index) Pairs() iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		v := ix.view()
		e := v.engine()
		if e == nil {
			return
		}
		edges, err := e.pairs()
		if err != nil {
			panic("lsh: " + err.Error()) // memory never fails
		}
		ix.note(e.work)
		for _, x := range edges {
			if !yield(Pair{v.names[x.a], v.names[x.b], x.Score}) {
				return
			}
		}
	}
}

// A Keep says which document represents a cluster.
type Keep uint8

const (
	// First prefers the document that was added first.
	First Keep = iota
	// Newest prefers the document that was added last.
	Newest
	// Longest prefers the document with the most elements: those of its set
	// or, without one, as many as its signature gives as an estimate. Ties go to
	// the lesser id, so the order of insertion does not matter.
	Longest
)

// ClusterOptions configures [Index.Clusters].
type ClusterOptions struct {
	Keep Keep // First unless set

	// Before, if not nil, takes the place of Keep: it says that document a is to
	// be preferred to b. It must be a strict weak order; ties go to the lesser
	// id.
	Before func(a, b string) bool

	// Connected asks for the connected components of all matching pairs. They
	// chain: two members may have nothing in common but a path of matches, and
	// the similarity of a member to the representative may be anything.
	Connected bool
}

// A Cluster is a group of two and more documents around a representative.
type Cluster struct {
	Representative string
	Members        []Member // the representative first, then by preference
}

// A Member is a document of a cluster and its similarity to the representative:
// 1 for the representative itself.
type Member struct {
	ID         string
	Similarity float64
}

// Clusters returns the clusters of two and more documents, in the order of
// preference of their representatives.
//
// Clusters do not chain. Documents are taken in the order of preference: one
// that matches a representative joins the first that it matches, any other
// becomes a representative. So every member was verified against its
// representative, no representative was found to match another, and who keeps
// the representatives and what is in no cluster keeps at least one document of
// every cluster. The outcome depends on the order of insertion only where the
// preference does. It works on the documents of the moment it is called.
func (ix *Index) Clusters(o ClusterOptions) []Cluster {
	v := ix.view()
	e := v.engine()
	if e == nil {
		return nil
	}
	if compare := v.preference(o); compare != nil {
		e.rankBy(compare)
	}
	clusters, sims, err := e.clustersOrComponents(o.Connected)
	if err != nil {
		panic("lsh: " + err.Error()) // memory never fails
	}
	ix.note(e.work)
	out := make([]Cluster, len(clusters))
	for i, rows := range clusters {
		m := make([]Member, len(rows))
		for j, row := range rows {
			m[j] = Member{v.names[row], sims[i][j]}
		}
		out[i] = Cluster{v.names[rows[0]], m}
	}
	return out
}

// preference returns the comparison of rows that the options ask for; nil where
// it is the one of row numbers.
func (v *view) preference(o ClusterOptions) func(a, b uint32) int {
	byID := func(a, b uint32) int { return cmp.Compare(v.names[a], v.names[b]) }
	switch {
	case o.Before != nil:
		return func(a, b uint32) int {
			// Removed rows have no name to ask for.
			if v.removed(int(a)) || v.removed(int(b)) {
				return byID(a, b)
			}
			switch x, y := v.names[a], v.names[b]; {
			case o.Before(x, y):
				return -1
			case o.Before(y, x):
				return 1
			}
			return byID(a, b)
		}
	case o.Keep == First:
		return nil
	case o.Keep == Newest:
		return func(a, b uint32) int { return cmp.Compare(b, a) }
	case o.Keep == Longest:
		size := make([]float64, len(v.names))
		for row, g := range v.group {
			if g == none {
				continue
			}
			if s := v.set(row); s != nil {
				size[row] = float64(len(s))
			} else if sig, err := v.sketcher.Wrap(v.registers.at(int(g))); err == nil {
				size[row] = sig.Cardinality()
			}
		}
		return func(a, b uint32) int { return cmp.Or(cmp.Compare(size[b], size[a]), byID(a, b)) }
	}
	panic("lsh: unknown Keep")
}

// note keeps what a call of Pairs or Clusters did, for Stats.
func (ix *Index) note(w Work) { ix.work.Store(&w) }
