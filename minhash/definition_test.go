package minhash_test

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// define computes registers straight from the definition in FORMAT.md, as slowly
// as it reads: every value that names a register, and the least of them.
func define(k int, seed uint64, classic bool, set []uint64) []uint32 {
	state := seed ^ 0x6a09e667f3bcc908
	draw := func() uint64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	odd := func() uint64 {
		z := draw() | 1
		if bits.OnesCount64(z^z>>1) < 24 {
			z ^= 0xaaaaaaaaaaaaaaaa
		}
		return z
	}
	key, mul0, mul1 := draw(), odd(), odd()
	round := [3]uint64{odd(), odd(), odd()}
	a, b := make([]uint32, k), make([]uint32, k)
	for j := range k {
		z := draw()
		a[j], b[j] = uint32(z)|1, uint32(z>>32)
	}
	regs := slices.Repeat([]uint32{1<<32 - 1}, k)
	name := func(j int, v uint32) { regs[j] = min(regs[j], v) }
	for _, h := range set {
		x := h ^ key
		x ^= x >> 32
		x *= mul0
		x ^= x >> 32
		x *= mul1
		x ^= x >> 32
		if !classic {
			top := 64 - bits.Len(uint(k)-1)
			name(int(x>>top), uint32(x)>>1)
			y := x * round[1]
			y ^= y >> 32
			name(int(y>>top), uint32(y)>>2|1<<31)
		}
		for j := range k {
			if classic {
				name(j, a[j]*uint32(x)+b[j])
			} else {
				name(j, a[j]*uint32(x)>>2|3<<30)
			}
		}
	}
	return regs
}

// The kernels, which leave out most of the work, do what the definition says.
func TestDefinition(t *testing.T) {
	for _, k := range []int{16, 64, 128, 1024} {
		for _, n := range []int{0, 1, 2, 20, 44, 45, 100, 300, 1500, 6000} {
			for _, algorithm := range []minhash.Algorithm{minhash.Bucket, minhash.Classic} {
				seed := uint64(n) << 50
				want := define(k, seed, algorithm == minhash.Classic, stream(7, n))
				s := minhash.New(minhash.Options{K: k, Seed: seed, Algorithm: algorithm})
				for _, tier := range minhash.Tiers() {
					if got := s.OnTier(tier).SketchHashes(stream(7, n)).Values(); !slices.Equal(got, want) {
						t.Errorf("%v n=%d: %s does not keep to the definition", s.Scheme(), n, tier)
					}
				}
			}
		}
	}
}
