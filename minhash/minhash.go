// Package minhash condenses a set of 64-bit hashes into a signature whose
// agreement with another estimates the Jaccard similarity of the two sets.
package minhash

import (
	"iter"
	"math/bits"
	"slices"
)

// A Scheme says how a signature was made; only signatures of one scheme compare.
type Scheme struct {
	K         int    // registers
	Seed      uint64 // of the hash functions
	Shingling string // what the elements are, in the caller's words
}

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	K         int    // registers, a power of two from 16 to 1024; 0 means 128
	Seed      uint64 // secret where texts may be hostile
	Shingling string // name of what the elements are, say "words:5"
}

// A Sketcher makes signatures of one scheme. It is immutable and safe for
// concurrent use.
type Sketcher struct{ scheme Scheme }

// New returns a Sketcher. It panics if K is not a power of two from 16 to 1024.
func New(o Options) *Sketcher {
	if o.K == 0 {
		o.K = 128
	}
	if o.K < 16 || o.K > 1024 || bits.OnesCount(uint(o.K)) != 1 {
		panic("minhash: K must be a power of two from 16 to 1024")
	}
	return &Sketcher{Scheme{o.K, o.Seed, o.Shingling}}
}

// Scheme returns the scheme of the signatures that s makes.
func (s *Sketcher) Scheme() Scheme { return s.scheme }

// A Signature is the sketch of a set.
type Signature struct {
	scheme *Scheme
	values []uint32
}

// Sketch returns the signature of a set; repeats do not matter.
func (s *Sketcher) Sketch(set iter.Seq[uint64]) Signature {
	return s.SketchHashes(slices.Collect(set))
}

// SketchHashes returns the signature of the set of hashes.
func (s *Sketcher) SketchHashes(hashes []uint64) Signature {
	var sig Signature
	s.SketchInto(&sig, hashes)
	return sig
}

// SketchInto overwrites dst with the signature of the set of hashes, reusing
// the memory that dst already has.
func (s *Sketcher) SketchInto(dst *Signature, hashes []uint64) {
	v := slices.Grow(dst.values[:0], s.scheme.K)[:s.scheme.K]
	for i := range v {
		c := (uint64(i)*2+1)*0x9E3779B97F4A7C15 ^ s.scheme.Seed<<1
		best := ^uint32(0)
		for _, h := range hashes {
			x := (h ^ h>>29) * c
			best = min(best, uint32(x>>32))
		}
		v[i] = best
	}
	dst.scheme, dst.values = &s.scheme, v
}

// Scheme returns how the signature was made; the zero Signature has none.
func (s Signature) Scheme() Scheme {
	if s.scheme == nil {
		return Scheme{}
	}
	return *s.scheme
}

// Values returns the registers of the signature, not a copy.
func (s Signature) Values() []uint32 { return s.values }

// IsEmpty reports whether s is the signature of the empty set.
func (s Signature) IsEmpty() bool {
	for _, v := range s.values {
		if v != ^uint32(0) {
			return false
		}
	}
	return true
}

// Similarity estimates the Jaccard similarity of the two sets; 0 when either
// is empty. It panics if the schemes differ.
func (s Signature) Similarity(t Signature) float64 {
	if s.Scheme() != t.Scheme() {
		panic("minhash: signatures of unlike schemes")
	}
	if s.IsEmpty() || t.IsEmpty() {
		return 0
	}
	n := 0
	for i, v := range s.values {
		if v == t.values[i] {
			n++
		}
	}
	return float64(n) / float64(len(s.values))
}
