package table

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// A Selection is some rows of a file.
type Selection struct {
	File string
	Rows []int // ascending; the first row of a file is 1
}

// CopyOptions bounds the resources of [Copy]; the output does not depend on them.
type CopyOptions struct {
	Workers int   // row groups to copy at a time; below 1 means 1
	Memory  int64 // compressed bytes of row groups to hold; one group may be larger
}

// Copy writes the selected rows of files with one schema to a new file, with all
// columns and about the same row groups, compressed like each original column. The
// metadata come from the first file. Unlike the reader of this package it decodes only
// with parquet-go, so use it only for files that were read without an error before; a
// panic of that library still becomes an error.
func Copy(w io.Writer, from []Selection, o CopyOptions) error {
	c := &copier{o: o}
	for _, s := range from {
		if err := c.add(w, s); err != nil {
			return fmt.Errorf("%s: %w", s.File, err)
		}
	}
	return c.close()
}

type copier struct {
	o      CopyOptions
	out    *parquet.GenericWriter[any] // nil before the first file
	schema string
}

// Schema returns the schema of a file as text; files with equal texts have the same
// schema.
func Schema(r io.ReaderAt, size int64) (schema string, err error) {
	defer recovered(&err)
	f, err := open(r, size)
	if err != nil {
		return "", err
	}
	return f.Schema().String(), nil
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrCorrupt, p)
	}
}

func open(r io.ReaderAt, size int64) (*parquet.File, error) {
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return f, nil
}

func (c *copier) add(w io.Writer, s Selection) error {
	file, err := os.Open(s.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return c.copy(w, file, info.Size(), s.Rows)
}

func (c *copier) copy(w io.Writer, r io.ReaderAt, size int64, rows []int) (err error) {
	defer recovered(&err)
	f, err := open(r, size)
	if err != nil {
		return err
	}
	if c.out == nil {
		options := []parquet.WriterOption{parquet.NewSchema(f.Schema().Name(), writable{f.Schema()})}
		for _, kv := range f.Metadata().KeyValueMetadata {
			options = append(options, parquet.KeyValueMetadata(kv.Key, kv.Value))
		}
		c.out, c.schema = parquet.NewGenericWriter[any](w, options...), f.Schema().String()
	} else if f.Schema().String() != c.schema {
		return fmt.Errorf("the columns differ from those of the file before: %w", ErrUnsupported)
	}
	return c.copyGroups(f, rows)
}

// copyGroups copies row groups into memory, several at a time, and writes them in order.
func (c *copier) copyGroups(f *parquet.File, rows []int) (failed error) {
	var (
		groups = f.RowGroups()
		begun  []*groupCopy
		held   int64 // size of the groups begun and not written
		row    = 1   // first row of the next group to begin
	)
	for i := range groups {
		for next := len(begun); next < len(groups) && failed == nil; next++ {
			size := int64(0)
			for _, column := range f.Metadata().RowGroups[next].Columns {
				size += max(0, column.MetaData.TotalCompressedSize)
			}
			if next > i && (next-i >= c.o.Workers || held+size > c.o.Memory) {
				break
			}
			held += size
			last := row + int(groups[next].NumRows())
			n, _ := slices.BinarySearch(rows, last)
			begun = append(begun, beginCopy(c.out.BeginRowGroup(), groups[next], size, row, rows[:n]))
			row, rows = last, rows[n:]
		}
		if i == len(begun) {
			break // after an error
		}
		g := begun[i]
		begun[i] = nil // its memory can be used again
		err := <-g.done
		if err == nil && failed == nil {
			_, err = g.out.Commit()
		}
		failed = cmp.Or(failed, err)
		held -= g.size
	}
	return failed
}

// close writes the footer.
func (c *copier) close() (err error) {
	defer recovered(&err)
	if c.out == nil {
		return nil
	}
	return c.out.Close()
}

// A writable is a node whose columns can be written as declared. The encodings that
// a file lists for a column include those of its levels; parquet-go mistakes these
// for the column's own if they come first.
type writable struct{ parquet.Node }

func (n writable) Encoding() encoding.Encoding { return encodingOf(n.Node) }
func (n writable) Fields() []parquet.Field     { return fieldsOf(n.Node) }

type writableField struct{ parquet.Field }

func (f writableField) Encoding() encoding.Encoding { return encodingOf(f.Field) }
func (f writableField) Fields() []parquet.Field     { return fieldsOf(f.Field) }

func fieldsOf(n parquet.Node) (fields []parquet.Field) {
	for _, f := range n.Fields() {
		fields = append(fields, writableField{f})
	}
	return fields
}

func encodingOf(n parquet.Node) encoding.Encoding {
	e := n.Encoding()
	if n.Leaf() && e != nil && (e.Encoding() == format.RLE || e.Encoding() == format.BitPacked) {
		return &parquet.Plain
	}
	return e
}

// A groupCopy is a row group that a goroutine copies into memory.
type groupCopy struct {
	out  *parquet.ConcurrentRowGroupWriter
	size int64
	done chan error
}

// beginCopy begins to copy rows of a row group, whose first row has the number row.
func beginCopy(out *parquet.ConcurrentRowGroupWriter, g parquet.RowGroup, size int64, row int, rows []int) *groupCopy {
	c := &groupCopy{out, size, make(chan error, 1)}
	go func() { c.done <- copyGroup(out, g, row, rows) }()
	return c
}

func copyGroup(out *parquet.ConcurrentRowGroupWriter, g parquet.RowGroup, row int, rows []int) (err error) {
	defer recovered(&err)
	in := g.Rows()
	defer in.Close()
	buf := make([]parquet.Row, 64)
	for {
		n, err := in.ReadRows(buf)
		for _, r := range buf[:n] {
			if len(rows) > 0 && row == rows[0] {
				rows = rows[1:]
				if _, err := out.WriteRows([]parquet.Row{r}); err != nil {
					return err
				}
			}
			row++
		}
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// Values calls f with every row of a file as Go values by column: strings for text,
// times and UUIDs, numbers, booleans, lists and maps; names are the columns in the
// order of the file. f may keep the row.
func Values(r io.ReaderAt, size int64, f func(names []string, row map[string]any) error) (err error) {
	defer recovered(&err)
	file, err := open(r, size)
	if err != nil {
		return err
	}
	var names []string
	texts := map[string]func(dst, v []byte) []byte{}
	for _, c := range file.Root().Columns() {
		names = append(names, c.Name())
		if c.Leaf() && !c.Repeated() && readable(c.Type()) {
			texts[c.Name()] = writer(c.Type())
		}
	}
	in := parquet.NewGenericReader[any](file)
	defer in.Close()
	rows := make([]any, 64)
	for {
		n, err := in.Read(rows)
		for _, row := range rows[:n] {
			m, ok := row.(map[string]any)
			if !ok {
				return fmt.Errorf("a row of type %T: %w", row, ErrUnsupported)
			}
			for name, write := range texts {
				if b := asStored(m[name]); b != nil {
					m[name] = string(write(nil, b))
				}
			}
			if err := f(names, m); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readable reports whether values of the type have a form for readers that differs
// from the stored one, as times, dates and UUIDs do.
func readable(t parquet.Type) bool {
	if t.Kind() == parquet.Int96 {
		return true
	}
	if c := t.ConvertedType(); c != nil && (*c == deprecated.TimestampMillis || *c == deprecated.TimestampMicros || *c == deprecated.Date) {
		return true
	}
	if l := t.LogicalType(); l != nil {
		switch l.Value.(type) {
		case *format.TimestampType, *format.DateType, *format.UUIDType:
			return true
		}
	}
	return false
}

// asStored returns a value as the file stores it, nil for null.
func asStored(v any) []byte {
	switch v := v.(type) {
	case int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(v))
	case int64:
		return binary.LittleEndian.AppendUint64(nil, uint64(v))
	case []byte:
		return v
	case deprecated.Int96:
		var b []byte
		for _, w := range v {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	return nil
}
