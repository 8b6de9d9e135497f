package shingle

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// plainLine is line.read, one code point at a time. It returns the line of text that
// begins at offset at, and the start of the next one.
func plainLine(text string, at int) (l line, next int) {
	l.Start, l.End, l.kind = at, at, blank
	word := false // whether the first word is still open
	for at < len(text) {
		r, n := rune(text[at]), 1
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
				// Scripts without spaces may be broken anywhere.
				word = c < 2
			}
			l.End = at + n
		}
		at += n
	}
	l.classify(text)
	return l, at
}

// TestLinesAgreeWithCodePoints compares lines that are read run by run with lines that
// are read code point by code point.
func TestLinesAgreeWithCodePoints(t *testing.T) {
	pieces := []string{
		" ", " ", "   ", "\n", "\n", "\t", "\r\n", "\r", "\f", "\v", "\u0085", "\u2028", "\u2029",
		"\u00a0", "\u3000", "\u200b", "\u2060", "\x01", "\x1d", "\x7f", "\xff", "\xc3", "\xe3\x80",
		"\xe4\x80", "\xe4\x81", "\xf0\x9f", "a", "word", " and", "more than eight bytes of it",
		"a stretch that is longer than the thirty-two bytes that are looked at in one go",
		"é", "ő", "Щука", "\u00c0", "\u07ff", "\u0301", "ไทย", "हिन्दी", "\u3001", "\u3040",
		"灯塔", "\u4000", "\u9fff", "\ua000", "가", "한국어", "\ud7a3", "\ud7b0", "👍", "•", "- ", "1. ", "# ", "---",
	}
	x := uint64(1)
	below := func(n int) int {
		x = x*6364136223846793005 + 1442695040888963407
		return int(x >> 33 % uint64(n))
	}
	rounds := 100_000
	if testing.Short() {
		rounds = 10_000
	}
	for range rounds {
		var b strings.Builder
		for range 1 + below(12) {
			b.WriteString(pieces[below(len(pieces))])
		}
		text := b.String()
		for at := 0; at < len(text); {
			var got line
			next := got.read(text, at)
			want, end := plainLine(text, at)
			if got != want || next != end {
				t.Fatalf("%q at %d: %+v and %d, want %+v and %d", text, at, got, next, want, end)
			}
			at = next
		}
	}
}
