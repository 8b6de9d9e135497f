package shingle

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/align"
)

// nearTokens is how much of a paragraph [SnapNear] takes in.
const nearTokens = 3

// edges is one side of a passage: the tokens [from, to) of a text.
type edges struct {
	t        *Text
	from, to int
}

// span returns the bytes from the first token to the last.
func (e *edges) span() Span {
	return Span{int(e.t.starts[e.from]), int(e.t.ends[e.to-1])}
}

// paragraph returns the tokens of the paragraphs that hold tokens i and j.
func (t *Text) paragraph(i, j int) (from, to int) {
	k, found := slices.BinarySearch(t.seq.Breaks, uint32(i))
	if !found {
		k--
	}
	if k >= 0 {
		from = int(t.seq.Breaks[k])
	}
	to = t.Len()
	if k, _ = slices.BinarySearch(t.seq.Breaks, uint32(j+1)); k < len(t.seq.Breaks) {
		to = int(t.seq.Breaks[k])
	}
	return from, to
}

// trim cuts off what reaches over the border of a paragraph by nearTokens or
// less in both texts, unless it begins or ends a paragraph there: a word or two
// that follow a shared paragraph in both texts are equal by chance.
func (s Snap) trim(a, b *Text, c align.Chain) align.Chain {
	if s != SnapNear {
		return c
	}
	n := int32(nearTokens)
	af, ato := a.paragraph(int(c.A0), int(c.A0))
	bf, bto := b.paragraph(int(c.B0), int(c.B0))
	at, bt := int32(ato), int32(bto)
	if at < c.A1 && bt < c.B1 && at-c.A0 <= n && bt-c.B0 <= n && int(c.A0)-af > nearTokens && int(c.B0)-bf > nearTokens {
		c = c.After(at, bt)
	}
	if len(c.Runs) == 0 {
		return c
	}
	af, ato = a.paragraph(int(c.A1)-1, int(c.A1)-1)
	bf, bto = b.paragraph(int(c.B1)-1, int(c.B1)-1)
	at, bt = int32(af), int32(bf)
	if at > c.A0 && bt > c.B0 && c.A1-at <= n && c.B1-bt <= n && ato-int(c.A1) > nearTokens && bto-int(c.B1) > nearTokens {
		c = c.Before(at, bt)
	}
	return c
}

// move widens both sides as s says, and returns how many more tokens match.
func (s Snap) move(a, b *edges) int {
	switch s {
	case SnapNone:
		return 0
	case SnapSentence:
		a.from, a.to = a.t.sentence(a.from, a.to)
		b.from, b.to = b.t.sentence(b.from, b.to)
		return 0
	case SnapParagraph:
		a.from, a.to = a.t.paragraph(a.from, a.to-1)
		b.from, b.to = b.t.paragraph(b.from, b.to-1)
		return 0
	}
	af, at := a.t.paragraph(a.from, a.to-1)
	bf, bt := b.t.paragraph(b.from, b.to-1)
	if a.from-af <= nearTokens && b.from-bf <= nearTokens {
		a.from, b.from = af, bf
	}
	if at-a.to <= nearTokens && bt-b.to <= nearTokens {
		a.to, b.to = at, bt
	}
	return 0
}

// sentence widens the tokens [from, to) to whole sentences.
func (t *Text) sentence(from, to int) (int, int) {
	lo, hi := t.paragraph(from, to-1)
	for from > lo && !t.endsSentence(from-1) {
		from--
	}
	for to < hi && !t.endsSentence(to-1) {
		to++
	}
	return from, to
}

// endsSentence reports whether a sentence ends between token i and the next: at
// a stop that is followed by space or closing marks, unless it stands after a
// single letter (an initial, "U.S.") or before a small letter.
func (t *Text) endsSentence(i int) bool {
	gap := t.text[t.ends[i]:t.starts[i+1]]
	for k, r := range gap {
		switch r {
		case '。', '！', '？', '｡':
			return true
		case '!', '?', '…', '؟', '।', '።', '។':
		case '.':
			if utf8.RuneCountInString(t.Token(i).Of(t.text)) < 2 {
				continue
			}
		default:
			continue
		}
		next, _ := utf8.DecodeRuneInString(t.text[t.starts[i+1]:])
		rest := gap[k+utf8.RuneLen(r):]
		first, _ := utf8.DecodeRuneInString(rest)
		if rest != "" && !unicode.IsLower(next) && (unicode.IsSpace(first) || neutral(first) == '"') {
			return true
		}
	}
	return false
}

// neutral folds the variants of a mark into one: quotes, dashes, spaces.
func neutral(r rune) rune {
	switch {
	case unicode.IsSpace(r), r == '\u200b', r == '\u2060', r == '\ufeff':
		return ' '
	case r == '\'', r == '`', r == '´', unicode.Is(unicode.Pi, r), unicode.Is(unicode.Pf, r),
		r == '‚', r == '„', r == '"', r == '″', r == '′':
		return '"'
	case unicode.Is(unicode.Pd, r), r == '−':
		return '-'
	}
	return r
}

// widen takes in the marks around a passage that belong to it in both texts:
// what stands next to the edge, without a space, on both sides alike; and all
// of what is left where both sides end a paragraph.
func widen(a, b *edges, p *Passage) {
	af, at := a.t.paragraph(a.from, a.to-1)
	bf, bt := b.t.paragraph(b.from, b.to-1)
	restA, restB := a.t.before(a.from), b.t.before(b.from)
	if a.from == af && b.from == bf {
		p.A.Start -= len(trimLeft(lastParagraph(restA)))
		p.B.Start -= len(trimLeft(lastParagraph(restB)))
	} else {
		x, y := commonSuffix(restA, restB)
		if joins(restA, x, a.from-1, a.from, a.t.Len()) || joins(restB, y, b.from-1, b.from, b.t.Len()) {
			x, y = 0, 0
		}
		p.A.Start, p.B.Start = p.A.Start-x, p.B.Start-y
	}
	restA, restB = a.t.after(a.to-1), b.t.after(b.to-1)
	if a.to == at && b.to == bt {
		p.A.End += len(trimRight(firstParagraph(restA)))
		p.B.End += len(trimRight(firstParagraph(restB)))
	} else {
		x, y := commonPrefix(restA, restB)
		if joins(restA, x, a.to-1, a.to, a.t.Len()) || joins(restB, y, b.to-1, b.to, b.t.Len()) {
			x, y = 0, 0
		}
		p.A.End, p.B.End = p.A.End+x, p.B.End+y
	}
}

// before returns the text between token i and the one before it.
func (t *Text) before(i int) string {
	from := 0
	if i > 0 {
		from = int(t.ends[i-1])
	}
	return t.text[from:t.starts[i]]
}

// after returns the text between token i and the next.
func (t *Text) after(i int) string {
	to := len(t.text)
	if i+1 < t.Len() {
		to = int(t.starts[i+1])
	}
	return t.text[t.ends[i]:to]
}

// firstParagraph returns what of a gap between tokens belongs to the paragraph
// before it, lastParagraph what belongs to the one after it.
func firstParagraph(gap string) string {
	first := true
	for p := range Paragraphs("x" + gap) {
		if first {
			return gap[:p.End-1]
		}
	}
	return gap
}

func lastParagraph(gap string) string {
	start := 0
	for p := range Paragraphs(gap + "x") {
		start = p.Start
	}
	return gap[start:]
}

func trimRight(s string) string {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		if neutral(r) != ' ' {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

func trimLeft(s string) string {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if neutral(r) != ' ' {
			break
		}
		s = s[n:]
	}
	return s
}

// commonPrefix returns how many bytes of x and of y are the same marks, up to
// the first space.
func commonPrefix(x, y string) (int, int) {
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		r, n := utf8.DecodeRuneInString(x[i:])
		s, m := utf8.DecodeRuneInString(y[j:])
		if k := neutral(r); k == ' ' || k != neutral(s) {
			break
		}
		i, j = i+n, j+m
	}
	return i, j
}

// joins reports whether marks of n bytes fill a gap between two tokens: a
// hyphen, say, belongs to neither.
func joins(gap string, n, from, to, tokens int) bool {
	return n > 0 && n == len(gap) && from >= 0 && to < tokens
}

func commonSuffix(x, y string) (int, int) {
	i, j := len(x), len(y)
	for i > 0 && j > 0 {
		r, n := utf8.DecodeLastRuneInString(x[:i])
		s, m := utf8.DecodeLastRuneInString(y[:j])
		if k := neutral(r); k == ' ' || k != neutral(s) {
			break
		}
		i, j = i-n, j-m
	}
	return len(x) - i, len(y) - j
}

func comparePassages(p, q Passage) int {
	return cmp.Or(cmp.Compare(p.A.Start, q.A.Start), cmp.Compare(p.B.Start, q.B.Start),
		cmp.Compare(p.A.End, q.A.End), cmp.Compare(p.B.End, q.B.End))
}
