package extsort

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// Records are stored in blocks: the length of the payload (4 bytes), the number of
// the block (8 bytes), the xxHash of both and the payload (8 bytes), then the
// payload itself: each record as its length, a varint, and its bytes. A block holds
// whole records. An empty block ends the stream, so a truncated stream is detected,
// and so are swapped blocks. Numbers are little-endian.
const (
	blockSize  = 1 << 17 // a block is complete when its payload reaches this size
	headerSize = 20
)

// MaxRecord is the largest number of bytes in a record.
const MaxRecord = 1 << 30

// maxPayload is the longest payload of a block: one that was nearly complete, plus
// the longest record.
const maxPayload = blockSize + MaxRecord + binary.MaxVarintLen64

var (
	// ErrDamaged reports records that have changed since they were written, always
	// wrapped.
	ErrDamaged = errors.New("damaged records")

	// ErrTooLong reports a record of more than MaxRecord bytes, always wrapped.
	ErrTooLong = errors.New("record too long")
)

// A Writer writes records to an [io.Writer], in blocks with checksums. Make it with
// [NewWriter] and Close it: a stream without an end counts as damaged.
type Writer struct {
	w       io.Writer
	buf     []byte // header and payload of the block
	number  uint64
	written int64
	err     error // the first error
}

// NewWriter returns a writer of records.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write appends a record. After an error every call returns it again.
func (w *Writer) Write(record []byte) error {
	switch {
	case w.err != nil:
		return w.err
	case len(record) > MaxRecord:
		return fmt.Errorf("extsort: a record of %d bytes: %w", len(record), ErrTooLong)
	case len(w.buf) == 0:
		w.buf = append(w.buf, make([]byte, headerSize)...)
	}
	w.buf = binary.AppendUvarint(w.buf, uint64(len(record)))
	w.buf = append(w.buf, record...)
	if len(w.buf) >= blockSize {
		w.flush()
	}
	return w.err
}

// flush writes the block.
func (w *Writer) flush() {
	if w.err != nil {
		return
	}
	binary.LittleEndian.PutUint32(w.buf, uint32(len(w.buf)-headerSize))
	binary.LittleEndian.PutUint64(w.buf[4:], w.number)
	binary.LittleEndian.PutUint64(w.buf[12:], checksum(w.buf[:12], w.buf[headerSize:]))
	n, err := w.w.Write(w.buf)
	w.written += int64(n)
	if err != nil {
		w.err = fmt.Errorf("extsort: writing records: %w", err)
	}
	w.number++
	w.buf = w.buf[:0]
	if cap(w.buf) > 4*blockSize { // a long record is rare
		w.buf = nil
	}
}

// Close writes the buffered records and the end of the stream. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	if len(w.buf) > 0 {
		w.flush()
	}
	w.buf = append(w.buf, make([]byte, headerSize)...)
	w.flush()
	return w.err
}

// Bytes returns the number of bytes written so far.
func (w *Writer) Bytes() int64 { return w.written }

func checksum(header, payload []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(header)
	_, _ = d.Write(payload)
	return d.Sum64()
}

// A Reader reads the stream of a [Writer]. Make it with [NewReader].
type Reader struct {
	r      io.Reader
	block  []byte // payload of the current block
	rest   []byte // unread part of block
	number uint64
	header [headerSize]byte
	err    error
}

// NewReader returns a reader of records, which reads a block at a time.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next returns the next record, which is valid until the next call. After the last
// record the error is io.EOF; if the stream is truncated or damaged, it wraps
// [ErrDamaged].
func (r *Reader) Next() ([]byte, error) {
	if len(r.rest) == 0 {
		if r.err == nil {
			r.err = r.read()
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)-size) {
		r.rest = nil
		r.err = fmt.Errorf("extsort: block %d: record of %d bytes: %w", r.number-1, n, ErrDamaged)
		return nil, r.err
	}
	record := r.rest[size : size+int(n) : size+int(n)]
	r.rest = r.rest[size+int(n):]
	return record, nil
}

// read reads the next block.
func (r *Reader) read() error {
	if _, err := io.ReadFull(r.r, r.header[:]); err != nil {
		return r.damage(err)
	}
	n := binary.LittleEndian.Uint32(r.header[:])
	if n > maxPayload {
		return r.damage(fmt.Errorf("%d bytes", n))
	}
	// The buffer grows as bytes arrive: the length may be wrong.
	r.block = r.block[:0]
	for have := 0; have < int(n); have = len(r.block) {
		more := min(int(n)-have, max(have, blockSize+4096))
		if cap(r.block)-have < more {
			r.block = append(make([]byte, 0, have+more), r.block...)
		}
		r.block = r.block[:have+more]
		if _, err := io.ReadFull(r.r, r.block[have:]); err != nil {
			return r.damage(err)
		}
	}
	if got := binary.LittleEndian.Uint64(r.header[4:]); got != r.number {
		return r.damage(fmt.Errorf("it is numbered %d", got))
	}
	if binary.LittleEndian.Uint64(r.header[12:]) != checksum(r.header[:12], r.block) {
		return r.damage(errors.New("wrong checksum"))
	}
	r.number++
	if n == 0 {
		return io.EOF
	}
	r.rest = r.block
	return nil
}

// damage returns the error for a block that cannot be read.
func (r *Reader) damage(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends early")
	}
	return fmt.Errorf("extsort: block %d: %w: %w", r.number, err, ErrDamaged)
}
