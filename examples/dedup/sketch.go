package main

import (
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// sketches is what documents are compared by: signatures, which the job keeps in
// its registers, and sets of shingles.
type sketches struct {
	j     *job
	sh    shingle.Shingler
	mh    *minhash.Sketcher
	masks [][]shingle.Span              // what to leave out of each document; nil for nothing
	sets  []atomic.Pointer[shingle.Set] // those asked for so far; nil if they are made anew each time
}

// sketch shingles and sketches every document, without its recycled blocks if
// -strip asks for that.
func (j *job) sketch() (*sketches, error) {
	masks, err := j.masks()
	if err != nil {
		return nil, err
	}
	return j.sketchWithout(masks)
}

// sketchWithout shingles and sketches every document without the spans of its
// mask; nil masks hide nothing.
func (j *job) sketchWithout(masks [][]shingle.Span) (*sketches, error) {
	sh := j.opt.shingler()
	s := &sketches{j: j, sh: sh, mh: j.opt.sketcher(), masks: masks}
	var err error
	j.registers, err = spool.NewRegisters(j.opt.k, len(j.docs), j.opt.memory/8)
	if err != nil {
		return nil, err
	}
	// A set takes eight bytes a shingle, hardly more than its words take. To sort
	// its hashes takes longer than to sketch them, so only sets that are compared
	// are made, and each once.
	if !j.opt.estimate && j.texts.Bytes() < j.opt.memory/5 {
		s.sets = make([]atomic.Pointer[shingle.Set], len(j.docs))
	}
	buffers := sync.Pool{New: func() any { return new([]uint64) }}
	var failed onceError
	err = j.parallel("sketching", len(j.docs), func(i int) {
		buf := buffers.Get().(*[]uint64)
		defer buffers.Put(buf)
		*buf = sh.AppendHashes((*buf)[:0], j.texts.At(i), s.mask(i)...)
		failed.set(j.registers.Put(i, func(dst []uint32) []uint32 { return s.mh.AppendValues(dst, *buf) }))
	})
	if err == nil {
		err = failed.err
	}
	return s, err
}

func (s *sketches) mask(i int) []shingle.Span {
	if s.masks == nil {
		return nil
	}
	return s.masks[i]
}

// set returns the shingles of document i.
func (s *sketches) set(i int) []uint64 {
	if s.sets == nil {
		return s.sh.Set(s.j.texts.At(i), s.mask(i)...)
	}
	if set := s.sets[i].Load(); set != nil {
		return *set
	}
	set := s.sh.Set(s.j.texts.At(i), s.mask(i)...)
	s.sets[i].Store(&set)
	return set
}

// signature returns the signature of document i.
func (s *sketches) signature(i int) (minhash.Signature, error) {
	values, err := s.j.registers.Source().Rows(make([]uint32, s.j.opt.k), i, 1)
	if err != nil {
		return minhash.Signature{}, err
	}
	return s.mh.Wrap(values)
}

// kind says what the figures rest on.
func (j *job) kind() string {
	if j.opt.estimate {
		return "estimated"
	}
	return "exact"
}

// A onceError keeps the first error of several goroutines.
type onceError struct {
	mu  sync.Mutex
	err error
}

func (o *onceError) set(err error) {
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
}
