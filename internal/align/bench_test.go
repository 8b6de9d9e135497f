package align

import "testing"

// zipf returns n ids, few of them frequent, as words are.
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

// BenchmarkExtend measures the extension of a seed that leads nowhere, the most
// frequent step of all.
func BenchmarkExtend(b *testing.B) {
	x, y := zipf(10000, 1), zipf(10000, 2)
	var e extender
	var path []Run
	budget, i := 1<<62, 0
	for b.Loop() {
		i = (i*5 + 1) & 8191
		path = path[:0]
		e.extend(x, y, i+50, 8191-i+50, 1, 8, &budget, &path)
	}
	b.ReportMetric(float64(1<<62-budget)/float64(b.N), "cells/op")
}
