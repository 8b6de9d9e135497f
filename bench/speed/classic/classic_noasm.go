//go:build !amd64 || purego

package classic

// AVX512 calls Go, because this build has no assembly.
func (s *Sketcher) AVX512(dst *[K]uint64, hashes []uint64) { s.Go(dst, hashes) }
