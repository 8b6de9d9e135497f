//go:build !purego

package rival

//go:noescape
func classic64AVX512(dst *[K]uint64, hashes *uint64, n int, a, b *[K]uint64)

// AVX512 overwrites dst with the minima. It must not be called on a processor
// without AVX-512 F and DQ.
func (s *Sketcher) AVX512(dst *[K]uint64, hashes []uint64) {
	for i := range dst {
		dst[i] = ^uint64(0)
	}
	if len(hashes) > 0 {
		classic64AVX512(dst, &hashes[0], len(hashes), &s.a, &s.b)
	}
}
