package minhash

import "math"

// Cardinality estimates the number of distinct elements of the set: 0 for the empty
// set, at least 1 for any other. The standard error is about 1/sqrt(K) of it, and
// smaller for sets of fewer than K elements under Bucket. The result is the same, to
// the last bit, on every processor.
//
// If more than a quarter of the buckets are empty after round 0, it counts those
// (linear counting: Whang, Vander-Zanden and Taylor 1990). Otherwise, and for the
// other algorithms, it divides K-1 by the sum of the waiting times that the registers
// represent. For a set of n elements these are nearly exponential with rate n
// (Giroire 2009; Lumbroso 2010, section 2).
func (s Signature) Cardinality() float64 {
	if s.IsEmpty() {
		return 0
	}
	k := float64(len(s.values))
	var time waiting
	if s.scheme.Algorithm != Bucket {
		for _, v := range s.values {
			time.add(unit(v, 0))
		}
		return max(1, (k-1)/time.total())
	}
	// In a round, an element is in a given register with probability 1/k; in the
	// fallback it is in all of them.
	rounds := s.scheme.Rounds
	passed, unfilled := 0, 0 // how often a round left a register empty, and how many registers round 0 left empty
	for _, v := range s.values {
		r := roundOf(v, rounds)
		if r > 0 {
			unfilled++
			passed += r
		}
		if r < rounds {
			time.add(unit(v, r+1) / k)
		} else {
			time.add(unit(v, rounds))
		}
	}
	skipped := -logarithm(1 - 1/k) // the waiting time represented by a round without an element
	if n := float64(unfilled); n > k/4 {
		return max(1, -logarithm(n/k)/skipped)
	}
	return (k - 1) / (time.total() + float64(float64(passed)*skipped))
}

// unit maps the bits of v after its tag exactly to the open interval (0, 1).
func unit(v uint32, tagBits int) float64 {
	return (float64(v<<tagBits>>tagBits) + 0.5) / float64(uint64(1)<<(32-tagBits))
}

// waiting sums -log(1-u) over many u in (0, 1). It multiplies the 1-u, and takes the
// logarithm only when the product becomes small.
//
// The conversions of products to float64 here and below keep compilers from fusing
// multiplication and addition, which rounds differently on processors that support
// it.
type waiting struct {
	sum  float64
	gone float64 // 1 minus the product, so that small terms keep their digits
}

func (w *waiting) add(u float64) {
	w.gone += float64(u * (1 - w.gone))
	if w.gone > 1-1./16 {
		w.sum -= logarithm(1 - w.gone)
		w.gone = 0
	}
}

func (w *waiting) total() float64 { return w.sum - logarithm1(w.gone) }

// logarithm returns log(x) for x > 0, accurate to a few units in the last place.
// Package math has several implementations, depending on the processor, that differ
// there.
func logarithm(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	if fraction < math.Sqrt2/2 {
		fraction, exponent = 2*fraction, exponent-1
	}
	return float64(float64(exponent)*math.Ln2) + series(fraction-1)
}

// logarithm1 returns log(1-x) for x from 0 to 15/16, with full precision for small
// x.
func logarithm1(x float64) float64 {
	if x > .25 {
		return logarithm(1 - x)
	}
	return series(-x)
}

// series returns log(1+x) for x from -0.3 to 0.42. With s = x/(2+x) it is twice the
// sum of s + s^3/3 + s^5/5 and so on; the first term left out is below 2^-56 of the
// sum.
func series(x float64) float64 {
	s := x / (2 + x)
	square := s * s
	var tail float64
	for _, c := range [...]float64{1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3} {
		tail = float64((tail + c) * square)
	}
	return 2 * (s + float64(s*tail))
}
