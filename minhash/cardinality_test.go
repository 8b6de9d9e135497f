package minhash_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// Estimates have the same bits on every processor: the file holds estimates of
// similarity, containment and cardinality.
func TestGoldenEstimates(t *testing.T) {
	var out strings.Builder
	for _, o := range everyOptions() {
		s := minhash.New(o)
		for _, n := range []int{1, 2, 3, 10, 50, 90, 130, 200, 500, 3000, 20000} {
			set := stream(uint64(n), n)
			a, b := s.Sketch(set[:max(1, n*3/4)]), s.Sketch(set[n/3:])
			fmt.Fprintf(&out, "%v k=%d n=%d:", o.Algorithm, o.K, n)
			for _, x := range []float64{a.Similarity(b), a.Containment(b), b.Containment(a), a.Cardinality(), b.Cardinality(), a.Pack(8).Similarity(b.Pack(8))} {
				fmt.Fprintf(&out, " %016x", math.Float64bits(x))
			}
			out.WriteByte('\n')
		}
	}
	golden(t, "testdata/estimates.txt", []byte(out.String()))
}

// TestLogarithmAgreesWithMath compares logarithms with package math, whose results may be
// off in the last digit.
func TestLogarithmAgreesWithMath(t *testing.T) {
	check := func(what string, x, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-15*math.Abs(want) {
			t.Errorf("%s of %g: %v, want %v", what, x, got, want)
		}
	}
	for i, h := range stream(1, 200000) {
		x := (float64(h>>11) + .5) / (1 << 53) // in (0, 1)
		check("log", x, minhash.Logarithm(x), math.Log(x))
		small := math.Ldexp(x, -i%60)
		if small < 15./16 {
			check("log1p of minus", small, minhash.Logarithm1(small), math.Log1p(-small))
		}
	}
	for _, x := range []float64{.5, .25, .75, 1 - 1./128, 1 - 1./1024, 1. / 128, .7071067811865475, .7071067811865476} {
		check("log", x, minhash.Logarithm(x), math.Log(x))
	}
}

// The sum of waiting times equals the sum of the logarithms, for anything from a few
// large ones to many small ones.
func TestWaitingTimesSumLogarithms(t *testing.T) {
	for n := range 60 {
		scale := math.Ldexp(1, -n)
		var us []float64
		var want float64
		for _, h := range stream(uint64(n), 300) {
			u := (float64(h>>11) + .5) / (1 << 53) * scale
			us = append(us, u)
			want -= math.Log1p(-u)
		}
		if got := minhash.Waiting(us); math.Abs(got-want) > 1e-14*want {
			t.Errorf("scale 2^-%d: %v, want %v", n, got, want)
		}
	}
}

// BenchmarkCardinality reports the time of an estimate, and of computing the logarithm of
// each register.
func BenchmarkCardinality(b *testing.B) {
	for _, n := range []int{20, 200, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			sig := minhash.New(minhash.Options{}).Sketch(stream(1, n))
			var sum float64
			var ns []float64
			for b.Loop() {
				ns = fastest(100,
					func() { sum += sig.Cardinality() },
					func() {
						for _, v := range sig.Values() {
							sum -= math.Log1p(-float64(v) / (1 << 33))
						}
					})
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ns[0], "ns/signature")
			b.ReportMetric(ns[1]/ns[0], "x-log1p")
		})
	}
}
