package minhash

import (
	"fmt"
	"slices"
)

// A Signature is the sketch of a set: K registers and their scheme. The zero
// Signature belongs to no scheme and compares with nothing.
//
// Methods that only read may be called concurrently. A copy shares its registers
// with the original, like a copy of a slice; use [Signature.Clone] to avoid that.
type Signature struct {
	scheme *Scheme
	values []uint32
}

// Scheme returns the scheme of the signature; the zero Signature has the zero
// Scheme.
func (s Signature) Scheme() Scheme {
	if s.scheme == nil {
		return Scheme{}
	}
	return *s.scheme
}

// Values returns the registers of the signature, not a copy.
func (s Signature) Values() []uint32 { return s.values }

// Clone returns a copy of s that shares no registers with it.
func (s Signature) Clone() Signature {
	return Signature{s.scheme, slices.Clone(s.values)}
}

// IsEmpty reports whether s is the signature of the empty set. The zero
// Signature is empty.
func (s Signature) IsEmpty() bool { return isEmpty(s.values) }

func isEmpty(values []uint32) bool {
	for _, v := range values {
		if v != empty {
			return false
		}
	}
	return true
}

// Compatible returns nil if the two signatures are of one scheme, and otherwise an
// error that wraps [ErrMismatch] and names the schemes. Call it before comparing
// signatures from elsewhere.
func (s Signature) Compatible(t Signature) error {
	if s.scheme == t.scheme || s.scheme != nil && t.scheme != nil && *s.scheme == *t.scheme {
		return nil
	}
	return fmt.Errorf("minhash: %v and %v: %w", s.Scheme(), t.Scheme(), ErrMismatch)
}

func (s Signature) mustMatch(t Signature) {
	if s.scheme != t.scheme {
		if err := s.Compatible(t); err != nil {
			panic(err.Error())
		}
	}
}

// Similarity estimates the Jaccard similarity of the two sets, |A∩B| / |A∪B|: the
// share of registers that agree. It is 0 when either set is empty, and exactly 1 when
// the sets are equal and not empty. The standard error is at most sqrt(J(1-J)/K). It
// panics if the schemes differ: see [Signature.Compatible].
func (s Signature) Similarity(t Signature) float64 {
	s.mustMatch(t)
	n := Agree(s.values, t.values)
	if n == 0 || n == len(s.values) && s.IsEmpty() {
		return 0
	}
	return float64(n) / float64(len(s.values))
}

// Agree returns the number of registers that two signatures have in common: K times
// the estimate of the Jaccard similarity if neither set is empty. It is the counting
// step of [Signature.Similarity], for registers stored without their scheme. The
// signatures of two empty sets agree in all registers. It panics if the lengths
// differ.
func Agree(a, b []uint32) int {
	if len(a) != len(b) {
		panic("minhash: Agree: the signatures have different lengths")
	}
	return agree(a, b)
}

// Containment estimates the share of the set of s that is in the set of t,
// |A∩B| / |A|, from their estimated similarity and cardinalities: see [Containment]. It
// is 0 if either set is empty, and panics if the schemes differ.
//
// It is less accurate than the similarity, especially if t is much larger than s. If
// you know the sizes, pass them to [Containment].
func (s Signature) Containment(t Signature) float64 {
	j := s.Similarity(t)
	if j == 0 || j == 1 {
		return j
	}
	return Containment(j, s.Cardinality(), t.Cardinality())
}

// Containment returns the share of a set of size a that is in a set of size b if
// their Jaccard similarity is j: |A∩B| = j(a+b)/(1+j), divided by a and bounded by 1
// and by b/a. It is 0 when either size is not positive.
func Containment(j, a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return max(0, min(j*(a+b)/(1+j)/a, 1, b/a))
}

// Union returns the signature of the union of the two sets, exactly as if all
// elements had been sketched together. It panics if the schemes differ.
func (s Signature) Union(t Signature) Signature {
	u := s.Clone()
	u.Merge(t)
	return u
}

// Merge sets s to the signature of the union of both sets, in place. It panics if
// the schemes differ.
func (s *Signature) Merge(t Signature) {
	s.mustMatch(t)
	for i, v := range t.values {
		s.values[i] = min(s.values[i], v)
	}
}
