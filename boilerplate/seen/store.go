package seen

import (
	"context"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// StoreOptions are the options that a store shared by filters must have.
type StoreOptions struct {
	Scheme    minhash.Scheme
	Threshold float64
	Banding   lsh.Banding
	Seed      uint64
}

// StoreOptions returns the options that an [Options.Store] must be opened with, for
// a [disk.Options] or the options of an index in Redis.
//
//	s := seen.Options{}.StoreOptions()
//	ix, err := redis.Open(ctx, client, redis.Options{
//		Namespace: "crawl", Scheme: s.Scheme, Threshold: s.Threshold, Banding: s.Banding, Seed: s.Seed,
//	})
//	...
//	filter, err := seen.Open("state", seen.Options{Store: ix})
func (o Options) StoreOptions() StoreOptions {
	o = o.withDefaults()
	scheme := o.sketcher().Scheme()
	// The bands are those for a lower threshold: see reach.
	return StoreOptions{Scheme: scheme, Threshold: o.Threshold, Banding: lsh.Choose(scheme.K, o.Threshold*reach, lsh.DefaultRecall), Seed: o.Seed}
}

// shingler cuts pages into shingles.
var shingler shingle.Shingler

func (o Options) sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{Seed: o.Seed, Elements: shingler})
}

// A kept is a store for the pages judged new.
type kept interface {
	search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match[string], error)
	get(ctx context.Context, id string) (d disk.Document, ok bool, err error)

	// put stores a page unless it matches, at the threshold, a page outside the list of
	// pages known to differ. Such a page was stored by another filter in the meantime.
	put(ctx context.Context, d disk.Document, threshold float64, unlike []string) (lsh.Match[string], bool, error)

	// quote informs other filters of the blocks that were left out of a page that is
	// about to be stored. quoted returns the given blocks that another filter leaves
	// out.
	quote(ctx context.Context, blocks func() []shingle.Set) error
	quoted(ctx context.Context, blocks []shingle.Set) ([]shingle.Set, error)

	// force stores a page even if it matches others.
	force(ctx context.Context, d disk.Document) error
	remove(ctx context.Context, id string) (bool, error)
	expire(ctx context.Context, before time.Time) error

	// freeze returns the data that a save must contain, nil if there is none. apply is
	// called with it when the save is durable.
	freeze() *changes
	apply(ctx context.Context, c *changes) error

	// compact frees the space of removed documents, if there are many. keeps returns a
	// document in its state at the last save; count is the number of documents, negative
	// if it is not known. The caller need not have the turn.
	compact(ctx context.Context) error
	keeps(ctx context.Context, id string) (disk.Document, bool, error)
	count() int
	stats(*Stats)
	close() error
}
