package lsh

// A Score is how alike two documents are. The zero value is the score of two
// documents with nothing in common, by estimate.
type Score struct {
	// Similarity is the Jaccard similarity: the elements that both have over
	// those that either has.
	Similarity float64

	// ContainmentA is the share of A that is in B, ContainmentB the share of B
	// that is in A. Without sets, both follow from the similarity and from the
	// estimated sizes of the two sets.
	ContainmentA, ContainmentB float64

	// Exact reports that the figures were computed from the two sets that the
	// caller gave, and not estimated from signatures.
	Exact bool
}

// ExactScore returns the score of two sets. It is cheapest where both are in
// ascending order without repeats, as shingle.Set returns them; other input is
// copied and sorted. Two empty sets have nothing in common: their similarity is 0.
func ExactScore(a, b []uint64) Score { return scoreSets(asSet(a), asSet(b)) }

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

// common returns how many elements two ascending sets share.
func common(a, b []uint64) int {
	n, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		// Branch-free steps: which side is smaller is as good as random.
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
