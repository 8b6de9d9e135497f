package repeat

import (
	"slices"

	"github.com/neardup/neardup/shingle"
)

// A run is a range of pieces of a text.
type run struct{ from, to int }

// A scan reads a text from its beginning and keeps a stack of the kept pieces. A
// piece that would complete a repetition on the stack is cut with it, so joined
// pieces are treated like all others.
type scan struct {
	*Cutter
	number int
	s      *seq
	rest   shingle.Rest
	cuts   []Cut

	kept   []int    // pieces on the stack
	sum    []uint64 // sum of seq, but for the pieces on the stack
	tokens []int    // tokens of seq, but for the pieces on the stack
	fixed  int      // number of pieces at the bottom of the stack that must stay
}

// cut returns the parts to cut from a text, and the rest; nil if there are none.
// rest maps back to the text. Pieces with bytes in spans of fixed stay.
func (c *Cutter) cut(number int, s *seq, rest shingle.Rest, fixed []shingle.Span) (cuts []Cut, left []uint64) {
	cover := c.covered(s)
	if len(cover) == 0 && !s.repeats() {
		return nil, nil
	}
	if len(c.own) > 1<<16 {
		c.own = map[uint64]run{} // clearing it would take too long
	}
	clear(c.own)
	k := &scan{Cutter: c, number: number, s: s, rest: rest, sum: []uint64{0}, tokens: []int{0}}
	stays := func(i int) bool {
		if len(fixed) == 0 {
			return false
		}
		o := rest.Original(s.span(i, i+1))
		return slices.ContainsFunc(fixed, func(f shingle.Span) bool { return f.Start < o.End && o.Start < f.End })
	}
	for i := 0; i < s.len(); {
		for len(cover) > 0 && cover[0].to <= i {
			cover = cover[1:]
		}
		if len(cover) > 0 && cover[0].from <= i {
			m, to := cover[0], i
			for to < m.to && !stays(to) {
				to++
			}
			if to > i {
				k.take([]run{{i, to}}, from{c.source(m.doc), m.doc, m.at + i - m.from})
				i = to
				continue
			}
		}
		k.push(i)
		if stays(i) {
			k.fixed = len(k.kept)
			if len(cover) > 0 && cover[0].from <= i {
				c.blocked++
			}
		}
		i++
		i = k.check(i, func(e int) bool { return len(cover) > 0 && cover[0].from <= e || stays(e) })
	}
	left = make([]uint64, len(k.kept))
	for n, i := range k.kept {
		left[n] = s.sym[i]
	}
	return k.cuts, left
}

func (k *scan) push(i int) {
	k.kept = append(k.kept, i)
	top := len(k.sum) - 1
	k.sum = append(k.sum, push(k.sum[top], k.s.sym[i]))
	k.tokens = append(k.tokens, k.tokens[top]+k.s.count(i, i+1))
}

func (k *scan) pop(to int) {
	k.kept, k.sum, k.tokens = k.kept[:to], k.sum[:to+1], k.tokens[:to+1]
}

// sym returns a piece of the stack.
func (k *scan) sym(n int) uint64 { return k.s.sym[k.kept[n]] }

// check cuts the repetition that ends at the top of the stack, if there is one,
// together with the following pieces of the text as long as they also follow in the
// source and ends does not report one of them. next is the next piece of the text;
// check returns its new value.
func (k *scan) check(next int, ends func(int) bool) int {
	to := len(k.kept)
	from := to
	if k.opts.Border == Tokens {
		from -= k.opts.MinTokens
	} else {
		for from >= 0 && k.tokens[to]-k.tokens[max(from, 0)] < k.opts.MinTokens {
			from--
		}
	}
	if from < 0 {
		return next
	}
	key := k.hash(k.sum, from, to)
	stay := max(from, k.fixed)
	if stay < to {
		src, ok := k.ownSource(key, from, to)
		limit := stay
		if !ok && k.kept[to-1]-k.kept[from] > to-1-from {
			src, ok = k.elsewhere(key, from, to)
			limit = 0
			if ok {
				limit = src.source.len()
			}
		}
		if ok {
			length := to - from
			end := next
			for end < k.s.len() && !ends(end) && src.at+length < limit && k.symOf(src, src.at+length) == k.s.sym[end] {
				end++
				length++
			}
			runs := k.runs(from, to)
			if end > next {
				runs[len(runs)-1].to = end
			}
			if k.confirm(runs, src, length) {
				if src.source == nil {
					k.fixed = max(k.fixed, src.at+length)
				}
				k.pop(stay)
				src.at += stay - from
				// Pieces that must stay are not taken.
				for skip := stay - from; skip > 0; {
					n := min(skip, runs[0].to-runs[0].from)
					if runs[0].from += n; runs[0].from == runs[0].to {
						runs = runs[1:]
					}
					skip -= n
				}
				k.take(runs, src)
				return end
			}
		}
	}
	if w, ok := k.own[key]; !ok || !k.is(w, key) {
		k.own[key] = run{from, to}
	}
	return next
}

// A from is the start of the source of a repetition: a piece of another document, or
// of the stack if source is nil.
type from struct {
	source *source
	doc    uint32
	at     int
}

func (k *scan) symOf(f from, n int) uint64 {
	if f.source == nil {
		return k.sym(n)
	}
	return f.source.sym[n]
}

// is reports whether a range of pieces on the stack has the given hash.
func (k *scan) is(w run, key uint64) bool {
	return w.to <= len(k.kept) && k.hash(k.sum, w.from, w.to) == key
}

// ownSource returns pieces further down the stack that equal the ones on top.
func (k *scan) ownSource(key uint64, from0, to int) (from, bool) {
	w, ok := k.own[key]
	if !ok || w.to > from0 || !k.is(w, key) || w.to-w.from != to-from0 {
		return from{}, false
	}
	for n := range to - from0 {
		if k.sym(w.from+n) != k.sym(from0+n) {
			return from{}, false
		}
	}
	return from{nil, uint32(k.number), w.from}, true
}

// elsewhere returns pieces of an earlier document that equal pieces of the stack,
// which cuts may have joined.
func (k *scan) elsewhere(key uint64, from0, to int) (from, bool) {
	h, at := mix(key), from0
	if k.opts.Border == Tokens {
		h = ^uint64(0)
		for n := from0; n+k.runLength <= to; n++ {
			if g := mix(k.hash(k.sum, n, n+k.runLength)); g < h || n == from0 {
				h, at = g, n
			}
		}
	}
	places := k.index.places(h)
	if isCommon(places) {
		places, at = k.index.places(windowKey(key)), from0
	}
	for _, p := range places {
		src := k.source(p.doc)
		q := int(p.at) - (at - from0)
		if q < 0 || q+to-from0 > src.len() {
			continue
		}
		n := 0
		for n < to-from0 && src.sym[q+n] == k.sym(from0+n) {
			n++
		}
		if n == to-from0 {
			return from{src, p.doc, q}, true
		}
	}
	return from{}, false
}

// runs returns the runs of the text that make up a range of pieces on the stack.
func (k *scan) runs(from, to int) (runs []run) {
	for _, i := range k.kept[from:to] {
		if n := len(runs) - 1; n >= 0 && runs[n].to == i {
			runs[n].to++
		} else {
			runs = append(runs, run{i, i + 1})
		}
	}
	return runs
}

// confirm reports whether runs of the text equal the same number of pieces of a
// source.
func (k *scan) confirm(runs []run, src from, length int) bool {
	if src.source != nil {
		return k.same(k.s, runs, src.source.seq, []run{{src.at, src.at + length}})
	}
	return k.same(k.s, runs, k.s, k.runs(src.at, src.at+length))
}

// take cuts runs whose source begins at a piece.
func (k *scan) take(runs []run, src from) {
	for _, r := range runs {
		n := r.to - r.from
		out := Cut{Document: int(src.doc)}
		var in *seq
		var there []run
		if src.source != nil {
			in, there = src.source.seq, []run{{src.at, src.at + n}}
		} else {
			in, there = k.s, k.runs(src.at, src.at+n)
		}
		at := shingle.Span{Start: int(in.start[there[0].from]), End: int(in.end[there[len(there)-1].to-1])}
		span := k.s.span(r.from, r.to)
		if k.opts.Border == Tokens {
			k.widen(&span, &at, r, there, in)
		}
		out.Span = k.rest.Original(span)
		if src.source != nil {
			out.At = src.source.rest.Original(at)
		} else {
			out.At = k.rest.Original(at)
		}
		k.cuts = append(k.cuts, out)
		src.at += n
	}
}
