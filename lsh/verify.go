package lsh

import "math"

// A Score says how alike two documents are.
type Score struct {
	Similarity float64 // Jaccard: what both have over what either has

	// ContainmentA is the share of A that is in B, ContainmentB the share of B
	// that is in A. Without sets they follow from the estimate and the number
	// of elements of either document; 0 where that number is not known.
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
	t, n := threshold, float64(k)
	ceil := func(x float64) int { return max(1, int(math.Ceil(x-1e-9))) }
	return rule{
		k:         k,
		threshold: t,
		floor:     ceil(n*t - standardErrors*math.Sqrt(n*t*(1-t))),
		accept:    ceil(n * t),
	}
}

// estimate returns the score of two documents of na and nb elements whose
// signatures agree in that many registers.
func (r rule) estimate(agree, na, nb int) Score {
	j := float64(agree) / float64(r.k)
	s := Score{Similarity: j}
	if na > 0 && nb > 0 {
		common := j / (1 + j) * float64(na+nb)
		s.ContainmentA = min(1, common/float64(na))
		s.ContainmentB = min(1, common/float64(nb))
	}
	return s
}

// exact returns the score of two sets in ascending order.
func exact(a, b []uint64) Score {
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

// judge returns the score of two documents whose signatures agree in that many
// registers, and whether they match. A nil set is one that is not known.
func (r rule) judge(agree int, a, b []uint64, na, nb int) (Score, bool) {
	if a != nil && b != nil {
		s := exact(a, b)
		return s, s.Similarity >= r.threshold
	}
	return r.estimate(agree, na, nb), agree >= r.accept
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

// agreement returns in how many registers two signatures agree.
func agreement(a, b []uint32) int {
	b = b[:len(a)]
	n := 0
	for i, v := range a {
		if v == b[i] {
			n++
		}
	}
	return n
}

func isEmpty(registers []uint32) bool {
	for _, v := range registers {
		if v != ^uint32(0) {
			return false
		}
	}
	return true
}
