// Package extsort sorts more records than memory holds. A record is any byte string.
// Whole records are ordered by [bytes.Compare], so the order is the same for any
// number of workers: begin a record with its key, with numbers in big-endian order,
// and let the rest decide among equal keys.
//
//	s := extsort.New(extsort.Options{Dir: dir, Memory: 256 << 20, Workers: 2})
//	defer s.Close()
//	… s.Add(record) …
//	for record, err := range s.All() { … }
//
// [Writer] and [Reader] keep records in files, with checksums.
package extsort

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
)

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	// Dir is the folder for the sorted runs; "" means the default folder for temporary
	// files. Each Sorter has one file there, two while it merges. Where the system
	// allows it, they have no name, so that nothing remains however the process ends.
	Dir string

	// Memory is the number of bytes to use, in addition to the longest records; 0 means
	// 64 MiB, and less than 4 MiB counts as 4 MiB.
	Memory int64

	// Workers is the number of runs that are sorted at the same time; 0 means 1. They
	// share the memory. The result does not depend on it.
	Workers int

	// Unique drops records that equal another one.
	Unique bool
}

const (
	defaultMemory = 64 << 20
	leastMemory   = 4 << 20
	mostFanIn     = 512 // largest number of runs merged at a time
)

// A Sorter takes records in any order and returns them sorted. Add must not run
// concurrently with any other method. Make it with [New] and Close it.
type Sorter struct {
	o       Options
	fanIn   int
	limit   int64       // maximum size in bytes of a run in memory
	spare   chan *chunk // chunk to be filled
	now     *chunk      // chunk being filled
	sorting sync.WaitGroup
	added   int64
	ended   bool

	writing sync.Mutex // guards file while runs are sorted
	file    *runFile

	mu  sync.Mutex // guards err
	err error      // the first error
}

// New returns an empty sorter.
func New(o Options) *Sorter {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	o.Memory = max(o.Memory, leastMemory)
	o.Workers = max(1, o.Workers)
	s := &Sorter{o: o, spare: make(chan *chunk, o.Workers+1)}
	// Every worker sorts a run while another run is being filled.
	s.limit = o.Memory / int64(o.Workers+1)
	s.fanIn = min(int(o.Memory/(2*blockSize)), mostFanIn)
	for range cap(s.spare) {
		s.spare <- new(chunk)
	}
	s.now = <-s.spare
	return s
}

// Add adds a copy of a record. If a run could not be written, this and every further
// call return the error. It panics after All.
func (s *Sorter) Add(record []byte) error {
	if s.ended {
		panic("extsort: Add called after All")
	}
	if len(record) > MaxRecord {
		return fmt.Errorf("extsort: a record of %d bytes: %w", len(record), ErrTooLong)
	}
	if s.now.size() > 0 && s.now.size()+int64(len(record)) > s.limit {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.now.add(record)
	s.added++
	return nil
}

// Len returns the number of records added.
func (s *Sorter) Len() int64 { return s.added }

// flush sorts and writes the run in memory, and waits for room for the next one.
func (s *Sorter) flush() error {
	c := s.now
	s.sorting.Go(func() {
		c.sort(s.o.Unique)
		s.note(s.write(c))
		c.reset()
		s.spare <- c
	})
	s.now = <-s.spare
	return s.failure()
}

func (s *Sorter) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *Sorter) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// write appends a sorted run to the file, one at a time.
func (s *Sorter) write(c *chunk) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.failure() != nil {
		return nil // recorded already
	}
	if s.file == nil {
		var err error
		if s.file, err = newRunFile(s.o.Dir); err != nil {
			return err
		}
	}
	return s.file.append(c.records())
}

// All returns the records in order; each is valid until the next one is requested.
// It may be called once. The sequence ends with an error if there is one.
func (s *Sorter) All() iter.Seq2[[]byte, error] {
	if s.ended {
		panic("extsort: All called twice")
	}
	s.ended = true
	return func(yield func([]byte, error) bool) {
		s.sorting.Wait()
		if err := s.failure(); err != nil {
			yield(nil, err)
			return
		}
		s.now.sort(s.o.Unique)
		if s.file == nil {
			for record, err := range s.now.records() {
				if !yield(record, err) {
					return
				}
			}
			return
		}
		if err := s.write(s.now); err != nil {
			yield(nil, err)
			return
		}
		s.now, s.spare = nil, nil // the merge reuses the memory
		for len(s.file.runs) > s.fanIn {
			if err := s.mergeOnce(); err != nil {
				yield(nil, err)
				return
			}
		}
		for record, err := range merge(s.file, s.file.runs, s.o.Unique) {
			if !yield(record, err) {
				return
			}
		}
	}
}

// mergeOnce merges all runs into fewer and longer ones.
func (s *Sorter) mergeOnce() error {
	to, err := newRunFile(s.o.Dir)
	if err != nil {
		return err
	}
	for from := s.file.runs; len(from) > 0; {
		n := min(s.fanIn, len(from))
		if err := to.append(merge(s.file, from[:n], s.o.Unique)); err != nil {
			return errors.Join(err, to.close())
		}
		from = from[n:]
	}
	err = s.file.close()
	s.file = to
	return err
}

// Close closes the sorter and removes its runs.
func (s *Sorter) Close() error {
	s.sorting.Wait()
	s.ended = true
	s.now, s.spare = nil, nil
	if s.file == nil {
		return nil
	}
	err := s.file.close()
	s.file = nil
	return err
}

// A runFile holds sorted runs, one after the other.
type runFile struct {
	f    file
	runs []run
	end  int64
}

// A run is a section of a runFile.
type run struct{ offset, length int64 }

// A file has the methods of an [os.File] that a runFile needs.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
}

// create creates the file for runs; tests replace it.
var create = func(dir string) (file, error) {
	f, err := os.CreateTemp(dir, "sort-*.tmp")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // Windows refuses to remove an open file; there close does it
	return f, nil
}

func newRunFile(dir string) (*runFile, error) {
	f, err := create(dir)
	if err != nil {
		return nil, fmt.Errorf("extsort: temporary file: %w", err)
	}
	return &runFile{f: f}, nil
}

// append writes a run.
func (f *runFile) append(records iter.Seq2[[]byte, error]) error {
	w := NewWriter(io.NewOffsetWriter(f.f, f.end))
	for record, err := range records {
		if err == nil {
			err = w.Write(record)
		}
		if err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	f.runs = append(f.runs, run{f.end, w.Bytes()})
	f.end += w.Bytes()
	return nil
}

func (f *runFile) close() error {
	err := f.f.Close()
	_ = os.Remove(f.f.Name()) // already gone except on Windows
	if err != nil {
		return fmt.Errorf("extsort: temporary file: %w", err)
	}
	return nil
}

// merge returns the records of sorted runs in order.
func merge(f *runFile, runs []run, unique bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		h := make(heap, 0, len(runs))
		for i, r := range runs {
			src := &source{Reader: NewReader(io.NewSectionReader(f.f, r.offset, r.length)), number: i}
			ok, err := src.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				h = append(h, src)
			}
		}
		h.init()
		var last []byte
		for first := true; len(h) > 0; {
			if top := h[0]; !unique || first || !bytes.Equal(top.record, last) {
				if unique {
					last = append(last[:0], top.record...)
				}
				if !yield(top.record, nil) {
					return
				}
				first = false
			}
			ok, err := h[0].next()
			if err != nil {
				yield(nil, err)
				return
			}
			if !ok {
				h[0] = h[len(h)-1]
				h = h[:len(h)-1]
			}
			h.down(0)
		}
	}
}

// A source is a run that is being merged.
type source struct {
	*Reader
	number int
	record []byte // the first record not yet returned
	prefix uint64 // first eight bytes of record, as a number
}

// next reads the next record and reports whether there is one.
func (s *source) next() (bool, error) {
	record, err := s.Next()
	if err == io.EOF {
		return false, nil
	}
	s.record, s.prefix = record, prefix(record)
	return true, err
}

// before is the order of records; equal records are ordered by their run.
func (s *source) before(t *source) bool {
	if s.prefix != t.prefix {
		return s.prefix < t.prefix
	}
	if c := bytes.Compare(s.record, t.record); c != 0 {
		return c < 0
	}
	return s.number < t.number
}

// A heap has its least source first.
type heap []*source

func (h heap) init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h heap) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
