package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/neardup/neardup/examples/dedup/internal/input/table"
)

// A sink writes to a file and compresses if the file's name asks for that.
type sink struct {
	io.Writer
	file     io.Writer // beneath compression
	verbatim bool      // written to file, past Writer
	flush    []func() error
	gzip     *gzip.Writer // nil if it is not gzip
	table    string       // the Parquet file that it copies rows of
	rows     []int
	buffer   *bufio.Writer
}

// copyRows copies the rows to keep of a table.
func (s *sink) copyRows() error {
	f, err := os.Open(s.table)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	rows := s.rows
	err = table.Copy(s.file, f, info.Size(), func(row int64) bool {
		keep := len(rows) > 0 && row == int64(rows[0]-1)
		if keep {
			rows = rows[1:]
		}
		return keep
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.table, err)
	}
	return nil
}

// endMember ends the member of a gzip file: in a web archive every record has one
// of its own, so that it can be read by its offset.
func (s *sink) endMember() error {
	if s.gzip == nil {
		return nil
	}
	if err := s.gzip.Close(); err != nil {
		return err
	}
	s.gzip.Reset(s.buffer)
	s.flush = []func() error{s.buffer.Flush} // an empty member more would be no record
	return nil
}

func newSink(w io.Writer, name string) (*sink, error) {
	b := bufio.NewWriterSize(w, 1<<16)
	switch filepath.Ext(name) {
	case ".gz":
		z := gzip.NewWriter(b)
		return &sink{Writer: z, file: w, flush: []func() error{z.Close, b.Flush}, gzip: z, buffer: b}, nil
	case ".zst":
		z, err := zstd.NewWriter(b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &sink{Writer: z, file: w, flush: []func() error{z.Close, b.Flush}}, nil
	}
	return &sink{Writer: b, file: w, flush: []func() error{b.Flush}}, nil
}

// close writes what is pending.
func (s *sink) close() error {
	if s.table != "" {
		return s.copyRows()
	}
	if s.verbatim {
		return nil
	}
	for _, f := range s.flush {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
