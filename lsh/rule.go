package lsh

import "math"

// What an engine of another kind, such as a pipeline on many machines, has to
// know to give the answers of [Batch]. It makes the buckets of
// [minhash.BandKeys], twins counted once, compares those that FullSize lets it
// in full and of the others all with the first BucketHeads, and judges each
// candidate by Agreement and then by ExactScore. Clusters follow from these
// matches alone: a document is a representative unless it matches an earlier
// one, and otherwise joins the first of those that it matches.

const (
	// FullBucket is the number of different signatures up to which all in a
	// bucket are always compared with each other.
	FullBucket = 128

	// BucketHeads is the number of documents in a bounded bucket, the first ones
	// in the order of preference, that all others are compared with.
	BucketHeads = 8
)

// FullSize returns the size up to which the buckets of one band are compared in
// full. sizes are those of the band's buckets above [FullBucket], in ascending
// order and twins counted once; documents is the number of documents in the whole
// corpus that are not empty, twins included, and bands the number of bands.
func FullSize(sizes []int, documents, bands int) int {
	return fullUpTo(sizes, budget(documents)/float64(bands), pairsOf)
}

// Agreement returns how many of k registers must agree for a pair to be judged
// by its sets, which is four standard errors below the threshold, and how many
// for it to be a match where there are no sets.
func Agreement(k int, threshold float64) (worthALook, match int) {
	t, n := threshold, float64(k)
	ceil := func(x float64) int { return max(1, int(math.Ceil(x-1e-9))) }
	return ceil(n*t - standardErrors*math.Sqrt(n*t*(1-t))), ceil(n * t)
}

// ExactScore returns the score of two sets, each in ascending order and without
// repeats. Two empty sets have nothing in common: their similarity is 0.
func ExactScore(a, b []uint64) Score {
	n := common(a, b)
	if n == 0 {
		return Score{Exact: true}
	}
	return Score{
		Similarity:   float64(n) / float64(len(a)+len(b)-n),
		ContainmentA: float64(n) / float64(len(a)),
		ContainmentB: float64(n) / float64(len(b)),
		Exact:        true,
	}
}
