package align

import (
	"math"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/cpu"
)

// BenchmarkTile measures the tiers on tiles of which most end soon, as in texts that
// differ, and some continue. The metric is nanoseconds per tile in the fastest pass.
func BenchmarkTile(b *testing.B) {
	r := rng(4)
	type input struct{ a, b []uint32 }
	var inputs []input
	for range 64 {
		words := 20 + r.n(400)
		x, y := r.ids(64, words), r.ids(64, words)
		if r.n(8) == 0 {
			copy(y[3:], x)
		}
		inputs = append(inputs, input{x, y})
	}
	for _, tier := range cpu.Tiers() {
		if tier > cpu.AVX512 {
			break
		}
		b.Run(tier.String(), func(b *testing.B) {
			defer cpu.Use(tier)()
			var t tile
			best := time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				for _, in := range inputs {
					copy(t.a[1:], in.a)
					fillTile(&t, in.b, 0, 1, tileRows-1, tileSteps-1, 8)
				}
				best = min(best, time.Since(start))
			}
			b.ReportMetric(float64(best.Nanoseconds())/float64(len(inputs)), "ns/tile")
		})
	}
}
