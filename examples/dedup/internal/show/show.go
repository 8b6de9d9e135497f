// Package show writes findings for people and, as JSON, for programs.
package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Count returns "1 pair" or "2 pairs".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Number(n) + " " + what + "s"
}

// Number returns n with its thousands separated.
func Number(n int) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Capital returns s with its first letter, a plain one, as a capital.
func Capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Percent returns a share as a person writes it; only all of it is 100 %.
func Percent(x float64) string {
	p := int(100*x + 0.5)
	if p == 100 && x < 1 {
		p = 99
	}
	return fmt.Sprintf("%d %%", p)
}

// Excerpt returns the beginning of text on one line of at most width letters.
func Excerpt(text string, width int) string {
	// Only the beginning is looked at: a block may be very long.
	cut := text
	if len(cut) > 8*width {
		cut = cut[:8*width]
	}
	line := Printable(OneLine(cut))
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

// OneLine returns text with every run of white space made one space.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Printable replaces what a terminal would obey instead of show.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == utf8.RuneError ||
			0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}

// JSON returns v as a line of JSON, without escapes that only matter in HTML.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
