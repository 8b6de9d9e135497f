// Package columns prints two texts side by side on a terminal.
package columns

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Write prints left and right next to each other, each wrapped to width cells,
// and says how many lines it left out beyond limit; 0 means no limit.
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
		line := "  " + a + strings.Repeat(" ", max(0, width-Width(a))) + " | " + b
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	if shown < n {
		fmt.Fprintf(w, "  … and %d more lines\n", n-shown)
	}
}

// Wrap breaks text into lines of at most width cells: between words, and within
// what is longer than a line, such as text of a script without spaces.
func Wrap(text string, width int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	flush := func() {
		lines = append(lines, line.String())
		line.Reset()
		used = 0
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
		for _, r := range word {
			n := runeWidth(r)
			if used+n > width && used > 0 {
				flush()
			}
			line.WriteRune(r)
			used += n
		}
	}
	if used > 0 {
		flush()
	}
	return lines
}

// Width returns how many cells of a terminal a text takes.
func Width(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
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
