package clean

import (
	"fmt"
	"io"
	"os"

	"github.com/neardup/neardup/examples/dedup/internal/input/table"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
)

// A sink writes to a file of the output.
type sink struct {
	*outfile.Packed
	file     io.Writer // beneath compression
	verbatim bool      // written to file, past Packed
	table    string    // the Parquet file that it copies rows of
	rows     []int
}

func newSink(w io.Writer, name string) (*sink, error) {
	p, err := outfile.NewPacked(w, name)
	return &sink{Packed: p, file: w}, err
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

// close writes what is pending.
func (s *sink) close() error {
	switch {
	case s.table != "":
		return s.copyRows()
	case s.verbatim:
		return nil
	}
	return s.Close()
}
