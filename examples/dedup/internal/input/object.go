package input

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// The fields of a document, in the order in which errors are told.
const (
	fieldID = iota
	fieldText
	fieldHost
	fieldURL
	fieldTime
	numFields
)

// names returns what the fields are called.
func (f Fields) names() [numFields]string {
	return [numFields]string{
		cmp.Or(f.ID, "id"), cmp.Or(f.Text, "text"), cmp.Or(f.Host, "host"), cmp.Or(f.URL, "url"), cmp.Or(f.Time, "time"),
	}
}

// field returns where d keeps a field.
func (d *Doc) field(i int) *string {
	return [numFields]*string{&d.ID, &d.Text, &d.Host, &d.URL, &d.Time}[i]
}

// A lineParser decodes the objects of JSON Lines. It finds the fields with a
// scanner of its own, because encoding/json takes several times as long as
// sketching what it decodes; whatever that scanner does not take for a plain
// valid object it leaves to encoding/json, which alone says what is wrong. So
// both always agree (FuzzObject).
type lineParser struct {
	fields  [numFields]string
	values  [numFields][]byte // of the last object, as they stand there
	strings [numFields]string // those that are strings, if scan found them
	valid   bool              // the last line was valid UTF-8
	control bool              // and it has control characters
	quote   int               // where in it a quote stands, and none between the last place that was looked at
	scratch []byte
}

// parsers holds those that are free, for their scratch.
var parsers = sync.Pool{New: func() any { return new(lineParser) }}

// parse decodes one object.
func (p *lineParser) parse(line []byte) (*Doc, error) {
	clear(p.values[:])
	p.look(line)
	scanned := p.valid && p.scan(line)
	if !scanned {
		if err := p.unmarshal(line); err != nil {
			return nil, err
		}
	}
	d := new(Doc)
	for i, raw := range p.values {
		switch {
		case raw == nil || string(raw) == "null":
			if i == fieldID || i == fieldText {
				return nil, fmt.Errorf("no field %q (name another with -field-id or -field-text); skipped", p.fields[i])
			}
		case raw[0] == '"' && scanned:
			*d.field(i) = p.strings[i]
		case raw[0] == '"':
			if err := json.Unmarshal(raw, d.field(i)); err != nil {
				return nil, fmt.Errorf("field %q: %v; skipped", p.fields[i], err)
			}
		case i != fieldText && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'):
			*d.field(i) = string(raw) // a number is a fine id or time
		default:
			return nil, fmt.Errorf("field %q is not a string; skipped", p.fields[i])
		}
	}
	return d, nil
}

// unmarshal finds the values with encoding/json.
func (p *lineParser) unmarshal(line []byte) error {
	clear(p.values[:])
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(line, &obj); err != nil {
		if se, ok := errors.AsType[*json.SyntaxError](err); ok {
			return fmt.Errorf("broken JSON at byte %d: %v; skipped", se.Offset, err)
		}
		return errors.New("not a JSON object; skipped")
	}
	for i, name := range p.fields {
		p.values[i] = obj[name]
	}
	return nil
}

// scan finds the values of the fields in an object. It returns false if the line
// is anything else, or may be.
func (p *lineParser) scan(b []byte) bool {
	i, ok := 0, false
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	i = skipSpace(b, 1)
	if i < len(b) && b[i] == '}' {
		return skipSpace(b, i+1) == len(b)
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return false
		}
		end, escaped := p.skipString(b, i)
		if end < 0 || escaped {
			return false
		}
		key := b[i+1 : end-1]
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ':' {
			return false
		}
		if i, ok = p.value(b, skipSpace(b, i+1), key); !ok {
			return false
		}
		if i = skipSpace(b, i); i >= len(b) {
			return false
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1)
		case '}':
			return skipSpace(b, i+1) == len(b)
		default:
			return false
		}
	}
}

// value returns the end of the value that begins at i, and keeps it if key is that
// of a field. If a key comes twice the last one counts, as in encoding/json.
func (p *lineParser) value(b []byte, i int, key []byte) (end int, ok bool) {
	var text string
	for f, name := range p.fields {
		if string(key) != name {
			continue
		}
		if end == 0 {
			if i < len(b) && b[i] == '"' {
				text, end = p.text(b, i)
			} else if end, ok = p.skipValue(b, i, 0); !ok {
				return 0, false
			}
			if end < 0 {
				return 0, false
			}
		}
		p.values[f], p.strings[f] = b[i:end:end], text
	}
	if end > 0 {
		return end, true
	}
	return p.skipValue(b, i, 0)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// maxNesting is how deep a value may be for skipValue; encoding/json goes deeper.
const maxNesting = 64

// skipValue returns the end of the value that begins at i.
func (p *lineParser) skipValue(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) || depth > maxNesting {
		return 0, false
	}
	switch c := b[i]; c {
	case '"':
		end, _ := p.skipString(b, i)
		return end, end >= 0
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	case '{', '[':
		return p.skipNested(b, i, depth)
	}
	return skipNumber(b, i)
}

func skipWord(b []byte, i int, word string) (int, bool) {
	return i + len(word), bytes.HasPrefix(b[i:], []byte(word))
}

// skipNested returns the end of the object or array that begins at i.
func (p *lineParser) skipNested(b []byte, i, depth int) (end int, ok bool) {
	object := b[i] == '{'
	last := b[i] + 2 // } and ] stand two behind { and [
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == last {
		return i + 1, true
	}
	for {
		if object {
			if i >= len(b) || b[i] != '"' {
				return 0, false
			}
			if i, _ = p.skipString(b, i); i < 0 {
				return 0, false
			}
			if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
				return 0, false
			}
			i = skipSpace(b, i+1)
		}
		if i, ok = p.skipValue(b, i, depth+1); !ok {
			return 0, false
		}
		if i = skipSpace(b, i); i >= len(b) {
			return 0, false
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1)
		case last:
			return i + 1, true
		default:
			return 0, false
		}
	}
}

// skipNumber returns the end of the number that begins at i (RFC 8259, section 6).
func skipNumber(b []byte, i int) (end int, ok bool) {
	if b[i] == '-' {
		i++
	}
	digits := func() bool {
		start := i
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return 0, false
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return 0, false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0, false
		}
	}
	return i, true
}

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// look finds out about a line what special needs to know.
func (p *lineParser) look(line []byte) {
	var below, above uint64 // space, ASCII
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

// special returns the first place from i on where b has a quote or a backslash, or
// a control character if there are any, or its end. It is asked for places further
// and further on.
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

// plain returns the first place from i on where b has a quote, a backslash or a
// control character, or its end. It looks at eight bytes at once: a byte's high bit
// in special is set for the first byte that is one of them, and for none before it.
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
// whether there are escapes in it; the end is -1 if it is not valid.
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

// text returns what the string that begins with the quote at i stands for, and its
// end, which is -1 if it is not valid.
func (p *lineParser) text(b []byte, i int) (s string, end int) {
	i++
	end = p.special(b, i)
	if end < len(b) && b[end] == '"' {
		return string(b[i:end]), end + 1
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
			return string(buf), end + 1
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

// unescaped is what a letter behind a backslash stands for.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape returns what the escape that begins with the backslash at i stands for,
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
		// The first half of a pair, or else no character at all.
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

// hex4 returns the number that the first four bytes of b write in hexadecimal, or -1.
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
