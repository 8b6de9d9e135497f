// Package redis is an index of near-duplicates in a Redis or Valkey server, for
// several crawlers that share one: documents with their signatures go in, and
// what matches a document comes out. It is a [disk.Store], and answers what a
// [disk.Index] answers; where one process is enough, that inserts several times
// as many a second (BenchmarkInsert) and needs no server.
//
// # What is stored
//
// All keys begin with the namespace. Of a document there are its number, under
// its id; its registers, set and id, under its number; and the number in a sorted
// set for each band, whose name is the key of the band. From the registers all
// its bands follow, so that it can be taken out again. That is about 2.6 KB of
// the server's memory without a set (BenchmarkInsert); a document may be given a
// time to live.
//
// What scheme, threshold and banding an index has is stored with it, and whoever
// opens it with others is refused.
//
// # Sharing
//
// Documents are inserted first, each in one step that numbers it, and looked up
// then, and a document repeats those of smaller numbers only. So of two crawlers
// that insert copies at the same time exactly one is told that its copy is new. A
// batch takes three to five round trips whatever its size. What survives the
// death of the server is the server's setting (appendfsync).
package redis

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// Options configures [Open]. Those that Scheme, Threshold, Banding and Seed say
// must be those of the index if it is there.
type Options struct {
	// Namespace begins the names of all keys. It must be set.
	Namespace string

	Scheme    minhash.Scheme // must be set
	Threshold float64        // 0 means lsh.DefaultThreshold
	Banding   lsh.Banding    // zero is chosen for lsh.DefaultRecall
	Seed      uint64         // mixed into the keys of bands

	// TimeToLive is how long a document stays; 0 means for ever.
	TimeToLive time.Duration

	// Bucket is how many documents of one band a query looks at, the first ones;
	// 0 means 1,024. [Index.Bounded] counts how often there were more.
	Bucket int
}

// An Index is a [disk.Store] in a server. It is safe for concurrent use, and so
// are any number of them, in any number of processes, on one namespace.
type Index struct {
	client  redis.UniversalClient
	o       Options
	sk      *minhash.Sketcher
	bounded atomic.Int64
}

var _ disk.Store = (*Index)(nil)

// Open opens the index in the namespace, or creates it. The error wraps
// [disk.ErrMismatch] if it was created with other options. Close closes the
// client too. It panics if an option is out of its range.
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
	want := fmt.Sprintf("neardup 1: %v, threshold %v, bands %v, seed %d", o.Scheme, o.Threshold, o.Banding, o.Seed)
	if err := client.SetNX(ctx, ix.key("meta"), want, 0).Err(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	have, err := client.Get(ctx, ix.key("meta")).Result()
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	if have != want {
		return nil, fmt.Errorf("redis: the index in %q is %q, not %q: %w", o.Namespace, have, want, disk.ErrMismatch)
	}
	return ix, nil
}

// Close closes the client.
func (ix *Index) Close() error { return ix.client.Close() }

// Bounded returns how many buckets this Index did not look at in full.
func (ix *Index) Bounded() int64 { return ix.bounded.Load() }

// The namespace stands in braces, so that a cluster keeps it on one node, which
// the script needs.
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

// InsertAll stores documents and says which had a match: see [disk.Store].
func (ix *Index) InsertAll(ctx context.Context, docs []disk.Document) ([]disk.Verdict, error) {
	out := make([]disk.Verdict, 0, len(docs))
	for len(docs) > 0 {
		// Of documents with one id the second replaces the first: not in one batch.
		ids := map[string]bool{}
		n := 0
		for ; n < len(docs) && !ids[docs[n].ID]; n++ {
			ids[docs[n].ID] = true
		}
		v, err := ix.insert(ctx, docs[:n])
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out, docs = append(out, v...), docs[n:]
	}
	return out, nil
}

func (ix *Index) insert(ctx context.Context, docs []disk.Document) ([]disk.Verdict, error) {
	records := make([]*record, len(docs))
	for i, d := range docs {
		if d.Signature.Scheme() != ix.o.Scheme {
			return nil, fmt.Errorf("signature of %v, the index has %v: %w", d.Signature.Scheme(), ix.o.Scheme, disk.ErrMismatch)
		}
		records[i] = &record{id: d.ID, regs: d.Signature.Values(), set: d.Set, hasSet: d.Set != nil}
	}
	old, err := ix.store(ctx, records)
	if err != nil {
		return nil, err
	}
	queries := make([]query, len(records))
	for i, r := range records {
		queries[i] = query{record: r, below: r.number, limit: 1, threshold: ix.o.Threshold}
	}
	found, err := ix.search(ctx, queries, old)
	if err == nil {
		err = ix.unlink(ctx, slices.Collect(maps.Values(old)))
	}
	if err != nil {
		return nil, err
	}
	out := make([]disk.Verdict, len(docs))
	for i, m := range found {
		if len(m) > 0 {
			out[i] = disk.Verdict{Seen: true, Match: m[0]}
		}
	}
	return out, nil
}

// storeScript stores one document in one step, so that whatever has a smaller
// number can be found by those who ask afterwards. It returns the number, and
// number and record of the document that had the id.
var storeScript = redis.NewScript(`
local number = string.format('%d', redis.call('INCR', KEYS[1]))
local ttl = tonumber(ARGV[2])
local function set(key, value)
	if ttl > 0 then redis.call('SET', key, value, 'PX', ttl) else redis.call('SET', key, value) end
end
local answer = {number}
local old = redis.call('GET', KEYS[2])
if old then
	local record = redis.call('GET', ARGV[3] .. old)
	if record then
		answer = {number, old, record}
		redis.call('DEL', ARGV[3] .. old)
	end
end
set(KEYS[2], number)
set(ARGV[3] .. number, ARGV[1])
for i = 3, #KEYS do
	redis.call('ZADD', KEYS[i], number, number)
	if ttl > 0 then redis.call('PEXPIRE', KEYS[i], ttl) end
end
return answer
`)

// store gives records their numbers and stores them, in one round trip. It
// returns the records that were replaced, which are still in their bands.
func (ix *Index) store(ctx context.Context, records []*record) (map[int64]*record, error) {
	answers := make([]*redis.Cmd, len(records))
	send := func(p redis.Pipeliner) error {
		for i, r := range records {
			keys := append([]string{ix.key("next"), ix.idKey(r.id)}, ix.bandKeys(r)...)
			answers[i] = p.EvalSha(ctx, storeScript.Hash(), keys, r.marshal(), ix.o.TimeToLive.Milliseconds(), ix.key("n:"))
		}
		return nil
	}
	_, err := ix.client.Pipelined(ctx, send)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // none was run
		if err := storeScript.Load(ctx, ix.client).Err(); err != nil {
			return nil, err
		}
		_, err = ix.client.Pipelined(ctx, send)
	}
	if err != nil {
		return nil, err
	}
	old := map[int64]*record{}
	for i, r := range records {
		answer, err := answers[i].StringSlice()
		if err != nil || len(answer) != 1 && len(answer) != 3 {
			return nil, fmt.Errorf("answer %q to a document: %w", answer, errors.Join(err, disk.ErrCorrupt))
		}
		if r.number, err = strconv.ParseInt(answer[0], 10, 64); err != nil {
			return nil, err
		}
		if len(answer) == 3 {
			o, err := unmarshalRecord(answer[2], ix.o.Scheme.K)
			if err != nil {
				return nil, err
			}
			if o.number, err = strconv.ParseInt(answer[1], 10, 64); err != nil {
				return nil, err
			}
			o.until = r.number
			old[o.number] = o
		}
	}
	return old, nil
}

// unlink takes the numbers of records out of their bands.
func (ix *Index) unlink(ctx context.Context, records []*record) error {
	if len(records) == 0 {
		return nil
	}
	_, err := ix.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, r := range records {
			for _, k := range ix.bandKeys(r) {
				p.ZRem(ctx, k, r.number)
			}
		}
		return nil
	})
	return err
}

// RemoveAll removes documents: see [disk.Store].
func (ix *Index) RemoveAll(ctx context.Context, ids []string) ([]bool, error) {
	out := make([]bool, 0, len(ids))
	for len(ids) > 0 {
		seen := map[string]bool{}
		n := 0
		for ; n < len(ids) && !seen[ids[n]]; n++ {
			seen[ids[n]] = true
		}
		r, err := ix.remove(ctx, ids[:n])
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out, ids = append(out, r...), ids[n:]
	}
	return out, nil
}

// remove removes documents of unlike ids. A document is removed by whoever
// deletes its id.
func (ix *Index) remove(ctx context.Context, ids []string) ([]bool, error) {
	numbers := make([]*redis.StringCmd, len(ids))
	_, err := ix.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			numbers[i] = p.GetDel(ctx, ix.idKey(id))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	out := make([]bool, len(ids))
	var gone []int64
	for i, c := range numbers {
		if n, err := c.Int64(); err == nil {
			out[i] = true
			gone = append(gone, n)
		} else if !errors.Is(err, redis.Nil) {
			return nil, err
		}
	}
	if len(gone) == 0 {
		return out, nil
	}
	records, err := ix.records(ctx, gone)
	if err != nil {
		return nil, err
	}
	_, err = ix.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, n := range gone {
			p.Del(ctx, ix.recordKey(n))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, ix.unlink(ctx, slices.Collect(maps.Values(records)))
}

// records returns the records of numbers, where there are any.
func (ix *Index) records(ctx context.Context, numbers []int64) (map[int64]*record, error) {
	out := make(map[int64]*record, len(numbers))
	const together = 1000
	for part := range slices.Chunk(numbers, together) {
		keys := make([]string, len(part))
		for i, n := range part {
			keys[i] = ix.recordKey(n)
		}
		values, err := ix.client.MGet(ctx, keys...).Result()
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			s, ok := v.(string)
			if !ok {
				continue // removed or expired
			}
			r, err := unmarshalRecord(s, ix.o.Scheme.K)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", keys[i], err)
			}
			r.number = part[i]
			out[r.number] = r
		}
	}
	return out, nil
}
