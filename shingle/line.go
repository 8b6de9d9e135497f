package shingle

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// A line is one line of text without the white space around it.
type line struct {
	Span
	kind   lineKind
	indent int  // columns of leading white space
	width  int  // columns of the whole line
	first  int  // columns of the first word
	quoted int  // number of leading > signs
	last   bool // the line ends its block, whatever follows
}

// read sets l, which is zero, to the line of text that begins at offset at, and
// returns the offset of the next line.
func (l *line) read(text string, at int) int {
	l.Start, l.End, l.kind = at, at, blank
	word := false // whether the first word is still open
	for at < len(text) {
		c := text[at]
		if ' ' <= c && c < utf8.RuneSelf {
			end := printable(text, at+1)
			l.ascii(text, at, end, &word)
			at = end
			continue
		}
		if c == '\n' { // nearly all lines end here
			l.classify(text)
			return at + 1
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
				word = false // text may be wrapped after any wide character
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

// ascii adds a run of printable ASCII to the line; word reports whether the first
// word is still open.
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
	after := len(run)
	for run[after-1] == ' ' {
		after--
	}
	before := l.width
	l.width += ahead
	l.ink(at+ahead, at+after, word)
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

// ink records that text from start to end is visible. The first visible text of a line
// begins its first word.
func (l *line) ink(start, end int, word *bool) {
	if l.kind == blank {
		l.Start, l.indent, l.kind, *word = start, l.width, plain, true
	}
	l.End = end
}

// printable returns the offset of the first byte at or after at that is not printable
// ASCII, or len(text) if there is none.
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

// narrow returns the end and the number of code points of the run from U+00C0 to
// U+07FF, all letters and marks, that begins at offset at.
func narrow(text string, at int) (end, columns int) {
	for at+1 < len(text) && text[at]-0xC3 <= 0xDF-0xC3 && text[at+1]&0xC0 == 0x80 {
		at += 2
		columns++
	}
	return at, columns
}

// wide returns the end of the run of kana, ideographs and Hangul that begins at
// offset at: most code points of three bytes.
func wide(text string, at int) (end int) {
	for at+2 < len(text) {
		switch text[at] {
		default:
			return at
		case 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEB, 0xEC:
		}
		// Start at U+3040, because U+3000 is a space.
		if text[at+1] <= 0x80 || text[at+1] > 0xBF || text[at+2]&0xC0 != 0x80 {
			return at
		}
		at += 3
	}
	return at
}

// unprintable sets the top bit of the first byte of x that is not printable ASCII
// (DEL counts as printable), and perhaps of some bytes after it.
func unprintable(x uint64) uint64 { return x | (x - ' '*ones) }

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

// columns returns the width of r in a fixed-width font.
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
