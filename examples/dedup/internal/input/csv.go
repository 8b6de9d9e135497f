package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// readTable reads a document from every row of a CSV table (RFC 4180) or a table
// with tabs. The first row names the columns.
//
// A quoted field may contain separators and line ends. Tables with tabs have no
// standard for quoting, so a field with unbalanced quotes is taken literally there.
func readTable(f *File, comma byte) bool {
	r := f.r
	rows := rowScanner{in: f.In, comma: comma, max: r.o.maxDoc(maxLine)}
	head, err := rows.next()
	if err == io.EOF {
		return true
	}
	if err != nil {
		return f.Fail(Place{}, err)
	}
	raw := bytes.Clone(rows.raw)
	names := make([]string, len(head))
	for i, name := range head {
		names[i] = strings.TrimSpace(strings.TrimPrefix(string(name), "\ufeff"))
	}
	var columns [numFields]int
	for i, name := range r.o.Fields.names() {
		columns[i] = slices.Index(names, name)
		if name != "" && columns[i] < 0 && (i == fieldText || name != (Fields{}).names()[i]) {
			return f.Fail(Place{}, because("no such column", fmt.Errorf("no column %q for a document's %s (name another with -field-%s; the columns are %s); skipped",
				name, fieldNames[i], fieldNames[i], strings.Join(names, ", "))))
		}
	}
	var items []item
	weight := 0
	for row := 1; ; row++ {
		fields, err := rows.next()
		if err == io.EOF {
			return len(items) == 0 || r.emit(items...)
		}
		place := Place{File: f.Name, Row: row}
		if err == nil && len(fields) != len(names) {
			err = because("a row of different length", fmt.Errorf("a row of %d fields, but the first row has %d; skipped", len(fields), len(names)))
		}
		if err != nil {
			items = append(items, item{nil, failure(place, err)})
			if rows.err != nil && rows.err != io.EOF {
				return r.emit(items...)
			}
			continue
		}
		d := &Doc{Format: CSV, Place: place}
		if comma == '\t' {
			d.Format = TSV
		}
		var bad error
		for i, c := range columns {
			if c < 0 {
				continue
			}
			s := string(fields[c])
			if !utf8.ValidString(s) {
				s = strings.ToValidUTF8(s, "\ufffd")
				bad = flawed(place, because("not UTF-8", errors.New("not valid UTF-8; bad bytes are read as U+FFFD (three bytes in offsets)")))
			}
			*d.field(i) = s
		}
		d.fillHost()
		if r.o.KeepRaw {
			d.Raw, d.Head = bytes.Clone(rows.raw), raw
		}
		items = append(items, item{d, bad})
		if weight += len(d.Text); weight >= batchBytes || len(items) >= batchRows || f.Name == "-" {
			if !r.emit(items...) {
				return false
			}
			items, weight = nil, 0
		}
	}
}

// writeRow writes a row, preceded by the header if it is the first row of a file.
func writeRow(w Writer, d *Doc) error {
	if _, err := w.Write(d.Raw); err != nil {
		return err
	}
	if !bytes.HasSuffix(d.Raw, []byte("\n")) {
		_, err := w.Write([]byte("\n"))
		return err
	}
	return nil
}

// Fields returns the columns and values of a row in CSV or TSV that was read with
// [Options.KeepRaw].
func (d *Doc) Fields() (names, values []string) {
	comma := byte(',')
	if d.Format == TSV {
		comma = '\t'
	}
	parse := func(raw []byte) (fields []string) {
		s := rowScanner{in: bytes.NewReader(raw), comma: comma, max: len(raw) + 1}
		row, _ := s.next() // it was parsed before
		for _, f := range row {
			fields = append(fields, strings.ToValidUTF8(string(f), "\ufffd"))
		}
		return fields
	}
	names = parse(bytes.TrimPrefix(d.Head, []byte("\ufeff")))
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names, parse(d.Raw)
}

// A rowScanner splits a table into rows.
type rowScanner struct {
	in    io.Reader
	comma byte
	max   int // largest number of bytes in a row

	buf    []byte // bytes read, starting with the row that next returned last
	end    int    // length of that row
	raw    []byte // that row, with its line end
	err    error  // read error of in
	fields [][]byte
	plain  []byte // fields without their quotes
}

var (
	errQuote    = because("a stray quote", errors.New("a quote that is never closed or not at the end of a field; skipped"))
	errLongRow  = because("too long", errors.New("a row that is too long; skipped"))
	errMoreRow  = errors.New("the row is not complete")
	errBadQuote = errors.New("a quote within a field")
)

// next returns the fields of the next non-empty row, valid until the next call, and
// [io.EOF] after the last row. After any other error the next call continues with
// the next line, unless the read error err is set.
func (s *rowScanner) next() ([][]byte, error) {
	for {
		s.buf, s.end = s.buf[s.end:], 0
		size, err := s.row()
		switch {
		case err == io.EOF:
			return nil, io.EOF
		case errors.Is(err, errQuote) || errors.Is(err, errLongRow):
			s.end = s.lineEnd()
			return nil, err
		case err != nil:
			return nil, err
		}
		s.raw, s.end = s.buf[:size], size
		if len(bytes.TrimSpace(s.raw)) > 0 {
			return s.fields, nil
		}
	}
}

// row parses the row at the beginning of buf, reading as much as it needs.
func (s *rowScanner) row() (size int, err error) {
	for {
		size, err := s.parse()
		if err == errBadQuote && s.comma != ',' {
			size, err = s.parseLine()
		}
		switch err {
		case nil:
			return size, nil
		case errBadQuote:
			return 0, errQuote
		}
		if len(s.buf) > s.max {
			if s.comma != ',' && s.lineEnd() < len(s.buf) {
				return s.parseLine() // a quote that is never closed
			}
			return 0, errLongRow
		}
		if s.err == nil {
			// A long row is parsed again only after much more of it has been read.
			more := 1
			if len(s.buf) > 1<<20 {
				more = len(s.buf) / 2
			}
			for size := len(s.buf); s.err == nil && len(s.buf) < size+more; {
				s.fill()
			}
			continue
		}
		// The rest is the last row, without a line end, or a quote is still open.
		switch {
		case s.err != io.EOF:
			return 0, lost(s.err)
		case len(s.buf) == 0:
			return 0, io.EOF
		case s.comma != ',':
			return s.parseLine()
		}
		if s.openQuote() {
			return 0, errQuote
		}
		s.buf = append(s.buf, '\n')
		size, err = s.parse()
		if err != nil {
			return 0, errQuote
		}
		return size, nil
	}
}

// openQuote reports whether the row at the beginning of buf has a quote that is not
// closed in the rest of buf.
func (s *rowScanner) openQuote() bool { return bytes.Count(s.buf, []byte(`"`))%2 == 1 }

func (s *rowScanner) fill() {
	if cap(s.buf)-len(s.buf) < 1<<15 {
		s.buf = append(make([]byte, 0, max(1<<16, 2*len(s.buf))), s.buf...)
	}
	n, err := s.in.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	s.err = err
}

// lineEnd returns the end of the first line of buf.
func (s *rowScanner) lineEnd() int {
	for from := 0; ; {
		if i := bytes.IndexByte(s.buf[from:], '\n'); i >= 0 {
			return from + i + 1
		}
		from = len(s.buf)
		if s.err != nil {
			return from
		}
		if from > 2*s.max {
			s.buf, from = s.buf[:0], 0 // the line is skipped
		}
		s.fill()
	}
}

// parse finds the fields of the row at the beginning of buf.
func (s *rowScanner) parse() (size int, err error) {
	s.fields, s.plain = s.fields[:0], s.plain[:0]
	b := s.buf
	for i := 0; ; {
		if i >= len(b) {
			return 0, errMoreRow
		}
		if b[i] != '"' {
			n := bytes.IndexAny(b[i:], string(s.comma)+"\n")
			if n < 0 {
				return 0, errMoreRow
			}
			field := b[i : i+n]
			i += n
			if b[i] == '\n' {
				s.fields = append(s.fields, bytes.TrimSuffix(field, []byte("\r")))
				return i + 1, nil
			}
			s.fields = append(s.fields, field)
			i++
			continue
		}
		start := len(s.plain)
		for i++; ; {
			n := bytes.IndexByte(b[i:], '"')
			if n < 0 || i+n+1 >= len(b) {
				return 0, errMoreRow
			}
			s.plain = append(s.plain, b[i:i+n]...)
			i += n + 1
			if b[i] != '"' {
				break
			}
			s.plain = append(s.plain, '"')
			i++
		}
		s.fields = append(s.fields, s.plain[start:len(s.plain):len(s.plain)])
		if b[i] == '\r' {
			if i+1 >= len(b) {
				return 0, errMoreRow
			}
			if b[i+1] == '\n' {
				i++
			}
		}
		switch b[i] {
		case '\n':
			return i + 1, nil
		case s.comma:
			i++
		default:
			return 0, errBadQuote
		}
	}
}

// parseLine treats the first line as the row and its quotes as text.
func (s *rowScanner) parseLine() (size int, err error) {
	size = s.lineEnd()
	line := bytes.TrimSuffix(bytes.TrimSuffix(s.buf[:size], []byte("\n")), []byte("\r"))
	s.fields = bytes.Split(line, []byte{s.comma})
	return size, nil
}
