package input

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
)

// The fields of a document, in the order in which errors are reported.
const (
	fieldID = iota
	fieldText
	fieldHost
	fieldURL
	fieldTime
	fieldRank
	numFields
)

// fieldNames are the last parts of the flags that name fields.
var fieldNames = [numFields]string{"id", "text", "host", "url", "time", "rank"}

// names returns the names of the fields.
func (f Fields) names() [numFields]string {
	return [numFields]string{
		cmp.Or(f.ID, "id"), cmp.Or(f.Text, "text"), cmp.Or(f.Host, "host"), cmp.Or(f.URL, "url"), cmp.Or(f.Time, "time"), f.Rank,
	}
}

// field returns the location of a field in d.
func (d *Doc) field(i int) *string {
	return [numFields]*string{&d.ID, &d.Text, &d.Host, &d.URL, &d.Time, &d.Rank}[i]
}

// fillHost sets the host of a document without one from its URL.
func (d *Doc) fillHost() {
	if d.Host == "" && d.URL != "" {
		if u, err := url.Parse(d.URL); err == nil {
			d.Host = strings.ToLower(u.Hostname())
		}
	}
}

// A lineParser decodes the objects of JSON Lines. It finds the fields with its own
// scanner, because encoding/json takes several times as long as sketching the
// decoded text. Anything that the scanner does not recognize as a plain valid object
// is left to encoding/json, which also words the errors. So both always agree
// (FuzzObject).
type lineParser struct {
	fields  [numFields]string
	heads   [numFields]string // the part of a field name before its first dot; "" if it has none
	groups  [numFields][]byte // values of heads in the last object
	inner   *lineParser       // decodes the values in groups
	values  [numFields][]byte // values of the fields in the last object, as written
	strings [numFields]string // values that are strings, decoded by scan
	valid   bool              // the last line was valid UTF-8
	control bool              // the last line has control characters
	quote   int               // the position of a quote, with none between it and the last position examined
	scratch []byte
	memory  *scratch // memory for documents
}

// parsers is a pool of idle parsers, so that their scratch memory is reused.
var parsers = sync.Pool{New: func() any { return new(lineParser) }}

// setFields chooses the fields.
func (p *lineParser) setFields(names [numFields]string) {
	p.fields = names
	for i, name := range names {
		head, _, dotted := strings.Cut(name, ".")
		if !dotted {
			head = ""
		}
		p.heads[i] = head
	}
}

// parse decodes one object.
func (p *lineParser) parse(line []byte) (*Doc, error) {
	p.clear()
	p.inspect(line)
	scanned := p.valid && p.scan(line)
	if !scanned {
		if err := p.unmarshal(line); err != nil {
			return nil, err
		}
	}
	p.descend(scanned)
	d := p.memory.doc()
	for i, raw := range p.values {
		switch {
		case raw == nil || string(raw) == "null":
			if i == fieldText {
				return nil, because("no text", fmt.Errorf("no field %q (name another with -field-text); skipped", p.fields[i]))
			}
		case raw[0] == '"' && p.strings[i] != "":
			*d.field(i) = p.strings[i]
		case raw[0] == '"':
			if err := json.Unmarshal(raw, d.field(i)); err != nil {
				return nil, because("broken JSON", fmt.Errorf("field %q: %v; skipped", p.fields[i], err))
			}
		case i != fieldText && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'):
			*d.field(i) = string(raw) // a number is valid as an id or time
		case i == fieldText:
			return nil, because("a text of a different type", fmt.Errorf("field %q is not a string; skipped", p.fields[i]))
		}
	}
	d.fillHost()
	return d, nil
}

func (p *lineParser) clear() {
	clear(p.values[:])
	clear(p.strings[:])
	clear(p.groups[:])
}

// descend finds the values of fields within nested objects. A field whose name
// equals the whole dotted name takes precedence.
func (p *lineParser) descend(scanned bool) {
	for i, group := range p.groups {
		if group == nil || p.values[i] != nil || group[0] != '{' {
			continue
		}
		if p.inner == nil {
			p.inner = new(lineParser)
		}
		var rest [numFields]string
		rest[i] = p.fields[i][len(p.heads[i])+1:]
		in := p.inner
		in.setFields(rest)
		in.memory = p.memory
		in.clear()
		in.inspect(group)
		if !scanned || !in.scan(group) {
			if in.unmarshal(group) != nil {
				continue
			}
			scanned = false
		}
		in.descend(scanned)
		p.values[i], p.strings[i] = in.values[i], in.strings[i]
	}
}

// unmarshal finds the values with encoding/json.
func (p *lineParser) unmarshal(line []byte) error {
	p.clear()
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(line, &obj); err != nil {
		if se, ok := errors.AsType[*json.SyntaxError](err); ok {
			return because("broken JSON", fmt.Errorf("broken JSON at byte %d: %v; skipped", se.Offset, err))
		}
		return because("not an object", errors.New("not a JSON object; skipped"))
	}
	for i, name := range p.fields {
		if name == "" {
			continue
		}
		p.values[i] = obj[name]
		if head := p.heads[i]; head != "" {
			p.groups[i] = obj[head]
		}
	}
	return nil
}

// scan finds the values of the fields in an object. It returns false if the line is
// anything else, or might be.
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

// value returns the end of the value that begins at i, and stores it if key is the
// name of a field. If a key occurs twice, the last one counts, as in encoding/json.
func (p *lineParser) value(b []byte, i int, key []byte) (end int, ok bool) {
	var text string
	for f, name := range p.fields {
		if name == "" {
			continue
		}
		if head := p.heads[f]; head != "" && string(key) == head {
			if end == 0 {
				if end, ok = p.skipValue(b, i, 0); !ok {
					return 0, false
				}
			}
			p.groups[f] = b[i:end:end]
			continue
		}
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

// maxNesting is the deepest value for skipValue; encoding/json goes deeper.
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
	last := b[i] + 2 // } and ] are two after { and [
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
