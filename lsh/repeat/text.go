package repeat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// same reports whether runs of two texts have the same tokens, by hash functions
// other than those by which they were found.
func (c *Cutter) same(s *seq, a []run, t *seq, b []run) bool {
	if len(a) == 1 && len(b) == 1 && s.span(a[0].from, a[0].to).Of(s.text) == t.span(b[0].from, b[0].to).Of(t.text) {
		return true
	}
	sh := c.opts.Shingler
	sh.Seed = c.opts.Seed
	tokens := func(s *seq, runs []run) (out []shingle.Token) {
		for _, r := range runs {
			out = sh.AppendTokens(out, s.span(r.from, r.to).Of(s.text))
		}
		return out
	}
	return slices.EqualFunc(tokens(s, a), tokens(t, b), func(x, y shingle.Token) bool { return x.Hash == y.Hash })
}

// widen adds the marks around a span that its source has as well: the full stop of a
// sentence, quotation marks. A mark that joins two words stays.
func (k *scan) widen(span, at *shingle.Span, r run, there []run, in *seq) {
	a, b := gap(k.s, r.to), gap(in, there[len(there)-1].to)
	n := marks(a, b, utf8.DecodeRuneInString, 1)
	if n < len(a) || r.to == k.s.len() || wide(a) {
		span.End += n
		at.End += n
	}
	a, b = gap(k.s, r.from), gap(in, there[0].from)
	n = marks(a, b, utf8.DecodeLastRuneInString, -1)
	if n < len(a) || r.from == 0 || wide(a) {
		span.Start -= n
		at.Start -= n
	}
}

// gap returns the text between a piece and the one before it.
func gap(s *seq, i int) string {
	from, to := 0, len(s.text)
	if i > 0 {
		from = int(s.end[i-1])
	}
	if i < s.len() {
		to = int(s.start[i])
	}
	return s.text[from:to]
}

// marks returns the length of the punctuation that two gaps have in common at their
// beginning or, if next reads backwards, at their end; 0 if a symbol follows.
func marks(a, b string, next func(string) (rune, int), step int) int {
	rest := func(s string, n int) string {
		if step < 0 {
			return s[:len(s)-n]
		}
		return s[n:]
	}
	for n := 0; ; {
		x, size := next(rest(a, n))
		y, _ := next(rest(b, n))
		switch {
		case x == y && size > 0 && unicode.IsPunct(x):
			n += size
		case size == 0 || unicode.IsSpace(x) || unicode.IsPunct(x):
			return n
		default:
			return 0
		}
	}
}

// wide reports whether a text has punctuation marks of scripts written without
// spaces.
func wide(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x3000 && unicode.IsPunct(r) })
}
