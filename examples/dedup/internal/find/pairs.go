package find

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/lsh"
)

// Pairs returns the pairs of near-duplicates, and with Options.Containment also
// pairs in which one contains the other, in input order.
func (s *Sketches) Pairs() ([]lsh.Pair[int], error) {
	p := s.env().Progress("comparing", "", 0)
	defer p.Stop()
	pairs, work, err := s.Batch(p).Pairs(s.env().Ctx, s.Source())
	if err != nil {
		return nil, err
	}
	s.bounded(work)
	if s.o.Containment > 0 {
		contained, work, err := s.Batch(p).Contained(s.env().Ctx, len(s.c.Docs), s.o.Containment)
		if err != nil {
			return nil, err
		}
		s.bounded(work)
		pairs = union(pairs, contained)
	}
	return pairs, s.c.Err()
}

// union merges two ascending lists of pairs.
func union(x, y []lsh.Pair[int]) []lsh.Pair[int] {
	all := slices.Concat(x, y)
	order := func(p, q lsh.Pair[int]) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) }
	slices.SortStableFunc(all, order)
	return slices.CompactFunc(all, func(p, q lsh.Pair[int]) bool { return order(p, q) == 0 })
}

// Batch returns the search described by the options, among all documents.
func (s *Sketches) Batch(p *cli.Progress) *lsh.Batch {
	b := &lsh.Batch{Threshold: s.o.Threshold, Scheme: s.mh.Scheme(), Tags: s.signed.Tags, Workers: s.c.Workers(), Progress: p.Of}
	if !s.o.Estimate {
		b.Sets = s.set
	}
	return b
}

// Source returns the signatures of all documents.
func (s *Sketches) Source() lsh.Source { return s.signed.Registers.Source() }
