package transform

import (
	"context"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/neardup/neardup/lsh"
)

// How far the larger buckets of a band are compared in full depends on the sizes
// of all of them and on the number of documents. Both meet under the number of
// the band: one small element for each bucket of more than lsh.FullBucket
// different documents.

// Large is a bucket to be decided on, or the number of all documents.
type Large struct {
	Key       BucketKey
	Documents int64 // if above 0, this is the number of all documents
	Count     int64 // documents in the bucket, twins counted once
	Heads     []Ref
	Salts     []uint16 // parts that have documents
}

// Bounded tells of a bucket that was not compared in full: all its documents
// were compared with the first lsh.BucketLeaders only.
type Bounded struct {
	Band      int    `json:"band"`
	Key       uint64 `json:"key"`
	Documents int64  `json:"documents"` // in the bucket, twins counted once
	Skipped   int64  `json:"skipped"`   // comparisons left out
}

// decided is what decide emits.
type decided struct {
	verdicts beam.PCollection // of KV<BucketKey, Held>
	stars    beam.PCollection // of Star: the heads of bounded buckets among themselves
	bounded  beam.PCollection // of Bounded
}

// decide says of each large bucket whether it is compared in full.
func decide(s beam.Scope, leaders, large beam.PCollection, o Options) decided {
	s = s.Scope("Bound")
	counts := beam.ParDo(s, &countFn{}, leaders)
	total := beam.ParDo(s, &everyBandFn{Bands: o.Banding.Bands}, beam.CombinePerKey(s, &sumFn{}, counts))
	verdicts, stars, bounded := beam.ParDo3(s, &boundFn{Bands: o.Banding.Bands}, beam.GroupByKey(s, beam.Flatten(s, large, total)))
	return decided{verdicts, stars, bounded}
}

// countFn makes a leader the number of documents that it stands for.
type countFn struct{}

// ProcessElement returns the number under the one key.
func (*countFn) ProcessElement(t Twin) (int, int64) { return 0, t.Count }

// sumFn adds up numbers; runners do that on every worker before they shuffle.
type sumFn struct{}

// MergeAccumulators adds.
func (*sumFn) MergeAccumulators(a, b int64) int64 { return a + b }

// everyBandFn tells every band the number of documents.
type everyBandFn struct{ Bands int }

// ProcessElement emits the number under each band.
func (f *everyBandFn) ProcessElement(_ int, n int64, emit func(int, Large)) {
	for b := range f.Bands {
		emit(b, Large{Documents: n})
	}
}

// boundFn decides on the large buckets of a band.
type boundFn struct{ Bands int }

var (
	largestBucket    = beam.NewDistribution(Namespace, "large_buckets")
	boundedCounter   = beam.NewCounter(Namespace, "bounded_buckets")
	boundedDocuments = beam.NewCounter(Namespace, "bounded_documents")
	skippedCounter   = beam.NewCounter(Namespace, "skipped_comparisons")
)

// ProcessElement emits a verdict for every part of every large bucket.
func (f *boundFn) ProcessElement(ctx context.Context, band int, notes func(*Large) bool, verdict func(BucketKey, Held), star func(Star), bounded func(Bounded)) {
	var (
		l         Large
		all       []Large
		sizes     []int
		documents int64
	)
	for notes(&l) {
		if l.Documents > 0 {
			documents = l.Documents
			continue
		}
		all = append(all, l)
		sizes = append(sizes, int(l.Count))
		largestBucket.Update(ctx, l.Count)
	}
	slices.Sort(sizes)
	full := int64(lsh.FullSize(sizes, int(documents), f.Bands))
	for _, l := range all {
		v := Held{Kind: verdictFull}
		if l.Count > full {
			v = Held{Kind: verdictHead, Refs: l.Heads}
			allPairs(l.Heads, star)
			rest := l.Count - lsh.BucketLeaders
			skipped := rest * (rest - 1) / 2
			boundedCounter.Inc(ctx, 1)
			boundedDocuments.Inc(ctx, l.Count)
			skippedCounter.Inc(ctx, skipped)
			bounded(Bounded{Band: band, Key: l.Key.Key, Documents: l.Count, Skipped: skipped})
		}
		for _, salt := range l.Salts {
			verdict(BucketKey{l.Key.Key, l.Key.Band, salt}, v)
		}
	}
}

func init() {
	registerDoFn[countFn]()
	registerDoFn[sumFn]()
	registerDoFn[everyBandFn]()
	registerDoFn[boundFn]()
	register.Iter1[Large]()
	register.Emitter1[Bounded]()
}
