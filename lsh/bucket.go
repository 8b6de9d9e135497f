package lsh

import (
	"cmp"
	"slices"
)

// A visit is the work to do in a bucket. The documents of the bucket are in the
// order of preference.
type visit struct {
	// wanted reports whether w.rows[j] has to be compared with the rows before it. If no
	// row does, the registers are not fetched.
	wanted func(w *worker, j int) bool
	// compare compares w.rows[j] with all rows before it; w.regs has been fetched.
	compare func(w *worker, band, j int)
}

// run does the comparisons of a bucket, starting with its j-th row.
func (v visit) run(w *worker, band, j int) {
	for ; j < len(w.rows); j++ {
		if v.wanted(w, j) {
			v.compare(w, band, j)
		}
	}
}

// bands visits the buckets of every band among the rows that take accepts.
func (e *engine) bands(take func(row int) bool, v visit) error {
	per := e.bandsPerScan()
	for b := 0; b < e.opts.Banding.Bands; b += per {
		n := min(per, e.opts.Banding.Bands-b)
		if err := e.grouper.scan(e.ctx, b, n); err != nil {
			return err
		}
		for i := range n {
			if err := e.grouper.group(e.ctx, i, take); err != nil {
				return err
			}
			if err := e.band(b+i, v); err != nil {
				return err
			}
			e.step()
		}
	}
	return nil
}

// band visits the buckets of one band. The first visit decides which of them are
// bounded and who their leaders are, so a second visit, with fewer rows, finds
// exactly the same matches.
func (e *engine) band(b int, v visit) error {
	first := b == e.sized
	if first {
		if err := e.findOversized(b); err != nil {
			return err
		}
		e.sized++
	}
	return e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(tag uint32, entries []uint64) error {
			n := len(entries)
			leaders, oversized := w.oversized[uint64(b)<<32|uint64(tag)]
			if first {
				w.work.LargestBucket = max(w.work.LargestBucket, n)
				if oversized {
					w.work.Bounded++
					w.work.BoundedDocuments += n
					w.work.Skipped += skipped(n)
				}
			}
			if oversized {
				return w.oversizedBucket(leaders, entries, b, v)
			}
			return w.bucket(entries, b, v)
		})
	})
}

// bucket visits a bucket that is compared in full.
func (w *worker) bucket(entries []uint64, band int, v visit) error {
	w.sortRows(entries)
	w.local = w.local[:0]
	first := 1
	for first < len(w.rows) && !v.wanted(w, first) {
		first++
	}
	if first == len(w.rows) {
		return nil
	}
	if err := w.fetch(); err != nil {
		return err
	}
	v.run(w, band, first)
	return w.err
}

// findOversized records the buckets of a band that are too large to be compared in
// full, with their leaders.
func (e *engine) findOversized(band int) error {
	sizes := make([][]int, len(e.grouper.parts))
	err := e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(_ uint32, entries []uint64) error {
			if len(entries) > FullBucket {
				sizes[p] = append(sizes[p], len(entries))
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	large := slices.Concat(sizes...)
	slices.Sort(large)
	full := FullSize(large, e.work.Documents, e.opts.Banding.Bands)
	if len(large) == 0 || large[len(large)-1] <= full {
		return nil
	}
	for p := range e.grouper.parts {
		err := e.grouper.buckets(p, func(tag uint32, entries []uint64) error {
			if len(entries) > full {
				e.oversized[uint64(band)<<32|uint64(tag)] = e.leaders(entries)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leaders returns the first rows of a bucket in the order of preference.
func (e *engine) leaders(entries []uint64) []uint32 {
	leaders := make([]uint32, 0, BucketLeaders+1)
	for _, x := range entries {
		row := uint32(x)
		if len(leaders) == BucketLeaders && !e.before(row, leaders[BucketLeaders-1]) {
			continue
		}
		i, _ := slices.BinarySearchFunc(leaders, row, func(a, b uint32) int { return cmp.Compare(e.rankOf(a), e.rankOf(b)) })
		leaders = slices.Insert(leaders, i, row)
		leaders = leaders[:min(len(leaders), BucketLeaders)]
	}
	return leaders
}

// oversizedBucket visits a bucket that is too large: it compares the leaders with
// each other, then every other document with the leaders.
func (w *worker) oversizedBucket(leaders []uint32, entries []uint64, band int, v visit) error {
	w.rows = append(w.rows[:0], leaders...)
	w.rows = append(w.rows, leaders[0]) // a placeholder for each of the other rows in turn
	if err := w.fetch(); err != nil {
		return err
	}
	w.local = w.local[:0]
	w.rows = w.rows[:BucketLeaders]
	v.run(w, band, 1)
	w.rows = w.rows[:BucketLeaders+1]
	for i, x := range entries {
		if i&1023 == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		row := uint32(x)
		if slices.Contains(leaders, row) {
			continue
		}
		w.rows[BucketLeaders] = row
		if !v.wanted(w, BucketLeaders) {
			continue
		}
		w.regs[BucketLeaders] = nil
		v.compare(w, band, BucketLeaders)
		if w.err != nil {
			return w.err
		}
	}
	return w.err
}
