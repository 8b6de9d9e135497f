// Package redis is an index of near-duplicates in a Redis or Valkey server, for
// several crawlers that share one. It stores documents with their signatures and
// returns the matches of a document. It is a [disk.Store], with the same answers as
// a [disk.Index]. Where one process is enough, a disk.Index inserts several times as
// many documents per second (BenchmarkInsert) and needs no server.
//
// # Keys
//
// All keys begin with the namespace. The id of a document leads to its number, and
// the number to its registers, set and id. Each band has a sorted set of numbers
// under the key of the band. All bands follow from the registers, so a document can
// be removed. Without a set it takes about 2.6 KB of the server's memory
// (BenchmarkInsert). Documents may have a time to live.
//
// The scheme, the threshold and the banding are stored with an index; opening it
// with different ones is an error.
//
// # Sharing
//
// InsertAll first stores documents, each in one step that numbers it, and then looks
// them up; only documents with smaller numbers count as matches. So if two crawlers
// insert copies at the same time, exactly one learns that its copy is new.
// InsertNewAll first looks documents up and stores the new ones in one step, unless
// another crawler has stored a document in one of their bands in the meantime; then
// it looks them up again. A batch of any size takes three to five round trips.
//
// # Failures
//
// Each document is stored or removed in one step of the server, so a lost connection
// leaves it whole or absent. After an error a call may have done some of its work:
// repeat RemoveAll and InsertNewAll until they succeed. A repeated InsertAll may
// report documents of the failed call as matches of each other. Calls return when
// their context ends, even if the client is still waiting for the server.
//
// The data is as durable as the server makes it (appendfsync). A server that evicts
// keys (maxmemory-policy allkeys-...) would silently forget documents: [Open]
// refuses it if the server shows its policy. Every call checks that the description
// and the numbering of the index are still there, and returns an error that wraps
// [disk.ErrCorrupt] if they are not.
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

// Options configures [Open]. Scheme, Threshold, Banding and Seed must equal the
// values of an existing index.
type Options struct {
	// Namespace is the beginning of the names of all keys. It must be set.
	Namespace string

	Scheme    minhash.Scheme // must be set
	Threshold float64        // 0 means lsh.DefaultThreshold
	Banding   lsh.Banding    // the zero Banding is chosen for lsh.DefaultRecall
	Seed      uint64         // mixed into the keys of bands

	// TimeToLive is the time after which a document is removed; 0 means never.
	TimeToLive time.Duration

	// Bucket is the number of documents of one band that a query compares, starting with
	// the oldest; 0 means 1,024. [Index.Bounded] counts how often there were more.
	Bucket int
}

// An Index is a [disk.Store] in a server. Use [Open] to make one. It is safe for
// concurrent use. Any number of Indexes, in any number of processes, can share a
// namespace.
type Index struct {
	client  redis.UniversalClient
	o       Options
	sk      *minhash.Sketcher
	meta    string // description of the index, as stored in the server
	bounded atomic.Int64
}

var _ disk.Store = (*Index)(nil)

// Open opens the index in the namespace, or creates it if there is none. The error
// wraps [disk.ErrMismatch] if it was created with other options, and
// [disk.ErrCorrupt] if the server has lost its description or its numbering. A
// server that evicts keys is refused. Close also closes the client. Open panics if
// an option is out of its range.
func Open(ctx context.Context, client redis.UniversalClient, o Options) (*Index, error) {
	if o.Namespace == "" {
		panic("redis: Namespace must not be empty")
	}
	if o.Bucket < 0 || o.TimeToLive < 0 {
		panic("redis: Bucket and TimeToLive must not be negative")
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

// begin creates the index if there is none and checks an existing one.
func (ix *Index) begin(ctx context.Context) error {
	policy, err := evictionPolicy(ctx, ix.client)
	if err != nil {
		return err
	}
	if strings.HasPrefix(policy, "allkeys-") {
		return fmt.Errorf("the server evicts keys when its memory is full (maxmemory-policy %s), and would forget documents: set it to noeviction", policy)
	}
	// Create both keys or neither: an index that has lost one of them is not created
	// again.
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

// evictionPolicy returns the maxmemory-policy of a server; "" if the server does not
// show it.
func evictionPolicy(ctx context.Context, client redis.UniversalClient) (string, error) {
	info, err := within(ctx, func() (string, error) { return client.Info(ctx, "memory").Result() })
	var refused redis.Error
	if errors.As(err, &refused) {
		return "", nil // the user may not read the policy
	}
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(line, "maxmemory_policy:"); ok {
			return strings.TrimSpace(policy), nil
		}
	}
	return "", err
}

// A guard holds the answers that show whether an index still exists.
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
	return fmt.Errorf("the server has lost part of the index in %q (by eviction, deletion or a restart); remove its remaining keys and start again: %w", ix.o.Namespace, disk.ErrCorrupt)
}

// guardScript begins every script. The first keys hold the description and the
// numbering, and the first argument is the description.
const guardScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then
	return redis.error_reply('NEARDUP the index is gone')
end
`

// within returns the result of f, or the error of the context if that ends first.
// The client observes deadlines only if configured to, and mostly ignores
// cancellation: it waits for a server until its own timeouts of several seconds have
// passed.
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

// pipelined sends commands together. Absent answers are not errors. If it fails, the
// commands may still be running: do not read their answers.
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

// run sends calls of a script together; the server may not know the script yet.
func (ix *Index) run(ctx context.Context, s *redis.Script, send func(redis.Pipeliner) error) error {
	err := ix.pipelined(ctx, send)
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	// The server did not know the script, so it ran none of the calls.
	if _, err := within(ctx, func() (string, error) { return s.Load(ctx, ix.client).Result() }); err != nil {
		return err
	}
	return ix.pipelined(ctx, send)
}

// Close closes the client.
func (ix *Index) Close() error { return ix.client.Close() }

// Bounded returns the number of buckets that this Index did not compare in full.
func (ix *Index) Bounded() int64 { return ix.bounded.Load() }

// The namespace is in braces, so that a cluster keeps it on one node, as the scripts
// require.
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
