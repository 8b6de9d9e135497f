package lsh

import (
	"cmp"
	"context"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// A Batch finds all pairs and clusters among documents that are known by row
// number, one band at a time. It gives the same answers as an [Index] that the
// documents are added to in the order of their rows, in less memory: at most 24
// bytes a document beside the signatures, which may stay in a [File], and
// beside the results.
//
// A Batch is read only: its methods may be called concurrently.
type Batch struct {
	Threshold float64 // as in Options
	Recall    float64 // as in Options
	Banding   Banding // as in Options
	Seed      uint64  // as in Options

	// Scheme is that of the signatures. It serves to estimate containment where
	// there are no sets: without it, that is 0 unless the signatures are equal.
	Scheme minhash.Scheme

	// Sets, if not nil, returns the set of a document in ascending order,
	// without repeats, and makes results exact: a candidate is judged by its
	// sets, unless the estimate is more than four standard errors below the
	// threshold. Where Sets returns nil the estimate decides. The set may be
	// computed anew at each call; it is asked for several times, and by several
	// goroutines at once if Workers is above 1.
	Sets func(row int) []uint64

	// Workers is the number of goroutines to use; 0 means 1, below 0 as many as
	// there are processors. The results do not depend on it.
	Workers int

	// Progress, if not nil, is called from time to time, by one goroutine at a
	// time, with how many of a number of steps are done.
	Progress func(done, total int)
}

// A RowPair is a pair of matching documents, A < B.
type RowPair struct {
	A, B int
	Score
}

// A RowCluster is a [Cluster] of documents that are known by row number.
type RowCluster struct {
	Representative int
	Members        []RowMember // the representative first
}

// A RowMember is a [Member] of a RowCluster.
type RowMember struct {
	Row        int
	Similarity float64
}

// Pairs returns every pair of matching documents in ascending order.
//
// It needs some 90 bytes for each pair found beside what every batch needs.
func (b *Batch) Pairs(ctx context.Context, src Source) ([]RowPair, Work, error) {
	e := b.engine(ctx, src)
	edges, err := e.pairs()
	if err != nil {
		return nil, e.work, err
	}
	pairs := make([]RowPair, len(edges))
	for i, x := range edges {
		pairs[i] = RowPair{int(x.a), int(x.b), x.Score}
	}
	return pairs, e.work, nil
}

// RowClusterOptions configures [Batch.Clusters]; the zero value makes the first
// of several documents the representative.
type RowClusterOptions struct {
	// Before says that a document is to be preferred to another as the
	// representative; ties go to the lower row. nil means by row.
	Before func(a, b int) bool

	// Connected asks for connected components: see [ClusterOptions].
	Connected bool
}

// Clusters returns the clusters of two and more documents, by the order of
// preference of their representatives: see [Index.Clusters].
func (b *Batch) Clusters(ctx context.Context, src Source, o RowClusterOptions) ([]RowCluster, Work, error) {
	e := b.engine(ctx, src)
	if o.Before != nil {
		e.rankBy(func(x, y uint32) int {
			switch {
			case o.Before(int(x), int(y)):
				return -1
			case o.Before(int(y), int(x)):
				return 1
			}
			return cmp.Compare(x, y)
		})
	}
	clusters, sims, err := e.clustersOrComponents(o.Connected)
	if err != nil {
		return nil, e.work, err
	}
	out := make([]RowCluster, len(clusters))
	for i, rows := range clusters {
		m := make([]RowMember, len(rows))
		for j, row := range rows {
			m[j] = RowMember{int(row), sims[i][j]}
		}
		out[i] = RowCluster{int(rows[0]), m}
	}
	return out, e.work, nil
}

func (b *Batch) engine(ctx context.Context, src Source) *engine {
	e := newEngine(ctx, src, Options{Threshold: b.Threshold, Recall: b.Recall, Banding: b.Banding, Seed: b.Seed}, workers(b.Workers))
	e.sets, e.progress = b.Sets, b.Progress
	if b.Scheme != (minhash.Scheme{}) {
		sk, err := minhash.ForScheme(b.Scheme)
		if err != nil || b.Scheme.K != src.K() {
			panic("lsh: Batch.Scheme is not that of the source")
		}
		e.sketcher = sk
	}
	return e
}

// rankBy sets the order of preference of all rows.
func (e *engine) rankBy(compare func(a, b uint32) int) {
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

func (e *engine) clustersOrComponents(connected bool) ([][]uint32, [][]float64, error) {
	find := e.clusters
	if connected {
		find = e.components
	}
	clusters, err := find()
	if err != nil {
		return nil, nil, err
	}
	sims, err := e.similarities(clusters)
	return clusters, sims, err
}
