package lsh

import (
	"fmt"
	"math"
)

// A Banding divides the registers of a signature into bands: two signatures become a
// candidate pair if all rows of at least one band agree. Registers beyond Bands*Rows
// serve only the estimate. In options, the zero Banding means the result of
// [Choose].
//
// More rows make a band harder to share, and more bands give a pair more chances:
// for a fixed number of rows, more bands find more pairs and cost more memory.
type Banding struct{ Bands, Rows int }

// String returns the banding as bands x rows, such as "16x6".
func (b Banding) String() string { return fmt.Sprintf("%dx%d", b.Bands, b.Rows) }

// Recall returns the probability that two documents of the given Jaccard
// similarity become a candidate pair: 1-(1-s^Rows)^Bands, the S-curve of Leskovec,
// Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.
func (b Banding) Recall(similarity float64) float64 {
	s := min(max(similarity, 0), 1)
	// log1p and expm1 keep the far ends of the curve exact, which determine the cost.
	return -math.Expm1(float64(b.Bands) * math.Log1p(-math.Pow(s, float64(b.Rows))))
}

// Candidates returns the expected number of candidate pairs in a corpus with the
// given histogram of similarities: pairs[i] is the number of pairs with a similarity
// from i/len(pairs) to (i+1)/len(pairs), each counted at the middle. For n documents
// without a histogram, n*(n-1)/2 pairs at their typical background similarity s
// yield n*(n-1)/2*b.Recall(s) candidates.
func (b Banding) Candidates(pairs []float64) float64 {
	sum := 0.0
	for i, n := range pairs {
		sum += n * b.Recall((float64(i)+.5)/float64(len(pairs)))
	}
	return sum
}

// Choose returns the banding for signatures of k registers that finds pairs at the
// threshold with at least the given probability. It takes the most rows that can
// reach that probability, since rows keep unrelated documents apart, and then the
// fewest bands that reach it, since an index pays for each band.
//
// If even bands of one row are not enough, all k registers become bands of one row;
// compare [Banding.Recall] at the threshold with the requested recall, and see
// [NeededK]. Choose panics unless k is positive, threshold and recall lie between 0
// and 1, and recall is below 1.
func Choose(k int, threshold, recall float64) Banding {
	if k < 1 {
		panic("lsh: k must be at least 1")
	}
	checkTarget(threshold, recall)
	for r := k; r >= 1; r-- {
		if b := neededBands(threshold, recall, r); b <= float64(k/r) {
			return Banding{int(b), r}
		}
	}
	return Banding{k, 1}
}

// NeededK returns the number of registers that a signature needs for bands of the
// given rows to find pairs at the threshold with at least the probability recall.
// Use it to see the price of fewer candidates: bands of more rows let fewer
// unrelated documents through. It returns [math.MaxInt] if the number does not fit
// an int, and panics on the same arguments as [Choose].
func NeededK(threshold, recall float64, rows int) int {
	if rows < 1 {
		panic("lsh: rows must be at least 1")
	}
	checkTarget(threshold, recall)
	k := neededBands(threshold, recall, rows) * float64(rows)
	if !(k < 1<<31-1) {
		return math.MaxInt
	}
	return int(k)
}

// neededBands returns the fewest bands of r rows whose recall at t reaches the
// target, or infinity if t^r underflows to 0.
func neededBands(t, target float64, r int) float64 {
	p := math.Pow(t, float64(r))
	if p >= 1 {
		return 1
	}
	b := max(1, math.Ceil(math.Log1p(-target)/math.Log1p(-p)))
	// Ceil may be off by one where the quotient is a whole number.
	for b > 1 && b < 1<<31 && (Banding{int(b) - 1, r}).Recall(t) >= target {
		b--
	}
	for b < 1<<31 && (Banding{int(b), r}).Recall(t) < target {
		b++
	}
	return b
}

func checkTarget(threshold, recall float64) {
	checkThreshold(threshold)
	checkRecall(recall)
}
