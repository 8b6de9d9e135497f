// Package table reads columns of text and numbers from a Parquet file, row by row.
// It returns the values of some columns, formatted for people, and for each broken
// part of the file an error that names the rows lost.
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
	groups []format.RowGroup
	leaves []*parquet.Column
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
	f = &File{r: r, size: size, groups: pf.Metadata().RowGroups}
	f.addLeaves(pf.Root())
	for i, g := range f.groups {
		if g.NumRows < 0 || len(g.Columns) != len(f.leaves) {
			return nil, fmt.Errorf("%w: row group %d has %d rows and %d of %d columns", ErrCorrupt, i, g.NumRows, len(g.Columns), len(f.leaves))
		}
	}
	return f, nil
}

func (f *File) addLeaves(c *parquet.Column) {
	if c.Leaf() {
		f.leaves = append(f.leaves, c)
	}
	for _, child := range c.Columns() {
		f.addLeaves(child)
	}
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
		n += min(g.NumRows, math.MaxInt64-n)
	}
	return n
}

// Names returns the columns' names; the parts of names within groups are joined with
// dots.
func (f *File) Names() []string {
	var names []string
	for _, c := range f.leaves {
		names = append(names, strings.Join(c.Path(), "."))
	}
	return names
}

// A Column is a column of a file.
type Column struct {
	index  int
	name   string
	kind   parquet.Kind
	length int // length of a FIXED_LEN_BYTE_ARRAY
	levels int // the largest definition level
	write  func(dst, value []byte) []byte
}

// Column returns the column with that name. It returns an error if there is none
// (ErrColumn), or if the column has a type other than text, whole number or time, or
// several values per row (ErrUnsupported).
func (f *File) Column(name string) (c Column, err error) {
	defer func() {
		if p := recover(); p != nil { // the library's types may not match each other
			c, err = Column{}, fmt.Errorf("%w: column %q: %v", ErrCorrupt, name, p)
		}
	}()
	names := f.Names()
	for i, c := range f.leaves {
		if names[i] != name {
			continue
		}
		col := Column{index: i, name: name, kind: c.Type().Kind(), length: c.Type().Length(), levels: c.MaxDefinitionLevel()}
		if c.MaxRepetitionLevel() > 0 {
			return col, fmt.Errorf("column %q has lists of values: %w", name, ErrUnsupported)
		}
		if col.write = writer(c.Type()); col.write == nil {
			return col, fmt.Errorf("column %q is of type %v, neither text nor a number: %w", name, c.Type(), ErrUnsupported)
		}
		return col, nil
	}
	for _, n := range names {
		if strings.HasPrefix(n, name+".") {
			return Column{}, fmt.Errorf("column %q is a group (its columns begin with %q): %w", name, n, ErrUnsupported)
		}
	}
	return Column{}, ErrColumn
}

// Text reports whether the column holds text or bytes, not numbers or times.
func (c Column) Text() bool { return c.kind == parquet.ByteArray }

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
		r.end = r.row + min(g.NumRows, math.MaxInt64-r.row)
		r.chunks = r.chunks[:0]
		for _, c := range r.columns {
			r.chunks = append(r.chunks, r.newChunk(c, &g.Columns[c.index].MetaData))
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
