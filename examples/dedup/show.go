package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// count returns "1 pair" or "2 pairs".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// capital returns s with its first letter, a plain one, as a capital.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// percent returns a share as a person writes it; only all of it is 100 %.
func percent(x float64) string {
	p := int(100*x + 0.5)
	if p == 100 && x < 1 {
		p = 99
	}
	return fmt.Sprintf("%d %%", p)
}

// excerpt returns the beginning of text on one line of at most width letters.
func excerpt(text string, width int) string {
	// Only the beginning is looked at: a block may be very long.
	cut := text
	if len(cut) > 8*width {
		cut = cut[:8*width]
	}
	line := printable(oneLine(cut))
	if utf8.RuneCountInString(line) <= width && len(cut) == len(text) {
		return line
	}
	n := 0
	for i := range line {
		if n == width-1 {
			return strings.TrimRight(line[:i], " ") + "…"
		}
		n++
	}
	return line + "…"
}

// oneLine returns text with every run of white space made one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// printable replaces what a terminal would obey instead of show.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == utf8.RuneError ||
			0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}
