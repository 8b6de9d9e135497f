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
	from, to uint32 // entry[from:to] of the linker led to this link and to any others between the same two texts
}

// A linker links every document only with the first holders of its fingerprints: the
// cost is linear in the text and the findings, however many documents hold a
// passage.
type linker struct {
	opts Options
	docs []*document
	postings
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

func newLinker(opts Options, docs []*document, ps postings) *linker {
	l := &linker{opts: opts, docs: docs, postings: ps, rank: ranks(docs), from: make([]uint32, len(docs)+1)}
	each := func(visit func(doc uint32, at, begin, first int)) {
		for i, k := 0, 0; i < len(ps.run); i = k {
			if k = i + 1; k == len(ps.run) || !ps.same(i, k) {
				continue // most fingerprints have one posting
			}
			first, holder := i, ps.docOf(i)
			for k = ps.after(i, holder); k < len(ps.run) && ps.same(i, k); {
				doc := ps.docOf(k)
				if l.rank[doc] < l.rank[holder] {
					first, holder = k, doc
				}
				k = ps.after(k, doc)
			}
			for j := i; j < k; {
				doc := ps.docOf(j)
				end := ps.after(j, doc)
				if doc != holder {
					for n := j; n < min(end, j+places); n++ {
						visit(doc, n, i, first)
					}
				}
				j = end
			}
		}
	}
	each(func(doc uint32, _, _, _ int) { l.from[doc+1]++ })
	for d := range docs {
		l.from[d+1] += l.from[d]
	}
	l.entry = make([]heldFirst, l.from[len(docs)])
	free := slices.Clone(l.from)
	each(func(doc uint32, at, begin, first int) {
		l.entry[free[doc]] = heldFirst{uint32(at), uint32(begin), uint32(first)}
		free[doc]++
	})
	return l
}

// of returns the links of document d. The document is aligned with the first holders
// of its fingerprints, the earliest first. A holder is skipped if everything it
// shares with d is in passages of earlier holders.
func (l *linker) of(d int) []link {
	held := l.entry[l.from[d]:l.from[d+1]]
	if len(held) == 0 {
		return nil
	}
	l.sort(d, held)
	text, own := l.docs[d].text, l.first[d]
	covered := make([]uint64, text.Len()/64+1)
	var out []link
	var seeds []shingle.Seed
	for i, k := 0, 0; i < len(held); i = k {
		holder := l.docOf(int(held[i].first))
		first, end := l.first[holder], l.first[holder+1]
		seeds = seeds[:0]
		fresh := false
		for k = i; k < len(held); k++ {
			from := int(held[k].first)
			if at := l.run[from].at; at < first || at >= end {
				break
			}
			p := l.run[held[k].at].at - own
			fresh = fresh || covered[p/64]>>(p%64)&1 == 0
			for q := from; q < min(len(l.run), from+places) && l.run[q].at < end && l.same(q, from); q++ {
				seeds = append(seeds, shingle.Seed{A: int(p), B: int(l.run[q].at - first), N: gram})
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

// sort orders the entries of document d by the rank of the first holder, then by
// position. It takes time linear in the document, apart from sorting the ranks.
func (l *linker) sort(d int, held []heldFirst) {
	o := orders.Get().(*order)
	defer orders.Put(o)
	o.size(l.docs[d].text.Len(), len(l.docs), len(held))
	for i, h := range held {
		o.at[l.run[h.at].at-l.first[d]] = uint32(i) + 1 // a token has at most one entry
		r := l.rank[l.docOf(int(h.first))]
		if o.next[r]++; o.next[r] == 1 {
			o.ranks = append(o.ranks, r)
		}
		o.of[i] = uint32(r)
	}
	slices.Sort(o.ranks)
	sum := uint32(0)
	for _, r := range o.ranks {
		o.next[r], sum = sum, sum+o.next[r]
	}
	copy(o.held, held)
	for p, i := range o.at {
		if i == 0 {
			continue
		}
		o.at[p] = 0
		to := &o.next[o.of[i-1]]
		held[*to] = o.held[i-1]
		*to++
	}
	for _, r := range o.ranks {
		o.next[r] = 0
	}
}

// An order is scratch memory to sort the entries of a document.
type order struct {
	at    []uint32 // by token: 0, or the number of its entry plus 1
	next  []uint32 // by rank: 0, or the position of the next entry
	ranks []int    // the ranks that have entries
	of    []uint32 // rank of each entry
	held  []heldFirst
}

var orders = sync.Pool{New: func() any { return new(order) }}

// size makes room for a number of tokens, ranks and entries.
func (o *order) size(tokens, ranks, entries int) {
	if cap(o.at) < tokens {
		o.at = make([]uint32, tokens+tokens/4)
	}
	if cap(o.next) < ranks {
		o.next = make([]uint32, ranks)
	}
	o.at, o.next, o.ranks = o.at[:tokens], o.next[:ranks], o.ranks[:0]
	o.of = slices.Grow(o.of[:0], entries)[:entries]
	o.held = slices.Grow(o.held[:0], entries)[:entries]
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

// workers returns the number of goroutines to use.
func (o Options) workers() int {
	if o.Workers < 0 {
		return runtime.GOMAXPROCS(0)
	}
	return max(o.Workers, 1)
}

// each calls work for the numbers below n, with as many goroutines as the options
// ask for, until ctx is done.
func (o Options) each(ctx context.Context, n int, work func(i int)) error {
	workers := o.workers()
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
