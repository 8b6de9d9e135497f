package input

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonLines reads a document from every line of in.
func (r *reader) jsonLines(file string, in io.Reader) bool {
	in, done, err := decompress(in)
	if err != nil {
		return r.fail(file, 0, err)
	}
	defer done()
	lines := lineReader{in: bufio.NewReaderSize(in, 1<<16)}
	for n := 1; ; n++ {
		line, err := lines.next()
		switch {
		case err == io.EOF:
			return true
		case errors.Is(err, errLongLine):
			if !r.fail(file, n, err) {
				return false
			}
			continue
		case err != nil:
			return r.fail(file, n, fmt.Errorf("%w; the rest of the file is lost", err))
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		d, err := parseLine(line, r.o.Fields)
		if err != nil {
			if !r.fail(file, n, err) {
				return false
			}
			continue
		}
		d.Format, d.Place = JSONL, Place{file, n}
		if r.o.KeepRaw {
			d.Raw = bytes.Clone(line)
		}
		var bad error
		if !utf8.Valid(line) {
			bad = &Error{d.Place, errors.New("not valid UTF-8; read all the same, each bad byte as U+FFFD (offsets count its three bytes)")}
		}
		if !r.emit(d, bad) {
			return false
		}
	}
}

// parseLine decodes one object.
func parseLine(line []byte, f Fields) (*Doc, error) {
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(line, &obj); err != nil {
		if se, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("broken JSON at byte %d: %v; skipped", se.Offset, err)
		}
		return nil, fmt.Errorf("not a JSON object; skipped")
	}
	var d Doc
	for _, field := range []struct {
		name     string
		dst      *string
		required bool
	}{
		{cmp.Or(f.ID, "id"), &d.ID, true},
		{cmp.Or(f.Text, "text"), &d.Text, true},
		{cmp.Or(f.Host, "host"), &d.Host, false},
		{cmp.Or(f.URL, "url"), &d.URL, false},
		{cmp.Or(f.Time, "time"), &d.Time, false},
	} {
		raw, ok := obj[field.name]
		switch {
		case !ok || string(raw) == "null":
			if field.required {
				return nil, fmt.Errorf("no field %q (name another with -field-id or -field-text); skipped", field.name)
			}
		case raw[0] == '"':
			if err := json.Unmarshal(raw, field.dst); err != nil {
				return nil, fmt.Errorf("field %q: %v; skipped", field.name, err)
			}
		case field.dst != &d.Text && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'):
			*field.dst = string(raw) // a number is a fine id or time
		default:
			return nil, fmt.Errorf("field %q is not a string; skipped", field.name)
		}
	}
	return &d, nil
}

var errLongLine = fmt.Errorf("line longer than %d bytes; skipped", maxLine)

// A lineReader returns lines of any length up to maxLine.
type lineReader struct {
	in  *bufio.Reader
	buf []byte
}

// next returns the next line, valid until the next call. A line that is too
// long is passed over and reported; io.EOF comes after the last line.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > maxLine; !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(l.buf) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, errLongLine
		}
		return l.buf, nil
	}
}
