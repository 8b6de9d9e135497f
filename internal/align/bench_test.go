package align

import (
	"fmt"
	"testing"
)

// zipf returns n ids, a few of them frequent, like words.
func zipf(n int, seed uint64) []uint32 {
	ids := make([]uint32, n)
	for i := range ids {
		seed += 0x9E3779B97F4A7C15
		z := (seed ^ seed>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		u := float64(z>>11) / (1 << 53)
		ids[i] = uint32(40 * u / (1.002 - u))
	}
	return ids
}

// BenchmarkExtend measures the extension of a seed that yields nothing, the most frequent
// step.
func BenchmarkExtend(b *testing.B) {
	x, y := zipf(10000, 1), zipf(10000, 2)
	var e extender
	var path []Run
	i, cells := 0, 0
	for b.Loop() {
		i = (i*5 + 1) & 8191
		path = path[:0]
		budget := 1 << 30
		e.extend(x, y, i+50, 8191-i+50, 1, 8, &budget, &path)
		cells += 1<<30 - budget
	}
	b.ReportMetric(float64(cells)/float64(b.N), "cells/op")
}

// BenchmarkAlign measures the alignment of two texts that share a fifth of their words in
// ten stretches, with one edit in ten words.
func BenchmarkAlign(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y := zipf(n, 1), zipf(n, 2)
			r := rng(3)
			for k := range 10 {
				from, to := k*n/10, (9-k)*n/10
				copy(y[to:], x[from:from+n/50])
				for i := range n / 50 {
					if r.n(10) == 0 {
						y[to+i] = uint32(r.n(n))
					}
				}
			}
			e := &Engine{Params: standard()}
			var chains []Chain
			for b.Loop() {
				e.indexed = nil
				chains = e.Align(Seq{IDs: x}, Seq{IDs: y})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*n), "ns/token")
			b.ReportMetric(float64(len(chains)), "chains")
		})
	}
}
