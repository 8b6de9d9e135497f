package classic

import "testing"

// Both forms must give the same result, or the benchmarks compare different work.
func TestBothFormsAgree(t *testing.T) {
	s := New(3)
	for n := range 100 {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = uint64(i*n+7) * 0x9E3779B97F4A7C15
		}
		var a, b [K]uint64
		s.Go(&a, hashes)
		s.AVX512(&b, hashes)
		if a != b {
			t.Fatalf("n=%d: minima in AVX-512 = %x, want %x as in Go", n, b, a)
		}
		if n > 0 && a == [K]uint64{} {
			t.Fatalf("n=%d: minima are all 0, want minima of the elements", n)
		}
	}
}
