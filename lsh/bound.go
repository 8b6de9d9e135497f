package lsh

// A bucket with very many documents is oversized: comparing all of them with each
// other would take quadratic time. Its documents are compared only with its leaders.
// An external engine that applies FullSize, BucketLeaders and [Rule] to the buckets
// of [minhash.BandKeys], with exact duplicates counted once, finds the same matches
// as [Batch]. Clusters follow from the matches alone: a document is a representative
// unless it matches an earlier one, and otherwise joins the first representative
// that it matches.

const (
	// FullBucket is the largest number of different signatures for which all
	// documents of a bucket are always compared with each other.
	FullBucket = 128

	// BucketLeaders is the number of leaders of an oversized bucket: its first documents
	// in the order of preference. All others are compared with them.
	BucketLeaders = 8
)

// FullSize returns the size up to which the buckets of one band are compared in
// full. sizes lists the sizes of the band's buckets above [FullBucket], in ascending
// order, with exact duplicates counted once. documents is the number of non-empty
// documents in the whole corpus, including exact duplicates, and bands the number of
// bands.
func FullSize(sizes []int, documents, bands int) int {
	return fullUpTo(sizes, budget(documents)/float64(bands), pairsOf)
}

// FullDuplicates returns the size up to which all pairs of exact duplicates are
// listed. In a larger group, each document is paired only with the first; if the
// firsts of two groups match and the groups are larger together, only the firsts are
// paired. sizes lists all sizes above [FullBucket] in ascending order: the sizes of
// groups and, for each pair of matching firsts, the size of both groups together.
// documents is as in [FullSize].
func FullDuplicates(sizes []int, documents int) int {
	return fullUpTo(sizes, budget(documents), func(n float64) float64 { return n * n / 2 })
}

// Buckets larger than FullBucket are compared in full too, the smaller ones first,
// as long as all bands together take no more comparisons than the larger of these
// two figures.
const totalWork, workPerDocument = 1 << 22, 16

// budget returns the number of comparisons in larger buckets, or of pairs of exact
// duplicates, that n documents may take.
func budget(n int) float64 { return max(totalWork, workPerDocument*float64(n)) }

// fullUpTo returns the largest size up to which everything fits the budget. sizes
// lists the sizes above FullBucket in ascending order; each takes cost(size).
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

// skipped returns the number of comparisons left out in a bucket of n documents.
func skipped(n int) int64 { return int64(pairsOf(float64(n - BucketLeaders))) }

// pairsOf returns the number of pairs of n documents.
func pairsOf(n float64) float64 { return n * (n - 1) / 2 }
