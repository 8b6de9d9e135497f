package seen

import (
	"context"
	"errors"
	"fmt"
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

// StoreOptions returns what an [Options.Store] must be opened with: say a [disk.Options] or
// the options of an index in Redis.
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

	// put stores a page, unless another one matches that was stored meanwhile by
	// another filter.
	put(ctx context.Context, d disk.Document) (lsh.Match[string], bool, error)

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

// shared is a store that other filters write too.
type shared struct {
	disk.Store
	lock *disk.Index // of the directory
}

func (s shared) search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match[string], error) {
	found, err := s.SearchAll(ctx, []disk.Query{{Signature: sig, SearchOptions: o}})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s shared) get(ctx context.Context, id string) (disk.Document, bool, error) {
	docs, err := s.GetAll(ctx, []string{id})
	if err != nil {
		return disk.Document{}, false, err
	}
	return docs[0], docs[0].Signature.Scheme() != minhash.Scheme{}, nil
}

func (s shared) put(ctx context.Context, d disk.Document) (lsh.Match[string], bool, error) {
	v, err := s.InsertNewAll(ctx, []disk.Document{d})
	if err != nil {
		return lsh.Match[string]{}, false, err
	}
	return v[0].Match, v[0].Seen, nil
}

func (s shared) force(ctx context.Context, d disk.Document) error {
	_, err := s.InsertAll(ctx, []disk.Document{d})
	return err
}

func (s shared) remove(ctx context.Context, id string) (bool, error) {
	removed, err := s.RemoveAll(ctx, []string{id})
	if err != nil {
		return false, err
	}
	return removed[0], nil
}

func (s shared) expire(context.Context, time.Time) error {
	return fmt.Errorf("a shared store forgets pages by its own settings: %w", errors.ErrUnsupported)
}

func (s shared) freeze() *changes                      { return nil } // its calls are durable
func (s shared) apply(context.Context, *changes) error { return nil }
func (s shared) stats(*Stats)                          {}
func (s shared) close() error                          { return s.lock.Close() }
