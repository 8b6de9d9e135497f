package redis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/internal/hashset"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// SearchAll returns the matches of each query: see [disk.Store]. It compares at most
// Options.Bucket documents per band.
func (ix *Index) SearchAll(ctx context.Context, queries []disk.Query) ([][]lsh.Match[string], error) {
	qs := make([]query, len(queries))
	for i, q := range queries {
		if q.Signature.Scheme() != ix.o.Scheme {
			return nil, fmt.Errorf("redis: signature of %v, but the index has %v: %w", q.Signature.Scheme(), ix.o.Scheme, disk.ErrMismatch)
		}
		if q.Limit < 0 || q.Threshold < 0 || q.Threshold > 1 {
			panic("redis: Limit must not be negative and Threshold must be from 0 to 1")
		}
		qs[i] = query{
			record:    &record{regs: q.Signature.Values(), set: hashset.Of(q.Set), hasSet: q.Set != nil},
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

// A query looks for documents with smaller numbers that are similar to a record.
type query struct {
	*record
	below     int64
	limit     int
	threshold float64
}

// search answers queries. Documents that were just replaced count if they were there
// when the query's document was numbered.
func (ix *Index) search(ctx context.Context, queries []query, replaced map[int64]*record) ([][]lsh.Match[string], error) {
	candidates, records, _, err := ix.candidates(ctx, queries, replaced)
	if err != nil {
		return nil, err
	}
	out := make([][]lsh.Match[string], len(queries))
	for i, q := range queries {
		out[i] = ix.judge(q, candidates[i], records)
	}
	return out, nil
}

// candidates returns the numbers of documents that share a band with each query, in
// ascending order, and their records, including records that were just replaced.
// Every document up to the number last was seen.
//
// A number without a record belongs to a document that was replaced, removed or has
// expired: it is removed from the band, so that it hides no other document.
func (ix *Index) candidates(ctx context.Context, queries []query, replaced map[int64]*record) (out [][]int64, records map[int64]*record, last int64, err error) {
	for {
		buckets, last, err := ix.buckets(ctx, queries)
		if err != nil {
			return nil, nil, 0, err
		}
		out = make([][]int64, len(queries))
		var all []int64
		for i, q := range queries {
			for _, b := range buckets[i] {
				for _, n := range b.numbers {
					if n < q.below {
						out[i] = append(out[i], n)
					}
				}
			}
			slices.Sort(out[i])
			out[i] = slices.Compact(out[i])
			all = append(all, out[i]...)
		}
		slices.Sort(all)
		if records, err = ix.records(ctx, slices.Compact(all)); err != nil {
			return nil, nil, 0, err
		}
		maps.Copy(records, replaced)
		again, err := ix.clean(ctx, queries, buckets, records)
		if err != nil {
			return nil, nil, 0, err
		}
		if !again {
			return out, records, last, nil
		}
	}
}

// A bucket holds the document numbers in a band.
type bucket struct {
	key     string
	numbers []int64
	bounded bool // whether the band has more numbers than these
}

// buckets returns the numbers in the bands of queries, and the last number assigned
// before.
func (ix *Index) buckets(ctx context.Context, queries []query) (out [][]bucket, last int64, err error) {
	cmds := make([][]*redis.StringSliceCmd, len(queries))
	out = make([][]bucket, len(queries))
	for i, q := range queries {
		for _, k := range ix.bandKeys(q.record) {
			out[i] = append(out[i], bucket{key: k})
		}
	}
	var g guard
	var next *redis.StringCmd
	err = ix.pipelined(ctx, func(p redis.Pipeliner) error {
		g = ix.guard(ctx, p)
		next = p.Get(ctx, ix.key("next"))
		for i := range queries {
			for _, b := range out[i] {
				cmds[i] = append(cmds[i], p.ZRange(ctx, b.key, 0, int64(ix.o.Bucket)))
			}
		}
		return nil
	})
	if err == nil {
		err = g.check(ix)
	}
	if err == nil {
		last, err = next.Int64()
	}
	if err != nil {
		return nil, 0, err
	}
	for i := range queries {
		for j, c := range cmds[i] {
			members, err := c.Result()
			if err != nil {
				return nil, 0, err
			}
			b := &out[i][j]
			if b.bounded = len(members) > ix.o.Bucket; b.bounded {
				ix.bounded.Add(1)
				members = members[:ix.o.Bucket]
			}
			for _, m := range members {
				n, err := strconv.ParseInt(m, 10, 64)
				if err != nil {
					return nil, 0, fmt.Errorf("a bucket contains %q, which is not a number: %w", m, disk.ErrCorrupt)
				}
				b.numbers = append(b.numbers, n)
			}
		}
	}
	return out, last, nil
}

// clean removes the numbers without a record from buckets, and reports whether that
// brought others to the front.
func (ix *Index) clean(ctx context.Context, queries []query, buckets [][]bucket, records map[int64]*record) (again bool, err error) {
	type member struct {
		key    string
		number int64
	}
	var dead []member
	for i, q := range queries {
		for _, b := range buckets[i] {
			for _, n := range b.numbers {
				if n < q.below && records[n] == nil {
					dead = append(dead, member{b.key, n})
					again = again || b.bounded
				}
			}
		}
	}
	if len(dead) == 0 {
		return false, nil
	}
	return again, ix.pipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range dead {
			p.ZRem(ctx, m.key, m.number)
		}
		return nil
	})
}

// records returns the records of numbers, where they exist.
func (ix *Index) records(ctx context.Context, numbers []int64) (map[int64]*record, error) {
	out := make(map[int64]*record, len(numbers))
	const together = 1000
	for part := range slices.Chunk(numbers, together) {
		keys := make([]string, len(part))
		for i, n := range part {
			keys[i] = ix.recordKey(n)
		}
		values, err := within(ctx, func() ([]any, error) { return ix.client.MGet(ctx, keys...).Result() })
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

// judge returns the matches among candidates, best first; equal matches are in the
// order in which they were added.
func (ix *Index) judge(q query, candidates []int64, records map[int64]*record) []lsh.Match[string] {
	rule := lsh.NewRule(ix.o.Scheme.K, q.threshold)
	var out []lsh.Match[string]
	for _, n := range candidates {
		r := records[n]
		if r == nil || r.until != 0 && r.until <= q.below {
			continue
		}
		s, ok := rule.Judge(minhash.Agree(q.regs, r.regs),
			func() (a, b []uint64, known bool) { return q.set, r.set, q.hasSet && r.hasSet },
			func() (a, b float64) { return ix.elements(q.regs), ix.elements(r.regs) })
		if ok {
			out = append(out, lsh.Match[string]{ID: r.id, Score: s})
		}
	}
	slices.SortStableFunc(out, func(x, y lsh.Match[string]) int { return cmp.Compare(y.Similarity, x.Similarity) })
	if q.limit > 0 && len(out) > q.limit {
		out = out[:q.limit]
	}
	return out
}

func (ix *Index) elements(regs []uint32) float64 {
	sig, err := ix.sk.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}
