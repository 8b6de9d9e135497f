// Package clean writes the documents to keep and a log of every removal.
//
// The log and the figures account for every document: it is kept, removed, or left
// out because it could not be read.
package clean

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/items"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// A Removal is a document that is removed, and the document that it repeats or the
// items of an evaluation that it holds.
type Removal struct {
	Row, Match int
	lsh.Score
	Items []items.Held
}

// The reasons for a removal:
const (
	Identical   = "identical"
	Equal       = "equal" // equal after normalization, with -exact
	Near        = "near-duplicate"
	Item        = "evaluation item"
	Unreadable  = "unreadable"
	NotDocument = "not a document"
)

// A Decision lists the documents to remove.
type Decision struct {
	Removals []Removal // in input order
	Clusters []lsh.Cluster[int]

	Cuts *Cuts // spans taken out of kept documents; nil for none

	exact bool // documents are removed only if equal to another one
	c     *corpus.Corpus
}

// clusters returns the clusters by the row of their representative.
func (d *Decision) clusters() map[int]*Cluster {
	all := map[int]*Cluster{}
	for _, k := range d.Clusters {
		all[k.Representative] = &Cluster{ID: d.c.Docs[k.Representative].ID, Size: len(k.Members)}
	}
	return all
}

// KeepAll returns a decision that removes no documents.
func KeepAll(c *corpus.Corpus) *Decision { return &Decision{c: c} }

// Decide returns the documents to remove: the new documents that match one of
// -against, and all the others except representatives. Documents in out are ignored.
func Decide(c *corpus.Corpus, s *find.Sketches, o find.Options, out map[int]bool) (*Decision, error) {
	d := &Decision{c: c}
	var err error
	switch {
	case len(o.Against) == 0 && len(out) == 0:
		d.Clusters, err = s.Clusters()
	case len(o.Against) == 0:
		d.Clusters, err = s.ClustersAmong(without(c, out))
	default:
		found, e := s.Old(1)
		if e != nil {
			return nil, e
		}
		rest := []int{}
		for i, ms := range found {
			switch {
			case out[c.Old+i]:
			case len(ms) == 0:
				rest = append(rest, c.Old+i)
			default:
				d.Removals = append(d.Removals, Removal{Row: c.Old + i, Match: ms[0].Row, Score: ms[0].Score})
			}
		}
		d.Clusters, err = s.ClustersAmong(rest)
	}
	if err != nil {
		return nil, err
	}
	d.addMembers(!o.Estimate)
	return d, nil
}

// without returns the rows of the inputs, except those in out.
func without(c *corpus.Corpus, out map[int]bool) []int {
	rows := []int{}
	for i := c.Old; i < len(c.Docs); i++ {
		if !out[i] {
			rows = append(rows, i)
		}
	}
	return rows
}

// DecideCovered returns the documents to remove by covered share. Documents in out
// are ignored.
func DecideCovered(c *corpus.Corpus, v *find.Covering, o find.Options, out map[int]bool) (*Decision, error) {
	d := &Decision{c: c}
	pairs, err := v.Pairs()
	if err != nil {
		return nil, err
	}
	var rest []int
	switch {
	case len(o.Against) > 0:
		rest = []int{}
		for i, m := range v.Old(pairs) {
			switch {
			case out[c.Old+i]:
			case m.Row < 0:
				rest = append(rest, c.Old+i)
			default:
				d.Removals = append(d.Removals, Removal{Row: c.Old + i, Match: m.Row, Score: m.Score})
			}
		}
	case len(out) > 0:
		rest = without(c, out)
	}
	if d.Clusters, err = v.Clusters(pairs, rest); err != nil {
		return nil, err
	}
	d.addMembers(true)
	return d, nil
}

// DecideEqual returns the documents to remove that equal another one after
// normalization, ignoring masked spans. Documents in out are ignored.
func DecideEqual(c *corpus.Corpus, o find.Options, out map[int]bool) (*Decision, error) {
	d := &Decision{c: c, exact: true}
	masks, err := find.Masks(c, o)
	if err != nil {
		return nil, err
	}
	if d.Clusters, err = find.Equal(c, o, masks, out); err != nil {
		return nil, err
	}
	// A cluster with a document of -against keeps none of the new ones.
	kept := d.Clusters[:0]
	for _, k := range d.Clusters {
		old := slices.IndexFunc(k.Members, func(m lsh.Member[int]) bool { return m.ID < c.Old })
		if old < 0 {
			kept = append(kept, k)
			continue
		}
		for _, m := range k.Members {
			if m.ID >= c.Old {
				d.Removals = append(d.Removals, Removal{Row: m.ID, Match: k.Members[old].ID, Score: lsh.Score{Similarity: 1, Exact: true}})
			}
		}
	}
	d.Clusters = kept
	d.addMembers(true)
	return d, nil
}

// addMembers adds the members of clusters except the representatives.
func (d *Decision) addMembers(exact bool) {
	for _, k := range d.Clusters {
		for _, m := range k.Members {
			if m.ID != k.Representative {
				d.Removals = append(d.Removals, Removal{Row: m.ID, Match: k.Representative, Score: lsh.Score{Similarity: m.Similarity, Exact: exact}})
			}
		}
	}
	d.sort()
}

func (d *Decision) sort() {
	slices.SortFunc(d.Removals, func(a, b Removal) int { return cmp.Compare(a.Row, b.Row) })
}

// RemoveItems adds the documents that hold evaluation items; the decision did not
// include them before.
func (d *Decision) RemoveItems(held [][]items.Held) {
	for row, h := range held {
		if len(h) == 0 {
			continue
		}
		r := Removal{Row: row, Match: -1, Items: h}
		for _, it := range h {
			r.Similarity = max(r.Similarity, it.Similarity)
			r.Exact = r.Exact || it.Kind == "exact"
		}
		d.Removals = append(d.Removals, r)
	}
	d.sort()
}

// Line returns the removal as a line of the log, with its evidence.
func (r Removal) Line(c *corpus.Corpus) show.Removal {
	d := c.Docs[r.Row]
	if r.Match < 0 {
		return show.Removal{ID: d.ID, Reason: Item, Similarity: r.Similarity, Exact: r.Exact, Items: r.Items, Place: d.Place.String()}
	}
	return Line(d.ID, d.Place, c.Docs[r.Match].ID, r.Score, c.Text(r.Row), c.Text(r.Match))
}

// Line returns the removal of a document that is similar to another one as a line of
// the log; a and b are their texts.
func Line(id string, place input.Place, match string, s lsh.Score, a, b string) show.Removal {
	out := show.Removal{ID: id, Reason: Near, Match: match, Similarity: s.Similarity, Exact: s.Exact, Place: place.String()}
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
