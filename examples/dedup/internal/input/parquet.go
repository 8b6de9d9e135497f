package input

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/neardup/neardup/examples/dedup/internal/input/table"
)

// batchRows is how many rows of a table are handed on together.
const batchRows = 1024

// parquet reads a document from every row of a table.
func (r *reader) parquet(name string, f io.ReaderAt, size int64) bool {
	place := Place{File: name}
	t, err := table.Open(f, size)
	if err != nil {
		return r.fail(place, fmt.Errorf("%w; skipped", err))
	}
	columns, err := r.columns(t)
	if err != nil {
		return r.fail(place, fmt.Errorf("%w; skipped", err))
	}
	rows := rowReader{name: name, columns: columns, left: max(size, 1)*maxRatio + freeSize}
	var open []table.Column
	for _, c := range columns {
		if c.ok {
			open = append(open, c.Column)
		}
	}
	rows.Rows = t.Rows(open, table.Options{MaxPage: maxFile})
	defer rows.Close()
	for {
		items, more := rows.batch()
		if len(items) > 0 && !r.emit(items...) {
			return false
		}
		if !more {
			return true
		}
	}
}

// A column is where a field of documents stands in a table, if it does.
type column struct {
	table.Column
	ok bool
}

// columns finds the columns of the fields.
func (r *reader) columns(t *table.File) (columns [numFields]column, err error) {
	defaults := Fields{}.names()
	for i, name := range r.o.Fields.names() {
		c, err := t.Column(name)
		switch {
		case errors.Is(err, table.ErrColumn):
			if i != fieldID && i != fieldText && name == defaults[i] {
				continue
			}
			return columns, fmt.Errorf("no column %q for a document's %s (name another with -field-%s; there are %s)",
				name, defaults[i], defaults[i], strings.Join(t.Names(), ", "))
		case err != nil:
			return columns, fmt.Errorf("%w (name another with -field-%s)", err, defaults[i])
		case i == fieldText && !c.Text():
			return columns, fmt.Errorf("column %q holds no text (name another with -field-text)", name)
		}
		columns[i] = column{c, true}
	}
	return columns, nil
}

// A rowReader makes documents of rows.
type rowReader struct {
	*table.Rows
	name    string
	columns [numFields]column
	left    int64 // bytes that the file may still unpack to
}

// batch returns the next documents and errors; more is false behind the last.
func (r *rowReader) batch() (items []item, more bool) {
	defer func() {
		if p := recover(); p != nil {
			items = append(items, item{nil, failure(r.place(), fmt.Errorf("broken Parquet: %v; the rest of the file is lost", p))})
			more = false
		}
	}()
	for weight := 0; weight < batchBytes && len(items) < batchRows; {
		place := r.place()
		values, err := r.Next()
		if err == io.EOF {
			return items, false
		}
		if e, ok := errors.AsType[*table.Error](err); ok {
			err = fmt.Errorf("%w; rows %d to %d are lost", err, e.Row+1, e.End)
		}
		var d *Doc
		if err == nil {
			d, err = r.document(values)
		}
		if d != nil {
			d.Format, d.Place = Parquet, place
			weight += len(d.Text)
			if r.left -= int64(len(d.Text)); r.left < 0 {
				return append(items, item{nil, failure(place, errBomb)}), false
			}
		}
		if err != nil {
			err = failure(place, err)
		}
		items = append(items, item{d, err})
	}
	return items, true
}

// place returns that of the row that is read next.
func (r *rowReader) place() Place { return Place{File: r.name, Row: int(r.Row()) + 1} }

// document makes a document of a row; an error that comes with it says in what it
// differs.
func (r *rowReader) document(values [][]byte) (d *Doc, bad error) {
	d = new(Doc)
	for i, c := range r.columns {
		if !c.ok {
			continue
		}
		v := values[0]
		values = values[1:]
		if v == nil && (i == fieldID || i == fieldText) {
			return nil, fmt.Errorf("no %s; skipped", Fields{}.names()[i])
		}
		s := string(v)
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\ufffd")
			bad = errors.New("not valid UTF-8; read all the same, bad bytes as U+FFFD (offsets count its three bytes)")
		}
		*d.field(i) = s
	}
	d.fillHost()
	return d, bad
}
