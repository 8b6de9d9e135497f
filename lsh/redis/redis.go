// Package redis is an index of near-duplicates in a Redis or Valkey server, for
// several crawlers that share one: documents with their signatures go in, and
// the matches of a document come out. It is a [disk.Store], and answers what a
// [disk.Index] answers; where one process is enough, that inserts several times
// as many a second (BenchmarkInsert) and needs no server.
//
// # Keys
//
// All keys begin with the namespace. A document has its number under its id; its
// registers, set and id under its number; and the number in a sorted set for each
// band, whose name is the key of the band. All its bands follow from the
// registers, so that it can be taken out again. That is about 2.6 KB of the
// server's memory without a set (BenchmarkInsert); a document may be given a
// time to live.
//
// The scheme, the threshold and the banding are stored with an index, and opening
// it with others is an error.
//
// # Sharing
//
// InsertAll stores documents first, each in one step that numbers it, and looks
// them up then; a document repeats those of smaller numbers only. So of two
// crawlers that insert copies at the same time exactly one learns that its copy
// is new. InsertNewAll looks documents up first and stores the new ones in one
// step, unless another crawler has stored a document in one of their bands
// meanwhile; then it looks again. A batch takes three to five round trips
// whatever its size.
//
// # Failures
//
// Each document is stored or removed in one step of the server, so a connection
// that is lost leaves it whole or absent. After an error a call may have done
// some of its work: repeat RemoveAll and InsertNewAll until they succeed. InsertAll
// that is repeated may report documents of the failed call as matches of each
// other. The calls return when their context ends, even if the client still waits
// for the server.
//
// The data is as durable as the server makes it (appendfsync). A server that
// evicts keys (maxmemory-policy allkeys-...) would forget documents in silence:
// [Open] refuses it where the server shows its policy. Every call checks that the
// description and the numbering of the index are still there, and returns an
// error that wraps [disk.ErrCorrupt] if they are not.
package redis

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// Options configures [Open]. Scheme, Threshold, Banding and Seed must be those of
// the index if it is there.
type Options struct {
	// Namespace begins the names of all keys. It must be set.
	Namespace string

	Scheme    minhash.Scheme // must be set
	Threshold float64        // 0 means lsh.DefaultThreshold
	Banding   lsh.Banding    // zero is chosen for lsh.DefaultRecall
	Seed      uint64         // mixed into the keys of bands

	// TimeToLive is the time after which a document is removed; 0 means never.
	TimeToLive time.Duration

	// Bucket is how many documents of one band a query looks at, the first ones;
	// 0 means 1,024. [Index.Bounded] counts how often there were more.
	Bucket int
}

// An Index is a [disk.Store] in a server, made by [Open]; the zero Index is not
// usable. It is safe for concurrent use. Any number of Indexes, in any number of
// processes, can share a namespace.
type Index struct {
	client  redis.UniversalClient
	o       Options
	sk      *minhash.Sketcher
	meta    string // the description in the server
	bounded atomic.Int64
}

var _ disk.Store = (*Index)(nil)

// Open opens the index in the namespace, or creates it. The error wraps
// [disk.ErrMismatch] if it was created with other options, and [disk.ErrCorrupt]
// if the server lost its description or its numbering. A server that evicts keys
// is refused. Close closes the client too. Open panics if an option is out of its
// range.
func Open(ctx context.Context, client redis.UniversalClient, o Options) (*Index, error) {
	if o.Namespace == "" {
		panic("redis: an index needs a namespace")
	}
	if o.Bucket < 0 || o.TimeToLive < 0 {
		panic("redis: negative option")
	}
	o.Threshold = cmp.Or(o.Threshold, lsh.DefaultThreshold)
	o.Bucket = cmp.Or(o.Bucket, 1024)
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("redis: threshold must be above 0 and at most 1")
	}
	sk, err := minhash.ForScheme(o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	if o.Banding == (lsh.Banding{}) {
		o.Banding = lsh.Choose(o.Scheme.K, o.Threshold, lsh.DefaultRecall)
	}
	ix := &Index{client: client, o: o, sk: sk}
	ix.meta = fmt.Sprintf("neardup 1: %v, threshold %v, bands %v, seed %d", o.Scheme, o.Threshold, o.Banding, o.Seed)
	if err := ix.begin(ctx); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return ix, nil
}

// begin creates the index where there is none and checks the one that is there.
func (ix *Index) begin(ctx context.Context) error {
	policy, err := evictionPolicy(ctx, ix.client)
	if err != nil {
		return err
	}
	if strings.HasPrefix(policy, "allkeys-") {
		return fmt.Errorf("the server evicts keys when its memory is full (maxmemory-policy %s), and would forget documents: set it to noeviction", policy)
	}
	// Both keys or none: an index that has lost one of them is not created anew.
	_, err = within(ctx, func() (bool, error) {
		return ix.client.MSetNX(ctx, ix.key("meta"), ix.meta, ix.key("next"), 0).Result()
	})
	if err != nil {
		return err
	}
	var g guard
	if err := ix.pipelined(ctx, func(p redis.Pipeliner) error { g = ix.guard(ctx, p); return nil }); err != nil {
		return err
	}
	return g.check(ix)
}

// evictionPolicy returns the maxmemory-policy of a server; "" if it does not show
// it.
func evictionPolicy(ctx context.Context, client redis.UniversalClient) (string, error) {
	info, err := within(ctx, func() (string, error) { return client.Info(ctx, "memory").Result() })
	var refused redis.Error
	if errors.As(err, &refused) {
		return "", nil // to this user
	}
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(line, "maxmemory_policy:"); ok {
			return strings.TrimSpace(policy), nil
		}
	}
	return "", err
}

// A guard is the answers that show whether an index is still there.
type guard struct {
	meta *redis.StringCmd
	next *redis.IntCmd
}

func (ix *Index) guard(ctx context.Context, p redis.Pipeliner) guard {
	return guard{p.Get(ctx, ix.key("meta")), p.Exists(ctx, ix.key("next"))}
}

func (g guard) check(ix *Index) error {
	have, err := g.meta.Result()
	switch {
	case errors.Is(err, redis.Nil) || err == nil && g.next.Val() == 0:
		return ix.gone()
	case err != nil:
		return err
	case have != ix.meta:
		return fmt.Errorf("the index in %q is %q, not %q: %w", ix.o.Namespace, have, ix.meta, disk.ErrMismatch)
	}
	return nil
}

func (ix *Index) gone() error {
	return fmt.Errorf("the server has lost the index in %q, by eviction, deletion or a restart: remove the keys that are left of it and begin anew: %w", ix.o.Namespace, disk.ErrCorrupt)
}

// guardScript begins the scripts, whose first keys are those of the description
// and the numbering, and whose first argument is the description.
const guardScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then
	return redis.error_reply('NEARDUP the index is gone')
end
`

// within returns what f does, or the error of the context if that ends first. The
// client heeds deadlines only if it is made to, and cancellation hardly: it waits
// for a server until its own time limits, of several seconds, are over.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}

// pipelined sends commands together. Answers that are absent are not errors. If
// it fails, the commands may still be under way: their answers are not to be read.
func (ix *Index) pipelined(ctx context.Context, send func(redis.Pipeliner) error) error {
	_, err := within(ctx, func() (struct{}, error) {
		_, err := ix.client.Pipelined(ctx, send)
		return struct{}{}, err
	})
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case redis.HasErrorPrefix(err, "NEARDUP"):
		return ix.gone()
	}
	return err
}

// run sends calls of a script together, which the server may not know yet.
func (ix *Index) run(ctx context.Context, s *redis.Script, send func(redis.Pipeliner) error) error {
	err := ix.pipelined(ctx, send)
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	// None was run.
	if _, err := within(ctx, func() (string, error) { return s.Load(ctx, ix.client).Result() }); err != nil {
		return err
	}
	return ix.pipelined(ctx, send)
}

// Close closes the client.
func (ix *Index) Close() error { return ix.client.Close() }

// Bounded returns how many buckets this Index did not look at in full.
func (ix *Index) Bounded() int64 { return ix.bounded.Load() }

// The namespace is in braces, so that a cluster keeps it on one node, which the
// scripts need.
func (ix *Index) key(s string) string      { return "{" + ix.o.Namespace + "}:" + s }
func (ix *Index) idKey(id string) string   { return ix.key("i:") + id }
func (ix *Index) recordKey(n int64) string { return ix.key("n:") + strconv.FormatInt(n, 10) }
func (ix *Index) bandKeys(r *record) []string {
	b := ix.o.Banding
	keys := minhash.BandKeys(nil, r.regs, b.Bands, b.Rows, ix.o.Seed)
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = ix.key("b:") + string(binary.LittleEndian.AppendUint64(nil, k))
	}
	return out
}
