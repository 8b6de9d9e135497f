package input

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/neardup/neardup/examples/dedup/internal/input/table"
)

// batchRows is the number of rows of a table that are passed on together.
const batchRows = 1024

// readParquet reads a document from every row of a table.
func readParquet(f *File) bool {
	r, name, size := f.r, f.Name, f.Size
	place := Place{File: name}
	t, err := table.Open(f.At, size)
	if err != nil {
		return r.fail(place, because("broken Parquet", fmt.Errorf("%w; skipped", err)))
	}
	columns, err := r.columns(t)
	if err != nil {
		err := &reason{"no such column", int(min(t.NumRows(), math.MaxInt32)), fmt.Errorf("%w; skipped", err)}
		return r.fail(place, err)
	}
	rows := rowReader{name: name, columns: columns, left: max(size, 1)*maxRatio + freeSize}
	var open []table.Column
	for _, c := range columns {
		if c.ok {
			open = append(open, c.Column)
		}
	}
	rows.Rows = t.Rows(open, table.Options{MaxPage: r.o.maxDoc(maxFile)})
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

// A column is the column of a document field in a table, if there is one.
type column struct {
	table.Column
	ok bool
}

// columns finds the columns of the fields.
func (r *reader) columns(t *table.File) (columns [numFields]column, err error) {
	defaults := Fields{}.names()
	for i, name := range r.o.Fields.names() {
		if name == "" {
			continue
		}
		c, err := t.Column(name)
		switch {
		case errors.Is(err, table.ErrColumn):
			if i != fieldText && name == defaults[i] {
				continue
			}
			return columns, fmt.Errorf("no column %q for a document's %s (name another with -field-%s; the columns are %s)",
				name, fieldNames[i], fieldNames[i], strings.Join(t.Names(), ", "))
		case err != nil:
			return columns, fmt.Errorf("%w (name another with -field-%s)", err, fieldNames[i])
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
	left    int64 // number of bytes to which the file may still unpack
}

// batch returns the next documents and errors; more is false after the last.
func (r *rowReader) batch() (items []item, more bool) {
	defer func() {
		if p := recover(); p != nil {
			items = append(items, item{nil, failure(r.place(), because("broken Parquet", fmt.Errorf("broken Parquet: %v; the rest of the file is lost", p)))})
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
			lost := &reason{"broken Parquet", int(min(e.End-e.Row, math.MaxInt32)), fmt.Errorf("%w; rows %d to %d are lost", err, e.Row+1, e.End)}
			items = append(items, item{nil, failure(place, lost)})
			continue
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
		switch {
		case err != nil && d != nil:
			err = flawed(place, err)
		case err != nil:
			err = failure(place, err)
		}
		items = append(items, item{d, err})
	}
	return items, true
}

// place returns the place of the row that is read next.
func (r *rowReader) place() Place { return Place{File: r.name, Row: int(r.Row()) + 1} }

// document makes a document from a row. If it returns both a document and an error,
// the error describes how the document differs from the row.
func (r *rowReader) document(values [][]byte) (d *Doc, bad error) {
	d = new(Doc)
	for i, c := range r.columns {
		if !c.ok {
			continue
		}
		v := values[0]
		values = values[1:]
		if v == nil && i == fieldText {
			return nil, because("no text", errors.New("no text; skipped"))
		}
		s := string(v)
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\ufffd")
			bad = because("not UTF-8", errors.New("not valid UTF-8; bad bytes are read as U+FFFD (three bytes in offsets)"))
		}
		*d.field(i) = s
	}
	d.fillHost()
	return d, bad
}
