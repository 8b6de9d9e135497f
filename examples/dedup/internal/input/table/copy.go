package table

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// Copy writes the rows that keep wants to a new Parquet file, with all columns,
// the same schema and about the same row groups, compressed as each column was;
// the first row is 0. Unlike what else is here it decodes with parquet-go alone,
// so give it no file that was not read without an error before; a panic of that
// library becomes an error all the same.
func Copy(w io.Writer, r io.ReaderAt, size int64, keep func(row int64) bool) (err error) {
	if err := checkFooter(r, size); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	options := []parquet.WriterOption{parquet.NewSchema(f.Schema().Name(), writable{f.Schema()})}
	for _, kv := range f.Metadata().KeyValueMetadata {
		options = append(options, parquet.KeyValueMetadata(kv.Key, kv.Value))
	}
	out := parquet.NewGenericWriter[any](w, options...)
	row := int64(0)
	for _, g := range f.RowGroups() {
		if row, err = copyGroup(out, g, row, keep); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return out.Close()
}

// A writable is a node whose columns can be written as they say they are. What a
// file tells of the encodings of a column includes those of its levels, which
// parquet-go takes for the column's where they come first.
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

// copyGroup copies the rows of a row group and returns the number of the next.
func copyGroup(out *parquet.GenericWriter[any], g parquet.RowGroup, row int64, keep func(int64) bool) (int64, error) {
	in := g.Rows()
	defer in.Close()
	buf := make([]parquet.Row, 64)
	for {
		n, err := in.ReadRows(buf)
		for _, r := range buf[:n] {
			if keep(row) {
				if _, err := out.WriteRows([]parquet.Row{r}); err != nil {
					return row, err
				}
			}
			row++
		}
		if err == io.EOF {
			return row, nil
		}
		if err != nil {
			return row, err
		}
	}
}
