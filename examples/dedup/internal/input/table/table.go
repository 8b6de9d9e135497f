// Package table reads columns of text and numbers from a Parquet file, row by row.
// It returns the values of some columns, formatted for people, and for each broken
// part of the file an error that names the rows lost. It also writes Parquet files.
//
//	f, err := table.Open(file, size)
//	text, err := f.Column("text")
//	rows := f.Rows([]table.Column{text}, table.Options{})
//	for {
//		values, err := rows.Next()
//		...
//	}
//
// The footer and its schema are read by github.com/parquet-go/parquet-go, and
// compressed pages are unpacked by the libraries that it uses. The pages are decoded
// here, because that library's decoders allocate the size that a page declares, and
// one of them (LZ4) never returns on a broken page; the decoders here do neither.
//
// # What it reads
//
// It reads columns of type BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, INT32, INT64 and INT96
// with at most one value per row, alone or within groups. Encodings PLAIN,
// RLE_DICTIONARY, PLAIN_DICTIONARY, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY and
// DELTA_BYTE_ARRAY; data pages of version 1 and 2; compression SNAPPY, GZIP, BROTLI,
// ZSTD and LZ4_RAW. Encrypted files are not read.
package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Errors about a file. They are wrapped by errors that describe the fault.
var (
	ErrFormat      = errors.New("not a Parquet file")
	ErrCorrupt     = errors.New("broken Parquet")
	ErrUnsupported = errors.New("not supported")
	ErrLimit       = errors.New("over the limit")
	ErrColumn      = errors.New("no such column")
)

// maxFooter bounds the footer, which takes a few hundred bytes for each column of
// each row group.
const maxFooter = 16 << 20

// A File is an open Parquet file. It is safe for concurrent use if its ReaderAt is.
type File struct {
	r      io.ReaderAt
	size   int64
	groups []group
	leaves []leaf
}

// A File keeps what it needs of the footer in types of its own: the methods of
// parquet-go's generic types are compiled again in each package that sees them, even in
// unexported fields or in the signatures of methods.

// A group is a row group.
type group struct {
	rows   int64
	chunks []place // by column
}

// A place is where the pages of a column chunk are.
type place struct {
	codec    format.CompressionCodec
	at, size int64
}

// A leaf is a column, and an error if its values cannot be read.
type leaf struct {
	Column
	err error
}

// Open reads the footer of a file.
func Open(r io.ReaderAt, size int64) (f *File, err error) {
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	defer func() {
		// The library is not designed for hostile files.
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("%w: reading its footer: %v", ErrCorrupt, p)
		}
	}()
	pf, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	f = &File{r: r, size: size, leaves: appendLeaves(nil, pf.Root())}
	for i, g := range pf.Metadata().RowGroups {
		if g.NumRows < 0 || len(g.Columns) != len(f.leaves) {
			return nil, fmt.Errorf("%w: row group %d has %d rows and %d of %d columns", ErrCorrupt, i, g.NumRows, len(g.Columns), len(f.leaves))
		}
		own := group{rows: g.NumRows}
		for _, c := range g.Columns {
			own.chunks = append(own.chunks, newPlace(&c.MetaData))
		}
		f.groups = append(f.groups, own)
	}
	return f, nil
}

// newPlace returns the place of a chunk, whose dictionary is in front of its values.
func newPlace(m *format.ColumnMetaData) place {
	p := place{m.Codec, m.DataPageOffset, m.TotalCompressedSize}
	if d := m.DictionaryPageOffset; d > 0 && d < p.at {
		p.at = d
	}
	return p
}

// appendLeaves appends the columns of c, in the order of the file.
func appendLeaves(dst []leaf, c *parquet.Column) []leaf {
	if c.Leaf() {
		l := leaf{Column: Column{index: len(dst), name: strings.Join(c.Path(), ".")}}
		l.err = describe(&l.Column, c)
		dst = append(dst, l)
	}
	for _, child := range c.Columns() {
		dst = appendLeaves(dst, child)
	}
	return dst
}

// checkFooter checks that the footer exists and declares no more than it holds.
func checkFooter(r io.ReaderAt, size int64) error {
	var head, tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: it has %d bytes", ErrFormat, size)
	}
	for b, at := range map[*[8]byte]int64{&head: 0, &tail: size - 8} {
		if n, err := r.ReadAt(b[:], at); n < 8 {
			return err
		}
	}
	switch {
	case string(head[:4]) != "PAR1":
		return fmt.Errorf("%w: it begins with %q", ErrFormat, head[:4])
	case string(tail[4:]) == "PARE":
		return fmt.Errorf("an encrypted file: %w", ErrUnsupported)
	case string(tail[4:]) != "PAR1":
		return fmt.Errorf("%w: it ends with %q (is it truncated?)", ErrFormat, tail[4:])
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	switch {
	case length > size-12:
		return fmt.Errorf("%w: a footer of %d bytes in a file of %d bytes", ErrCorrupt, length, size)
	case length > maxFooter:
		return fmt.Errorf("a footer of %d bytes: %w", length, ErrLimit)
	}
	footer := make([]byte, length)
	if n, err := r.ReadAt(footer, size-8-length); n < len(footer) {
		return err
	}
	t := compact{b: footer, structs: len(footer)/8 + 64}
	t.skip(typeStruct, 0)
	if t.failed {
		return fmt.Errorf("%w: its footer declares more fields than it holds", ErrCorrupt)
	}
	return nil
}

// NumRows returns the number of rows that the file declares.
func (f *File) NumRows() int64 {
	n := int64(0)
	for _, g := range f.groups {
		n += min(g.rows, math.MaxInt64-n)
	}
	return n
}

// Names returns the columns' names; the parts of names within groups are joined with
// dots.
func (f *File) Names() []string {
	var names []string
	for _, l := range f.leaves {
		names = append(names, l.name)
	}
	return names
}

// A Column is a column of a file.
type Column struct {
	index  int
	name   string
	kind   format.Type
	length int // length of a FIXED_LEN_BYTE_ARRAY
	levels int // the largest definition level
	write  func(dst, value []byte) []byte
}

// Column returns the column with that name. It returns an error if there is none
// (ErrColumn), or if the column has a type other than text, whole number or time, or
// several values per row (ErrUnsupported).
func (f *File) Column(name string) (Column, error) {
	for _, l := range f.leaves {
		if l.name == name {
			return l.Column, l.err
		}
	}
	for _, l := range f.leaves {
		if strings.HasPrefix(l.name, name+".") {
			return Column{}, fmt.Errorf("column %q is a group (its columns begin with %q): %w", name, l.name, ErrUnsupported)
		}
	}
	return Column{}, ErrColumn
}

// describe sets the type of a column, or returns why its values cannot be read.
func describe(c *Column, from *parquet.Column) (err error) {
	defer func() {
		if p := recover(); p != nil { // the library's types may not match each other
			err = fmt.Errorf("%w: column %q: %v", ErrCorrupt, c.name, p)
		}
	}()
	t := from.Type()
	c.kind, c.length, c.levels, c.write = format.Type(t.Kind()), t.Length(), from.MaxDefinitionLevel(), writer(t)
	switch {
	case from.MaxRepetitionLevel() > 0:
		return fmt.Errorf("column %q has lists of values: %w", c.name, ErrUnsupported)
	case c.write == nil:
		return fmt.Errorf("column %q is of type %v, neither text nor a number: %w", c.name, t, ErrUnsupported)
	}
	return nil
}

// Text reports whether the column holds text or bytes, not numbers or times.
func (c Column) Text() bool { return c.kind == format.ByteArray }

// Options bounds the resources of reading; the zero value is the recommended
// setting.
type Options struct {
	MaxPage int // bytes of a page, unpacked; 0 means 256 MiB
}

// Rows reads columns row by row. It is not safe for concurrent use.
type Rows struct {
	f       *File
	columns []Column
	maxPage int
	group   int      // index of the current row group, plus one
	chunks  []*chunk // chunks of the columns in the current row group
	row     int64    // position in the file of the next value
	end     int64    // the first row after the row group
	values  [][]byte
	scratch [][]byte
	unpack  unpacker
}

// Rows returns a reader of columns that starts at the first row.
func (f *File) Rows(columns []Column, o Options) *Rows {
	if o.MaxPage == 0 {
		o.MaxPage = 256 << 20
	}
	r := &Rows{f: f, columns: columns, maxPage: o.MaxPage, values: make([][]byte, len(columns))}
	for range columns {
		r.scratch = append(r.scratch, []byte{}) // nil would mean null
	}
	return r
}

// Close frees the decompressors' memory. It does not close the file.
func (r *Rows) Close() { r.unpack.close() }

// An Error is a part of the file that could not be read.
type Error struct {
	Row, End int64 // the rows from Row to before End are lost; the first of the file is 0
	Column   string
	Err      error
}

// Error returns `column "text": reason`.
func (e *Error) Error() string { return fmt.Sprintf("column %q: %v", e.Column, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Row returns the number of the row that Next returns next; the first one is 0.
func (r *Rows) Row() int64 { return r.row }

// Next returns the values of the next row, nil for null, valid until the next call,
// or [io.EOF] after the last row. Any other error is an [*Error], after which the
// next row group is read.
func (r *Rows) Next() ([][]byte, error) {
	for r.row >= r.end {
		if r.group == len(r.f.groups) {
			return nil, io.EOF
		}
		g := &r.f.groups[r.group]
		r.group++
		r.end = r.row + min(g.rows, math.MaxInt64-r.row)
		r.chunks = r.chunks[:0]
		for _, c := range r.columns {
			r.chunks = append(r.chunks, r.newChunk(c, g.chunks[c.index]))
		}
	}
	for i, ch := range r.chunks {
		v, err := ch.next()
		if err == io.EOF {
			err = fmt.Errorf("%w: it has fewer rows than its row group", ErrCorrupt)
		}
		if err != nil {
			e := &Error{r.row, r.end, r.columns[i].name, err}
			r.row = r.end
			return nil, e
		}
		if v != nil {
			r.scratch[i] = r.columns[i].write(r.scratch[i][:0], v)
			v = r.scratch[i]
		}
		r.values[i] = v
	}
	r.row++
	return r.values, nil
}
