package seen

import (
	"context"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// StoreOptions are the options that a store must have which filters share.
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
	// The bands are those of a lower threshold: see reach.
	return StoreOptions{Scheme: scheme, Threshold: o.Threshold, Banding: lsh.Choose(scheme.K, o.Threshold*reach, lsh.DefaultRecall), Seed: o.Seed}
}

// shingler is how pages are cut.
var shingler shingle.Shingler

func (o Options) sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{Seed: o.Seed, Elements: shingler})
}

// A kept is where pages are that were judged new.
type kept interface {
	search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match[string], error)
	get(ctx context.Context, id string) (d disk.Document, ok bool, err error)

	// put stores a page, unless another one matches at a threshold that is not among
	// those that the page is known to be unlike: one that another filter has stored
	// meanwhile.
	put(ctx context.Context, d disk.Document, threshold float64, unlike []string) (lsh.Match[string], bool, error)

	// quote informs other filters of the blocks left out of a page that is going to
	// be stored, and quoted returns those of some blocks that another filter leaves
	// out.
	quote(ctx context.Context, blocks func() []shingle.Set) error
	quoted(ctx context.Context, blocks []shingle.Set) ([]shingle.Set, error)

	// force stores a page whatever matches.
	force(ctx context.Context, d disk.Document) error
	remove(ctx context.Context, id string) (bool, error)
	expire(ctx context.Context, before time.Time) error

	// freeze returns what a save has to have, nil if nothing, and apply is called
	// with it when the save is durable.
	freeze() *changes
	apply(ctx context.Context, c *changes) error
	stats(*Stats)
	close() error
}
