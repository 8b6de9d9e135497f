package minhash_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/neardup/neardup/minhash"
)

func TestSimHashFollowsTheDefinition(t *testing.T) {
	naive := func(set []uint64) (sum uint64) {
		for i := range 64 {
			n := 0
			for _, h := range set {
				h ^= h >> 33
				h *= 0xFF51AFD7ED558CCD
				h ^= h >> 33
				h *= 0xC4CEB9FE1A85EC53
				h ^= h >> 33
				n += int(h >> i & 1)
			}
			if 2*n > len(set) {
				sum |= 1 << i
			}
		}
		return
	}
	for n := range 600 {
		set := stream(uint64(n), n)
		if n%3 == 0 { // so that many bits are tied or nearly tied
			set = append(set[:n/3], set[:n/3]...)
		}
		if got, want := minhash.SimHash64(set), naive(set); got != want {
			t.Fatalf("SimHash64(%d elements) = %016x, want %016x", len(set), got, want)
		}
	}
	if got, want := minhash.SimHash64(stream(1, 70001)), naive(stream(1, 70001)); got != want {
		t.Errorf("SimHash64(70001 elements) = %016x, want %016x", got, want)
	}
	// The angle between sets of equal size that share half of their elements is 60
	// degrees, a third of pi: 21.3 of 64 bits.
	var sum int
	const trials = 500
	for trial := range trials {
		set := sequential(trial*1000, 300)
		sum += minhash.SimHashDistance(minhash.SimHash64(set[:200]), minhash.SimHash64(set[100:]))
	}
	if mean := float64(sum) / trials; math.Abs(mean-64./3) > .7 {
		t.Errorf("mean distance %.2f, want %.2f", mean, 64./3)
	}
}

// BenchmarkSimHash64 reports the time per shingle, and the speed relative to a loop over
// the bits of each element.
func BenchmarkSimHash64(b *testing.B) {
	for _, n := range []int{20, 200, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			set := stream(1, n)
			var sum uint64
			var ns []float64
			for b.Loop() {
				ns = fastest(100,
					func() { sum ^= minhash.SimHash64(set) },
					func() {
						var counts [64]int
						for _, h := range set {
							for i := range counts {
								counts[i] += int(h >> i & 1)
							}
						}
						sum ^= uint64(counts[5])
					})
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ns[0]/float64(n), "ns/shingle")
			b.ReportMetric(ns[1]/ns[0], "x-bitwise")
		})
	}
}
