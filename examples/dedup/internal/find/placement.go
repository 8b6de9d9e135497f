package find

import (
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Similarity returns the exact Jaccard similarity of two documents.
func (s *Sketches) Similarity(i, j int) float64 {
	x, y := s.confirm.Set(s.c.Text(i), s.mask(i)...), s.confirm.Set(s.c.Text(j), s.mask(j)...)
	return shingle.Set(x).Jaccard(y)
}

// Placement returns the clusters of two documents, and the reason why they are
// together or apart.
func (s *Sketches) Placement(a, b int, clusters []lsh.Cluster[int]) show.Placement {
	in := func(row int) (show.Place, int) {
		p := show.Place{ID: s.c.Docs[row].ID, Representative: s.c.Docs[row].ID, Similarity: 1, Documents: 1}
		k, similarity, ok := lsh.Locate(clusters, row)
		if !ok {
			return p, row
		}
		p.Representative = s.c.Docs[k.Representative].ID
		p.Similarity, p.Documents = similarity, len(k.Members)
		return p, k.Representative
	}
	var p show.Placement
	var repA, repB int
	p.A, repA = in(a)
	p.B, repB = in(b)
	p.Together = repA == repB
	p.A.Other, p.B.Other = s.Similarity(a, repB), s.Similarity(b, repA)
	p.Why = s.why(a, b, repA, repB, p)
	return p
}

// why explains a placement.
func (s *Sketches) why(a, b, repA, repB int, p show.Placement) string {
	t := s.o.Threshold
	name := func(row int) string { return s.c.Docs[row].ID }
	between := s.Similarity(a, b)
	switch {
	case p.Together && (a == repA || b == repB):
		return "one represents the other"
	case p.Together:
		return fmt.Sprintf("both match their representative, whether or not they match each other (%.3f)", between)
	case between < t:
		return fmt.Sprintf("they do not match: %.3f is below %v", between, t)
	case a == repA && b == repB:
		return fmt.Sprintf("they match (%.3f), but %s", between, s.missed(a, b, between))
	}
	// At least one of them has a representative that the other document does not match, or
	// matches without belonging to its cluster.
	explain := func(who string, row, rep int, other float64) string {
		if other < t {
			return fmt.Sprintf("%s has a similarity of only %.3f to %s, which represents the other; a member must match its representative, so clusters do not chain", who, other, name(rep))
		}
		return fmt.Sprintf("%s also matches %s (%.3f), which represents the other, but belongs to an earlier one in the order of -keep", who, name(rep), other)
	}
	if a != repA {
		return fmt.Sprintf("they match (%.3f), but %s", between, explain("B", b, repA, p.B.Other))
	}
	return fmt.Sprintf("they match (%.3f), but %s", between, explain("A", a, repB, p.A.Other))
}

// missed explains why the search did not find a matching pair.
func (s *Sketches) missed(a, b int, between float64) string {
	batch := s.Batch(nil)
	batch.Progress = nil
	x, err := batch.Explain(s.env().Ctx, s.Source(), a, b, s.order)
	switch {
	case err != nil:
		return "the search did not find the pair: " + err.Error()
	case len(x.Bands) == 0:
		return fmt.Sprintf("their signatures have no band of %v in common, so the pair was not compared; the chance of that is %s", s.o.Banding(), show.Percent(1-s.o.Banding().Recall(between)))
	case !x.Compared():
		return fmt.Sprintf("they meet only in groups too large to compare every pair (%s), in which neither is among the first %d", show.Count(len(x.Oversized), "group"), lsh.BucketLeaders)
	}
	return fmt.Sprintf("their signatures agree in only %d of %d registers, too few for a comparison of their shingles", x.Agree, s.o.K)
}
