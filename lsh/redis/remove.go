package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh/disk"
)

// RemoveAll removes documents: see [disk.Store].
func (ix *Index) RemoveAll(ctx context.Context, ids []string) ([]bool, error) {
	out := make([]bool, 0, len(ids))
	for len(ids) > 0 {
		n := distinct(ids, func(id string) string { return id })
		r, err := ix.remove(ctx, ids[:n])
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out, ids = append(out, r...), ids[n:]
	}
	return out, nil
}

// removeScript removes a document and everything that belongs to it in one step, if
// its id still has the number. It returns 0 if not, 1 if its record was already
// gone, 2 if it was removed.
var removeScript = redis.NewScript(guardScript + `
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return 0 end
local had = redis.call('DEL', ARGV[3] .. ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('ZREM', ARGV[4], ARGV[2])
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
return 1 + had
`)

// remove removes documents with distinct ids. The bands of a document follow from
// its record, so the record is read first; if the document is replaced in the
// meantime, it is read again.
func (ix *Index) remove(ctx context.Context, ids []string) ([]bool, error) {
	out := make([]bool, len(ids))
	left := make([]int, len(ids)) // positions of the ids still to be removed
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		numbers, err := ix.numbers(ctx, ids, left)
		if err != nil {
			return nil, err
		}
		left = slices.DeleteFunc(left, func(i int) bool { return numbers[i] == 0 })
		if len(left) == 0 {
			break
		}
		wanted := make([]int64, len(left))
		for j, i := range left {
			wanted[j] = numbers[i]
		}
		records, err := ix.records(ctx, wanted)
		if err != nil {
			return nil, err
		}
		answers := make([]*redis.Cmd, len(ids))
		err = ix.run(ctx, removeScript, func(p redis.Pipeliner) error {
			for _, i := range left {
				keys := []string{ix.key("meta"), ix.key("next"), ix.idKey(ids[i])}
				if r := records[numbers[i]]; r != nil {
					keys = append(keys, ix.bandKeys(r)...)
				}
				answers[i] = p.EvalSha(ctx, removeScript.Hash(), keys, ix.meta, numbers[i], ix.key("n:"), ix.key("times"))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		again := left[:0]
		for _, i := range left {
			n, err := answers[i].Int()
			if err != nil {
				return nil, err
			}
			if n == 0 {
				again = append(again, i)
			}
			out[i] = n == 2
		}
		left = again
	}
	return out, nil
}

// ExpireAll removes the documents with a time before the given one: see
// [disk.Store]. It removes a thousand at a time, so other clients see some of them
// removed before the rest.
func (ix *Index) ExpireAll(ctx context.Context, before time.Time) (int, error) {
	n, err := ix.expire(ctx, before.UnixMilli())
	if err != nil {
		return n, fmt.Errorf("redis: %w", err)
	}
	return n, nil
}

func (ix *Index) expire(ctx context.Context, before int64) (removed int, err error) {
	for {
		var g guard
		var cmd *redis.StringSliceCmd
		err := ix.pipelined(ctx, func(p redis.Pipeliner) error {
			g = ix.guard(ctx, p)
			cmd = p.ZRangeByScore(ctx, ix.key("times"), &redis.ZRangeBy{Min: "-inf", Max: "(" + strconv.FormatInt(before, 10), Count: 1000})
			return nil
		})
		if err == nil {
			err = g.check(ix)
		}
		if err != nil {
			return removed, err
		}
		if len(cmd.Val()) == 0 {
			return removed, cmd.Err()
		}
		numbers := make([]int64, len(cmd.Val()))
		for i, m := range cmd.Val() {
			if numbers[i], err = strconv.ParseInt(m, 10, 64); err != nil {
				return removed, fmt.Errorf("invalid entry %q in the set of times: %w", m, disk.ErrCorrupt)
			}
		}
		records, err := ix.records(ctx, numbers)
		if err != nil {
			return removed, err
		}
		answers := make([]*redis.Cmd, len(numbers))
		err = ix.run(ctx, removeScript, func(p redis.Pipeliner) error {
			for i, n := range numbers {
				r := records[n]
				if r == nil { // it was replaced or removed in the meantime, or its time to live has passed
					p.ZRem(ctx, ix.key("times"), n)
					continue
				}
				keys := append([]string{ix.key("meta"), ix.key("next"), ix.idKey(r.id)}, ix.bandKeys(r)...)
				answers[i] = p.EvalSha(ctx, removeScript.Hash(), keys, ix.meta, n, ix.key("n:"), ix.key("times"))
			}
			return nil
		})
		if err != nil {
			return removed, err
		}
		for _, a := range answers {
			if a == nil {
				continue
			}
			n, err := a.Int()
			if err != nil {
				return removed, err
			}
			if n == 2 {
				removed++
			}
		}
	}
}

// numbers returns the numbers of the documents at some positions of ids; 0 for
// missing ones.
func (ix *Index) numbers(ctx context.Context, ids []string, at []int) ([]int64, error) {
	cmds := make([]*redis.StringCmd, len(ids))
	var g guard
	err := ix.pipelined(ctx, func(p redis.Pipeliner) error {
		g = ix.guard(ctx, p)
		for _, i := range at {
			cmds[i] = p.Get(ctx, ix.idKey(ids[i]))
		}
		return nil
	})
	if err == nil {
		err = g.check(ix)
	}
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(ids))
	for _, i := range at {
		n, err := cmds[i].Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}
