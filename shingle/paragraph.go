package shingle

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Paragraphs yields the paragraphs of text, in order, without the white space around
// them. They are the paragraphs that a reader of plain text sees:
//
//   - A blank line, a line of nothing but dashes, stars and the like, a form
//     feed and U+2029 end a paragraph and belong to none. A line ends at LF, CR,
//     CR LF, NEL or U+2028.
//   - A line of nothing but the > of quoted mail does the same, and a line that is
//     quoted more or less deeply than the one above begins a paragraph.
//   - A list item (a bullet, or a number or letter with a point or parenthesis)
//     begins a paragraph, and the indented lines below belong to it.
//   - A heading marked by # is a paragraph.
//   - A line with a deeper indent than the one above begins a paragraph, unless the
//     lines below show that it is the rest of a hanging paragraph; so does a line
//     that returns from an indent shared by two or more lines, and any line that
//     begins with U+3000.
//   - Otherwise a line continues the one above if that was wrapped, that is, if the
//     first word below would not have fitted. A line that ends early, as titles,
//     menus and the last lines of paragraphs do, ends the paragraph. Lines of more
//     than 130 columns are not wrapped: each is a paragraph.
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

const (
	narrowest  = 30  // smallest number of columns to which text is wrapped
	widestLine = 130 // largest number of columns to which text is wrapped
)

// paragraphs yields the paragraphs of a block of lines without a blank line.
func paragraphs(block []line, yield func(Span) bool) bool {
	width := 0 // columns to which the block is wrapped
	for i := range block {
		if w := block[i].width; w <= widestLine {
			width = max(width, w)
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

// breaks reports whether line i begins a paragraph, given that the paragraph of the
// line above began with line from.
func breaks(block []line, from, i, width int) bool {
	a, b := &block[i-1], &block[i]
	wrapped := width >= narrowest && a.width <= widestLine && b.width <= widestLine &&
		4*(a.width+1+b.first) > 3*width
	switch {
	case b.kind != plain || a.kind == heading || a.quoted != b.quoted:
		return true
	case block[from].kind == item && b.indent > block[from].indent:
		return false
	case b.indent > a.indent+1:
		if i+1 == len(block) || block[i+1].kind != plain {
			return !wrapped || i-from > 1
		}
		return block[i+1].indent < b.indent || i-from > 1 || !wrapped
	case b.indent+1 < a.indent && i-from > 1:
		return true
	}
	return !wrapped
}

// A lineKind is the kind of a line, judged by the line alone.
type lineKind uint8

const (
	plain lineKind = iota
	blank
	item
	heading
	opening // begins with U+3000
)

// classify determines the kind of line l.
func (l *line) classify(text string) {
	if l.kind == blank {
		return
	}
	s := l.Of(text)
	if len(s) > 1 && letter(s[0]) && letter(s[1]) && l.indent < 2 {
		return // most lines begin with a word
	}
	if s[0] == '>' {
		said := strings.TrimLeft(s, "> \t")
		l.quoted = strings.Count(s[:len(s)-len(said)], ">")
		if said == "" {
			l.kind = blank
		}
		return
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

// rule reports whether a line is a drawn line: at least three characters of the kind
// used for rules, and otherwise only spaces.
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

// marker returns the length of the bullet or number that begins a list item, 0 if
// there is none.
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
	case 'o': // as on typewriters
		if strings.HasPrefix(s, "o  ") || strings.HasPrefix(s, "o\t") {
			return 2
		}
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
	after := k + n
	switch r {
	case '.':
		if letters > 0 || numerals > 0 || open > 0 {
			return 0 // an initial
		}
	case ')', ']', '）':
		if r != '）' && (after == len(s) || s[after] != ' ' && s[after] != '\t') {
			return 0
		}
		return after
	case '、', '．':
		return after
	default:
		return 0
	}
	if after < len(s) && (s[after] == ' ' || s[after] == '\t') {
		return after + 1
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
