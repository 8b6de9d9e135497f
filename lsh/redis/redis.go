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
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options configures [Open]. Those that Scheme, Threshold, Banding and Seed say
// must be those of the index if it is there.
type Options struct {
	// Namespace begins the names of all keys. It must be set.
	Namespace string

	Scheme    minhash.Scheme // must be set
	Threshold float64        // 0 means 0.8
	Banding   lsh.Banding    // zero is chosen for a recall of 0.99
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
	o.Threshold = cmp.Or(o.Threshold, 0.8)
	o.Bucket = cmp.Or(o.Bucket, 1024)
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("redis: threshold must be above 0 and at most 1")
	}
	sk, err := minhash.ForScheme(o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	if o.Banding == (lsh.Banding{}) {
		o.Banding = lsh.Choose(o.Scheme.K, o.Threshold, 0.99)
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

// SearchAll returns the matches of each query: see [disk.Store]. Of each band it
// looks at no more documents than Options.Bucket says.
func (ix *Index) SearchAll(ctx context.Context, queries []disk.Query) ([][]lsh.Match, error) {
	qs := make([]query, len(queries))
	for i, q := range queries {
		if q.Signature.Scheme() != ix.o.Scheme {
			return nil, fmt.Errorf("redis: signature of %v, the index has %v: %w", q.Signature.Scheme(), ix.o.Scheme, disk.ErrMismatch)
		}
		if q.Limit < 0 || q.Threshold < 0 || q.Threshold > 1 {
			panic("redis: search option out of its range")
		}
		qs[i] = query{
			record:    &record{regs: q.Signature.Values(), set: q.Set, hasSet: q.Set != nil},
			below:     math.MaxInt64,
			limit:     q.Limit,
			threshold: cmp.Or(q.Threshold, ix.o.Threshold),
		}
	}
	out, err := ix.search(ctx, qs, nil)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return out, nil
}

// A query looks for documents of smaller numbers like a record.
type query struct {
	*record
	below     int64
	limit     int
	threshold float64
}

// search answers queries. Of the documents that were just replaced it takes those
// that were there when the one that asks was numbered.
func (ix *Index) search(ctx context.Context, queries []query, replaced map[int64]*record) ([][]lsh.Match, error) {
	buckets := make([][]*redis.StringSliceCmd, len(queries))
	_, err := ix.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range queries {
			for _, k := range ix.bandKeys(q.record) {
				buckets[i] = append(buckets[i], p.ZRange(ctx, k, 0, int64(ix.o.Bucket)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	candidates := make([][]int64, len(queries))
	var all []int64
	for i, q := range queries {
		for _, b := range buckets[i] {
			members := b.Val()
			if len(members) > ix.o.Bucket {
				ix.bounded.Add(1)
				members = members[:ix.o.Bucket]
			}
			for _, m := range members {
				n, err := strconv.ParseInt(m, 10, 64)
				if err != nil {
					return nil, fmt.Errorf("bucket holds %q: %w", m, disk.ErrCorrupt)
				}
				if n < q.below {
					candidates[i] = append(candidates[i], n)
				}
			}
		}
		slices.Sort(candidates[i])
		candidates[i] = slices.Compact(candidates[i])
		all = append(all, candidates[i]...)
	}
	slices.Sort(all)
	records, err := ix.records(ctx, slices.Compact(all))
	if err != nil {
		return nil, err
	}
	maps.Copy(records, replaced)
	out := make([][]lsh.Match, len(queries))
	for i, q := range queries {
		out[i] = ix.judge(q, candidates[i], records)
	}
	return out, nil
}

// judge returns the matches among candidates, the best first, and of equals the
// first that was added.
func (ix *Index) judge(q query, candidates []int64, records map[int64]*record) []lsh.Match {
	k, t := float64(ix.o.Scheme.K), q.threshold
	ceil := func(x float64) int { return max(1, int(math.Ceil(x-1e-9))) }
	accept, floor := ceil(k*t), ceil(k*t-4*math.Sqrt(k*t*(1-t)))
	var out []lsh.Match
	for _, n := range candidates {
		r := records[n]
		if r == nil || r.until != 0 && r.until <= q.below {
			continue
		}
		agree := minhash.Agree(q.regs, r.regs)
		switch {
		case agree < floor:
		case q.hasSet && r.hasSet:
			if s := exact(q.set, r.set); s.Similarity >= t {
				out = append(out, lsh.Match{ID: r.id, Score: s})
			}
		case agree >= accept:
			out = append(out, lsh.Match{ID: r.id, Score: ix.estimate(agree, q.regs, r.regs)})
		}
	}
	slices.SortStableFunc(out, func(x, y lsh.Match) int { return cmp.Compare(y.Similarity, x.Similarity) })
	if q.limit > 0 && len(out) > q.limit {
		out = out[:q.limit]
	}
	return out
}

func exact(a, b shingle.Set) lsh.Score {
	n := a.Common(b)
	if n == 0 {
		return lsh.Score{Exact: true}
	}
	return lsh.Score{
		Similarity:   float64(n) / float64(len(a)+len(b)-n),
		ContainmentA: float64(n) / float64(len(a)),
		ContainmentB: float64(n) / float64(len(b)),
		Exact:        true,
	}
}

func (ix *Index) estimate(agree int, a, b []uint32) lsh.Score {
	j := float64(agree) / float64(len(a))
	na, nb := ix.elements(a), ix.elements(b)
	return lsh.Score{Similarity: j, ContainmentA: minhash.Containment(j, na, nb), ContainmentB: minhash.Containment(j, nb, na)}
}

func (ix *Index) elements(regs []uint32) float64 {
	sig, err := ix.sk.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}

// A record is what the server keeps of a document: 1 byte whether there is a
// set, the registers, a uvarint with the number of elements, the elements, the
// id, and 8 bytes checksum.
type record struct {
	number int64
	until  int64 // number of the document that took its place, if one just did
	id     string
	regs   []uint32
	set    shingle.Set
	hasSet bool
}

func (r *record) marshal() []byte {
	b := []byte{0}
	if r.hasSet {
		b[0] = 1
	}
	for _, v := range r.regs {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.AppendUvarint(b, uint64(len(r.set)))
	for _, v := range r.set {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(b, r.id...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func unmarshalRecord(s string, k int) (*record, error) {
	b := []byte(s)
	if len(b) < 1+4*k+1+8 || xxhash.Sum64(b[:len(b)-8]) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return nil, fmt.Errorf("record of %d bytes: %w", len(b), disk.ErrCorrupt)
	}
	r := &record{hasSet: b[0] == 1}
	b = b[1 : len(b)-8]
	for range k {
		r.regs = append(r.regs, binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)/8 {
		return nil, fmt.Errorf("record with a set of %d elements: %w", n, disk.ErrCorrupt)
	}
	for b = b[size:]; n > 0; n-- {
		r.set = append(r.set, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	r.id = string(b)
	return r, nil
}
