package shingle

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/align"
)

// near is the number of tokens of a paragraph or sentence that [SnapNear] includes
// or cuts off: the longer the passage, the more.
func near(matched int) int { return min(1+matched/16, 3) }

// edges is one side of a passage: the tokens [from, to) of a text.
type edges struct {
	t        *Text
	from, to int
}

// span returns the byte range from the first token to the last.
func (e *edges) span() Span {
	return Span{e.t.start(e.from), e.t.end(e.to - 1)}
}

// paragraph returns the range of tokens from the start of the paragraph of token i to
// the end of the paragraph of token j.
func (t *Text) paragraph(i, j int) (from, to int) {
	breaks := t.paragraphs()
	k := t.breakFrom(i)
	if k == len(breaks) || int(breaks[k]) > i {
		k--
	}
	if k >= 0 {
		from = int(breaks[k])
	}
	to = t.Len()
	if k = t.breakFrom(j + 1); k < len(breaks) {
		to = int(breaks[k])
	}
	return from, to
}

// trim cuts off up to near tokens that reach over the border of a paragraph in both
// texts, unless in one of the texts they are nearly the whole paragraph: a word or
// two after a shared paragraph are equal by chance. It also cuts off a common word
// after a shared sentence or clause, which is equal by chance as well, and part of a
// number at an edge.
func (s Snap) trim(a, b *Text, c align.Chain, least int) align.Chain {
	if s != SnapNear {
		return c
	}
	n := int32(near(int(c.Matched)))
	af, ato := a.paragraph(int(c.A0), int(c.A0))
	bf, bto := b.paragraph(int(c.B0), int(c.B0))
	at, bt := int32(ato), int32(bto)
	if at < c.A1 && bt < c.B1 && at-c.A0 <= n && bt-c.B0 <= n && c.A0-int32(af) > n && c.B0-int32(bf) > n {
		c = c.After(at, bt)
	}
	if len(c.Runs) == 0 {
		return c
	}
	af, ato = a.paragraph(int(c.A1)-1, int(c.A1)-1)
	bf, bto = b.paragraph(int(c.B1)-1, int(c.B1)-1)
	at, bt = int32(af), int32(bf)
	if at > c.A0 && bt > c.B0 && c.A1-at <= n && c.B1-bt <= n && int32(ato)-c.A1 > n && int32(bto)-c.B1 > n {
		c = c.Before(at, bt)
	}
	if len(c.Runs) == 0 {
		return c
	}
	head, tail := stubs(a, b, c)
	if head > 0 {
		if t := c.After(c.A0+head, c.B0+head); long(a, t, least) {
			c = t
		}
	}
	if tail > 0 {
		if t := c.Before(c.A1-tail, c.B1-tail); long(a, t, least) {
			c = t
		}
	}
	return c
}

// stubs returns the number of tokens in the stubs at the beginning and end of a
// chain. A stub is the rest of a number, or one token that ends a sentence or clause
// in both texts without beginning it (at the end, the reverse). Such a token is equal
// by chance if both texts have it elsewhere too.
func stubs(a, b *Text, c align.Chain) (head, tail int32) {
	x, y := int(c.A0), int(c.B0)
	first := int(c.Runs[0].N)
	n := 0
	for n < first && (a.inNumber(x+n) || b.inNumber(y+n)) {
		n++
	}
	if n == 0 && ends(a, b, x, y) > ends(a, b, x-1, y-1) && a.repeats(x) && b.repeats(y) {
		n = 1
	}
	head = int32(n)
	x, y = int(c.A1), int(c.B1)
	last := int(c.Runs[len(c.Runs)-1].N)
	n = 0
	for n < last && (a.inNumber(x-n) || b.inNumber(y-n)) {
		n++
	}
	if n == 0 && ends(a, b, x-2, y-2) > ends(a, b, x-1, y-1) && a.repeats(x-1) && b.repeats(y-1) {
		n = 1
	}
	return head, int32(n)
}

// ends returns the lower of the levels of the borders after token i of a and token j
// of b.
func ends(a, b *Text, i, j int) int {
	l := a.level(i)
	if l > 0 {
		l = min(l, b.level(j))
	}
	return l
}

// repeats reports whether the text has token i somewhere else.
func (t *Text) repeats(i int) bool {
	id := t.ids[i]
	return slices.Contains(t.ids[:i], id) || slices.Contains(t.ids[i+1:], id)
}

// The kinds of border after a token, from weak to strong.
const (
	clauseEnd   = 1 + iota // end of a clause: a comma, a colon, a dash, a bracket
	sentenceEnd            // end of a sentence or a paragraph
)

// level returns the kind of border between token i and the next, or 0 if there is none.
// The beginning and the end of the text count as ends of sentences.
func (t *Text) level(i int) int {
	if i < 0 || i+1 >= t.Len() {
		return sentenceEnd
	}
	if from, to := t.between(i + 1); len(t.skip) == 0 && (from >= to || to == from+1 && t.text[from] == ' ') {
		return 0 // most tokens have nothing or one space between them
	}
	breaks := t.paragraphs()
	if k := t.breakFrom(i + 1); k < len(breaks) && int(breaks[k]) == i+1 {
		return sentenceEnd
	}
	gap := t.after(i)
	if gap == "" || gap == " " { // as most gaps are
		return 0
	}
	if t.endsSentence(i) {
		return sentenceEnd
	}
	for k, r := range gap {
		switch r {
		case '，', '、', '；', '：', '（', '）', '「', '」', '『', '』', '(', '[':
			return clauseEnd
		case ',', ';', ':', ')', '،', '؛':
			if k+utf8.RuneLen(r) < len(gap) {
				return clauseEnd
			}
		default:
			if r != ' ' && r != '\n' && neutral(r) == '-' && strings.ContainsFunc(gap, space) {
				return clauseEnd
			}
		}
	}
	return 0
}

// move widens both sides according to s.
func (s Snap) move(a, b *edges, matched int, exact bool) {
	switch s {
	case SnapNone:
		return
	case SnapSentence:
		a.from, a.to = a.t.sentence(a.from, a.to)
		b.from, b.to = b.t.sentence(b.from, b.to)
		return
	case SnapParagraph:
		a.from, a.to = a.t.paragraph(a.from, a.to-1)
		b.from, b.to = b.t.paragraph(b.from, b.to-1)
		return
	}
	n := near(matched)
	af, at := a.t.paragraph(a.from, a.to-1)
	bf, bt := b.t.paragraph(b.from, b.to-1)
	if a.from-af <= n && b.from-bf <= n {
		a.from, b.from = af, bf
	}
	if at-a.to <= n && bt-b.to <= n {
		a.to, b.to = at, bt
	}
	if exact {
		return
	}
	if i, j := a.t.untilHead(a.from, n), b.t.untilHead(b.from, n); i >= 0 && j >= 0 {
		a.from, b.from = a.from-i, b.from-j
	}
	if i, j := a.t.untilTail(a.to, n), b.t.untilTail(b.to, n); i >= 0 && j >= 0 {
		a.to, b.to = a.to+i, b.to+j
	}
}

// untilHead returns the number of tokens from the start of the sentence to token i,
// or -1 if there are more than n. untilTail returns the number of tokens from token i
// to the end of the sentence that token i-1 is in, or -1 likewise.
func (t *Text) untilHead(i, n int) int {
	for k := range n + 1 {
		if t.level(i-k-1) == sentenceEnd {
			return k
		}
	}
	return -1
}

func (t *Text) untilTail(i, n int) int {
	for k := range n + 1 {
		if t.level(i+k-1) == sentenceEnd {
			return k
		}
	}
	return -1
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

// endsSentence reports whether a sentence ends between token i and the next: at a
// stop that is followed by space or closing marks, unless it follows a single letter
// (an initial, "U.S."), after a title, or before a lower-case letter.
func (t *Text) endsSentence(i int) bool {
	gap := t.after(i)
	for k, r := range gap {
		switch {
		case wideStop(r):
			return true
		case !stop(r):
			continue
		case r == '.':
			if word := t.Token(i).Of(t.text); utf8.RuneCountInString(word) < 2 || title(word) {
				continue
			}
		}
		next, _ := utf8.DecodeRuneInString(t.text[t.start(i+1):])
		rest := gap[k+utf8.RuneLen(r):]
		first, _ := utf8.DecodeRuneInString(rest)
		if rest != "" && !unicode.IsLower(next) && (unicode.IsSpace(first) || neutral(first) == '"') {
			return true
		}
	}
	return false
}

// stop reports whether r ends sentences; wideStop reports whether it does so even
// without a space after it.
func stop(r rune) bool { return wideStop(r) || strings.ContainsRune(".!?…؟।።។", r) }

func wideStop(r rune) bool { return strings.ContainsRune("。！？｡", r) }

// title reports whether a word followed by a full stop is a title before a name, such
// as Dr.
func title(word string) bool {
	switch word {
	case "Mr", "Mrs", "Ms", "Dr", "Prof", "Sen", "Rep", "Gov", "Gen", "Lt", "Col", "Capt", "Sgt", "Rev", "Messrs", "Mme", "Mlle":
		return true
	}
	return false
}

// border returns where the sentence before a gap ends and the sentence after it
// begins. Most sentences have a space between them. Where there is none, closing
// marks belong to the stop and all other marks to the next sentence. A gap without a
// space or stop belongs to both.
func border(gap string) (end, begin int) {
	stopped := false
	for k, r := range gap {
		switch {
		case space(r):
			return k, lastSpace(gap)
		case stop(r):
			stopped = true
		case stopped && neutral(r) != '"' && !unicode.Is(unicode.Pe, r) || stopped && unicode.Is(unicode.Pi, r):
			return k, max(k, lastSpace(gap))
		}
	}
	if stopped {
		return len(gap), len(gap)
	}
	return len(gap), 0
}

// neutral maps every kind of quote, dash or space to one character each.
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

// widen adds the marks around a passage that belong to it: all marks up to the border
// where both sides begin or end a paragraph, otherwise the marks that touch the edge
// without a space and are the same on both sides. Where the edge was moved to the
// border of a sentence, each side keeps its own marks.
func (s Snap) widen(a, b *edges, p *Passage) {
	af, at := a.t.paragraph(a.from, a.to-1)
	bf, bt := b.t.paragraph(b.from, b.to-1)
	restA, restB := a.t.before(a.from), b.t.before(b.from)
	var x, y int
	switch {
	case a.from == af && b.from == bf || s == SnapParagraph:
		x, y = len(trimLeft(lastParagraph(restA))), len(trimLeft(lastParagraph(restB)))
	case s == SnapSentence:
		_, x = border(restA)
		_, y = border(restB)
		x, y = len(restA)-x, len(restB)-y
	default:
		if x, y = commonSuffix(restA, restB); a.t.adjoin(a.from, restA) && joins(restA, x) || b.t.adjoin(b.from, restB) && joins(restB, y) {
			x, y = 0, 0
		}
	}
	p.A.Start, p.B.Start = p.A.Start-x, p.B.Start-y
	restA, restB = a.t.after(a.to-1), b.t.after(b.to-1)
	switch {
	case a.to == at && b.to == bt || s == SnapParagraph:
		x, y = len(trimRight(firstParagraph(restA))), len(trimRight(firstParagraph(restB)))
	case s == SnapSentence:
		x, _ = border(restA)
		y, _ = border(restB)
	default:
		if x, y = commonPrefix(restA, restB); a.t.adjoin(a.to, restA) && joins(restA, x) || b.t.adjoin(b.to, restB) && joins(restB, y) {
			x, y = 0, 0
		}
	}
	p.A.End, p.B.End = p.A.End+x, p.B.End+y
}

// joins reports whether the n bytes of marks are the whole text between two tokens
// and join them. A hyphen, for example, belongs to neither token.
func joins(gap string, n int) bool {
	if n == 0 || n < len(gap) {
		return false
	}
	for _, r := range gap {
		if k := neutral(r); k >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lastSpace returns the offset after the last space, or 0 if there is none.
func lastSpace(s string) int {
	return len(strings.TrimRightFunc(s, func(r rune) bool { return !space(r) }))
}

func space(r rune) bool { return neutral(r) == ' ' }

// before returns the text between token i and the one before it, starting after any
// skipped span. It is empty where both come from one character, like the tokens of
// ½.
func (t *Text) before(i int) string {
	from, to := 0, t.start(i)
	if i > 0 {
		from = t.end(i - 1)
	}
	if k := t.skipFrom(to); k > 0 {
		from = max(from, t.skip[k-1].End)
	}
	return t.text[min(from, to):to]
}

// after returns the text between token i and the next, up to any skipped span.
func (t *Text) after(i int) string {
	from, to := t.end(i), len(t.text)
	if i+1 < t.Len() {
		to = t.start(i + 1)
	}
	if k := t.skipFrom(from); k < len(t.skip) {
		to = min(to, t.skip[k].Start)
	}
	return t.text[from:max(from, to)]
}

// adjoin reports whether the gap is the whole text between token i and the one before
// it.
func (t *Text) adjoin(i int, gap string) bool {
	return i > 0 && i < t.Len() && t.end(i-1)+len(gap) == t.start(i)
}

// skipFrom returns the first skipped span at or after an offset of the text.
func (t *Text) skipFrom(at int) int {
	k, _ := slices.BinarySearchFunc(t.skip, at, func(s Span, at int) int { return cmp.Compare(s.Start, at) })
	return k
}

// firstParagraph returns the part of a gap between tokens that belongs to the
// paragraph before it; lastParagraph, the part that belongs to the one after it.
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

func trimRight(s string) string { return strings.TrimRightFunc(s, space) }

func trimLeft(s string) string { return strings.TrimLeftFunc(s, space) }

// commonPrefix returns the lengths of the common leading marks in x and in y, up to
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
