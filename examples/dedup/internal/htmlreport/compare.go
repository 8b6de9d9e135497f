package htmlreport

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// The kinds of pieces, with the same values as in the page's script:
const (
	plain    = iota // marks and spaces between stretches
	common          // on both sides
	own             // on this side only, or changed
	recycled        // left out of the comparison
)

// A piece is a stretch of one side of a comparison. Pieces of both sides with the
// same link belong together; 0 means no link. A piece without text marks the place
// of text that only the other side has.
type piece struct {
	kind int
	span shingle.Span // offset in the whole text
	link int
}

// A comparison is two texts side by side.
type comparison struct {
	a, b       []piece
	equal      []copied // stretches of equal tokens, in a and in b
	ownA, ownB int      // tokens that only one side has
	same       bool     // the two texts are equal byte by byte
}

// A side is a stretch of a text that is compared with another text.
type side struct {
	text string
	span shingle.Span
	mask []shingle.Span
	made *shingle.Text // span prepared for the aligner, without its masked parts
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

// compare returns the pieces that turn a into b.
func compare(al shingle.Aligner, a, b *side) comparison {
	c := comparison{same: a.span.Of(a.text) == b.span.Of(b.text)}
	var edits []shingle.Edit
	if c.same && slices.Equal(a.mask, b.mask) && len(a.mask) == 0 {
		edits = []shingle.Edit{{Op: shingle.Equal, A: a.span, B: b.span}}
	} else {
		edits = al.EditsOf(a.made, b.made, a.span.Start, b.span.Start)
	}
	atA, atB := a.span.Start, b.span.Start
	for i, e := range edits {
		kind := own
		if e.Op == shingle.Equal {
			kind = common
			c.equal = append(c.equal, copied{e.A, e.B})
		} else {
			c.ownA += countTokens(al, e.A.Of(a.text))
			c.ownB += countTokens(al, e.B.Of(b.text))
		}
		c.a = a.appendEdit(c.a, &atA, e.A, kind, i+1)
		c.b = b.appendEdit(c.b, &atB, e.B, kind, i+1)
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

// appendEdit appends the text between at and the edit's span, then the span.
func (s *side) appendEdit(dst []piece, at *int, span shingle.Span, kind, link int) []piece {
	if span.Start > *at {
		dst = s.appendMasked(dst, shingle.Span{Start: *at, End: span.Start}, plain, 0)
		*at = span.Start
	}
	span.Start = max(span.Start, *at)
	if span.End > span.Start {
		dst = s.appendMasked(dst, span, kind, link)
		*at = span.End
	} else if kind == own {
		dst = append(dst, piece{kind, shingle.Span{Start: *at, End: *at}, link})
	}
	return dst
}

// appendMasked appends a span; the parts that the mask hides become recycled pieces.
func (s *side) appendMasked(dst []piece, span shingle.Span, kind, link int) []piece {
	at := span.Start
	put := func(kind, until, link int) {
		if until > at {
			dst = append(dst, piece{kind, shingle.Span{Start: at, End: until}, link})
			at = until
		}
	}
	for _, m := range within(s.mask, span) {
		put(kind, m.Start, link)
		put(recycled, m.End, 0)
	}
	put(kind, span.End, link)
	return dst
}

// flat returns pieces as kind, length, link, kind, length, link and so on, with
// lengths in code units of the page.
func (d *doc) flat(ps []piece) []int {
	list := make([]int, 0, 3*len(ps))
	for _, p := range ps {
		list = append(list, p.kind, d.unit(p.span.End)-d.unit(p.span.Start), p.link)
	}
	return list
}

// cutAfter returns an offset in text at or shortly after n bytes: after a space if
// there is one, otherwise between two letters.
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

// cutBefore returns an offset in text at or shortly before its last n bytes.
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

// shown returns s with visible signs instead of characters that a browser would
// interpret or hide: control characters other than line breaks and tabs, characters
// that change the direction of text, and invalid bytes.
func shown(s string) string { return strings.Map(shownRune, s) }

func shownRune(r rune) rune {
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
}
