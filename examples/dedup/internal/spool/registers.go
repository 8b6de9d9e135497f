package spool

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/neardup/neardup/lsh"
)

// Registers holds the signatures of documents by number, in memory or in a temporary
// file. Any number of goroutines may put and read signatures of different documents.
// Make it with [NewRegisters] and Close it.
type Registers struct {
	k      int
	docs   int
	values []uint32 // nil if they are in the file
	file   *os.File
}

// NewRegisters makes room for k registers for each of a number of documents, in
// memory if they take at most limit bytes.
func NewRegisters(k, docs int, limit int64) (*Registers, error) {
	r := &Registers{k: k, docs: docs}
	if int64(k)*int64(docs)*4 <= limit {
		r.values = make([]uint32, k*docs)
		return r, nil
	}
	var err error
	r.file, err = Temp()
	return r, err
}

// Put stores the signature of document i; make appends it to a slice of length 0.
func (r *Registers) Put(i int, make func(dst []uint32) []uint32) error {
	if r.file == nil {
		make(r.values[i*r.k : i*r.k : (i+1)*r.k])
		return nil
	}
	values := make(nil)
	buf := []byte{}
	for _, v := range values {
		buf = binary.LittleEndian.AppendUint32(buf, v)
	}
	if _, err := r.file.WriteAt(buf, int64(i)*int64(r.k)*4); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	return nil
}

// Source returns the signatures for a batch.
func (r *Registers) Source() lsh.Source {
	if r.file == nil {
		return lsh.Registers{Size: r.k, Values: r.values}
	}
	return lsh.File{Reader: r.file, Docs: r.docs, Size: r.k}
}

// Close removes the file.
func (r *Registers) Close() error { return Remove(r.file) }
