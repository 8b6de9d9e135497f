// Package show writes findings for people and, as JSON, for programs.
package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
)

// Count returns "1 pair" or "2,000 pairs".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Number(n) + " " + what + "s"
}

// Number returns n with a comma between thousands.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes returns a number of bytes with two or three digits, in units of 1000.
func Bytes(n int64) string {
	if n < 1000 {
		return Count(int(n), "byte")
	}
	x, unit := float64(n)/1000, 0
	for x >= 999.5 && unit < 4 {
		x, unit = x/1000, unit+1
	}
	digits := 0
	if x < 9.95 {
		digits = 1
	}
	return strconv.FormatFloat(x, 'f', digits, 64) + " " + []string{"kB", "MB", "GB", "TB", "PB"}[unit]
}

// Capital returns s with its first letter capitalized, if it is ASCII.
func Capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Percent formats a share; only 1 is shown as 100 %, and only 0 as 0 %.
func Percent(x float64) string {
	switch p := int(100*x + 0.5); {
	case x <= 0:
		return "0 %"
	case x >= 1:
		return "100 %"
	case x < .01:
		return "under 1 %"
	default:
		return fmt.Sprintf("%d %%", min(p, 99))
	}
}

// Excerpt returns the beginning of text on one line of at most width cells.
func Excerpt(text string, width int) string {
	// Only the beginning is read: a block may be very long.
	cut := text
	if len(cut) > 8*width {
		cut = cut[:8*width]
	}
	line := Printable(OneLine(cut))
	if len(cut) < len(text) {
		line += "…"
	}
	return columns.Cut(line, width)
}

// OneLine returns text with every run of white space replaced by one space.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Printable replaces characters that a terminal would interpret instead of showing.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == utf8.RuneError ||
			0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}

// Quote returns s as a string of JSON, as [JSON] writes it.
func Quote(s string) ([]byte, error) {
	line, err := JSON(s)
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// JSON returns v as a line of JSON, without escapes that matter only in HTML.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	err := NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

// NewEncoder returns an encoder of lines like those of [JSON].
func NewEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
