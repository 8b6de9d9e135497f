package clean

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/input/table"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
)

// A sink writes one file of the output.
type sink struct {
	*outfile.Packed
	file     io.Writer // the file underneath compression
	verbatim bool      // written directly to file, bypassing Packed
	head     []byte    // header of a CSV table that has been written
	tables   []table.Selection
}

func newSink(w io.Writer, name string) (*sink, error) {
	p, err := outfile.NewPacked(w, name)
	return &sink{Packed: p, file: w}, err
}

// meet prepares for the documents of a file, even if none of them is kept: a table
// without rows is still a table.
func (s *sink) meet(d *input.Doc) error {
	if d.Format == input.Parquet && (len(s.tables) == 0 || s.tables[len(s.tables)-1].File != d.File) {
		s.tables = append(s.tables, table.Selection{File: d.File})
	}
	if d.Head == nil || bytes.Equal(bytes.TrimRight(d.Head, "\r\n"), bytes.TrimRight(s.head, "\r\n")) {
		return nil
	}
	if s.head != nil {
		return fmt.Errorf("the columns of %s differ from those of the file before: write to a folder, or to .jsonl or .parquet", d.File)
	}
	s.head = d.Head
	_, err := s.Write(append(bytes.TrimRight(bytes.TrimPrefix(d.Head, []byte("\ufeff")), "\r\n"), '\n'))
	return err
}

// keep copies a document as stored.
func (s *sink) keep(d *input.Doc) error {
	f := input.FormatOf(d.Format)
	switch {
	case d.Format == input.Parquet:
		// Rows are copied together once all of them are known.
		t := &s.tables[len(s.tables)-1]
		t.Rows = append(t.Rows, d.Row)
		return nil
	case f.Write != nil:
		return f.Write(s, d)
	case !f.Whole:
		return fmt.Errorf("%v: documents of the format %s cannot be written", d.Place, d.Format)
	case d.File == "-":
		_, err := s.Write(d.Raw)
		return err
	}
	in, err := os.Open(d.File)
	if err != nil {
		return err
	}
	defer in.Close()
	s.verbatim = true
	_, err = io.Copy(s.file, in) // copied unchanged, compressed or not
	return err
}

// close writes the pending records. The options are those for reading.
func (s *sink) close(o input.Options) error {
	switch {
	case len(s.tables) > 0:
		return table.Copy(s.file, s.tables, table.CopyOptions{Workers: o.Workers, Memory: o.Ahead})
	case s.verbatim:
		return nil
	}
	return s.Close()
}
