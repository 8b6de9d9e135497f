package lsh

import (
	"github.com/neardup/neardup/minhash"
)

// A Score says how alike two documents are.
type Score struct {
	Similarity float64 // Jaccard: what both have over what either has

	// ContainmentA is the share of A that is in B, ContainmentB the share of B
	// that is in A. Where there are no sets, they follow from the similarity and
	// from the number of elements that either signature gives as an estimate.
	ContainmentA, ContainmentB float64

	// Exact says that the figures were computed from the two sets, and not
	// estimated from signatures.
	Exact bool
}

// A rule decides which candidates are matches.
type rule struct {
	k         int
	threshold float64
	floor     int // fewest agreeing registers worth an exact look
	accept    int // fewest agreeing registers of a match by estimate
}

// standardErrors is how far below the threshold an estimate must lie before it
// alone rules a pair out: one pair in 30,000 at the threshold is lost to it.
const standardErrors = 4

func makeRule(k int, threshold float64) rule {
	floor, accept := Agreement(k, threshold)
	return rule{k: k, threshold: threshold, floor: floor, accept: accept}
}

// estimate returns the score of two documents whose signatures agree in that
// many registers; elements gives the estimates of the sizes of their sets, which
// take longer than all the rest.
func (r rule) estimate(agree int, elements func() (a, b float64)) Score {
	if agree == r.k {
		return Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1}
	}
	j := float64(agree) / float64(r.k)
	a, b := elements()
	return Score{
		Similarity:   j,
		ContainmentA: minhash.Containment(j, a, b),
		ContainmentB: minhash.Containment(j, b, a),
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

// isEmpty says whether the registers are those of the empty set.
func isEmpty(registers []uint32) bool {
	for _, v := range registers {
		if v != ^uint32(0) {
			return false
		}
	}
	return true
}
