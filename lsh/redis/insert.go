package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/internal/hashset"
	"github.com/neardup/neardup/lsh/disk"
)

// makeRecords checks documents and returns their records for the server.
func (ix *Index) makeRecords(docs []disk.Document) ([]*record, error) {
	records := make([]*record, len(docs))
	for i, d := range docs {
		if d.Signature.Scheme() != ix.o.Scheme {
			return nil, fmt.Errorf("redis: signature of %v, but the index has %v: %w", d.Signature.Scheme(), ix.o.Scheme, disk.ErrMismatch)
		}
		t := d.Time
		if t.IsZero() {
			t = time.Now()
		}
		records[i] = &record{id: d.ID, regs: d.Signature.Values(), set: hashset.Of(d.Set), hasSet: d.Set != nil, ms: max(t.UnixMilli(), 0)}
	}
	return records, nil
}

// InsertAll stores documents and reports which had a match: see [disk.Store].
func (ix *Index) InsertAll(ctx context.Context, docs []disk.Document) ([]disk.Verdict, error) {
	records, err := ix.makeRecords(docs)
	if err != nil {
		return nil, err
	}
	out := make([]disk.Verdict, 0, len(docs))
	for len(records) > 0 {
		// If two documents have the same id, the second replaces the first, so they must not
		// be in one batch.
		n := distinct(records, func(r *record) string { return r.id })
		v, err := ix.insert(ctx, records[:n])
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out, records = append(out, v...), records[n:]
	}
	return out, nil
}

// distinct returns the number of elements before the first repeated id.
func distinct[T any](s []T, id func(T) string) int {
	seen := map[string]bool{}
	for i, x := range s {
		if seen[id(x)] {
			return i
		}
		seen[id(x)] = true
	}
	return len(s)
}

func (ix *Index) insert(ctx context.Context, records []*record) ([]disk.Verdict, error) {
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
	out := make([]disk.Verdict, len(records))
	for i, m := range found {
		if len(m) > 0 {
			out[i] = disk.Verdict{Seen: true, Match: m[0]}
		}
	}
	return out, nil
}

// putScript defines how a document is stored: it gets the next number, replaces the
// document with its id, and is added to its bands, whose keys start at a given
// position. The function returns the number, and the number and record of the
// document that it replaced, which is still in its bands.
const putScript = guardScript + `
local ttl, prefix, times = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local function set(key, value)
	if ttl > 0 then redis.call('SET', key, value, 'PX', ttl) else redis.call('SET', key, value) end
end
local function put(record, ms, id, from, to)
	local number = string.format('%d', redis.call('INCR', KEYS[2]))
	local answer = {number}
	local old = redis.call('GET', id)
	if old then
		local was = redis.call('GET', prefix .. old)
		if was then
			answer = {number, old, was}
			redis.call('DEL', prefix .. old)
		end
		redis.call('ZREM', times, old)
	end
	if ttl > 0 then
		-- Each document removes up to two expired ones, so that these do not pile up.
		for _, n in ipairs(redis.call('ZRANGE', times, 0, 1)) do
			if redis.call('EXISTS', prefix .. n) == 0 then redis.call('ZREM', times, n) end
		end
	end
	redis.call('ZADD', times, ms, number)
	set(id, number)
	set(prefix .. number, record)
	for i = from, to do
		redis.call('ZADD', KEYS[i], number, number)
		if ttl > 0 then redis.call('PEXPIRE', KEYS[i], ttl) end
	end
	return answer
end
`

// storeScript stores one document in one step, so that callers that search later
// find every document with a smaller number.
var storeScript = redis.NewScript(putScript + `
return put(ARGV[5], ARGV[6], KEYS[3], 4, #KEYS)
`)

// store gives records their numbers and stores them, in one round trip. It returns
// the records that were replaced, which are still in their bands.
func (ix *Index) store(ctx context.Context, records []*record) (map[int64]*record, error) {
	answers := make([]*redis.Cmd, len(records))
	err := ix.run(ctx, storeScript, func(p redis.Pipeliner) error {
		for i, r := range records {
			keys := append([]string{ix.key("meta"), ix.key("next"), ix.idKey(r.id)}, ix.bandKeys(r)...)
			answers[i] = p.EvalSha(ctx, storeScript.Hash(), keys, ix.meta, ix.o.TimeToLive.Milliseconds(), ix.key("n:"), ix.key("times"), r.marshal(), r.ms)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	old := map[int64]*record{}
	for i, r := range records {
		answer, err := answers[i].StringSlice()
		if err != nil {
			return nil, err
		}
		if r.number, err = ix.replaced(old, answer); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// replaced returns the number in an answer of the function put, and adds the
// replaced record to old.
func (ix *Index) replaced(old map[int64]*record, answer []string) (int64, error) {
	if len(answer) != 1 && len(answer) != 3 {
		return 0, fmt.Errorf("unexpected answer %q to an insert: %w", answer, disk.ErrCorrupt)
	}
	number, err := strconv.ParseInt(answer[0], 10, 64)
	if err != nil || len(answer) == 1 {
		return number, err
	}
	o, err := unmarshalRecord(answer[2], ix.o.Scheme.K)
	if err != nil {
		return 0, err
	}
	if o.number, err = strconv.ParseInt(answer[1], 10, 64); err != nil {
		return 0, err
	}
	o.until = number
	old[o.number] = o
	return number, nil
}

// unlink removes the numbers of records from their bands. Numbers left there by a
// lost connection are removed by later searches.
func (ix *Index) unlink(ctx context.Context, records []*record) error {
	if len(records) == 0 {
		return nil
	}
	return ix.pipelined(ctx, func(p redis.Pipeliner) error {
		for _, r := range records {
			for _, k := range ix.bandKeys(r) {
				p.ZRem(ctx, k, r.number)
			}
		}
		return nil
	})
}

// together is the number of documents stored in one step of the server, which does
// nothing else during that step.
const together = 100

// InsertNewAll stores the documents that match no other: see [disk.Store].
func (ix *Index) InsertNewAll(ctx context.Context, docs []disk.Document) ([]disk.Verdict, error) {
	records, err := ix.makeRecords(docs)
	if err != nil {
		return nil, err
	}
	out := make([]disk.Verdict, 0, len(docs))
	for part := range slices.Chunk(records, together) {
		v, err := ix.insertNew(ctx, part, ix.o.Threshold, nil)
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out = append(out, v...)
	}
	return out, nil
}

// InsertUnless stores a document unless one that is not among the exceptions matches
// it: see [disk.Store].
func (ix *Index) InsertUnless(ctx context.Context, d disk.Document, threshold float64, exceptions []string) (disk.Verdict, error) {
	if threshold < 0 || threshold > 1 {
		panic("redis: threshold must be from 0 to 1")
	}
	records, err := ix.makeRecords([]disk.Document{d})
	if err != nil {
		return disk.Verdict{}, err
	}
	v, err := ix.insertNew(ctx, records, cmp.Or(threshold, ix.o.Threshold), exceptions)
	if err != nil {
		return disk.Verdict{}, fmt.Errorf("redis: %w", err)
	}
	return v[0], nil
}

// insertNew stores the records that have no match, and decides again as long as
// others store documents in their bands in the meantime.
func (ix *Index) insertNew(ctx context.Context, records []*record, threshold float64, except []string) ([]disk.Verdict, error) {
	for {
		v, fresh, last, err := ix.decide(ctx, records, threshold, except)
		if err != nil {
			return nil, err
		}
		if stored, err := ix.storeNew(ctx, fresh, last); stored || err != nil {
			return v, err
		}
	}
}

// decide returns the verdicts on records in order, as if each new one were stored
// before the next is looked up. It also returns the new ones. The verdicts hold as
// long as no document with a number above last is stored in their bands.
func (ix *Index) decide(ctx context.Context, records []*record, threshold float64, except []string) (out []disk.Verdict, fresh []*record, last int64, err error) {
	queries := make([]query, len(records))
	for i, r := range records {
		queries[i] = query{record: r, below: math.MaxInt64, limit: 1, threshold: threshold}
	}
	candidates, known, last, err := ix.candidates(ctx, queries, nil)
	if err != nil {
		return nil, nil, 0, err
	}
	out = make([]disk.Verdict, len(records))
	current := map[string]int64{} // numbers of the new documents, by id
	inBand := map[string][]int64{}
	const provisional = math.MaxInt64 / 2 // numbers above all numbers in the server
	for i, r := range records {
		var near []int64
		for _, n := range candidates[i] {
			if o := known[n]; o != nil && o.id != r.id && current[o.id] == 0 && !slices.Contains(except, o.id) {
				near = append(near, n)
			}
		}
		bands := ix.bandKeys(r)
		for _, b := range bands {
			for _, n := range inBand[b] {
				if o := known[n]; o.id != r.id && current[o.id] == n {
					near = append(near, n)
				}
			}
		}
		slices.Sort(near)
		if found := ix.judge(queries[i], slices.Compact(near), known); len(found) > 0 {
			out[i] = disk.Verdict{Seen: true, Match: found[0]}
			continue
		}
		n := provisional + int64(i)
		known[n], current[r.id] = r, n
		for _, b := range bands {
			inBand[b] = append(inBand[b], n)
		}
		fresh = append(fresh, r)
	}
	return out, fresh, last, nil
}

// storeNewScript stores documents in one step, unless one of their bands has a
// number above a given one.
var storeNewScript = redis.NewScript(putScript + `
local last = tonumber(ARGV[5])
local at = 3
for d = 6, #ARGV, 3 do
	for i = at + 1, at + tonumber(ARGV[d + 2]) do
		local newest = redis.call('ZRANGE', KEYS[i], -1, -1)[1]
		if newest and tonumber(newest) > last then return {} end
	end
	at = at + 1 + tonumber(ARGV[d + 2])
end
local answers = {}
at = 3
for d = 6, #ARGV, 3 do
	local bands = tonumber(ARGV[d + 2])
	answers[#answers + 1] = put(ARGV[d], ARGV[d + 1], KEYS[at], at + 1, at + bands)
	at = at + 1 + bands
end
return answers
`)

// storeNew stores records; it returns false if another document was stored in
// between.
func (ix *Index) storeNew(ctx context.Context, records []*record, last int64) (bool, error) {
	if len(records) == 0 {
		return true, nil
	}
	keys := []string{ix.key("meta"), ix.key("next")}
	args := []any{ix.meta, ix.o.TimeToLive.Milliseconds(), ix.key("n:"), ix.key("times"), last}
	for _, r := range records {
		bands := ix.bandKeys(r)
		keys = append(append(keys, ix.idKey(r.id)), bands...)
		args = append(args, r.marshal(), r.ms, len(bands))
	}
	var cmd *redis.Cmd
	err := ix.run(ctx, storeNewScript, func(p redis.Pipeliner) error {
		cmd = p.EvalSha(ctx, storeNewScript.Hash(), keys, args...)
		return nil
	})
	if err != nil {
		return false, err
	}
	answers, err := cmd.Slice()
	if err != nil || len(answers) == 0 {
		return false, err
	}
	old := map[int64]*record{}
	for _, a := range answers {
		var answer []string
		parts, _ := a.([]any)
		for _, x := range parts {
			s, _ := x.(string)
			answer = append(answer, s)
		}
		if _, err := ix.replaced(old, answer); err != nil {
			return false, errors.Join(err, disk.ErrCorrupt)
		}
	}
	return true, ix.unlink(ctx, slices.Collect(maps.Values(old)))
}
