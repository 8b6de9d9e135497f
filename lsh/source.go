package lsh

import (
	"encoding/binary"
	"fmt"
	"io"
	"unsafe"
)

// A Source holds the signatures of documents identified by row number, for batch
// work. [Registers] and [File] are sources. A Source must be safe for concurrent use
// if [Batch.Workers] is above 1.
type Source interface {
	// Len returns the number of documents.
	Len() int
	// K returns the number of registers of a signature.
	K() int
	// Rows returns the registers of n documents from the given row on, n*K of them. It
	// may fill and return buf, which has room for them, or return its own memory, which
	// is not modified.
	Rows(buf []uint32, row, n int) ([]uint32, error)
}

// Registers is a [Source] in memory: the registers of one document after another. A
// [Batch] panics if the length of Values is not a multiple of Size, or if Size is 0.
type Registers struct {
	Size   int      // registers of one signature
	Values []uint32 // Size values for each document
}

// Len returns the number of documents. It panics if there are values but Size is 0.
func (r Registers) Len() int {
	switch {
	case len(r.Values) == 0:
		return 0
	case r.Size < 1:
		panic("lsh: Registers.Size must be set")
	}
	return len(r.Values) / r.Size
}

// K returns the number of registers of a signature.
func (r Registers) K() int { return r.Size }

// Rows returns a part of r.Values.
func (r Registers) Rows(_ []uint32, row, n int) ([]uint32, error) {
	return r.Values[row*r.Size : (row+n)*r.Size : (row+n)*r.Size], nil
}

// File is a [Source] in a file or anything like it: the registers of one document
// after another as little-endian 32-bit words. Its memory does not depend on the
// number of documents. A [Batch] panics if Size is 0.
type File struct {
	Reader io.ReaderAt
	Offset int64 // offset of the first document
	Docs   int
	Size   int // registers of one signature
}

// Len returns the number of documents.
func (f File) Len() int { return f.Docs }

// K returns the number of registers of a signature.
func (f File) K() int { return f.Size }

// Rows reads n documents into buf.
func (f File) Rows(buf []uint32, row, n int) ([]uint32, error) {
	buf = buf[:n*f.Size]
	if len(buf) == 0 {
		return buf, nil
	}
	// The bytes are read directly into the memory of the words, to avoid a copy.
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), 4*len(buf))
	if got, err := f.Reader.ReadAt(raw, f.Offset+int64(row)*int64(f.Size)*4); got < len(raw) {
		return nil, fmt.Errorf("lsh: signatures of rows %d to %d: %w", row, row+n, err)
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		for i := range buf {
			buf[i] = binary.LittleEndian.Uint32(raw[4*i:])
		}
	}
	return buf, nil
}
