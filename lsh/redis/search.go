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

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// SearchAll returns the matches of each query: see [disk.Store]. Of each band it
// looks at no more documents than Options.Bucket says.
func (ix *Index) SearchAll(ctx context.Context, queries []disk.Query) ([][]lsh.Match[string], error) {
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
func (ix *Index) search(ctx context.Context, queries []query, replaced map[int64]*record) ([][]lsh.Match[string], error) {
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
	out := make([][]lsh.Match[string], len(queries))
	for i, q := range queries {
		out[i] = ix.judge(q, candidates[i], records)
	}
	return out, nil
}

// judge returns the matches among candidates, the best first, and of equals the
// first that was added.
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
