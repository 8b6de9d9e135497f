package minhash_test

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/minhash"
)

// Two sets meet in a share J^rows of the bands, also if they are far smaller than K,
// where shortcuts in the literature fail.
func TestBandsMeetWithProbabilityJToTheRows(t *testing.T) {
	trials := 3000
	if testing.Short() || race.Enabled {
		trials = 500
	}
	for _, n := range []int{5, 10, 20, 50, 200, 1000} {
		for _, share := range []float64{.4, .6, .8} {
			common := int(math.Round(share * float64(n)))
			onlyA := (n - common) / 2
			j := float64(common) / float64(n)
			for _, rows := range []int{2, 4, 8} {
				met, bands := 0, 128/rows
				var a, b []uint64
				for trial := range trials {
					s := minhash.New(minhash.Options{Seed: uint64(trial)})
					set := random(trial, n)
					a = s.Sketch(set[:onlyA+common]).BandKeys(a[:0], bands, rows, 5)
					b = s.Sketch(set[onlyA:]).BandKeys(b[:0], bands, rows, 5)
					for i := range a {
						if a[i] == b[i] {
							met++
						}
					}
				}
				got, want := float64(met)/float64(trials*bands), math.Pow(j, float64(rows))
				// Bands of one document are not independent: at small n they depend
				// on the same few elements, so the bound is absolute.
				if math.Abs(got-want) > .02+.05*want {
					t.Errorf("n=%d J=%.2f rows=%d: %.4f of the bands agree, want about J^rows = %.4f", n, j, rows, got, want)
				}
			}
		}
	}
}

func TestBandKeysDependOnTheirBandAlone(t *testing.T) {
	s := minhash.New(minhash.Options{})
	a := s.Sketch(stream(1, 100))
	keys := a.BandKeys(nil, 16, 8, 1)
	if !slices.Equal(keys, minhash.BandKeys(nil, a.Values(), 16, 8, 1)) {
		t.Error("Signature.BandKeys and BandKeys of its values differ, want the same keys")
	}
	other := a.BandKeys(nil, 16, 8, 2)
	for i := range keys {
		if keys[i] == other[i] {
			t.Errorf("band %d: key %#x with seeds 1 and 2, want different keys", i, keys[i])
		}
	}
	// Equal registers in another band have another key.
	same, err := minhash.New(minhash.Options{Algorithm: minhash.Classic, K: 64}).Wrap(slices.Repeat([]uint32{7}, 64))
	if err != nil {
		t.Fatal(err)
	}
	keys = same.BandKeys(nil, 16, 4, 0)
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 16 {
		t.Errorf("%d distinct keys of 16 bands of equal registers, want 16", len(slices.Compact(keys)))
	}
	// Changing one bit of one register changes about half of the bits of its key, and no
	// other key.
	flips, trials := 0, 0
	values := a.Values()
	before := minhash.BandKeys(nil, values, 16, 8, 9)
	for i := range 128 {
		for bit := range 32 {
			changed := slices.Clone(values)
			changed[i] ^= 1 << bit
			for band, k := range minhash.BandKeys(nil, changed, 16, 8, 9) {
				d := bits.OnesCount64(k ^ before[band])
				if (d != 0) != (band == i/8) {
					t.Fatalf("register %d bit %d changed: %d bits of the key of band %d change, want some in band %d and none in the others", i, bit, d, band, i/8)
				}
				flips += d
			}
			trials++
		}
	}
	if mean := float64(flips) / float64(trials); math.Abs(mean-32) > .5 {
		t.Errorf("a changed bit changes %.2f bits of a key on average, want 32 within 0.5", mean)
	}
	for _, c := range [][2]int{{0, 1}, {1, 0}, {-1, -1}, {17, 8}, {1, 129}} {
		if !panics(func() { a.BandKeys(nil, c[0], c[1], 0) }) {
			t.Errorf("BandKeys(%d, %d) did not panic, want a panic", c[0], c[1])
		}
	}
}
