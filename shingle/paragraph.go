package shingle

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Paragraphs yields the paragraphs of text, in order, without the white space
// around them. They are those that a reader of plain text sees:
//
//   - A blank line, a line of nothing but dashes, stars and the like, a form
//     feed and U+2029 end a paragraph and belong to none. A line ends at LF, CR,
//     CR LF, NEL or U+2028.
//   - A list item (a bullet, or a number or letter with a point or parenthesis)
//     begins a paragraph, and the indented lines below belong to it.
//   - A heading marked by # is a paragraph.
//   - A line with a deeper indent than the one above begins a paragraph, unless
//     the lines below show that it is the rest of a hanging paragraph; so does
//     a line that returns from an indent that two lines and more have, and any
//     line that begins with U+3000.
//   - Otherwise a line goes on where the one above was wrapped: where the first
//     word below would not have fitted. A line that ends early, as titles,
//     menus and the last lines of paragraphs do, ends the paragraph. Lines of
//     more than 130 columns are not wrapped: each is a paragraph.
//
// The cost is one pass over the text.
func Paragraphs(text string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		var room [16]line
		block := room[:0]
		for at := 0; at < len(text); {
			block = append(block, line{})
			l := &block[len(block)-1]
			at = l.read(text, at)
			if l.kind == blank {
				block = block[:len(block)-1]
			} else if !l.last && at < len(text) {
				continue
			}
			if !paragraphs(block, yield) {
				return
			}
			block = block[:0]
		}
	}
}

// A line is one line of text without the white space around it.
type line struct {
	Span
	kind   lineKind
	indent int  // columns of white space ahead
	width  int  // columns of all
	first  int  // columns of the first word
	last   bool // of its block, whatever follows
}

type lineKind uint8

const (
	plain lineKind = iota
	blank
	item
	heading
	opening // begins with U+3000
)

const (
	narrowest  = 30  // columns to which text may be wrapped
	widestLine = 130 // and the most
)

// paragraphs yields the paragraphs of a block of lines without a blank one.
func paragraphs(block []line, yield func(Span) bool) bool {
	width := 0 // to which the block is wrapped
	for _, l := range block {
		if l.width <= widestLine {
			width = max(width, l.width)
		}
	}
	from := 0
	for i := range block {
		if i+1 < len(block) && !breaks(block, from, i+1, width) {
			continue
		}
		if !yield(Span{block[from].Start, block[i].End}) {
			return false
		}
		from = i + 1
	}
	return true
}

// breaks reports whether line i begins a paragraph, when that of the line
// above began with line from.
func breaks(block []line, from, i, width int) bool {
	a, b := block[i-1], block[i]
	wrapped := width >= narrowest && a.width <= widestLine && b.width <= widestLine &&
		4*(a.width+1+b.first) > 3*width
	switch {
	case b.kind != plain || a.kind == heading:
		return true
	case block[from].kind == item && b.indent > block[from].indent:
		return false
	case b.indent > a.indent+1:
		if i+1 == len(block) || block[i+1].kind != plain {
			return !wrapped || a.indent > 0 || i-from > 1
		}
		return block[i+1].indent < b.indent || i-from > 1 || !wrapped
	case b.indent+1 < a.indent && i-from > 1:
		return true
	}
	return !wrapped
}

// read makes l, which is zero, the line of text that begins at offset at, and
// returns where the next one does.
func (l *line) read(text string, at int) int {
	l.Start, l.End, l.kind = at, at, blank
	word := false // in the first word
	for at < len(text) {
		if c := text[at]; ' ' <= c && c < utf8.RuneSelf {
			end := printable(text, at+1)
			l.ascii(text, at, end, &word)
			at = end
			continue
		}
		if end, columns := narrow(text, at); columns > 0 {
			l.ink(at, end, &word)
			l.width += columns
			if word {
				l.first += columns
			}
			at = end
			continue
		}
		if end := wide(text, at); end > at {
			l.ink(at, end, &word)
			l.width += (end - at) / 3 * 2
			if word {
				l.first += 2
				word = false // it may be wrapped anywhere
			}
			at = end
			continue
		}
		r, n := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == '\n', r == '\r', r == '\v', r == '\f', r == 0x85, r == 0x2028, r == 0x2029:
			at += n
			if r == '\r' && at < len(text) && text[at] == '\n' {
				at++
			}
			l.last = r == '\f' || r == 0x2029
			l.classify(text)
			return at
		case r == '\t':
			l.width = (l.width + 8) &^ 7
			word = false
		case spacing(r):
			l.width += columns(r)
			word = false
		default:
			c := columns(r)
			l.ink(at, at+n, &word)
			l.width += c
			if word {
				l.first += c
				word = c < 2
			}
		}
		at += n
	}
	l.classify(text)
	return at
}

// ascii takes a run of printable ASCII into the line; word says whether it is in
// its first word.
func (l *line) ascii(text string, at, end int, word *bool) {
	run := text[at:end]
	ahead := 0
	for ahead < len(run) && run[ahead] == ' ' {
		ahead++
	}
	if ahead > 0 {
		*word = false
	}
	if ahead == len(run) {
		l.width += ahead
		return
	}
	behind := len(run)
	for run[behind-1] == ' ' {
		behind--
	}
	before := l.width
	l.width += ahead
	l.ink(at+ahead, at+behind, word)
	l.width = before + len(run)
	if *word {
		n := strings.IndexByte(run[ahead:], ' ')
		if n < 0 {
			n = len(run) - ahead
		} else {
			*word = false
		}
		l.first += n
	}
}

// ink notes that something visible stands from start to end; if it is the first
// of the line, it begins the first word.
func (l *line) ink(start, end int, word *bool) {
	if l.kind == blank {
		l.Start, l.indent, l.kind, *word = start, l.width, plain, true
	}
	l.End = end
}

// printable returns the offset of the first byte from at on that is no printable
// ASCII, len(text) if there is none.
func printable(text string, at int) int {
	b := bytesOf(text)
	for ; at+32 <= len(b); at += 32 {
		w := b[at : at+32]
		x := binary.LittleEndian.Uint64(w)
		y := binary.LittleEndian.Uint64(w[8:])
		z := binary.LittleEndian.Uint64(w[16:])
		u := binary.LittleEndian.Uint64(w[24:])
		if (unprintable(x)|unprintable(y)|unprintable(z)|unprintable(u))&high != 0 {
			break
		}
	}
	for ; at+8 <= len(b); at += 8 {
		if bad := unprintable(binary.LittleEndian.Uint64(b[at:])) & high; bad != 0 {
			return at + bits.TrailingZeros64(bad)/8
		}
	}
	for at < len(b) && ' ' <= b[at] && b[at] < utf8.RuneSelf {
		at++
	}
	return at
}

// narrow returns the end of the run of code points from U+00C0 to U+07FF that
// begins at offset at, all letters and marks, and how many there are.
func narrow(text string, at int) (end, columns int) {
	for at+1 < len(text) && text[at]-0xC3 <= 0xDF-0xC3 && text[at+1]&0xC0 == 0x80 {
		at += 2
		columns++
	}
	return at, columns
}

// wide returns the end of the run of kana, ideographs and Hangul that begins at
// offset at: of most of those whose code takes three bytes.
func wide(text string, at int) (end int) {
	for at+2 < len(text) {
		switch text[at] {
		default:
			return at
		case 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEB, 0xEC:
		}
		// From U+3040 on; before it is a space.
		if text[at+1] <= 0x80 || text[at+1] > 0xBF || text[at+2]&0xC0 != 0x80 {
			return at
		}
		at += 3
	}
	return at
}

// unprintable sets the top bit of the bytes of x that are not printable ASCII,
// but DEL, up to the first such byte and perhaps of some behind it.
func unprintable(x uint64) uint64 { return x | (x - ' '*ones) }

// classify finds out what kind of line l is.
func (l *line) classify(text string) {
	if l.kind == blank {
		return
	}
	s := l.Of(text)
	if len(s) > 1 && letter(s[0]) && letter(s[1]) && l.indent < 2 {
		return // what most lines are: a word comes first
	}
	if rule(s) {
		l.kind = blank
		return
	}
	if s[0] == '#' {
		n := 0
		for n < len(s) && s[n] == '#' {
			n++
		}
		if n <= 6 && n < len(s) && s[n] == ' ' {
			l.kind = heading
			return
		}
	}
	if marker(s) > 0 {
		l.kind = item
		return
	}
	if lead := text[max(0, l.Start-3):l.Start]; lead == "\u3000" {
		l.kind = opening
	}
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// rule reports whether a line is drawn rather than written: three and more of
// the characters that lines are drawn with, and spaces.
func rule(s string) bool {
	n := 0
	for _, r := range s {
		switch r {
		case '-', '=', '_', '*', '~', '#', '+', '.', '·', '•', '–', '—', '―', '─', '━', '═', '…':
			n++
		case ' ', '\t':
		default:
			return false
		}
	}
	return n >= 3
}

// marker returns the length of the bullet or number that begins a list item,
// 0 if none does.
func marker(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch r {
	case '-', '*', '+', '–', '—':
		if n < len(s) && (s[n] == ' ' || s[n] == '\t') {
			return n + 1
		}
		return 0
	case '•', '‣', '◦', '⁃', '∙', '▪', '▫', '■', '□', '●', '○', '◆', '◇', '►', '▶', '➢', '➤', '✓', '✔', '❖', '※':
		return n
	}
	if r >= 0x2460 && r <= 0x249b || r >= 0x2776 && r <= 0x2793 { // circled numbers
		return n
	}
	open := 0
	if r == '(' || r == '（' || r == '[' {
		open = n
	}
	// Up to three digits, or one letter, or up to three Chinese numerals.
	k, digits, letters, numerals := open, 0, 0, 0
	for k < len(s) {
		r, n := utf8.DecodeRuneInString(s[k:])
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r|0x20 >= 'a' && r|0x20 <= 'z':
			letters++
		case chineseNumeral(r):
			numerals++
		default:
			goto end
		}
		if digits+letters+numerals > 3 {
			return 0
		}
		k += n
	}
end:
	kinds := 0
	for _, c := range [...]int{digits, letters, numerals} {
		if c > 0 {
			kinds++
		}
	}
	if kinds != 1 || letters > 1 || k == len(s) {
		return 0
	}
	r, n = utf8.DecodeRuneInString(s[k:])
	behind := k + n
	switch r {
	case '.':
		if letters > 0 || numerals > 0 || open > 0 {
			return 0 // an initial
		}
	case ')', ']', '）':
		if r != '）' && (behind == len(s) || s[behind] != ' ' && s[behind] != '\t') {
			return 0
		}
		return behind
	case '、', '．':
		return behind
	default:
		return 0
	}
	if behind < len(s) && (s[behind] == ' ' || s[behind] == '\t') {
		return behind + 1
	}
	return 0
}

func chineseNumeral(r rune) bool {
	switch r {
	case '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百':
		return true
	}
	return false
}

// spacing reports whether r is white space or invisible, within a line.
func spacing(r rune) bool {
	switch {
	case r == ' ' || r == 0xa0 || r == 0x1680 || r >= 0x2000 && r <= 0x200b:
		return true
	case r == 0x202f || r == 0x205f || r == 0x2060 || r == 0x3000 || r == 0xfeff:
		return true
	}
	return r < ' ' && r >= 0x1c
}

// columns returns how wide r is in a fixed-width font.
func columns(r rune) int {
	switch {
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe4f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	case r >= 0x200b && r <= 0x200f, r == 0xfeff:
		return 0
	}
	return 1
}
