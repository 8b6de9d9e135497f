package shingle

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Rest is a text from which spans were cut. It maps its bytes back to the
// original.
type Rest struct {
	Text   string
	chunks []chunk
}

// A chunk is a run of n kept bytes, without the white space around them. It begins at
// offset from in the original text and at offset to in the rest.
type chunk struct{ from, to, n int }

// Cut returns text without spans, which must be ascending and disjoint and begin and
// end between tokens. The tokens of the rest are those outside the spans.
//
// If there is white space on both sides of a span, only one side keeps it: the side with
// more line breaks, or the side before the span if both have equally many. At the
// beginning of the text it is always the side before the span, at the end the side after
// it. A space is inserted where two tokens would otherwise join.
func Cut(text string, spans []Span) Rest {
	if len(spans) == 0 {
		return Rest{text, []chunk{{0, 0, len(text)}}}
	}
	c := cutter{gap: leadingSpace(text)}
	c.out.Grow(len(text))
	at := 0
	for _, s := range spans {
		if s.Start < at || s.End < s.Start {
			panic("shingle: the spans to cut are out of order")
		}
		c.add(at, text[at:s.Start])
		at = s.End
	}
	c.add(at, text[at:])
	if c.end < at { // the text ends with a span, or with white space after one
		c.gap = text[at:]
	}
	c.out.WriteString(c.gap)
	return Rest{c.out.String(), c.chunks}
}

// Original maps a span of the rest to the original text: from the place of its first
// kept byte to that of its last, including all cut text in between. The result is
// empty if the span holds only white space around a cut.
func (r Rest) Original(s Span) Span {
	i := sort.Search(len(r.chunks), func(i int) bool { return r.chunks[i].to+r.chunks[i].n > s.Start })
	j := sort.Search(len(r.chunks), func(i int) bool { return r.chunks[i].to >= s.End }) - 1
	if i > j || s.Len() == 0 {
		return Span{}
	}
	first, last := r.chunks[i], r.chunks[j]
	return Span{first.from + max(0, s.Start-first.to), last.from + min(last.n, s.End-last.to)}
}

// A cutter assembles the kept text.
type cutter struct {
	out    strings.Builder
	chunks []chunk
	gap    string // white space to write before the next chunk
	end    int    // end of the last chunk in the original text
}

// add adds a part of the text between two spans.
func (c *cutter) add(at int, part string) {
	lead := leadingSpace(part)
	if len(c.chunks) > 0 && parting(lead) > parting(c.gap) {
		c.gap = lead
	}
	ink := strings.TrimRightFunc(part[len(lead):], unicode.IsSpace)
	if ink == "" {
		return
	}
	if len(c.chunks) > 0 && c.gap == "" && meld(c.out.String(), ink) {
		c.gap = " "
	}
	c.out.WriteString(c.gap)
	c.chunks = append(c.chunks, chunk{at + len(lead), c.out.Len(), len(ink)})
	c.out.WriteString(ink)
	c.gap = part[len(lead)+len(ink):]
	c.end = at + len(lead) + len(ink)
}

func leadingSpace(s string) string {
	return s[:len(s)-len(strings.TrimLeftFunc(s, unicode.IsSpace))]
}

// parting returns how strongly white space separates: 0 if there is none, otherwise 1
// plus the number of line breaks.
func parting(space string) int {
	if space == "" {
		return 0
	}
	n := 1
	for i, r := range space {
		switch r {
		case '\n':
			if i == 0 || space[i-1] != '\r' {
				n++
			}
		case '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
			n++
		}
	}
	return n
}

// meld reports whether joining two texts changes the tokens where they meet.
func meld(a, b string) bool {
	const near = 64 // bytes on each side; text further away does not affect these tokens
	a = a[max(0, len(a)-near):]
	if len(b) > near {
		n := near
		for n < len(b) && n < near+utf8.UTFMax && !utf8.RuneStart(b[n]) {
			n++
		}
		b = b[:n]
	}
	var sh Shingler
	apart, joined := sh.AppendTokens(sh.AppendTokens(nil, a), b), sh.AppendTokens(nil, a+b)
	return !slices.EqualFunc(apart, joined, func(x, y Token) bool { return x.Hash == y.Hash })
}
