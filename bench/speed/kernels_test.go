// Package speed_test measures the kernels of package minhash against classic
// MinHash:
//
//	GOWORK=off go -C bench/speed test -run '^$' -bench .
package speed_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/neardup/neardup/bench/speed/classic"
	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/minhash"
)

// stream returns the first n numbers of SplitMix64, which look random and are always the
// same.
func stream(seed uint64, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		out[i] = z ^ z>>31
	}
	return out
}

// fastest returns the shortest time of a call of each function in nanoseconds. The
// functions alternate, and each turn makes about as many calls as fit into 200
// microseconds.
func fastest(rounds int, fs ...func()) []float64 {
	best := make([]float64, len(fs))
	calls := make([]int, len(fs))
	for i, f := range fs {
		f()
		start := time.Now()
		f()
		calls[i] = 1 + int(200*time.Microsecond/max(time.Since(start), 100))
		best[i] = math.Inf(1)
	}
	for range rounds {
		for i, f := range fs {
			start := time.Now()
			for range calls[i] {
				f()
			}
			best[i] = min(best[i], float64(time.Since(start).Nanoseconds())/float64(calls[i]))
		}
	}
	return best
}

// BenchmarkKernels reports, for sets of n shingles, the time per shingle of each tier and
// its speed relative to classic 64-bit MinHash: AVX2 and AVX-512 compared with its
// AVX-512 kernel, Go with its Go version. All of them alternate, and the shortest times
// count.
func BenchmarkKernels(b *testing.B) {
	for _, n := range []int{20, 64, 200, 1000, 5000, 20000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			set := stream(1, n)
			var fs []func()
			tiers := tiers()
			for _, t := range tiers {
				restore := cpu.Use(t)
				s := minhash.New(minhash.Options{}) // keeps tier t after restore
				restore()
				sig := s.Sketch(set)
				fs = append(fs, func() { s.SketchInto(&sig, set) })
			}
			r := classic.New(1)
			var dst [classic.K]uint64
			fs = append(fs, func() { r.AVX512(&dst, set) }, func() { r.Go(&dst, set) })
			var ns []float64
			for b.Loop() {
				ns = fastest(200, fs...)
			}
			b.ReportMetric(0, "ns/op")
			for i := range ns {
				ns[i] /= float64(n)
			}
			against512, againstGo := ns[len(tiers)], ns[len(tiers)+1]
			for i, t := range tiers {
				against := against512
				if t == cpu.Generic {
					against = againstGo
				}
				b.ReportMetric(ns[i], t.String()+"-ns/shingle")
				b.ReportMetric(against/ns[i], t.String()+"-x-classic")
			}
			b.ReportMetric(against512, "classicAVX512-ns/shingle")
			b.ReportMetric(againstGo, "classicGo-ns/shingle")
		})
	}
}

// tiers lists the tiers that package minhash has kernels for, Go first.
func tiers() (list []cpu.Tier) {
	for _, t := range cpu.Tiers() {
		if t <= cpu.AVX512 {
			list = append(list, t)
		}
	}
	return list
}

// All tiers must make the same signature, or the benchmark compares different work.
func TestTiersMakeTheSameSignature(t *testing.T) {
	set := stream(1, 1000)
	want := minhash.New(minhash.Options{}).Sketch(set).Values()
	for _, tier := range tiers() {
		restore := cpu.Use(tier)
		s := minhash.New(minhash.Options{})
		restore()
		if got := s.Sketch(set).Values(); !slices.Equal(got, want) {
			t.Errorf("signature on %s = %x, want %x", tier, got, want)
		}
	}
}
