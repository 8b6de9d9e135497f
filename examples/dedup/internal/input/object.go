package input

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
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
	valid   bool              // the last line was valid UTF-8
	scratch []byte
}

// parse decodes one object.
func (p *lineParser) parse(line []byte) (*Doc, error) {
	clear(p.values[:])
	p.valid = utf8.Valid(line)
	if !p.valid || !p.scan(line) {
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
		case raw[0] == '"':
			s, ok := p.unquote(raw)
			if !ok {
				return nil, fmt.Errorf("field %q is not a string; skipped", p.fields[i])
			}
			*d.field(i) = s
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
		end, escaped := skipString(b, i)
		if end < 0 || escaped {
			return false
		}
		key := b[i+1 : end-1]
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ':' {
			return false
		}
		start := skipSpace(b, i+1)
		if i, ok = skipValue(b, start, 0); !ok {
			return false
		}
		for f, name := range p.fields {
			if string(key) == name {
				p.values[f] = b[start:i:i] // the last one counts, as in encoding/json
			}
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

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// maxNesting is how deep a value may be for skipValue; encoding/json goes deeper.
const maxNesting = 64

// skipValue returns the end of the value that begins at i.
func skipValue(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) || depth > maxNesting {
		return 0, false
	}
	switch c := b[i]; c {
	case '"':
		end, _ := skipString(b, i)
		return end, end >= 0
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	case '{', '[':
		return skipNested(b, i, depth)
	}
	return skipNumber(b, i)
}

func skipWord(b []byte, i int, word string) (int, bool) {
	return i + len(word), bytes.HasPrefix(b[i:], []byte(word))
}

// skipNested returns the end of the object or array that begins at i.
func skipNested(b []byte, i, depth int) (end int, ok bool) {
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
			if i, _ = skipString(b, i); i < 0 {
				return 0, false
			}
			if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
				return 0, false
			}
			i = skipSpace(b, i+1)
		}
		if i, ok = skipValue(b, i, depth+1); !ok {
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

// plain returns how many bytes at the beginning of b are neither a quote, a
// backslash nor a control character. It looks at eight at once: a byte's high bit
// in special is set for the first byte that is one of them, and for none before it.
func plain(b []byte) int {
	n := 0
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		quote, slash := x^lows*'"', x^lows*'\\'
		special := ((x-lows*0x20)&^x | (quote-lows)&^quote | (slash-lows)&^slash) & highs
		if special != 0 {
			return n + bits.TrailingZeros64(special)/8
		}
		n += 8
	}
	for _, c := range b {
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
		n++
	}
	return n
}

// skipString returns the end of the string that begins with the quote at i, and
// whether there are escapes in it; the end is -1 if it is not valid.
func skipString(b []byte, i int) (end int, escaped bool) {
	for i++; ; {
		i += plain(b[i:])
		switch {
		case i >= len(b) || b[i] < 0x20:
			return -1, false
		case b[i] == '"':
			return i + 1, escaped
		}
		escaped = true
		if i+1 >= len(b) {
			return -1, false
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if hex4(b[i+2:]) < 0 {
				return -1, false
			}
			i += 6
		default:
			return -1, false
		}
	}
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

// unquote returns the string that a valid JSON string with its quotes stands for.
func (p *lineParser) unquote(raw []byte) (string, bool) {
	if !p.valid {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	}
	b := raw[1 : len(raw)-1]
	n := plain(b)
	if n == len(b) {
		return string(b), true
	}
	s := p.scratch[:0]
	for {
		s = append(s, b[:n]...)
		if n == len(b) {
			break
		}
		b = b[n+1:] // behind the backslash
		switch c := b[0]; c {
		case 'u':
			r := hex4(b[1:])
			b = b[5:]
			if utf16.IsSurrogate(r) {
				r2 := rune(-1)
				if len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
					r2 = hex4(b[2:])
				}
				if r = utf16.DecodeRune(r, r2); r != utf8.RuneError {
					b = b[6:]
				}
			}
			s = utf8.AppendRune(s, r)
		default:
			s = append(s, unescaped[c])
			b = b[1:]
		}
		n = plain(b)
	}
	p.scratch = s
	return string(s), true
}

// unescaped is what a letter behind a backslash stands for.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
