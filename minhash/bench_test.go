package minhash_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/minhash"
)

var benchSizes = []int{20, 64, 200, 1000, 5000, 20000}

// fastest returns the shortest time of a call of each function in nanoseconds. The
// functions alternate over several rounds, and each turn makes about as many calls as fit
// into 200 microseconds.
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

// BenchmarkRounds reports the time per shingle with one, two and three bucket rounds on
// each tier.
func BenchmarkRounds(b *testing.B) {
	for _, tier := range minhash.Tiers() {
		for _, n := range benchSizes {
			b.Run(fmt.Sprintf("tier=%s/n=%d", tier, n), func(b *testing.B) {
				set := stream(1, n)
				base := minhash.New(minhash.Options{}).OnTier(tier)
				var fs []func()
				for rounds := 1; rounds <= 3; rounds++ {
					s := base.WithRounds(rounds)
					sig := s.Sketch(set)
					fs = append(fs, func() { s.SketchInto(&sig, set) })
				}
				c := minhash.New(minhash.Options{Algorithm: minhash.Classic}).OnTier(tier)
				sig := c.Sketch(set)
				fs = append(fs, func() { c.SketchInto(&sig, set) })
				var ns []float64
				for b.Loop() {
					ns = fastest(100, fs...)
				}
				b.ReportMetric(0, "ns/op")
				for i, what := range []string{"R1", "R2", "R3", "classic"} {
					b.ReportMetric(ns[i]/float64(n), what+"-ns/shingle")
				}
			})
		}
	}
}

// BenchmarkAgree reports the time to compare two signatures of 128 registers on
// each tier.
func BenchmarkAgree(b *testing.B) {
	s := minhash.New(minhash.Options{})
	set := stream(1, 1000)
	x, y := s.Sketch(set[:900]).Values(), s.Sketch(set[100:]).Values()
	var fs []func()
	total := 0
	for _, tier := range minhash.Tiers() {
		fs = append(fs, func() { total += minhash.AgreeOnTier(tier, x, y) })
	}
	var ns []float64
	for b.Loop() {
		ns = fastest(100, fs...)
	}
	b.ReportMetric(0, "ns/op")
	for i, tier := range minhash.Tiers() {
		b.ReportMetric(ns[i], tier+"-ns")
	}
}

// BenchmarkBandKeys reports the time to compute all keys of a signature of 128 registers,
// and the speed relative to XXH64 of each band's bytes.
func BenchmarkBandKeys(b *testing.B) {
	for _, bands := range []int{16, 32} {
		rows := 128 / bands
		b.Run(fmt.Sprintf("bands=%d", bands), func(b *testing.B) {
			values := minhash.New(minhash.Options{}).Sketch(stream(1, 1000)).Values()
			var keys []uint64
			var bytes []byte
			var ns []float64
			for b.Loop() {
				ns = fastest(100,
					func() { keys = minhash.BandKeys(keys[:0], values, bands, rows, 1) },
					func() {
						keys = keys[:0]
						for band := range bands {
							bytes = bytes[:0]
							for _, v := range values[band*rows : (band+1)*rows] {
								bytes = binary.LittleEndian.AppendUint32(bytes, v)
							}
							keys = append(keys, xxhash.Sum64(bytes))
						}
					})
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ns[0], "ns/signature")
			b.ReportMetric(ns[1]/ns[0], "x-xxh64")
		})
	}
}

// BenchmarkParallel reports nanoseconds of processor time per shingle for one and for two
// goroutines that sketch documents of 200 shingles with their own memory and a shared
// Sketcher: sharing it must not slow them down.
func BenchmarkParallel(b *testing.B) {
	s := minhash.New(minhash.Options{})
	set := stream(1, 200)
	for b.Loop() {
		var best [2]float64
		for round := range 40 {
			for i := range best {
				const docs = 2000
				var wg sync.WaitGroup
				spent := make([]time.Duration, i+1)
				for g := range spent {
					wg.Go(func() {
						var sig minhash.Signature
						start := time.Now()
						for range docs {
							s.SketchInto(&sig, set)
						}
						spent[g] = time.Since(start)
					})
				}
				wg.Wait()
				ns := float64(slices.Min(spent).Nanoseconds()) / docs / float64(len(set))
				if round == 0 || ns < best[i] {
					best[i] = ns
				}
			}
		}
		b.ReportMetric(best[0], "ns/shingle-alone")
		b.ReportMetric(best[1], "ns/shingle-of-two")
		b.ReportMetric(best[1]/best[0], "two/one")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRepetitive reports the time per element for 10,000 elements that repeat a few
// distinct ones, and the slowdown compared with as many distinct ones.
func BenchmarkRepetitive(b *testing.B) {
	const n = 10000
	for _, distinct := range []int{1, 20, 100, 300} {
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			s := minhash.New(minhash.Options{})
			all := stream(1, n)
			few := make([]uint64, n)
			for i := range few {
				few[i] = all[i%distinct]
			}
			var sig minhash.Signature
			var ns []float64
			for b.Loop() {
				ns = fastest(50, func() { s.SketchInto(&sig, few) }, func() { s.SketchInto(&sig, all) })
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ns[0]/n, "ns/element")
			b.ReportMetric(ns[0]/ns[1], "x-slower")
		})
	}
}
