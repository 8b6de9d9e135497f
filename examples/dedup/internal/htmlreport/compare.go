package htmlreport

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// What a piece of text is to the side that it belongs to.
const (
	plain    = iota // marks and spaces between stretches
	common          // in both sides
	own             // in this side only, or changed
	recycled        // left out of the comparison
	cut             // left out of the page: text holds how many letters
	around          // before and behind a passage
)

// A piece is a stretch of one side of a comparison. Pieces of both sides that
// have the same link belong together; 0 is none.
type piece struct {
	kind int
	text string
	n    int // of a cut
	link int
}

// A comparison is two texts side by side.
type comparison struct {
	a, b       []piece
	ownA, ownB int // tokens that only one side has
	same       bool
}

// A side is a stretch of a text that is compared with another.
type side struct {
	text string
	span shingle.Span
	mask []shingle.Span
	made *shingle.Text // of span without mask
}

func newSide(al shingle.Aligner, d Document, span shingle.Span) *side {
	s := &side{text: d.Text, span: span, mask: within(d.Mask, span)}
	rel := make([]shingle.Span, len(s.mask))
	for i, m := range s.mask {
		rel[i] = shingle.Span{Start: m.Start - span.Start, End: m.End - span.Start}
	}
	s.made = al.Prepare(span.Of(d.Text), rel...)
	return s
}

// within returns the parts of spans that lie in whole.
func within(spans []shingle.Span, whole shingle.Span) []shingle.Span {
	var in []shingle.Span
	for _, s := range spans {
		s.Start, s.End = max(s.Start, whole.Start), min(s.End, whole.End)
		if s.Start < s.End {
			in = append(in, s)
		}
	}
	return in
}

// compare returns how a becomes b, about limit bytes of each side.
func compare(al shingle.Aligner, a, b *side, limit int) comparison {
	c := comparison{same: a.span.Of(a.text) == b.span.Of(b.text)}
	var edits []shingle.Edit
	if c.same && len(a.mask)+len(b.mask) == 0 {
		edits = []shingle.Edit{{Op: shingle.Equal, A: a.span, B: b.span}}
	} else {
		edits = al.EditsOf(a.made, b.made, a.span.Start, b.span.Start)
	}
	atA, atB := a.span.Start, b.span.Start
	full := false
	for i, e := range edits {
		if e.Op != shingle.Equal {
			c.ownA += countTokens(al, e.A.Of(a.text))
			c.ownB += countTokens(al, e.B.Of(b.text))
		}
		if full {
			continue
		}
		kind, link := own, 0
		switch e.Op {
		case shingle.Equal:
			kind, link = common, 2*i+1
		case shingle.Replace:
			link = 2*i + 1
		}
		c.a = a.appendEdit(c.a, &atA, e.A, kind, link)
		c.b = b.appendEdit(c.b, &atB, e.B, kind, link)
		full = atA-a.span.Start > limit && size(c.a) > limit || atB-b.span.Start > limit && size(c.b) > limit
	}
	if full {
		c.a = appendCut(c.a, a.text[atA:a.span.End])
		c.b = appendCut(c.b, b.text[atB:b.span.End])
		return c
	}
	c.a = a.appendMasked(c.a, shingle.Span{Start: atA, End: a.span.End}, plain, 0)
	c.b = b.appendMasked(c.b, shingle.Span{Start: atB, End: b.span.End}, plain, 0)
	return c
}

func countTokens(al shingle.Aligner, text string) int {
	if text == "" {
		return 0
	}
	return len(al.Shingler.AppendTokens(nil, text))
}

func size(ps []piece) (n int) {
	for _, p := range ps {
		n += len(p.text)
	}
	return n
}

// appendEdit appends what lies between at and the edit's span, and the span.
func (s *side) appendEdit(dst []piece, at *int, span shingle.Span, kind, link int) []piece {
	if span.Start > *at {
		dst = s.appendMasked(dst, shingle.Span{Start: *at, End: span.Start}, plain, 0)
		*at = span.Start
	}
	span.Start = max(span.Start, *at)
	if span.End > span.Start {
		dst = s.appendMasked(dst, span, kind, link)
		*at = span.End
	}
	return dst
}

// appendMasked appends a span, with the parts of it that the mask hides as
// recycled.
func (s *side) appendMasked(dst []piece, span shingle.Span, kind, link int) []piece {
	at := span.Start
	for _, m := range within(s.mask, span) {
		dst = appendPiece(dst, s.text[at:m.Start], kind, link)
		dst = appendPiece(dst, m.Of(s.text), recycled, 0)
		at = m.End
	}
	return appendPiece(dst, s.text[at:span.End], kind, link)
}

// Of a long piece the page shows the head and the tail.
const head, tail = 480, 200

// appendPiece appends a text, shortened in the middle if it is long. The tail
// then has a link of its own, so that the words of both parts can be counted off.
func appendPiece(dst []piece, text string, kind, link int) []piece {
	if text == "" {
		return dst
	}
	if len(text) <= head+tail+160 {
		return append(dst, piece{kind: kind, text: text, link: link})
	}
	h, t := cutAfter(text, head), cutBefore(text, tail)
	dst = append(dst, piece{kind: kind, text: text[:h], link: link})
	dst = appendCut(dst, text[h:t])
	if link > 0 {
		link++
	}
	return append(dst, piece{kind: kind, text: text[t:], link: link})
}

// appendCut appends the statement that text is not shown.
func appendCut(dst []piece, text string) []piece {
	if text == "" {
		return dst
	}
	return append(dst, piece{kind: cut, n: utf8.RuneCountInString(text)})
}

// cutAfter returns a place in text at or soon after n bytes: behind a space if
// there is one, else between two letters.
func cutAfter(text string, n int) int {
	if n >= len(text) {
		return len(text)
	}
	if i := strings.IndexFunc(text[n:min(len(text), n+60)], unicode.IsSpace); i >= 0 {
		_, w := utf8.DecodeRuneInString(text[n+i:])
		return n + i + w
	}
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	return n
}

// cutBefore returns a place in text at or soon before its last n bytes.
func cutBefore(text string, n int) int {
	n = len(text) - n
	if n <= 0 {
		return 0
	}
	low := max(0, n-60)
	if i := strings.LastIndexFunc(text[low:n], unicode.IsSpace); i >= 0 {
		_, w := utf8.DecodeRuneInString(text[low+i:])
		return low + i + w
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// comparePassage returns a passage with a little of what is around it.
func comparePassage(al shingle.Aligner, a, b Document, p shingle.Passage, limit int) comparison {
	c := compare(al, newSide(al, a, p.A), newSide(al, b, p.B), limit)
	c.a = surround(c.a, a.Text, p.A)
	c.b = surround(c.b, b.Text, p.B)
	return c
}

func surround(ps []piece, text string, span shingle.Span) []piece {
	const width = 90
	before, behind := text[:span.Start], text[span.End:]
	if from := cutBefore(before, width); from < len(before) {
		ps = append([]piece{{kind: around, text: ellipsis(from > 0) + strings.TrimLeftFunc(before[from:], unicode.IsSpace)}}, ps...)
	}
	if to := cutAfter(behind, width); to > 0 {
		ps = append(ps, piece{kind: around, text: strings.TrimRightFunc(behind[:to], unicode.IsSpace) + ellipsis(to < len(behind))})
	}
	return ps
}

func ellipsis(yes bool) string {
	if yes {
		return "…"
	}
	return ""
}

// shown returns s with signs in place of what a browser would obey or swallow:
// control characters other than line breaks and tabs, those that override the
// direction of text, and bytes that are no text.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r', r == 0xfeff:
			return -1
		case r == 0x2028, r == 0x2029:
			return '\n'
		case r < ' ':
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		case 0x80 <= r && r < 0xa0, 0x202a <= r && r <= 0x202e,
			0x2066 <= r && r <= 0x2069, 0xfff9 <= r && r <= 0xfffb:
			return utf8.RuneError
		}
		return r
	}, s)
}
