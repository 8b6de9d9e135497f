package clean

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/input/table"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// A Cluster is the information that -annotate adds to a kept record: the id of the
// cluster, which is the id of its representative, and its number of documents.
type Cluster struct {
	ID   string
	Size int
}

// The fields that -annotate adds.
const (
	clusterField = "dedup_cluster"
	sizeField    = "dedup_cluster_size"
)

// annotated returns a line of JSON Lines with the fields of the cluster appended.
func (k *Cluster) annotated(line []byte) ([]byte, error) {
	end := bytes.LastIndexByte(line, '}')
	if end < 0 {
		return nil, errors.New("not an object")
	}
	body := bytes.TrimRight(line[:end], " \t\r\n")
	comma := ","
	if bytes.HasSuffix(body, []byte("{")) {
		comma = ""
	}
	id, err := show.JSON(k.ID)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(bytes.Clone(body), "%s%q:%s,%q:%d}", comma, clusterField, bytes.TrimSpace(id), sizeField, k.Size), nil
}

// A field is a name and a value in JSON.
type field struct {
	name  string
	value json.RawMessage
}

// A tableWriter collects records in a temporary file and writes them as JSON Lines
// or as a table, whose columns are known only after the last record.
type tableWriter struct {
	format  string
	file    *os.File
	buf     *bufio.Writer
	columns []*column
	byName  map[string]*column

	source string // the Parquet file that rows come from
	row    int
	next   func() (parquetRow, error, bool)
	stop   func()
}

// A column describes the values of a field.
type column struct {
	name                               string
	strings, numbers, integers, truths bool
	others                             bool // objects and lists
}

func newTableWriter(format string) (*tableWriter, error) {
	f, err := spool.Temp()
	if err != nil {
		return nil, err
	}
	return &tableWriter{format: format, file: f, buf: bufio.NewWriterSize(f, 1<<16), byName: map[string]*column{}, stop: func() {}}, nil
}

func (t *tableWriter) close() {
	t.stop()
	spool.Remove(t.file)
}

// add adds the record of the document with that id. It adds the cluster if cluster
// is not nil, and replaces the text in the named field if text is not nil.
func (t *tableWriter) add(d *input.Doc, id string, k *Cluster, name string, text *string) error {
	fields, err := t.fields(d, id)
	if !records(d.Format) {
		name = "text"
	}
	if err != nil {
		return err
	}
	if text != nil {
		if fields, err = setText(fields, name, *text); err != nil {
			return err
		}
	}
	if k != nil {
		id, err := show.JSON(k.ID)
		if err != nil {
			return err
		}
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.name == clusterField || f.name == sizeField })
		fields = append(fields, field{clusterField, bytes.TrimSpace(id)}, field{sizeField, []byte(strconv.Itoa(k.Size))})
	}
	line := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			line = append(line, ',')
		}
		name, err := show.JSON(f.name)
		if err != nil {
			return err
		}
		line = append(append(append(line, bytes.TrimSpace(name)...), ':'), f.value...)
		t.note(f)
	}
	_, err = t.buf.Write(append(line, '}', '\n'))
	return err
}

// note adds a value to the description of a column.
func (t *tableWriter) note(f field) {
	c := t.byName[f.name]
	if c == nil {
		c = &column{name: f.name, integers: true}
		t.byName[f.name] = c
		t.columns = append(t.columns, c)
	}
	switch f.value[0] {
	case '"':
		c.strings = true
	case 't', 'f':
		c.truths = true
	case 'n':
	case '{', '[':
		c.others = true
	default:
		c.numbers = true
		if _, err := strconv.ParseInt(string(f.value), 10, 64); err != nil {
			c.integers = false
		}
	}
}

// fields returns the fields of a record, in the record's order. For a file, a page
// or a record of a web archive, it returns the fields of the document.
func (t *tableWriter) fields(d *input.Doc, id string) ([]field, error) {
	switch d.Format {
	case input.JSONL:
		return objectFields(d.Raw)
	case input.CSV, input.TSV:
		names, values := d.Fields()
		if len(names) != len(values) {
			return nil, errChanged
		}
		var fields []field
		for i, name := range names {
			v, err := show.JSON(values[i])
			if err != nil {
				return nil, err
			}
			fields = append(fields, field{name, bytes.TrimSpace(v)})
		}
		return fields, nil
	case input.Parquet:
		return t.rowFields(d)
	}
	fields := []field{{name: "id"}, {name: "text"}, {name: "host"}, {name: "url"}, {name: "time"}}
	for i, v := range []string{id, d.Text, d.Host, d.URL, d.Time} {
		if v == "" && i > 1 {
			continue
		}
		value, err := show.JSON(v)
		if err != nil {
			return nil, err
		}
		fields[i].value = bytes.TrimSpace(value)
	}
	return slices.DeleteFunc(fields, func(f field) bool { return f.value == nil }), nil
}

// objectFields returns the fields of an object; if a name occurs twice, the last one
// counts.
func objectFields(raw []byte) ([]field, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var fields []field
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, v); err != nil {
			return nil, err
		}
		f := field{name.(string), compact.Bytes()}
		if i := slices.IndexFunc(fields, func(g field) bool { return g.name == f.name }); i >= 0 {
			fields[i] = f
		} else {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// A parquetRow is a row of a Parquet file.
type parquetRow struct {
	names  []string
	values map[string]any
}

var errStop = errors.New("stop")

// rowFields returns the fields of a row of a Parquet file.
func (t *tableWriter) rowFields(d *input.Doc) ([]field, error) {
	if t.source != d.File {
		t.stop()
		t.source, t.row = d.File, 0
		t.next, t.stop = iter.Pull2(parquetRows(d.File))
	}
	for {
		r, err, ok := t.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errChanged
		}
		if t.row++; t.row < d.Row {
			continue
		}
		var fields []field
		for _, name := range r.names {
			v := r.values[name]
			if x, ok := v.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
				v = nil // JSON has no NaN and no infinities
			}
			b, err := show.JSON(v)
			if err != nil {
				return nil, err
			}
			fields = append(fields, field{name, bytes.TrimSpace(b)})
		}
		return fields, nil
	}
}

func parquetRows(name string) iter.Seq2[parquetRow, error] {
	return func(yield func(parquetRow, error) bool) {
		f, err := os.Open(name)
		if err != nil {
			yield(parquetRow{}, err)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err == nil {
			err = table.Values(f, info.Size(), func(names []string, row map[string]any) error {
				if !yield(parquetRow{names, row}, nil) {
					return errStop
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(parquetRow{}, err)
		}
	}
}

// write writes the records to s.
func (t *tableWriter) write(s *sink) error {
	if err := t.buf.Flush(); err != nil {
		return err
	}
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s.tables = nil // rows are not copied but converted
	if t.format == input.JSONL {
		_, err := io.Copy(s, t.file)
		return err
	}
	s.verbatim = true
	return t.writeParquet(s.file)
}

// kind returns the type of a column: the type of all its values, or text.
func (c *column) kind() table.Kind {
	switch {
	case c.strings || c.others || c.truths && c.numbers:
	case c.truths:
		return table.Truth
	case c.numbers && c.integers:
		return table.Integer
	case c.numbers:
		return table.Number
	}
	return table.Text
}

// value returns a value of the column.
func (c *column) value(raw json.RawMessage) (any, error) {
	if len(raw) == 0 || raw[0] == 'n' {
		return nil, nil
	}
	switch c.kind() {
	case table.Truth:
		return raw[0] == 't', nil
	case table.Integer:
		return strconv.ParseInt(string(raw), 10, 64)
	case table.Number:
		x, err := strconv.ParseFloat(string(raw), 64)
		if errors.Is(err, strconv.ErrRange) {
			err = nil // out of range: x is infinite
		}
		return x, err
	}
	if raw[0] != '"' {
		return string(raw), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func (t *tableWriter) writeParquet(w io.Writer) error {
	var columns []table.NewColumn
	for _, c := range t.columns {
		columns = append(columns, table.NewColumn{Name: c.name, Kind: c.kind()})
	}
	return table.Write(w, columns, t.rows)
}

// rows yields the values of each record by column. The next call overwrites them.
func (t *tableWriter) rows(yield func([]any, error) bool) {
	dec := json.NewDecoder(bufio.NewReaderSize(t.file, 1<<16))
	row := make([]any, len(t.columns))
	for {
		var values map[string]json.RawMessage
		err := dec.Decode(&values)
		if err == io.EOF {
			return
		}
		for i, c := range t.columns {
			if err != nil {
				break
			}
			if row[i], err = c.value(values[c.name]); err != nil {
				err = fmt.Errorf("column %q: %w", c.name, err)
			}
		}
		if !yield(row, err) || err != nil {
			return
		}
	}
}

// sameTables reports whether Parquet files have the same schema.
func sameTables(files []string) bool {
	schema := ""
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return false
		}
		info, err := f.Stat()
		s := ""
		if err == nil {
			s, err = table.Schema(f, info.Size())
		}
		f.Close()
		if err != nil || schema != "" && s != schema {
			return false
		}
		schema = s
	}
	return true
}
