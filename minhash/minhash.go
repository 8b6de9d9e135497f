package minhash

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/neardup/neardup/internal/cpu"
)

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	// K is the number of registers; 0 means 128. Bucket requires a power of two from 16
	// to 1024; the other algorithms accept any number from 1 to 65536.
	K int
	// Seed selects the hash functions of the registers. A secret one keeps authors from
	// choosing elements that make an estimate too high or too low. It does not
	// distinguish two texts whose elements are equal: see Shingler.Seed in package
	// shingle. It is part of every stored scheme. The datasketch algorithms take seeds
	// below 1<<32; the default of datasketch is 1.
	Seed uint64
	// Algorithm is Bucket unless set.
	Algorithm Algorithm
	// Elements names the kind of elements, so that signatures of different kinds refuse
	// to compare. Its string, of at most 255 bytes, becomes part of the [Scheme]. Pass
	// the shingle.Shingler that makes the elements, or a [Name] of your own. Nil is the
	// empty name.
	Elements fmt.Stringer
}

// A Name names elements that do not come from package shingle, for [Options]. The
// zero Name means elements without a name.
type Name string

// String returns the name.
func (n Name) String() string { return string(n) }

// A Sketcher makes signatures of one scheme. It is immutable and safe for concurrent
// use; it starts no goroutines. Use [New] or [ForScheme] to make one; the methods
// that sketch panic on the zero Sketcher.
type Sketcher struct {
	scheme Scheme
	params params
	tier   cpu.Tier

	sequences sync.Pool // *sequence
}

// New returns a Sketcher. It panics if an option is out of range.
func New(o Options) *Sketcher {
	if o.K == 0 {
		o.K = 128
	}
	sc := Scheme{Algorithm: o.Algorithm, K: o.K, Seed: o.Seed, Version: schemeVersion}
	if o.Algorithm == Bucket {
		sc.Rounds = bucketRounds
	}
	if o.Elements != nil {
		sc.Elements = o.Elements.String()
	}
	if err := sc.check(); err != nil {
		panic("minhash: " + err.Error())
	}
	return newSketcher(sc)
}

// ForScheme returns the Sketcher that makes signatures of the scheme, for example
// one read from a file. The error wraps [ErrVersion] if this code does not know the
// scheme's version, and [ErrScheme] if a field has an invalid value.
func ForScheme(sc Scheme) (*Sketcher, error) {
	if err := sc.valid(); err != nil {
		return nil, fmt.Errorf("minhash: %w", err)
	}
	return newSketcher(sc), nil
}

func newSketcher(sc Scheme) *Sketcher {
	return &Sketcher{scheme: sc, params: makeParams(sc), tier: activeTier()}
}

// Scheme returns the scheme of the signatures that s makes.
func (s *Sketcher) Scheme() Scheme { return s.scheme }

// Sketch returns the signature of the set of hashes; repeats and order do not
// matter. It allocates the registers of the signature, or nothing if K is 128 and the
// compiler sees that the caller does not keep the signature, as in
//
//	similarity := mh.Sketch(a).Similarity(mh.Sketch(b))
func (s *Sketcher) Sketch(hashes []uint64) Signature {
	// This function has to be cheap enough to be inlined: then the registers are on the
	// stack of a caller that does not keep them.
	var regs []uint32
	if s.scheme.K == 128 {
		regs = make([]uint32, 128)
	}
	return s.sketch(regs, hashes)
}

// sketch is Sketch, with memory for the registers if regs is not nil.
//
//go:noinline
func (s *Sketcher) sketch(regs []uint32, hashes []uint64) Signature {
	return Signature{&s.scheme, s.AppendValues(regs[:0], hashes)}
}

// SketchSeq returns the signature of the set of hashes in a sequence of blocks, as
// [Sketcher.Sketch] does for all of them together, but holds only one block at a
// time. With blocks of fewer than a few hundred hashes, the overhead per block
// exceeds the cost of the hashes. It allocates what Sketch allocates.
func (s *Sketcher) SketchSeq(blocks iter.Seq[[]uint64]) Signature {
	var regs []uint32
	if s.scheme.K == 128 {
		regs = make([]uint32, 128)
	}
	return s.sketchSeq(regs, blocks)
}

// sketchSeq is SketchSeq, with memory for the registers if regs is not nil.
func (s *Sketcher) sketchSeq(regs []uint32, blocks iter.Seq[[]uint64]) Signature {
	s.mustBeMade()
	q, _ := s.sequences.Get().(*sequence)
	if q == nil {
		q = &sequence{sketcher: s, regs: make([]uint32, s.params.lanes())}
		q.push = q.add
	}
	q.begun = false
	blocks(q.push)
	if !q.begun {
		fill(q.regs)
	}
	regs = append(regs[:0], q.regs[:s.scheme.K]...)
	s.sequences.Put(q)
	return Signature{&s.scheme, regs}
}

// A sequence is a signature under construction. It is reused, because a closure made
// for each call would be allocated.
type sequence struct {
	sketcher *Sketcher
	regs     []uint32 // padded to whole vectors, for the kernels
	begun    bool
	push     func([]uint64) bool // the method add
}

func (q *sequence) add(hashes []uint64) bool {
	if q.begun {
		q.sketcher.update(q.regs, hashes, false)
	} else {
		q.sketcher.overwrite(q.regs, hashes)
	}
	q.begun = true
	return true
}

func (s *Sketcher) mustBeMade() {
	if s.scheme.K == 0 {
		panic("minhash: the Sketcher was not made by New or ForScheme")
	}
}

// SketchInto overwrites dst with the signature of the set of hashes and reuses its
// memory. It allocates nothing if dst held a signature of as many registers, unless
// K is not a multiple of 16.
func (s *Sketcher) SketchInto(dst *Signature, hashes []uint64) {
	dst.values = s.AppendValues(dst.values[:0], hashes)
	dst.scheme = &s.scheme
}

// AppendValues appends the K registers of the signature of the set of hashes to dst,
// for callers that store millions of signatures and the [Scheme] once.
// [Sketcher.Wrap] makes a Signature from registers. It allocates as
// [Sketcher.SketchInto] does.
func (s *Sketcher) AppendValues(dst []uint32, hashes []uint64) []uint32 {
	s.mustBeMade()
	k, start := s.scheme.K, len(dst)
	if lanes := s.params.lanes(); lanes != k {
		// Kernels write whole vectors, but the memory after the registers in dst
		// belongs to the caller.
		pad := make([]uint32, lanes)
		s.overwrite(pad, hashes)
		return append(dst, pad[:k]...)
	}
	dst = slices.Grow(dst, k)[:start+k]
	s.overwrite(dst[start:], hashes)
	return dst
}

// overwrite sets regs to the registers of the elements.
func (s *Sketcher) overwrite(regs []uint32, hashes []uint64) {
	if !s.tiny(regs, hashes) {
		fill(regs)
		s.update(regs, hashes, true)
	}
}

// Wrap returns the Signature that has the given registers, which it keeps and does
// not copy. The error wraps [ErrCorrupt] if they cannot be a signature of the scheme
// of s, because their number is wrong or, for Bucket, because no element could have
// set them.
func (s *Sketcher) Wrap(values []uint32) (Signature, error) {
	s.mustBeMade()
	if err := s.scheme.checkValues(values); err != nil {
		return Signature{}, fmt.Errorf("minhash: %w", err)
	}
	return Signature{&s.scheme, values}, nil
}

// fill sets regs to the registers of the empty set.
func fill(regs []uint32) {
	for len(regs) > 0 {
		regs = regs[copy(regs, nothing[:]):]
	}
}

// nothing holds registers of the empty set to copy from, which is faster than a loop.
var nothing = func() (regs [128]uint32) {
	for i := range regs {
		regs[i] = empty
	}
	return
}()
