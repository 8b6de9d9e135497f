package repeat

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/cespare/xxhash/v2"
)

// Places on disk are in runs, each in a separate temporary file. A run is sorted
// by key, and places with the same key are in the order in which they were added, in
// blocks of perBlock. A block is the xxHash of the other bytes (8 bytes), its number
// (8 bytes), and the places: key, document and piece (16 bytes). Numbers are
// little-endian. The last block is padded with zeros.
const (
	perBlock  = 255
	placeSize = 16
	blockSize = 16 + perBlock*placeSize
)

// errDamaged reports a block that has changed since it was written.
var errDamaged = errors.New("the block has changed since it was written")

// A file has the methods of an [os.File] that this package uses.
type file interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Name() string
}

// create makes a temporary file; tests replace it.
var create = func(dir string) (file, error) {
	f, err := os.CreateTemp(dir, "repeat-*.tmp")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // fails on Windows, where the function remove deletes the file
	return f, nil
}

func remove(f file) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// A sortedRun holds places on disk.
type sortedRun struct {
	file   file
	n      int // number of places
	level  int // number of times it was merged
	filter filter

	// fences are the first keys of every stride-th block.
	stride int
	fences []uint64
}

// A runWriter writes a run.
type runWriter struct {
	*sortedRun
	w     *bufio.Writer
	block []byte
	done  int // number of places written
	err   error
}

// newRun begins a run of n places with at most the given number of fences.
func newRun(dir string, n, fences int, f filter) (*runWriter, error) {
	to, err := create(dir)
	if err != nil {
		return nil, err
	}
	blocks := (n + perBlock - 1) / perBlock
	r := &sortedRun{file: to, n: n, filter: f, stride: (blocks + fences - 1) / fences}
	return &runWriter{sortedRun: r, w: bufio.NewWriterSize(to, 64*blockSize), block: make([]byte, 16, blockSize)}, nil
}

// add adds a place; keys must ascend.
func (w *runWriter) add(key uint64, p place) {
	if block := w.done / perBlock; w.done%perBlock == 0 && block%w.stride == 0 {
		w.fences = append(w.fences, key)
	}
	w.filter.add(key)
	w.block = binary.LittleEndian.AppendUint64(w.block, key)
	w.block = binary.LittleEndian.AppendUint32(w.block, p.doc)
	w.block = binary.LittleEndian.AppendUint32(w.block, p.at)
	if w.done++; w.done%perBlock == 0 {
		w.flush()
	}
}

func (w *runWriter) flush() {
	b := w.block[:blockSize]
	clear(b[len(w.block):])
	binary.LittleEndian.PutUint64(b[8:], uint64((w.done-1)/perBlock))
	binary.LittleEndian.PutUint64(b, xxhash.Sum64(b[8:]))
	if _, err := w.w.Write(b); err != nil && w.err == nil {
		w.err = err
	}
	w.block = b[:16]
}

// end writes the rest of the file and returns the run.
func (w *runWriter) end() (*sortedRun, error) {
	if len(w.block) > 16 {
		w.flush()
	}
	if err := w.w.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	if w.err != nil {
		remove(w.file)
		return nil, w.err
	}
	return w.sortedRun, nil
}

// read fills buf with consecutive blocks and verifies them.
func (r *sortedRun) read(block int, buf []byte) error {
	if n, err := r.file.ReadAt(buf, int64(block)*blockSize); n < len(buf) {
		return fmt.Errorf("%s: %w", r.file.Name(), err)
	}
	for ; len(buf) > 0; buf = buf[blockSize:] {
		if binary.LittleEndian.Uint64(buf) != xxhash.Sum64(buf[8:blockSize]) || binary.LittleEndian.Uint64(buf[8:]) != uint64(block) {
			return fmt.Errorf("%s, block %d: %w", r.file.Name(), block, errDamaged)
		}
		block++
	}
	return nil
}

func (r *sortedRun) blocks() int { return (r.n + perBlock - 1) / perBlock }

// in returns the number of places in a block.
func (r *sortedRun) in(block int) int { return min(perBlock, r.n-block*perBlock) }

// at returns a place of a block.
func at(block []byte, i int) (key uint64, p place) {
	b := block[16+i*placeSize:]
	return binary.LittleEndian.Uint64(b), place{binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
}

// appendPlaces appends the places of a key to dst, oldest first. buf has room for a
// block.
func (r *sortedRun) appendPlaces(dst []place, key uint64, buf []byte) ([]place, error) {
	if !r.filter.has(key) {
		return dst, nil
	}
	// Places of the key begin in the last block whose first key is less, or in the block
	// after it.
	fence := sort.Search(len(r.fences), func(i int) bool { return r.fences[i] >= key })
	from, to := max(0, fence-1)*r.stride, min(fence*r.stride, r.blocks())
	for to-from > 1 {
		middle := (from + to) / 2
		if err := r.read(middle, buf); err != nil {
			return dst, err
		}
		if first, _ := at(buf, 0); first < key {
			from = middle
		} else {
			to = middle
		}
	}
	for block := from; block < r.blocks(); block++ {
		if err := r.read(block, buf); err != nil {
			return dst, err
		}
		n := r.in(block)
		for i := sort.Search(n, func(i int) bool { k, _ := at(buf, i); return k >= key }); i < n; i++ {
			k, p := at(buf, i)
			if k != key {
				return dst, nil
			}
			dst = append(dst, p)
		}
	}
	return dst, nil
}
