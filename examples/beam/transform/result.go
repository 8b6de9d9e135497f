package transform

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// A Cluster is two and more near-duplicates, each of which matches the
// representative unless Options.Connected is set. The members are in the order of
// preference, the representative first.
type Cluster struct {
	Representative string   `json:"representative"`
	Members        []Member `json:"members"`
}

// A Member is a document of a cluster.
type Member struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"` // to the representative
}

// A Kept is a document that is in no cluster, or the representative of one.
type Kept struct {
	ID string `json:"id"`
}

// A Removal is a document that is a near-duplicate of another to be kept.
type Removal struct {
	ID             string  `json:"id"`
	Representative string  `json:"representative"`
	Similarity     float64 `json:"similarity"`
}

// Result is what [NearDuplicates] finds.
type Result struct {
	Clusters beam.PCollection // of Cluster
	Kept     beam.PCollection // of Kept
	Removed  beam.PCollection // of Removal
	Bounded  beam.PCollection // of Bounded: buckets that were not compared in full
	Edges    beam.PCollection // of Edge: the matches, twins left out
}

// NearDuplicates finds the clusters of near-duplicates among documents, and which
// to keep: the same as [lsh.Batch.Clusters] with the sets of the documents, and
// without them if Options.Estimate is set.
//
// It is made of [SketchDocuments], [CollapseTwins], [FindCandidates], [Verify],
// [ClusterEdges] and [Settle], which a pipeline may also use by themselves.
//
// [lsh.Batch.Clusters]: https://pkg.go.dev/github.com/neardup/neardup/lsh#Batch.Clusters
func NearDuplicates(s beam.Scope, documents beam.PCollection, o Options) Result {
	s = s.Scope("NearDuplicates")
	sk := SketchDocuments(s, documents, o)
	twins := CollapseTwins(s, sk)
	candidates := FindCandidates(s, twins, o)
	edges := Verify(s, candidates.Stars, sk.Sketches, o)
	fates := ClusterEdges(s, edges, sk.Sketches, o)
	r := Settle(s, sk, twins, fates)
	r.Bounded, r.Edges = candidates.Bounded, edges
	return r
}

// Settle tells every document of its fate and makes clusters of those in one.
func Settle(s beam.Scope, sk Sketched, twins Collapsed, fates beam.PCollection) Result {
	s = s.Scope("Settle")
	local := beam.ParDo(s, &inheritFn{}, beam.GroupByKey(s, beam.Flatten(s, fates, twins.Heirs)))
	all := beam.ParDo(s, &inheritFn{}, beam.GroupByKey(s, beam.Flatten(s, local, twins.Members)))
	kept, members := beam.ParDo2(s, &nameFn{}, beam.GroupByKey(s, beam.Flatten(s, sk.Names, all)))
	clusters, removed := beam.ParDo2(s, &clusterFn{}, beam.GroupByKey(s, members))
	return Result{Clusters: clusters, Kept: kept, Removed: removed}
}

// inheritFn hands the fate of a document on to its twins.
type inheritFn struct{}

// ProcessElement emits the fates of the document and of its heirs. A document
// with heirs and without a fate represents them.
func (*inheritFn) ProcessElement(ref Ref, fates func(*Fate) bool, emit func(Ref, Fate)) {
	var (
		f     Fate
		heirs []Ref
	)
	own, decided := represents(ref), false
	for fates(&f) {
		if f.Kind == fateHeir {
			heirs = append(heirs, f.Ref)
			continue
		}
		own, decided = f, true
	}
	if decided || len(heirs) > 0 {
		emit(ref, own)
	}
	for _, r := range heirs {
		own.Ref = r
		emit(r, own)
	}
}

var (
	keptCounter     = beam.NewCounter(Namespace, "kept")
	removedCounter  = beam.NewCounter(Namespace, "removed")
	clustersCounter = beam.NewCounter(Namespace, "clusters")
)

// nameFn joins the fate of a document with its name.
type nameFn struct{}

// ProcessElement emits the document if it is kept, and if it is in a cluster as a
// member of that.
func (*nameFn) ProcessElement(ctx context.Context, ref Ref, fates func(*Fate) bool, kept func(Kept), member func(Ref, Fate)) error {
	var f Fate
	own, names := represents(ref), 0
	decided := false
	for fates(&f) {
		if f.Kind == fateName {
			own.ID = f.ID
			names++
			continue
		}
		own.Representative, own.Similarity, decided = f.Representative, f.Similarity, true
	}
	if names != 1 {
		return fmt.Errorf("transform: %d documents have the reference %q, the last of them %q: the order of every document must be its own", names, string(ref), own.ID)
	}
	if own.Representative == ref {
		keptCounter.Inc(ctx, 1)
		kept(Kept{own.ID})
	}
	if decided {
		member(own.Representative, own)
	}
	return nil
}

// clusterFn makes clusters of their members.
type clusterFn struct{}

// ProcessElement emits a cluster and what is to be removed for it.
func (*clusterFn) ProcessElement(ctx context.Context, rep Ref, members func(*Fate) bool, cluster func(Cluster), removed func(Removal)) {
	var (
		f   Fate
		all []Fate
	)
	for members(&f) {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Fate) int { return strings.Compare(string(a.Ref), string(b.Ref)) })
	c := Cluster{Representative: all[0].ID, Members: make([]Member, len(all))}
	for i, m := range all {
		c.Members[i] = Member{m.ID, m.Similarity}
		if m.Ref != rep {
			removed(Removal{m.ID, c.Representative, m.Similarity})
		}
	}
	clustersCounter.Inc(ctx, 1)
	removedCounter.Inc(ctx, int64(len(all)-1))
	cluster(c)
}

// Results are encoded as the JSON that they are written as.

func encodeCluster(c Cluster) ([]byte, error)   { return json.Marshal(c) }
func decodeCluster(b []byte) (Cluster, error)   { return fromJSON[Cluster](b) }
func encodeKept(k Kept) ([]byte, error)         { return json.Marshal(k) }
func decodeKept(b []byte) (Kept, error)         { return fromJSON[Kept](b) }
func encodeRemoval(r Removal) ([]byte, error)   { return json.Marshal(r) }
func decodeRemoval(b []byte) (Removal, error)   { return fromJSON[Removal](b) }
func encodeBounded(x Bounded) ([]byte, error)   { return json.Marshal(x) }
func decodeBounded(b []byte) (Bounded, error)   { return fromJSON[Bounded](b) }
func fromJSON[T any](b []byte) (v T, err error) { err = json.Unmarshal(b, &v); return v, err }

func init() {
	registerCoder(encodeCluster, decodeCluster)
	registerCoder(encodeKept, decodeKept)
	registerCoder(encodeRemoval, decodeRemoval)
	registerCoder(encodeBounded, decodeBounded)
	registerDoFn[inheritFn]()
	registerDoFn[nameFn]()
	registerDoFn[clusterFn]()
	register.Iter1[Fate]()
	register.Emitter1[Kept]()
	register.Emitter1[Cluster]()
	register.Emitter1[Removal]()
}
