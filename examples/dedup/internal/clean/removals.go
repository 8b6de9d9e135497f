// Package clean writes the documents of a corpus that are to be kept, and a log of
// every removal.
package clean

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// A Removal is a document that is left out, and the one that it repeats.
type Removal struct {
	Row, Match int
	lsh.Score
}

// The reasons for a removal.
const (
	Identical  = "identical"
	Near       = "near-duplicate"
	Unreadable = "unreadable"
)

// Removals returns the documents to leave out, in input order: the new documents
// that match one of -against, and of the others all but the representatives.
func Removals(c *corpus.Corpus, s *find.Sketches, o find.Options) ([]Removal, error) {
	var out []Removal
	var clusters []lsh.Cluster[int]
	var err error
	if o.Against == "" {
		clusters, err = s.Clusters()
	} else {
		found, e := s.Old(1)
		if e != nil {
			return nil, e
		}
		rest := []int{}
		for i, ms := range found {
			if len(ms) == 0 {
				rest = append(rest, c.Old+i)
				continue
			}
			out = append(out, Removal{c.Old + i, ms[0].Row, ms[0].Score})
		}
		clusters, err = s.ClustersAmong(rest)
	}
	if err != nil {
		return nil, err
	}
	for _, k := range clusters {
		for _, m := range k.Members {
			if m.ID != k.Representative {
				out = append(out, Removal{m.ID, k.Representative, lsh.Score{Similarity: m.Similarity, Exact: !o.Estimate}})
			}
		}
	}
	slices.SortFunc(out, func(a, b Removal) int { return cmp.Compare(a.Row, b.Row) })
	return out, nil
}

// Line returns the removal as the log has it, with its evidence.
func (r Removal) Line(c *corpus.Corpus) show.Removal {
	d := c.Docs[r.Row]
	out := show.Removal{
		ID: d.ID, Reason: Near, Match: c.Docs[r.Match].ID,
		Similarity: r.Similarity, Exact: r.Exact, Place: d.Place.String(),
	}
	a, b := c.Text(r.Row), c.Text(r.Match)
	if a == b {
		out.Reason = Identical
		out.Spans = []show.Both{{Start: 0, End: len(a), MatchStart: 0, MatchEnd: len(b)}}
		return out
	}
	for _, p := range (shingle.Aligner{}).Align(a, b) {
		out.Spans = append(out.Spans, show.Both{Start: p.A.Start, End: p.A.End, MatchStart: p.B.Start, MatchEnd: p.B.End})
	}
	return out
}
