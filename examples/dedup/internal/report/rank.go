package report

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// leastAlike is the similarity below which the report does not show a passage: the
// sides then have less than half of their words in common.
const leastAlike = .5

// A pair is two documents and the passages that they share.
type pair struct {
	a, b     int
	passages []shingle.Passage
	own      int // equal words outside recycled blocks
}

// addPair keeps the passages of a pair that are worth showing.
func (f *Findings) addPair(a, b int, found passage.Pair) {
	p := pair{a: a, b: b}
	for _, s := range found.Passages {
		if s.Similarity < leastAlike {
			continue
		}
		p.passages = append(p.passages, s)
		own := s.Matched
		if cover(f.masks[a], s.A) {
			own = min(own, tokens(f.c.Text(a), s.A, f.masks[a]))
		}
		if cover(f.masks[b], s.B) {
			own = min(own, tokens(f.c.Text(b), s.B, f.masks[b]))
		}
		p.own += own
	}
	if len(p.passages) > 0 {
		f.pairs = append(f.pairs, p)
	}
}

// rank puts the largest findings first, where a person sees them.
func (f *Findings) rank() {
	slices.SortStableFunc(f.clusters, func(a, b cluster) int { return cmp.Compare(len(b.Members), len(a.Members)) })
	slices.SortStableFunc(f.pairs, func(a, b pair) int { return cmp.Compare(b.own, a.own) })
	slices.SortStableFunc(f.recycled, func(a, b *recycled) int { return cmp.Compare(len(b.places), len(a.places)) })
}

// cover reports whether one of the spans has bytes in s.
func cover(spans []shingle.Span, s shingle.Span) bool {
	return slices.ContainsFunc(spans, func(k shingle.Span) bool { return k.Start < s.End && s.Start < k.End })
}

// tokens counts the tokens in a span of a text that no span of mask hides.
func tokens(text string, s shingle.Span, mask []shingle.Span) int {
	var in []shingle.Span
	for _, m := range mask {
		m.Start, m.End = max(m.Start, s.Start)-s.Start, min(m.End, s.End)-s.Start
		if m.Start < m.End {
			in = append(in, m)
		}
	}
	return len(shingle.Shingler{}.AppendTokens(nil, s.Of(text), in...))
}

// shares returns the share of each document's own words that passages cover;
// recycled blocks are not a document's own.
func (f *Findings) shares(p pair) (a, b float64) {
	side := func(doc int, of func(shingle.Passage) shingle.Span) float64 {
		text, mask := f.c.Text(doc), f.masks[doc]
		all, ok := f.words[doc]
		if !ok {
			all = tokens(text, shingle.Span{End: len(text)}, mask)
			f.words[doc] = all
		}
		var spans []shingle.Span
		for _, s := range p.passages {
			spans = append(spans, of(s))
		}
		n := 0
		for _, s := range union(spans) {
			n += tokens(text, s, mask)
		}
		return float64(n) / float64(max(all, 1))
	}
	return side(p.a, func(s shingle.Passage) shingle.Span { return s.A }), side(p.b, func(s shingle.Passage) shingle.Span { return s.B })
}

// union returns ascending spans that cover the same bytes and do not overlap. It
// sorts spans.
func union(spans []shingle.Span) (merged []shingle.Span) {
	slices.SortFunc(spans, func(a, b shingle.Span) int { return cmp.Compare(a.Start, b.Start) })
	for _, s := range spans {
		if n := len(merged); n > 0 && s.Start <= merged[n-1].End {
			merged[n-1].End = max(merged[n-1].End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}
