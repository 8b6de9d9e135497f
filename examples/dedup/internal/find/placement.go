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

// Placement returns in which of the clusters two documents are, and why they are
// together or apart.
func (s *Sketches) Placement(a, b int, clusters []lsh.Cluster[int]) show.Placement {
	in := func(row int) (show.Place, int) {
		p := show.Place{ID: s.c.Docs[row].ID, Representative: s.c.Docs[row].ID, Similarity: 1, Documents: 1}
		for _, k := range clusters {
			for _, m := range k.Members {
				if m.ID == row {
					p.Representative = s.c.Docs[k.Representative].ID
					p.Similarity, p.Documents = m.Similarity, len(k.Members)
					return p, k.Representative
				}
			}
		}
		return p, row
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
		return fmt.Sprintf("they match (%.3f), but the search did not propose the pair; the chance for that is %s", between, show.Percent(1-s.o.Banding().Recall(between)))
	}
	// One of them, or both, is with a representative that the other does not match.
	explain := func(who string, row, rep int, other float64) string {
		if other < t {
			return fmt.Sprintf("%s is only %.3f like %s, which represents the other; a member must match its representative, so clusters do not chain", who, other, name(rep))
		}
		return fmt.Sprintf("%s also matches %s (%.3f), which represents the other, but is with the document that comes before it in the order of -keep", who, name(rep), other)
	}
	if a != repA {
		return fmt.Sprintf("they match (%.3f), but %s", between, explain("B", b, repA, p.B.Other))
	}
	return fmt.Sprintf("they match (%.3f), but %s", between, explain("A", a, repB, p.A.Other))
}
