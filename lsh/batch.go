package lsh

import (
	"context"
	"fmt"

	"github.com/neardup/neardup/minhash"
)

// A Batch finds all pairs and clusters among documents that are known by row number,
// one band at a time. It gives the same answers as an [Index] to which the documents
// are added in the order of their rows, with less memory: at most 24 bytes per
// document in addition to the results, to Tags and to the signatures, which may stay
// in a [File]. The zero Batch compares signatures with the recommended options.
//
// A Batch is never modified: its methods may be called concurrently.
type Batch struct {
	Threshold float64 // as in Options
	Recall    float64 // as in Options
	Banding   Banding // as in Options
	Seed      uint64  // as in Options

	// Scheme is the scheme of the signatures. It is needed to estimate containment where
	// there are no sets: without it, containments are 0 unless the signatures are equal.
	Scheme minhash.Scheme

	// Sets, if not nil, returns the element hashes of a document, in any order, and
	// makes results exact: a candidate is judged by its sets, unless the estimate is
	// more than four standard errors below the threshold. Where Sets returns nil, the
	// estimate decides. The hashes may be computed at each call, and are not modified;
	// ascending order without repeats is cheapest. Sets is called several times for a
	// row, and by several goroutines at once if Workers is above 1.
	Sets func(row int) []uint64

	// Tags, if not nil, are the tags of all documents, made by a Batch with the same
	// options: with them, the signatures need not be scanned for every band. Results do
	// not depend on them.
	Tags *Tags

	// Workers is the number of goroutines to use; 0 means 1, below 0 as many as
	// there are processors. The results do not depend on it.
	Workers int

	// Progress, if not nil, is called from time to time, by one goroutine at a time,
	// with the number of steps done and the total.
	Progress func(done, total int)
}

func (b *Batch) engine(ctx context.Context, src Source) *engine {
	e := newEngine(ctx, src, Options{Threshold: b.Threshold, Recall: b.Recall, Banding: b.Banding, Seed: b.Seed}, workers(b.Workers))
	e.sets, e.progress = asSets(b.Sets), b.Progress
	if b.Tags != nil {
		if b.Tags.Len() != src.Len() || !b.Tags.key.equal(&e.key) {
			panic("lsh: Batch.Tags belong to another source or seed")
		}
		e.tags = b.Tags
	}
	if b.Scheme != (minhash.Scheme{}) {
		sk, err := minhash.ForScheme(b.Scheme)
		if err != nil {
			panic("lsh: Batch.Scheme: " + err.Error())
		}
		if k := src.K(); b.Scheme.K != k {
			panic(fmt.Sprintf("lsh: Batch.Scheme has %d registers, but the source has %d", b.Scheme.K, k))
		}
		e.sketcher = sk
	}
	return e
}
