package lsh

import (
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Grouping finds the rows that share a tag, one band at a time: it scatters rows by
// the top bits of the tag into parts that fit the cache, then sorts each part
// without the rows whose tag is unique. It takes 8 bytes per row, and 4 more for
// each band whose tags are computed in one scan of the signatures.

// partRows is the mean size of a part.
const partRows = 2048

// A grouper groups rows by tag.
type grouper struct {
	src     Source
	key     *keyer
	all     *Tags // the tags of all rows, or nil
	workers int
	tags    []uint32 // tags of every row, one band of the scan after another
	entries []uint64 // tag<<32 | row
	parts   []part
	bits    int // number of tag bits that select the part
}

// A part is a range of entries: entries with equal tags are adjacent, in the order
// of their rows, and rows with a unique tag have been dropped.
type part struct{ start, end int }

// scanRows is the number of signatures that are read at a time.
const scanRows = 256

// scan computes the tags of n bands from the first on, for all rows.
func (g *grouper) scan(ctx context.Context, first, n int) error {
	rows, k := g.src.Len(), g.src.K()
	if g.all != nil {
		for b := range n {
			g.all.copyBand(g.tags[b*rows:(b+1)*rows], first+b)
		}
		return ctx.Err()
	}
	return parallel(ctx, g.workers, (rows+scanRows-1)/scanRows, func() func(int) error {
		buf := make([]uint32, scanRows*k)
		return func(i int) error {
			from := i * scanRows
			to := min(from+scanRows, rows)
			regs, err := g.src.Rows(buf, from, to-from)
			if err != nil {
				return err
			}
			for row := from; row < to; row++ {
				r := regs[(row-from)*k : (row-from+1)*k]
				for b := range n {
					g.tags[b*rows+row] = g.key.tag(r, first+b)
				}
			}
			return nil
		}
	})
}

// group makes the parts from the tags of the b-th band of the last scan, for the
// rows that take accepts.
func (g *grouper) group(ctx context.Context, b int, take func(row int) bool) error {
	rows := g.src.Len()
	tags := g.tags[b*rows : (b+1)*rows]
	g.bits = min(12, max(0, bits.Len(uint(rows/partRows))-1))
	nparts := 1 << g.bits
	shift := 32 - g.bits

	// Every worker counts and scatters its own range of rows, so the entries of a part
	// are in the order of their rows for any number of workers.
	ranges := max(1, min(g.workers, rows/partRows))
	at := make([][]int, ranges)
	span := func(w int) (int, int) { return w * rows / ranges, (w + 1) * rows / ranges }
	err := parallel(ctx, g.workers, ranges, func() func(int) error {
		return func(w int) error {
			counts := make([]int, nparts)
			from, to := span(w)
			for row := from; row < to; row++ {
				if take(row) {
					counts[uint64(tags[row])>>shift]++
				}
			}
			at[w] = counts
			return nil
		}
	})
	if err != nil {
		return err
	}
	g.parts = slices.Grow(g.parts[:0], nparts)[:nparts]
	sum := 0
	for p := range g.parts {
		g.parts[p].start = sum
		for w := range at {
			at[w][p], sum = sum, sum+at[w][p]
		}
		g.parts[p].end = sum
	}
	if cap(g.entries) < sum {
		g.entries = make([]uint64, sum)
	}
	g.entries = g.entries[:sum]
	err = parallel(ctx, g.workers, ranges, func() func(int) error {
		return func(w int) error {
			next := at[w]
			from, to := span(w)
			for row := from; row < to; row++ {
				if take(row) {
					p := uint64(tags[row]) >> shift
					g.entries[next[p]] = uint64(tags[row])<<32 | uint64(row)
					next[p]++
				}
			}
			return nil
		}
	})
	if err != nil {
		return err
	}
	return parallel(ctx, g.workers, nparts, func() func(int) error {
		var seen [filterSize]uint8
		return func(p int) error {
			pt := &g.parts[p]
			pt.end = pt.start + thin(g.entries[pt.start:pt.end], &seen, shift)
			slices.Sort(g.entries[pt.start:pt.end])
			return nil
		}
	})
}

// filterSize is the size of the filter that drops rows with a unique tag: four cells
// for each row of a part of mean size.
const filterSize = 4 * partRows

// thin moves the entries whose tag may occur twice to the front and returns
// their number. It looks at the tag bits below shift.
func thin(entries []uint64, seen *[filterSize]uint8, shift int) int {
	const filterBits = 13
	cell := func(e uint64) uint64 { return e >> 32 << (64 - shift) >> (64 - filterBits) }
	if len(entries) > filterSize {
		return len(entries)
	}
	*seen = [filterSize]uint8{}
	for _, e := range entries {
		c := cell(e)
		seen[c] = seen[c]<<1 | 1
	}
	n := 0
	for _, e := range entries {
		entries[n] = e
		if seen[cell(e)] > 1 {
			n++
		}
	}
	return n
}

// buckets calls f with every run of at least two entries of one tag in the part.
func (g *grouper) buckets(p int, f func(tag uint32, entries []uint64) error) error {
	entries := g.entries[g.parts[p].start:g.parts[p].end]
	for len(entries) > 0 {
		tag, n := entries[0]>>32, 1
		for n < len(entries) && entries[n]>>32 == tag {
			n++
		}
		if n > 1 {
			if err := f(uint32(tag), entries[:n]); err != nil {
				return err
			}
		}
		entries = entries[n:]
	}
	return nil
}

// parallel calls the functions returned by make, one per worker, for every i from 0
// to n-1, and returns the first error. For one worker it starts no goroutine.
func parallel(ctx context.Context, workers, n int, make func() func(i int) error) error {
	workers = min(workers, n)
	if workers <= 1 {
		f := make()
		for i := range n {
			if i&63 == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	var (
		next   atomic.Int64
		failed atomic.Bool
		wg     sync.WaitGroup
		mu     sync.Mutex
		first  error
	)
	for range workers {
		f := make()
		wg.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1) - 1)
				if i >= n {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = f(i)
				}
				if err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					failed.Store(true)
				}
			}
		})
	}
	wg.Wait()
	return first
}

// workers returns the number of goroutines for a Workers field of n.
func workers(n int) int {
	if n < 0 {
		return runtime.GOMAXPROCS(0)
	}
	return max(1, n)
}
