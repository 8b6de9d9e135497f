package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
)

// copyRows writes to w the table in the file of that name with only the given
// rows, numbered from 1 and ascending: the same columns, compression and
// metadata. A table that misleads the library into a panic is an error.
func copyRows(w io.Writer, name string, keep []int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: broken Parquet: %v", name, p)
		}
	}()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	table, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	options := []parquet.WriterOption{table.Schema()}
	for _, kv := range table.Metadata().KeyValueMetadata {
		options = append(options, parquet.KeyValueMetadata(kv.Key, kv.Value))
	}
	if groups := table.Metadata().RowGroups; len(groups) > 0 && len(groups[0].Columns) > 0 {
		// The schema says nothing of compression; what the first column has is
		// taken for all.
		options = append(options, parquet.Compression(parquet.LookupCompressionCodec(groups[0].Columns[0].MetaData.Codec)))
	}
	out := parquet.NewWriter(w, options...)
	row := 0
	for _, group := range table.RowGroups() {
		if keep, row, err = copyGroup(out, group, keep, row); err != nil {
			return fmt.Errorf("%s: row %d: %w", name, row+1, err)
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return out.Close()
}

// copyGroup copies the rows to keep of a row group that begins behind that many
// rows; it returns those to keep of later ones, and the rows so far.
func copyGroup(out *parquet.Writer, group parquet.RowGroup, keep []int, row int) ([]int, int, error) {
	rows := group.Rows()
	defer rows.Close()
	var buf [64]parquet.Row
	for {
		n, err := rows.ReadRows(buf[:])
		kept := 0
		for i := range n {
			row++
			if len(keep) > 0 && keep[0] == row {
				keep = keep[1:]
				buf[kept], buf[i] = buf[i], buf[kept]
				kept++
			}
		}
		if _, err := out.WriteRows(buf[:kept]); err != nil {
			return keep, row, err
		}
		if errors.Is(err, io.EOF) {
			return keep, row, nil
		} else if err != nil {
			return keep, row, err
		}
		if n == 0 {
			return keep, row, io.ErrNoProgress
		}
	}
}
