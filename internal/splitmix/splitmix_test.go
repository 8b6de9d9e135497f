package splitmix

import (
	"math/bits"
	"testing"
)

// The first numbers for the seeds 0 and 1234567 are those of the reference
// implementation.
func TestGoldenNumbers(t *testing.T) {
	for seed, want := range map[uint64][]uint64{
		0:       {0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F},
		1234567: {6457827717110365317, 3203168211198807973, 9817491932198370423},
	} {
		s := Source(seed)
		for i, w := range want {
			if got := s.Next(); got != w {
				t.Errorf("seed %d, number %d: got %#x, want %#x", seed, i, got, w)
			}
		}
	}
}

func TestMultiplierIsOddAndMixed(t *testing.T) {
	s := Source(1)
	for range 100_000 {
		if m := s.Multiplier(); m&1 == 0 || bits.OnesCount64(m^m>>1) < 24 {
			t.Fatalf("Multiplier() = %#x, want an odd number with at least 24 changes between neighbouring bits", m)
		}
	}
}
