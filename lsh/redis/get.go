package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/neardup/neardup/lsh/disk"
)

// GetAll returns documents by their ids: see [disk.Store]. A document that is
// replaced during the call may be missing. Documents stored by versions of this
// package that did not store times have the zero Time.
func (ix *Index) GetAll(ctx context.Context, ids []string) ([]disk.Document, error) {
	all := make([]int, len(ids))
	for i := range all {
		all[i] = i
	}
	numbers, err := ix.numbers(ctx, ids, all)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	var wanted []int64
	for _, n := range numbers {
		if n != 0 {
			wanted = append(wanted, n)
		}
	}
	out := make([]disk.Document, len(ids))
	records, err := ix.records(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	for i, n := range numbers {
		r := records[n]
		if r == nil {
			continue
		}
		out[i].ID = r.id
		if out[i].Signature, err = ix.sk.Wrap(r.regs); err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		if r.ms >= 0 {
			out[i].Time = time.UnixMilli(r.ms)
		}
		if r.hasSet {
			out[i].Set = r.set
		}
	}
	return out, nil
}
