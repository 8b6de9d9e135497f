package input

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// inspect collects the facts about a line that special relies on.
func (p *lineParser) inspect(line []byte) {
	var below, above uint64 // high bits are set if a byte is below a space, or above ASCII
	b := line
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		below |= (x - lows*0x20) &^ x
		above |= x
	}
	for _, c := range b {
		if above |= uint64(c); c < 0x20 {
			below = highs
		}
	}
	p.control = below&highs != 0
	p.valid = above&highs == 0 || utf8.Valid(line)
	p.quote = -1
}

// special returns the first position at or after i where b has a quote or a
// backslash, or a control character if the line has any; otherwise the end of b.
// Successive calls must have ascending i.
func (p *lineParser) special(b []byte, i int) int {
	if p.control {
		return plain(b, i)
	}
	if p.quote < i {
		p.quote = len(b)
		if n := bytes.IndexByte(b[i:], '"'); n >= 0 {
			p.quote = i + n
		}
	}
	if n := bytes.IndexByte(b[i:p.quote], '\\'); n >= 0 {
		return i + n
	}
	return p.quote
}

// plain returns the first position at or after i where b has a quote, a backslash or
// a control character, otherwise the end of b. It examines eight bytes at once: the
// high bit of a byte in special is set for the first byte that is one of these, and
// for none before it.
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^lows*'"', x^lows*'\\'
		special := ((x-lows*0x20)&^x | (quote-lows)&^quote | (slash-lows)&^slash) & highs
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// skipString returns the end of the string that begins with the quote at i, and
// whether it contains escapes; the end is -1 if it is invalid.
func (p *lineParser) skipString(b []byte, i int) (end int, escaped bool) {
	for i++; ; {
		i = p.special(b, i)
		switch {
		case i >= len(b) || b[i] < 0x20:
			return -1, false
		case b[i] == '"':
			return i + 1, escaped
		}
		escaped = true
		var ok bool
		if _, i, ok = escape(b, i); !ok {
			return -1, false
		}
	}
}

// text returns the value of the string that begins with the quote at i, and its end,
// which is -1 if the string is invalid.
func (p *lineParser) text(b []byte, i int) (s string, end int) {
	i++
	end = p.special(b, i)
	if end < len(b) && b[end] == '"' {
		return p.memory.part(b[i:end]), end + 1
	}
	if cap(p.scratch) < len(b)-i {
		p.scratch = make([]byte, 0, len(b)-i)
	}
	buf := p.scratch[:0]
	for {
		if end >= len(b) || b[end] < 0x20 {
			return "", -1
		}
		buf = append(buf, b[i:end]...)
		if b[end] == '"' {
			return p.memory.string(buf), end + 1
		}
		var r rune
		var ok bool
		if r, i, ok = escape(b, end); !ok {
			return "", -1
		}
		if r < utf8.RuneSelf {
			buf = append(buf, byte(r))
		} else {
			buf = utf8.AppendRune(buf, r)
		}
		end = p.special(b, i)
	}
}

// unescaped maps the letter after a backslash to its byte.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape returns the value of the escape that begins with the backslash at i,
// and its end.
func escape(b []byte, i int) (r rune, end int, ok bool) {
	if i+1 >= len(b) {
		return 0, 0, false
	}
	if c := unescaped[b[i+1]]; c != 0 {
		return rune(c), i + 2, true
	}
	if b[i+1] != 'u' {
		return 0, 0, false
	}
	if r = hex4(b[i+2:]); r < 0 {
		return 0, 0, false
	}
	i += 6
	if utf16.IsSurrogate(r) {
		// The first half of a surrogate pair, or not a character.
		second := rune(-1)
		if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
			second = hex4(b[i+2:])
		}
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			i += 6
		}
	}
	return r, i, true
}

// hex4 returns the number in the first four bytes of b, in hexadecimal, or -1.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
