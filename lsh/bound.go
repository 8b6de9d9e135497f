package lsh

// A bucket with very many documents is oversized: comparing all of them with each
// other would take quadratic time. Its documents are compared with its leaders
// only. An engine elsewhere that applies FullSize, BucketLeaders and [Rule] to the
// buckets of [minhash.BandKeys], exact duplicates counted once, finds the matches
// of [Batch]. Clusters follow from the matches alone: a document is a
// representative unless it matches an earlier one, and otherwise joins the first
// representative that it matches.

const (
	// FullBucket is the largest number of different signatures for which all
	// documents of a bucket are always compared with each other.
	FullBucket = 128

	// BucketLeaders is the number of leaders of an oversized bucket: its first
	// documents in the order of preference, with which all others are compared.
	BucketLeaders = 8
)

// FullSize returns the size up to which the buckets of one band are compared in
// full. sizes are those of the band's buckets above [FullBucket], in ascending
// order, exact duplicates counted once; documents is the number of documents in
// the whole corpus that are not empty, exact duplicates included, and bands the
// number of bands.
func FullSize(sizes []int, documents, bands int) int {
	return fullUpTo(sizes, budget(documents)/float64(bands), pairsOf)
}

// FullDuplicates returns the size up to which all pairs of a group of exact duplicates
// are listed, and of two groups whose firsts match all pairs between them: in larger
// ones each is paired with the first only, and of two groups the firsts. sizes are
// those of the groups, and of both groups of each pair of firsts together, above
// [FullBucket], in ascending order; documents is as in [FullSize].
func FullDuplicates(sizes []int, documents int) int {
	return fullUpTo(sizes, budget(documents), func(n float64) float64 { return n * n / 2 })
}

// Buckets larger than FullBucket are compared in full too, the smaller ones first,
// as long as they take no more comparisons than these over all bands, whichever is
// more.
const totalWork, workPerDocument = 1 << 22, 16

// budget returns how many comparisons in larger buckets, or pairs of exact
// duplicates, n documents may take.
func budget(n int) float64 { return max(totalWork, workPerDocument*float64(n)) }

// fullUpTo returns the largest size up to which everything fits the budget, given
// in ascending order the sizes above FullBucket, each of which takes cost(size).
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
func skipped(n int) int64 { return int64(pairsOf(float64(n - BucketLeaders))) }

// pairsOf returns the number of pairs of n documents.
func pairsOf(n float64) float64 { return n * (n - 1) / 2 }
