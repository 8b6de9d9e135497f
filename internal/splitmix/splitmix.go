// Package splitmix generates all keys and multipliers of this module with SplitMix64
// of Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014).
// Its values are frozen: hashes and signatures depend on them.
package splitmix

import "math/bits"

// A Source is the state of the generator. The zero Source has seed 0.
type Source uint64

// Next returns the next number.
func (s *Source) Next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Multiplier returns an odd number whose bits change often enough for a product to
// mix well, according to the test in section 5 of the paper.
func (s *Source) Multiplier() uint64 {
	z := s.Next() | 1
	if bits.OnesCount64(z^z>>1) < 24 {
		z ^= 0xAAAAAAAAAAAAAAAA
	}
	return z
}
