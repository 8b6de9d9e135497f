package lsh

import (
	"fmt"
	"math"

	"github.com/neardup/neardup/minhash"
)

// The defaults of this package and of the indexes below it.
const (
	DefaultThreshold = 0.8  // least similarity of a match
	DefaultRecall    = 0.99 // least probability that a pair at the threshold is found
)

// standardErrors is how far, in standard errors, an estimate must lie below the
// threshold to rule a pair out on its own: this loses one pair in 30,000 at the
// threshold.
const standardErrors = 4

// A Rule decides which candidates match. [Index], [Batch] and the indexes below this
// package all call its Judge, and so should other sources of candidates, such as a
// query engine.
//
// A pair whose signatures agree in fewer than Floor registers is not a match. If the
// sets of both documents are known, they decide: a pair at or above the threshold is
// a match, and its score is exact. Otherwise the pair is a match if the signatures
// agree in at least Accept registers, and its score is an estimate.
//
// Use [NewRule] to make one. The methods of the zero Rule panic.
type Rule struct {
	K         int     // registers of a signature
	Threshold float64 // least Jaccard similarity of a match
	Floor     int     // number of agreeing registers four standard errors below the threshold
	Accept    int     // number of agreeing registers at the threshold
}

// NewRule returns the rule for signatures of k registers. It panics if k is not
// positive or the threshold is not above 0 and at most 1.
func NewRule(k int, threshold float64) Rule {
	if k < 1 {
		panic("lsh: k must be at least 1")
	}
	checkThreshold(threshold)
	t, n := threshold, float64(k)
	ceil := func(x float64) int { return max(1, int(math.Ceil(x-1e-9))) }
	return Rule{
		K:         k,
		Threshold: threshold,
		Floor:     ceil(n*t - standardErrors*math.Sqrt(n*t*(1-t))),
		Accept:    ceil(n * t),
	}
}

// Judge reports whether two documents match if their signatures agree in the given
// number of registers, and returns the score of a match.
//
// The function sets returns the sets of both documents, or false if one of them is
// not known; it is called only if they decide, and may be nil. Sets that are not
// ascending are sorted, as by [ExactScore]. The function sizes returns the number of
// elements of both documents, such as [minhash.Signature.Cardinality]; it is called
// only for matches by estimate. Without it, containments are 0 unless the signatures
// are equal.
func (r Rule) Judge(agree int, sets func() (a, b []uint64, known bool), sizes func() (a, b float64)) (Score, bool) {
	return r.judge(agree, ExactScore, sets, sizes)
}

func (r Rule) judge(agree int, score func(a, b []uint64) Score, sets func() (a, b []uint64, known bool), sizes func() (a, b float64)) (Score, bool) {
	if agree < r.Floor {
		return Score{}, false
	}
	if r.K < 1 {
		panic("lsh: the Rule was not made by NewRule")
	}
	if sets != nil {
		if a, b, known := sets(); known {
			s := score(a, b)
			return s, s.Similarity >= r.Threshold
		}
	}
	if agree < r.Accept {
		return Score{}, false
	}
	s := Score{Similarity: float64(agree) / float64(r.K)}
	if agree == r.K {
		s.ContainmentA, s.ContainmentB = 1, 1
	} else if sizes != nil {
		s.estimateContainment(sizes())
	}
	return s, true
}

// estimateContainment sets both containments from the similarity and the sizes of
// the sets.
func (s *Score) estimateContainment(a, b float64) {
	s.ContainmentA = minhash.Containment(s.Similarity, a, b)
	s.ContainmentB = minhash.Containment(s.Similarity, b, a)
}

// least returns the smallest number of agreeing registers of a match.
func (r Rule) least(sets bool) int {
	if sets {
		return r.Floor
	}
	return r.Accept
}

func checkThreshold(threshold float64) {
	if !(threshold > 0 && threshold <= 1) {
		panic(fmt.Sprintf("lsh: threshold %v must be above 0 and at most 1", threshold))
	}
}

func checkRecall(recall float64) {
	if !(recall > 0 && recall < 1) {
		panic(fmt.Sprintf("lsh: recall %v must be between 0 and 1", recall))
	}
}
