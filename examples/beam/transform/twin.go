package transform

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// A TwinKey is the hash of signature and set, and a salt.
type TwinKey struct {
	Hash [16]byte
	Salt uint16
}

// A Twin is one of several documents that have the same signature and set, or
// the leader of some.
type Twin struct {
	Ref   Ref
	Count int64    // documents that it stands for
	Keys  []uint64 // keys of its bands
}

// Collapsed is what [CollapseTwins] makes of twins: only the first of several
// documents that are the same takes part in what follows. The others share its
// fate, which reaches them by way of the local leader of their salt.
type Collapsed struct {
	Leaders beam.PCollection // of Twin
	Heirs   beam.PCollection // of KV<Ref, Fate>: local leaders, by their leader
	Members beam.PCollection // of KV<Ref, Fate>: documents, by their local leader
}

// CollapseTwins finds the documents that have the same signature and set, in two
// levels: that four in ten are one document makes no hot key.
func CollapseTwins(s beam.Scope, sk Sketched) Collapsed {
	s = s.Scope("Twins")
	local, members := beam.ParDo2(s, &localTwinsFn{}, beam.GroupByKey(s, sk.Twins))
	leaders, heirs := beam.ParDo2(s, &twinsFn{}, beam.GroupByKey(s, local))
	return Collapsed{leaders, heirs, members}
}

var twinsCounter = beam.NewCounter(Namespace, "twins")

// gather returns the leader of twins, which counts for all of them, and the
// references of the others. Nothing is allocated where there is only one.
func gather(twins func(*Twin) bool) (leader Twin, others []Ref) {
	var t Twin
	twins(&leader)
	for twins(&t) {
		n := leader.Count + t.Count
		if t.Ref < leader.Ref {
			leader, t = t, leader
		}
		others = append(others, t.Ref)
		leader.Count = n
	}
	return leader, others
}

// localTwinsFn finds the leader among the twins of one salt.
type localTwinsFn struct{}

// ProcessElement emits the local leader and the documents that follow it.
func (*localTwinsFn) ProcessElement(ctx context.Context, k TwinKey, twins func(*Twin) bool, local func(TwinKey, Twin), member func(Ref, Fate)) {
	leader, others := gather(twins)
	for _, r := range others {
		member(leader.Ref, Fate{Kind: fateHeir, Ref: r})
	}
	twinsCounter.Inc(ctx, int64(len(others)))
	k.Salt = whole
	local(k, leader)
}

// twinsFn finds the leader among the local leaders.
type twinsFn struct{}

// ProcessElement emits the leader and the local leaders that follow it.
func (*twinsFn) ProcessElement(ctx context.Context, _ TwinKey, twins func(*Twin) bool, leaders func(Twin), heir func(Ref, Fate)) {
	leader, others := gather(twins)
	for _, r := range others {
		heir(leader.Ref, Fate{Kind: fateHeir, Ref: r})
	}
	twinsCounter.Inc(ctx, int64(len(others)))
	leaders(leader)
}

func init() {
	registerDoFn[localTwinsFn]()
	registerDoFn[twinsFn]()
	register.Iter1[Twin]()
	register.Emitter1[Twin]()
}
