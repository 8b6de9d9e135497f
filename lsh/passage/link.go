package passage

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A link is a passage that a document shares with one of its first holders: A is the
// span in the document, B the span in the holder.
type link struct {
	doc, holder int
	shingle.Passage
	from, to uint32 // the linker's entries that led to it, together with others of the same two texts
}

// A linker links every document only with the first holders of its fingerprints: the
// cost is linear in the text and the findings, however many documents hold a
// passage.
type linker struct {
	opts Options
	docs []*document
	run  []posting
	rank []int // rank of each document in the order of time
	// The fingerprints that document d shares with earlier holders are
	// entry[from[d]:from[d+1]].
	from  []uint32
	entry []heldFirst
}

// A heldFirst is a posting of a document, with the positions in the run of the first
// posting of the same fingerprint and of its first holder.
type heldFirst struct{ at, begin, first uint32 }

// ranks returns the rank of every document in the order of time. Equal times are in
// the order of addition, and documents without a time come last in that order.
func ranks(docs []*document) []int {
	order := make([]int, 0, len(docs))
	for i, d := range docs {
		if d != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return compareTimes(docs[x], docs[y]) })
	rank := make([]int, len(docs))
	for k, i := range order {
		rank[i] = k
	}
	return rank
}

// compareTimes orders documents by time; those without a time come last.
func compareTimes(x, y *document) int {
	switch a, b := x.time.IsZero(), y.time.IsZero(); {
	case a && b:
		return 0
	case a:
		return 1
	case b:
		return -1
	}
	return x.time.Compare(y.time)
}

func newLinker(opts Options, docs []*document, run []posting) *linker {
	l := &linker{opts: opts, docs: docs, run: run, rank: ranks(docs), from: make([]uint32, len(docs)+1)}
	each := func(visit func(at, begin, first int)) {
		for i, k := 0, 0; i < len(run); i = k {
			first := i
			for k = i + 1; k < len(run) && run[k].hash == run[i].hash; k++ {
				if run[k].doc != run[k-1].doc && l.rank[run[k].doc] < l.rank[run[first].doc] {
					first = k
				}
			}
			for j, n := i, 0; j < k; j++ {
				if n++; j == i || run[j].doc != run[j-1].doc {
					n = 0
				}
				if run[j].doc != run[first].doc && n < places {
					visit(j, i, first)
				}
			}
		}
	}
	each(func(at, _, _ int) { l.from[run[at].doc+1]++ })
	for d := range docs {
		l.from[d+1] += l.from[d]
	}
	l.entry = make([]heldFirst, l.from[len(docs)])
	free := slices.Clone(l.from)
	each(func(at, begin, first int) {
		d := run[at].doc
		l.entry[free[d]] = heldFirst{uint32(at), uint32(begin), uint32(first)}
		free[d]++
	})
	return l
}

// of returns the links of document d. The document is aligned with the first holders
// of its fingerprints, the earliest first. A holder is skipped if everything it
// shares with d is in passages of earlier holders.
func (l *linker) of(d int) []link {
	held := l.entry[l.from[d]:l.from[d+1]]
	l.sort(held)
	text := l.docs[d].text
	covered := make([]uint64, text.Len()/64+1)
	var out []link
	var seeds []shingle.Seed
	for i, k := 0, 0; i < len(held); i = k {
		holder := l.run[held[i].first].doc
		seeds = seeds[:0]
		fresh := false
		for k = i; k < len(held) && l.run[held[k].first].doc == holder; k++ {
			p := l.run[held[k].at].pos
			fresh = fresh || covered[p/64]>>(p%64)&1 == 0
			for q, n := int(held[k].first), 0; q < len(l.run) && n < places && l.run[q].hash == l.run[held[k].first].hash && l.run[q].doc == holder; q, n = q+1, n+1 {
				seeds = append(seeds, shingle.Seed{A: int(p), B: int(l.run[q].pos), N: gram})
			}
		}
		if !fresh {
			continue
		}
		for _, p := range l.opts.Aligner.AlignAt(text, l.docs[holder].text, seeds) {
			out = append(out, link{d, int(holder), p, l.from[d] + uint32(i), l.from[d] + uint32(k)})
			from, to := tokensOf(text, p.A)
			for ; from < to; from++ {
				covered[from/64] |= 1 << (from % 64)
			}
		}
	}
	return out
}

// sort orders the entries of a document by the rank of the first holder, then by
// position.
func (l *linker) sort(held []heldFirst) {
	// Each place has one entry, and places and ranks are small numbers, so they are
	// sorted as packed integers.
	byPlace, ranks := make([]uint64, len(held)), make([]uint64, 0, len(held))
	for i, h := range held {
		byPlace[i] = uint64(l.run[h.at].pos)<<32 | uint64(i)
	}
	slices.Sort(byPlace)
	for n, k := range byPlace {
		ranks = append(ranks, uint64(l.rank[l.run[held[uint32(k)].first].doc])<<32|uint64(n))
	}
	slices.Sort(ranks)
	sorted := make([]heldFirst, len(held))
	for i, k := range ranks {
		sorted[i] = held[uint32(byPlace[uint32(k)])]
	}
	copy(held, sorted)
}

// tokensOf returns the tokens of a span.
func tokensOf(t *shingle.Text, s shingle.Span) (from, to int) {
	lo, hi := 0, t.Len()
	for lo < hi {
		if m := (lo + hi) / 2; t.Token(m).Start < s.Start {
			lo = m + 1
		} else {
			hi = m
		}
	}
	from, hi = lo, t.Len()
	for lo < hi {
		if m := (lo + hi) / 2; t.Token(m).Start < s.End {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return from, lo
}

// all returns the links of every document.
func (l *linker) all(ctx context.Context) ([][]link, error) {
	of := make([][]link, len(l.docs))
	err := l.opts.each(ctx, len(l.docs), func(d int) {
		if l.docs[d] != nil {
			of[d] = l.of(d)
		}
	})
	return of, err
}

// each calls work for the numbers below n, with as many goroutines as the options
// ask for, until ctx is done.
func (o Options) each(ctx context.Context, n int, work func(i int)) error {
	workers := max(o.Workers, 1)
	if o.Workers < 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for first := 0; first < n && ctx.Err() == nil; {
		end := min(first+64*workers, n)
		var wg sync.WaitGroup
		for w := range workers {
			do := func() {
				for i := first + w; i < end && ctx.Err() == nil; i += workers {
					work(i)
				}
			}
			if workers == 1 {
				do()
			} else {
				wg.Go(do)
			}
		}
		wg.Wait()
		if first = end; ctx.Err() == nil && o.Progress != nil {
			o.Progress(first, n)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("passage: %w", err)
	}
	return nil
}
