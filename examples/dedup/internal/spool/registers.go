package spool

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"unsafe"

	"github.com/neardup/neardup/lsh"
)

// Registers holds the signatures of documents by number: the first in memory, the
// others in a temporary file, in the byte order of the machine. Make it with
// [NewRegisters] and Close it.
//
// Signatures either come one after the other by Append, or, after Resize, in any order
// by Put, which any number of goroutines may call for different documents.
type Registers struct {
	k, docs int
	most    int // largest number of documents in memory
	rows    int // documents per chunk

	chunks [][]uint32
	file   *os.File
	w      *bufio.Writer
}

// NewRegisters returns an empty store for signatures of k registers, which keeps up
// to limit bytes in memory.
func NewRegisters(k int, limit int64) *Registers {
	rows := max(1, int(chunkBytes(limit))/(4*k))
	return &Registers{k: k, rows: rows, most: int(limit/int64(4*k)) / rows * rows}
}

// Append adds a copy of the signature of the next document.
func (r *Registers) Append(values []uint32) error {
	if r.docs < r.most {
		if r.docs%r.rows == 0 {
			r.chunks = append(r.chunks, make([]uint32, r.rows*r.k))
		}
		copy(r.chunks[r.docs/r.rows][r.docs%r.rows*r.k:], values[:r.k])
		r.docs++
		return nil
	}
	if r.w == nil {
		if err := r.create(); err != nil {
			return err
		}
		r.w = bufio.NewWriterSize(r.file, 1<<20)
	}
	if _, err := r.w.Write(bytesOf(values[:r.k])); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	r.docs++
	return nil
}

func (r *Registers) create() (err error) {
	if r.file == nil {
		r.file, err = Temp()
	}
	return err
}

// Resize makes room for docs documents.
func (r *Registers) Resize(docs int) error {
	r.docs = docs
	for len(r.chunks)*r.rows < min(docs, r.most) {
		r.chunks = append(r.chunks, make([]uint32, r.rows*r.k))
	}
	if docs > r.most {
		return r.create()
	}
	return nil
}

// Put stores the signatures of consecutive documents, starting with document i.
// Signatures that go to the file are written together.
func (r *Registers) Put(i int, values []uint32) error {
	for len(values) > 0 && i < r.most {
		chunk := r.chunks[i/r.rows][i%r.rows*r.k:]
		n := copy(chunk, values)
		values, i = values[n:], i+n/r.k
	}
	if len(values) == 0 {
		return nil
	}
	if _, err := r.file.WriteAt(bytesOf(values), int64(i-r.most)*int64(r.k)*4); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	return nil
}

// Flush must be called between the last Append and the use of Source.
func (r *Registers) Flush() error {
	if r.w != nil {
		if err := r.w.Flush(); err != nil {
			return fmt.Errorf("temporary file: %w", err)
		}
	}
	return nil
}

// Held returns the number of bytes of memory that the signatures take.
func (r *Registers) Held() int64 { return int64(len(r.chunks)) * int64(r.rows) * int64(r.k) * 4 }

// Source returns the signatures for a batch.
func (r *Registers) Source() lsh.Source { return source{r} }

// Close removes the file.
func (r *Registers) Close() error { return Remove(r.file) }

// bytesOf returns the bytes of words.
func bytesOf(words []uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 4*len(words))
}

// A source presents the signatures as an [lsh.Source].
type source struct{ r *Registers }

func (s source) Len() int { return s.r.docs }

func (s source) K() int { return s.r.k }

// Rows returns rows in place if they are in one chunk, and otherwise reads them into
// buf.
func (s source) Rows(buf []uint32, row, n int) ([]uint32, error) {
	r := s.r
	if row+n <= r.most && row%r.rows+n <= r.rows {
		from := row % r.rows * r.k
		return r.chunks[row/r.rows][from : from+n*r.k : from+n*r.k], nil
	}
	buf = buf[:n*r.k]
	to := buf
	for row < r.most && len(to) > 0 {
		c := copy(to, r.chunks[row/r.rows][row%r.rows*r.k:])
		to, row = to[c:], row+c/r.k
	}
	if len(to) == 0 {
		return buf, nil
	}
	if _, err := r.file.ReadAt(bytesOf(to), int64(row-r.most)*int64(r.k)*4); err != nil && err != io.EOF {
		return nil, fmt.Errorf("temporary file: %w", err)
	} else if err == io.EOF {
		return nil, fmt.Errorf("temporary file: %w", io.ErrUnexpectedEOF)
	}
	return buf, nil
}
