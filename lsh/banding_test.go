package lsh_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

func TestChooseReturnsKnownBandings(t *testing.T) {
	tests := []struct {
		k                 int
		threshold, recall float64
		want              lsh.Banding
		why               string
	}{
		{128, .8, .99, lsh.Banding{Bands: 16, Rows: 6}, "18x7 has .986"},
		{128, .8, .95, lsh.Banding{Bands: 13, Rows: 7}, "13 bands of 7 rows are enough"},
		{128, .5, .99, lsh.Banding{Bands: 35, Rows: 3}, ""},
		{128, .3, .99, lsh.Banding{Bands: 49, Rows: 2}, ""},
		{128, .9, .99, lsh.Banding{Bands: 11, Rows: 10}, ""},
		{128, 1, .99, lsh.Banding{Bands: 1, Rows: 128}, "equal sets agree everywhere"},
		{128, .01, .99, lsh.Banding{Bands: 128, Rows: 1}, "even bands of one row, the most chances possible, reach only .72"},
		{1, .5, .4, lsh.Banding{Bands: 1, Rows: 1}, ""},
	}
	for _, test := range tests {
		got := lsh.Choose(test.k, test.threshold, test.recall)
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("Choose(%d, %v, %v) mismatch (-want +got), %s:\n%s", test.k, test.threshold, test.recall, test.why, diff)
		}
	}
}

// TestChooseKeepsItsPromise tries every banding: the chosen one reaches the recall, and
// no banding with more rows, or with as many rows and fewer bands, does.
func TestChooseKeepsItsPromise(t *testing.T) {
	for _, k := range []int{16, 64, 128, 200, 256} {
		for threshold := .05; threshold < 1; threshold += .05 {
			for _, recall := range []float64{.5, .9, .95, .99, .999} {
				b := lsh.Choose(k, threshold, recall)
				if b.Bands*b.Rows > k {
					t.Fatalf("Choose(%d, %v, %v) = %v, want at most K registers", k, threshold, recall, b)
				}
				needed := lsh.NeededK(threshold, recall, b.Rows)
				if b.Recall(threshold) < recall {
					if b != (lsh.Banding{Bands: k, Rows: 1}) || needed <= k {
						t.Errorf("Choose(%d, %v, %v) = %v with recall %v, want at least that recall, or bands of one row if K is too small", k, threshold, recall, b, b.Recall(threshold))
					}
					continue
				}
				if needed != b.Bands*b.Rows {
					t.Errorf("NeededK(%v, %v, %d) = %d, want %d as in %v", threshold, recall, b.Rows, needed, b.Bands*b.Rows, b)
				}
				if fewer := (lsh.Banding{Bands: b.Bands - 1, Rows: b.Rows}); fewer.Recall(threshold) >= recall {
					t.Errorf("Choose(%d, %v, %v) = %v, want %v, which reaches the recall with fewer bands", k, threshold, recall, b, fewer)
				}
				for rows := b.Rows + 1; rows <= k; rows++ {
					if more := (lsh.Banding{Bands: k / rows, Rows: rows}); more.Recall(threshold) >= recall {
						t.Errorf("Choose(%d, %v, %v) = %v, want %v, which reaches the recall with more rows", k, threshold, recall, b, more)
					}
				}
			}
		}
	}
}

func TestRecallGrowsWithSimilarity(t *testing.T) {
	for _, b := range []lsh.Banding{{16, 8}, {1, 1}, {128, 1}, {9, 13}, {1, 128}} {
		last := 0.0
		for i := range 101 {
			s := float64(i) / 100
			want := 1 - math.Pow(1-math.Pow(s, float64(b.Rows)), float64(b.Bands))
			got := b.Recall(s)
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("%v.Recall(%v) = %v, want %v", b, s, got, want)
			}
			if got < last {
				t.Errorf("%v.Recall(%v) = %v, want at least %v as at a lower similarity", b, s, got, last)
			}
			last = got
		}
		if b.Recall(0) != 0 || b.Recall(1) != 1 || b.Recall(-1) != 0 || b.Recall(2) != 1 {
			t.Errorf("%v.Recall at 0, 1, -1, 2 = %v, %v, %v, %v, want 0, 1, 0, 1", b, b.Recall(0), b.Recall(1), b.Recall(-1), b.Recall(2))
		}
	}
	// Far from the threshold, 1-(1-s^Rows)^Bands computed directly would round to 0.
	if got, want := (lsh.Banding{Bands: 8, Rows: 16}).Recall(.01), 8e-32; math.Abs(got/want-1) > 1e-9 {
		t.Errorf("Recall(.01) = %v, want %v", got, want)
	}
}

func TestCandidatesSumRecall(t *testing.T) {
	b := lsh.Banding{Bands: 16, Rows: 6}
	if got, want := b.Candidates([]float64{1000, 0, 0, 10}), 1000*b.Recall(.125)+10*b.Recall(.875); math.Abs(got-want) > 1e-9 {
		t.Errorf("Candidates() = %v, want %v", got, want)
	}
	if got := b.Candidates(nil); got != 0 {
		t.Errorf("Candidates(nil) = %v, want 0", got)
	}
}

func TestNeededKReachesTheRecall(t *testing.T) {
	if got := lsh.NeededK(.8, .99, 13); got <= 128 || got > 2000 {
		t.Errorf("NeededK(.8, .99, 13) = %d, want 129 to 2000", got)
	}
	if got := lsh.NeededK(.001, .99, 200); got != math.MaxInt {
		t.Errorf("NeededK(.001, .99, 200) = %d, want math.MaxInt", got)
	}
}

// TestMeasuredRecallFollowsSCurve measures how often pairs of a known similarity become
// candidates, and compares the result with the curve.
func TestMeasuredRecallFollowsSCurve(t *testing.T) {
	const n, union = 2000, 1000
	r := rand.New(rand.NewPCG(5, 6))
	for _, algorithm := range []minhash.Algorithm{minhash.Bucket, minhash.Classic} {
		if algorithm == minhash.Classic && (race.Enabled || testing.Short()) {
			continue // the classic algorithm is only the reference, and takes 100 times as long
		}
		sk := minhash.New(minhash.Options{Algorithm: algorithm})
		for _, common := range []int{300, 400, 500, 600, 700, 800, 900} {
			s := float64(common) / union
			bandings := []lsh.Banding{{16, 6}, {35, 3}, {49, 2}, {10, 9}, {16, 8}}
			hits := make([]int, len(bandings))
			for range n {
				all := make([]uint64, union)
				for i := range all {
					all[i] = r.Uint64()
				}
				half := common + (union-common)/2
				a := sk.Sketch(all[:half]).Values()
				b := sk.Sketch(append(slices.Clone(all[:common]), all[half:]...)).Values()
				for i, banding := range bandings {
					for j := range banding.Bands {
						lo, hi := j*banding.Rows, (j+1)*banding.Rows
						if slices.Equal(a[lo:hi], b[lo:hi]) {
							hits[i]++
							break
						}
					}
				}
			}
			for i, banding := range bandings {
				p, got := banding.Recall(s), float64(hits[i])/n
				// If p is nearly 0 or 1, a deviation of one pair is allowed.
				if se := math.Sqrt(p * (1 - p) / n); math.Abs(got-p) > 4*se+1.0/n {
					t.Errorf("%v, %v: %.4f of pairs at %v are candidates, want %.4f with standard error %.4f", algorithm, banding, got, s, p, se)
				}
			}
		}
	}
}
