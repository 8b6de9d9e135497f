// Package classic holds the yardstick for package minhash: classic MinHash of 128
// permutations a*h + b mod 2^64, in a loop of Go and in AVX-512, as fast as that
// definition allows. Only tests and benchmarks import it.
package classic

// K is the number of permutations.
const K = 128

// A Sketcher computes the minima of K permutations.
type Sketcher struct{ a, b [K]uint64 }

// New returns a Sketcher with parameters from a SplitMix64 stream.
func New(seed uint64) *Sketcher {
	next := func() uint64 {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return z ^ z>>31
	}
	s := new(Sketcher)
	for i := range K {
		s.a[i], s.b[i] = next()|1, next()
	}
	return s
}

// Go overwrites dst with the minima, element by element with a plain compare.
func (s *Sketcher) Go(dst *[K]uint64, hashes []uint64) {
	for i := range dst {
		dst[i] = ^uint64(0)
	}
	for _, h := range hashes {
		for i := range dst {
			if v := s.a[i]*h + s.b[i]; v < dst[i] {
				dst[i] = v
			}
		}
	}
}
