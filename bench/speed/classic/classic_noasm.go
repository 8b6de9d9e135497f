//go:build !amd64 || purego

package classic

// AVX512 is Go, because there is no AVX-512.
func (s *Sketcher) AVX512(dst *[K]uint64, hashes []uint64) { s.Go(dst, hashes) }
