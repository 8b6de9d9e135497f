// Package columns lays out text on a terminal by cells: two texts side by side, and
// text that is cut or padded to a width. Style sequences (ESC [ … m) take no cells;
// text must not contain other control characters.
package columns

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Write prints left and right next to each other, each wrapped to width cells, and
// returns the number of lines beyond limit that it left out; a limit of 0 means
// none.
func Write(w io.Writer, width, limit int, left, right string) {
	l, r := Wrap(left, width), Wrap(right, width)
	n := max(len(l), len(r))
	shown := n
	if limit > 0 && n > limit {
		shown = limit
	}
	for i := range shown {
		var a, b string
		if i < len(l) {
			a = l[i]
		}
		if i < len(r) {
			b = r[i]
		}
		fmt.Fprintln(w, strings.TrimRight("  "+Pad(a, width)+" | "+b, " "))
	}
	if shown < n {
		fmt.Fprintf(w, "  … and %d more lines\n", n-shown)
	}
}

// Wrap breaks text into lines of at most width cells: between words, and within
// anything longer than a line, such as text in a script without spaces. A style that
// is active at the end of a line continues on the next one.
func Wrap(text string, width int) []string {
	var lines []string
	var line strings.Builder
	used, style, begun := 0, "", false
	flush := func() {
		if style != "" {
			line.WriteString(reset)
		}
		lines = append(lines, line.String())
		line.Reset()
		line.WriteString(style)
		used, begun = 0, false
	}
	for word := range strings.FieldsSeq(text) {
		size := Width(word)
		if used > 0 && used+1+size > width && size <= width {
			flush()
		}
		if used > 0 {
			if used+1 >= width {
				flush()
			} else {
				line.WriteByte(' ')
				used++
			}
		}
		for part := range parts(word) {
			if part[0] == escape {
				line.WriteString(part)
				if style = part; part == reset {
					style = ""
				}
				continue
			}
			r, _ := utf8.DecodeRuneInString(part)
			n := runeWidth(r)
			if used+n > width && used > 0 {
				flush()
			}
			line.WriteString(part)
			used, begun = used+n, true
		}
	}
	if begun {
		flush()
	}
	return lines
}

const (
	escape = '\x1b'
	reset  = "\x1b[0m"
)

// parts yields the letters of a text, and each style sequence in one piece.
func parts(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			_, n := utf8.DecodeRuneInString(text)
			if text[0] == escape {
				if end := strings.IndexByte(text, 'm'); end >= 0 {
					n = end + 1
				}
			}
			if !yield(text[:n]) {
				return
			}
			text = text[n:]
		}
	}
}

// Width returns the number of terminal cells that a text takes.
func Width(text string) int {
	n := 0
	for part := range parts(text) {
		if part[0] != escape {
			r, _ := utf8.DecodeRuneInString(part)
			n += runeWidth(r)
		}
	}
	return n
}

// Pad appends spaces to a text up to a width.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Width(text)))
}

// Cut returns the beginning of a text without styles, with an ellipsis if it is
// wider than width.
func Cut(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	n := 0
	for i, r := range text {
		if n += runeWidth(r); n > width-1 {
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}

// Middle returns a text without styles, with an ellipsis in its middle if it is
// wider than width: the end of an id or a path matters as much as its beginning.
func Middle(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	width = max(width, 1) - 1
	tail, n := len(text), 0
	for tail > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:tail])
		if n += runeWidth(r); n > (width+1)/2 {
			break
		}
		tail -= size
	}
	head := 0
	n = Width(text[tail:])
	for i, r := range text {
		if n += runeWidth(r); n > width {
			break
		}
		head = i + utf8.RuneLen(r)
	}
	return text[:head] + "…" + text[tail:]
}

// wide are the letters that take two cells: East Asian ones and emoji, roughly
// those that UAX #11 calls wide or full-width.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
