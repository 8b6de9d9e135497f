package lsh

// Work says what a batch call did and what it left out to stay linear.
type Work struct {
	Documents  int   // that took part: neither empty nor removed
	Twins      int   // of them with signature and set of an earlier one
	Candidates int64 // pairs whose signatures were compared
	Verified   int64 // of them, pairs whose sets were compared

	// LargestBucket is the number of documents in the largest bucket, twins
	// counted once.
	LargestBucket int

	// Bounded is the number of buckets that were too large to compare all their
	// documents with each other: each was compared with the first 8 only.
	// BoundedDocuments is the number of documents in them, counted once for
	// each bucket, and Skipped the number of comparisons that were left out.
	// A pair that meets in a smaller bucket too is found all the same.
	Bounded, BoundedDocuments int
	Skipped                   int64

	// BoundedTwins is the number of documents in groups of twins of which not
	// every pair is listed: each is paired with the first of its group, and the
	// first stands for all in the pairs with others.
	BoundedTwins int
}

const (
	// Buckets larger than FullBucket are compared in full too, the smaller ones
	// first, as long as they take no more comparisons than these over all bands,
	// whichever is more.
	totalWork, workPerDocument = 1 << 22, 16
)

// budget returns how many comparisons in larger buckets, or pairs of twins, n
// documents may take.
func budget(n int) float64 { return max(totalWork, workPerDocument*float64(n)) }

// fullUpTo returns the largest size up to which everything fits the budget,
// given in ascending order the sizes above FullBucket, each of which takes
// cost(size).
func fullUpTo(sizes []int, budget float64, cost func(size float64) float64) int {
	full, left := FullBucket, budget
	for i := 0; i < len(sizes); {
		size, end := sizes[i], i
		for end < len(sizes) && sizes[end] == size {
			end++
		}
		if left -= float64(end-i) * cost(float64(size)); left < 0 {
			break
		}
		full, i = size, end
	}
	return full
}

// skipped returns how many comparisons are left out in a bucket of n documents.
func skipped(n int) int64 { return int64(pairsOf(float64(n - BucketHeads))) }

// pairsOf returns the number of pairs of n documents.
func pairsOf(n float64) float64 { return n * (n - 1) / 2 }

// add adds the figures of v that workers count.
func (w *Work) add(v Work) {
	w.Twins += v.Twins
	w.Candidates += v.Candidates
	w.Verified += v.Verified
	w.LargestBucket = max(w.LargestBucket, v.LargestBucket)
	w.Bounded += v.Bounded
	w.BoundedDocuments += v.BoundedDocuments
	w.Skipped += v.Skipped
	w.BoundedTwins += v.BoundedTwins
}
