package minhash_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/minhash"
)

// Packed signatures agree wherever the full ones do, are corrected for chance, and are as
// accurate as documented.
func TestPackedAccuracy(t *testing.T) {
	trials := 3000
	if testing.Short() || race.Enabled {
		trials = 600
	}
	for _, width := range []int{8, 16} {
		for _, n := range []int{20, 200, 2000} {
			for _, j := range []float64{.2, .5, .8, .95} {
				common := int(math.Round(j * float64(n)))
				onlyA := (n - common) / 2
				exact := float64(common) / float64(n)
				var sum, squares float64
				for trial := range trials {
					s := minhash.New(minhash.Options{Seed: uint64(trial)})
					set := random(trial, n)
					a, b := s.Sketch(set[:onlyA+common]), s.Sketch(set[onlyA:])
					d := a.Pack(width).Similarity(b.Pack(width)) - exact
					if lost := a.Similarity(b) - exact - d; lost > 1.01/float64(int(1)<<width) {
						t.Fatalf("%d bits n=%d J=%.2f: packed estimate %.4f below the whole one, want at most %.4f", width, n, exact, lost, 1.01/float64(int(1)<<width))
					}
					sum += d
					squares += d * d
				}
				chance := 1 / float64(int(1)<<width)
				p := chance + (1-chance)*exact
				theory := p * (1 - p) / 128 / (1 - chance) / (1 - chance)
				mean, mse := sum/float64(trials), squares/float64(trials)
				z := mean / math.Sqrt((mse-mean*mean)/float64(trials))
				if math.Abs(z) > 4 || mse > theory*(1+3*math.Sqrt(2/float64(trials))) {
					t.Errorf("%d bits n=%d J=%.2f: bias of %.1f standard errors, squared error %.3f of theory, want at most 4 and about 1", width, n, exact, z, mse/theory)
				}
			}
		}
	}
}

// The mean estimate for disjoint sets is close to 0; without the correction it would be
// 2^-8.
func TestPackedDisjointSetsScoreNearZero(t *testing.T) {
	var sum float64
	const trials = 2000
	s := minhash.New(minhash.Options{K: 1024})
	for trial := range trials {
		set := random(trial, 200)
		sum += s.Sketch(set[:100]).Pack(8).Similarity(s.Sketch(set[100:]).Pack(8))
	}
	// Negative estimates count as 0, which halves the spread.
	if mean := sum / trials; mean > .0012 {
		t.Errorf("mean similarity of disjoint sets = %.5f, want at most 0.0012", mean)
	}
}

func TestPackedEmptySetMatchesNothing(t *testing.T) {
	s := minhash.New(minhash.Options{})
	none, some := s.Sketch(nil).Pack(8), s.Sketch([]uint64{1}).Pack(8)
	if !none.IsEmpty() || some.IsEmpty() {
		t.Errorf("IsEmpty() = %v for no elements and %v for one, want true and false", none.IsEmpty(), some.IsEmpty())
	}
	if none.Bits() != 8 || some.Scheme() != s.Scheme() || (minhash.Packed{}).Scheme() != (minhash.Scheme{}) {
		t.Errorf("Bits() = %d, Scheme() = %v, Scheme() of zero = %v, want 8, %v and the zero Scheme", none.Bits(), some.Scheme(), (minhash.Packed{}).Scheme(), s.Scheme())
	}
	if none.Similarity(none) != 0 || none.Similarity(some) != 0 || some.Similarity(some) != 1 {
		t.Errorf("similarity of empty and empty, empty and some, some and some = %v, %v, %v, want 0, 0, 1", none.Similarity(none), none.Similarity(some), some.Similarity(some))
	}
}

func TestPackedRefusesMismatch(t *testing.T) {
	a := minhash.New(minhash.Options{}).Sketch([]uint64{1})
	b := minhash.New(minhash.Options{Seed: 1}).Sketch([]uint64{1})
	for _, pair := range [][2]minhash.Packed{{a.Pack(8), a.Pack(16)}, {a.Pack(8), b.Pack(8)}} {
		if err := pair[0].Compatible(pair[1]); !errors.Is(err, minhash.ErrMismatch) {
			t.Errorf("Compatible() = %v, want ErrMismatch", err)
		}
		if !panics(func() { pair[0].Similarity(pair[1]) }) {
			t.Error("Similarity of incompatible signatures did not panic, want a panic")
		}
	}
	if !panics(func() { a.Pack(4) }) {
		t.Error("Pack(4) did not panic, want a panic")
	}
}

func TestPackedRefusesDamage(t *testing.T) {
	p := minhash.New(minhash.Options{K: 16}).Sketch([]uint64{1}).Pack(16)
	good, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range good {
		var got minhash.Packed
		if err := got.UnmarshalBinary(good[:cut]); err == nil || got.Bits() != 0 {
			t.Errorf("UnmarshalBinary(first %d bytes) = %v and %d bits, want an error and 0", cut, err, got.Bits())
		}
	}
	body := len(good) - 8 - 32 // offset of the registers, which follow their width
	for _, c := range []struct {
		why  string
		data []byte
		want error
	}{
		{"a width of 12 bits", reseal(append(append(slices.Clone(good[:body-1]), 12), good[body:]...)), minhash.ErrCorrupt},
		{"half of the registers", reseal(append(slices.Clone(good[:body+16]), good[body+32:]...)), minhash.ErrCorrupt},
		{"no width", reseal(append(slices.Clone(good[:body-1]), good[body+32:]...)), minhash.ErrCorrupt},
	} {
		var got minhash.Packed
		if err := got.UnmarshalBinary(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: UnmarshalBinary() = %v, want %v", c.why, err, c.want)
		}
	}
	whole, err := minhash.New(minhash.Options{K: 16}).Sketch([]uint64{1}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got minhash.Packed
	if err := got.UnmarshalBinary(whole); !errors.Is(err, minhash.ErrFormat) {
		t.Errorf("UnmarshalBinary(whole signature) = %v, want ErrFormat", err)
	}
}
