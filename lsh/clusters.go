package lsh

import (
	"cmp"
	"context"
	"time"
)

// ClusterOptions configures [Index.Clusters] and [Batch.Clusters]; the zero value
// makes the first document of a cluster its representative.
type ClusterOptions[ID any] struct {
	Keep Keep // First unless set

	// Time returns the time of a document, for Keep: Newest. Documents with the zero
	// time come last.
	Time func(id ID) time.Time

	// Before, if not nil, replaces Keep: it reports whether document a is preferred to
	// b. It must be a strict weak order. Ties go to the lesser id or row.
	Before func(a, b ID) bool

	// Connected asks for the connected components of all matching pairs. They chain: two
	// members may be connected only by a path of matches, and the similarity of a member
	// to the representative can be anything.
	Connected bool
}

// A Cluster is a group of at least two documents with a representative. The zero
// Cluster has no members.
type Cluster[ID any] struct {
	Representative ID
	Members        []Member[ID] // the representative first, then by preference
}

// A Member is a document of a cluster and its similarity to the representative,
// which is 1 for the representative itself. The zero Member is not a document.
type Member[ID any] struct {
	ID         ID
	Similarity float64
}

// Clusters returns the clusters of at least two documents, in the order of
// preference of their representatives. It fails only if the context ends.
//
// Clusters do not chain. Documents are taken in the order of preference: a document
// that matches a representative joins the first one that it matches; any other
// becomes a representative. So every member was verified against its representative,
// and no two representatives were found to match. A caller that keeps the
// representatives and the documents outside clusters keeps at least one document of
// every cluster. The outcome depends on the order of insertion only where the
// preference does.
func (ix *Index) Clusters(ctx context.Context, o ClusterOptions[string]) ([]Cluster[string], error) {
	v := ix.view()
	e := v.engine(ctx)
	if e == nil {
		return nil, ctx.Err()
	}
	byID := func(a, b uint32) int { return cmp.Compare(v.names[a], v.names[b]) }
	if err := rankBy(e, o, v.name, byID); err != nil {
		return nil, err
	}
	clusters, err := clusterRows(e, o.Connected, v.name)
	if err != nil {
		return nil, err
	}
	ix.note(e.work)
	return clusters, nil
}

// Clusters returns the clusters of at least two documents, in the order of
// preference of their representatives: see [Index.Clusters]. Errors come from the
// context or from the source.
func (b *Batch) Clusters(ctx context.Context, src Source, o ClusterOptions[int]) ([]Cluster[int], Work, error) {
	e, err := b.preferring(ctx, src, o)
	if err != nil {
		return nil, Work{}, err
	}
	clusters, err := clusterRows(e, o.Connected, rowNumber)
	return clusters, e.work, err
}

// preferring returns an engine that uses the order of preference of the options.
func (b *Batch) preferring(ctx context.Context, src Source, o ClusterOptions[int]) (*engine, error) {
	e := b.engine(ctx, src)
	byRow := func(x, y uint32) int { return cmp.Compare(x, y) }
	return e, rankBy(e, o, rowNumber, byRow)
}

// clusterRows finds the clusters of an engine's rows.
func clusterRows[ID any](e *engine, connected bool, id func(row uint32) ID) ([]Cluster[ID], error) {
	var (
		clusters [][]uint32
		sims     [][]float64
		err      error
	)
	if connected {
		if clusters, err = e.components(); err == nil {
			sims, err = e.compareMembers(clusters)
		}
	} else if clusters, err = e.clusters(); err == nil {
		sims = e.similarities(clusters)
	}
	if err != nil {
		return nil, err
	}
	out := make([]Cluster[ID], len(clusters))
	for i, rows := range clusters {
		m := make([]Member[ID], len(rows))
		for j, row := range rows {
			m[j] = Member[ID]{id(row), sims[i][j]}
		}
		out[i] = Cluster[ID]{m[0].ID, m}
	}
	return out, nil
}
