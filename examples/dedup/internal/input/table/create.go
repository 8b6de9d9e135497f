package table

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// A Kind is a type of values.
type Kind int

// The kinds of values, with their types in Go.
const (
	Text    Kind = iota // string
	Truth               // bool
	Integer             // int64
	Number              // float64
)

// A NewColumn describes a column to write. Its values may be null.
type NewColumn struct {
	Name string
	Kind Kind
}

// Write writes a file with rows, compressed with Zstandard. A row has a value for each
// column, nil for null. Write returns the first error of rows.
func Write(w io.Writer, columns []NewColumn, rows iter.Seq2[[]any, error]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("writing Parquet: %v", p)
		}
	}()
	group := ordered{Group: parquet.Group{}}
	for _, c := range columns {
		group.names = append(group.names, c.Name)
		group.Group[c.Name] = parquet.Compressed(parquet.Optional(nodeOf(c.Kind)), &parquet.Zstd)
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("documents", group), parquet.MaxRowsPerRowGroup(1<<17))
	row := make(parquet.Row, len(columns))
	for values, err := range rows {
		if err != nil {
			return err
		}
		for i, v := range values {
			defined := 1
			if v == nil {
				defined = 0
			}
			row[i] = parquet.ValueOf(v).Level(0, defined, i)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return err
		}
	}
	return out.Close()
}

func nodeOf(k Kind) parquet.Node {
	switch k {
	case Truth:
		return parquet.Leaf(parquet.BooleanType)
	case Integer:
		return parquet.Int(64)
	case Number:
		return parquet.Leaf(parquet.DoubleType)
	}
	return parquet.String()
}

// An ordered is a group whose columns keep their order.
type ordered struct {
	parquet.Group
	names []string
}

// Fields returns the columns.
func (g ordered) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name())
	})
	return fields
}

// Metadata are names and values in the footer of a file.
type Metadata [][2]string

// Bands returns a function that writes rows of band keys, and one that writes the
// footer.
func Bands(w io.Writer, m Metadata) (write func([]show.BandRow) error, flush func() error) {
	return structs[show.BandRow](w, m)
}

// Registers is like Bands for rows of registers.
func Registers(w io.Writer, m Metadata) (write func([]show.RegisterRow) error, flush func() error) {
	return structs[show.RegisterRow](w, m)
}

func structs[T any](w io.Writer, m Metadata) (write func([]T) error, flush func() error) {
	options := []parquet.WriterOption{parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(1 << 20)}
	for _, kv := range m {
		options = append(options, parquet.KeyValueMetadata(kv[0], kv[1]))
	}
	out := parquet.NewGenericWriter[T](w, options...)
	return func(rows []T) error { _, err := out.Write(rows); return err }, out.Close
}
