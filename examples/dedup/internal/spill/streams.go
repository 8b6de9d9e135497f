package spill

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
)

// A file of a run holds several streams of records, usually one for each part that
// reads it. The blocks of all streams follow each other as they are filled. Then
// comes an index, with a record for each stream that has the number of its records
// and the places of its blocks, and the place of the index. A file appears under its
// name once it is complete.
const (
	magic       = "neardup spill 1\n"
	trailerSize = 16 + len(magic)
)

// An output is a file that is being written.
type output struct {
	name    string
	f       *os.File
	end     int64
	streams []*stream
	done    bool
}

// A stream is one of the streams of an output.
type stream struct {
	out     *output
	w       *extsort.Writer
	records uint64
	blocks  []byte // offset and length of each block, as varints
}

// create begins the file of the given name with n streams.
func create(name string, n int) (*output, error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return nil, err
	}
	o := &output{name: name, f: f}
	for range n {
		o.streams = append(o.streams, &stream{out: o})
	}
	return o, nil
}

// Write writes a block.
func (s *stream) Write(block []byte) (int, error) {
	n, err := s.out.f.Write(block)
	s.blocks = binary.AppendUvarint(s.blocks, uint64(s.out.end))
	s.blocks = binary.AppendUvarint(s.blocks, uint64(n))
	s.out.end += int64(n)
	return n, err
}

// add appends a record to a stream.
func (o *output) add(to int, record []byte) error {
	s := o.streams[to]
	if s.w == nil {
		s.w = extsort.NewWriter(s)
	}
	s.records++
	return s.w.Write(record)
}

// commit completes the file and makes it appear.
func (o *output) commit() error {
	index := new(bytes.Buffer)
	iw := extsort.NewWriter(index)
	for _, s := range o.streams {
		if s.w == nil {
			s.w = extsort.NewWriter(s)
		}
		if err := s.w.Close(); err != nil {
			return err
		}
		if err := iw.Write(append(binary.AppendUvarint(nil, s.records), s.blocks...)); err != nil {
			return err
		}
	}
	if err := iw.Close(); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint64(nil, uint64(o.end))
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(index.Len()))
	if _, err := o.f.Write(append(append(index.Bytes(), trailer...), magic...)); err != nil {
		return err
	}
	if err := o.f.Sync(); err != nil {
		return err
	}
	if err := o.f.Close(); err != nil {
		return err
	}
	if err := os.Rename(o.f.Name(), o.name); err != nil {
		return err
	}
	o.done = true
	return nil
}

// abort removes the file unless it is complete.
func (o *output) abort() {
	if !o.done {
		_ = o.f.Close()
		_ = os.Remove(o.f.Name())
	}
}

// An opened is a file open for reading.
type opened struct {
	f       *os.File
	records []uint64
	blocks  [][]byte
}

// errNotSpill reports a file that another program wrote, or that was truncated.
var errNotSpill = errors.New("not a complete file of a run")

// open opens a complete file.
func open(name string) (*opened, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	o := &opened{f: f}
	if err := o.readIndex(); err != nil {
		_ = f.Close()
		return nil, damaged(name, err)
	}
	return o, nil
}

// damaged returns the error of a file that cannot be read.
func damaged(name string, err error) error {
	return fmt.Errorf("%s: %w; delete the folder and start again", name, err)
}

func (o *opened) readIndex() error {
	info, err := o.f.Stat()
	if err != nil {
		return err
	}
	var trailer [trailerSize]byte
	if info.Size() < int64(trailerSize) {
		return errNotSpill
	}
	if _, err := o.f.ReadAt(trailer[:], info.Size()-int64(trailerSize)); err != nil {
		return err
	}
	at, n := binary.LittleEndian.Uint64(trailer[:]), binary.LittleEndian.Uint64(trailer[8:])
	if string(trailer[16:]) != magic || at+n+uint64(trailerSize) != uint64(info.Size()) || at > uint64(info.Size()) {
		return errNotSpill
	}
	r := extsort.NewReader(io.NewSectionReader(o.f, int64(at), int64(n)))
	for {
		record, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		records, size := binary.Uvarint(record)
		if size <= 0 {
			return extsort.ErrDamaged
		}
		o.records = append(o.records, records)
		o.blocks = append(o.blocks, bytes.Clone(record[size:]))
	}
}

// stream returns the records of a stream.
func (o *opened) stream(i int) (*extsort.Reader, error) {
	if i >= len(o.blocks) {
		return nil, damaged(o.f.Name(), errNotSpill)
	}
	return extsort.NewReader(&blocks{f: o.f, index: o.blocks[i]}), nil
}

func (o *opened) close() { _ = o.f.Close() }

// blocks reads the blocks of a stream one after the other.
type blocks struct {
	f        *os.File
	index    []byte
	at, left int64
}

// Read reads from the current block.
func (b *blocks) Read(p []byte) (int, error) {
	for b.left == 0 {
		if len(b.index) == 0 {
			return 0, io.EOF
		}
		at, n := binary.Uvarint(b.index)
		length, m := binary.Uvarint(b.index[max(n, 0):])
		if n <= 0 || m <= 0 || at > 1<<62 || length > 1<<62 {
			return 0, extsort.ErrDamaged
		}
		b.index, b.at, b.left = b.index[n+m:], int64(at), int64(length)
	}
	n, err := b.f.ReadAt(p[:min(int64(len(p)), b.left)], b.at)
	b.at += int64(n)
	b.left -= int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}
