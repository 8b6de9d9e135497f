//go:build !purego

package classic

import "github.com/neardup/neardup/internal/cpu"

//go:noescape
func classic64AVX512(dst *[K]uint64, hashes *uint64, n int, a, b *[K]uint64)

// AVX512 overwrites dst with the minima. Without AVX-512 it does the same as Go.
func (s *Sketcher) AVX512(dst *[K]uint64, hashes []uint64) {
	if cpu.Active() < cpu.AVX512 {
		s.Go(dst, hashes)
		return
	}
	for i := range dst {
		dst[i] = ^uint64(0)
	}
	if len(hashes) > 0 {
		classic64AVX512(dst, &hashes[0], len(hashes), &s.a, &s.b)
	}
}
