package lsh

import "github.com/neardup/neardup/internal/hashset"

// A Score describes how similar two documents are. The zero value is the estimated
// score of two documents with nothing in common.
type Score struct {
	// Similarity is the Jaccard similarity: the number of elements in both documents
	// divided by the number in either.
	Similarity float64

	// ContainmentA is the share of A that is in B, ContainmentB the share of B
	// that is in A. Without sets, both follow from the similarity and from the
	// estimated sizes of the two sets.
	ContainmentA, ContainmentB float64

	// Exact reports that the figures were computed from the given sets, not estimated
	// from signatures.
	Exact bool
}

// ExactScore returns the score of two sets. It is cheapest if both are in ascending
// order without repeats, like a shingle.Set; other input is copied and sorted. Two
// empty sets have nothing in common: their similarity is 0.
func ExactScore(a, b []uint64) Score { return scoreSets(hashset.Of(a), hashset.Of(b)) }

// scoreSets is [ExactScore] of ascending sets without repeats.
func scoreSets(a, b []uint64) Score {
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

// common returns the number of elements that two ascending sets share.
func common(a, b []uint64) int {
	n, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		// Branch-free steps: which side is smaller is unpredictable.
		if x == y {
			n++
		}
		if x <= y {
			i++
		}
		if y <= x {
			j++
		}
	}
	return n
}
