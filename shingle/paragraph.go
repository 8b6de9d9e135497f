package shingle

import (
	"iter"
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
		var block []line
		for at := 0; at < len(text); {
			l, next := nextLine(text, at)
			at = next
			if l.kind != blank {
				block = append(block, l)
			}
			if l.kind == blank || l.last || at == len(text) {
				if !paragraphs(block, yield) {
					return
				}
				block = block[:0]
			}
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

// nextLine returns the line of text that begins at offset at, and where the
// next one does.
func nextLine(text string, at int) (l line, next int) {
	l.Start, l.End, l.kind = at, at, blank
	word := false // in the first word
	for at < len(text) {
		r, n := rune(text[at]), 1
		if r > ' ' && r < 0x7f {
			if l.kind == blank {
				l.Start, l.indent, l.kind, word = at, l.width, plain, true
			}
			l.width++
			if word {
				l.first++
			}
			at++
			l.End = at
			continue
		}
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[at:])
		}
		switch {
		case r == '\n', r == '\r', r == '\v', r == '\f', r == 0x85, r == 0x2028, r == 0x2029:
			at += n
			if r == '\r' && at < len(text) && text[at] == '\n' {
				at++
			}
			l.last = r == '\f' || r == 0x2029
			l.classify(text)
			return l, at
		case r == '\t':
			l.width = (l.width + 8) &^ 7
			word = false
		case spacing(r):
			l.width += columns(r)
			word = false
		default:
			if l.kind == blank {
				l.Start, l.indent, l.kind, word = at, l.width, plain, true
			}
			c := columns(r)
			l.width += c
			if word {
				l.first += c
				// Scripts without spaces may be wrapped anywhere.
				word = c < 2
			}
			l.End = at + n
		}
		at += n
	}
	l.classify(text)
	return l, at
}

// classify finds out what kind of line l is.
func (l *line) classify(text string) {
	if l.kind == blank {
		return
	}
	s := l.Of(text)
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
