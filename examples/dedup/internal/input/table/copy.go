package table

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
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
	options := []parquet.WriterOption{f.Schema()}
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
