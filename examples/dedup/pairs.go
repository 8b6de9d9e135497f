package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/neardup/neardup/lsh"
)

var pairsCommand = command{
	name:    "pairs",
	summary: "which documents are near-duplicates of which",
	help: `Prints every pair of documents whose Jaccard similarity (the shingles that
both have over those that either has) is at least -threshold. With -containment
it adds the pairs of which one is contained in the other to at least that share.
Figures are counted from the shingles of both documents, unless -estimate. With
-against a pair is a new document and one of that corpus, which comes first, or
two new ones.
`,
	example: `corpus.jsonl
-threshold 0.5 -strip pages/
-containment 0.5 excerpts/ books/
-json -against archive.parquet today.jsonl
`,
	flags: []flagGroup{matchFlags, containmentFlag, againstFlag, shingleFlags, stripFlag, inputFlags, outputFlags},
	run:   runPairs,
}

// pairJSON is a pair as -json prints it.
type pairJSON struct {
	A            string  `json:"a"`
	B            string  `json:"b"`
	Jaccard      float64 `json:"jaccard"`
	ContainmentA float64 `json:"containment_a"`
	ContainmentB float64 `json:"containment_b"`
	Exact        bool    `json:"exact"`
}

func runPairs(j *job) error {
	if err := j.load(); err != nil {
		return err
	}
	s, err := j.sketch()
	if err != nil {
		return err
	}
	pairs, err := j.pairs(s)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		a, b := j.docs[p.A], j.docs[p.B]
		if j.opt.json {
			if err := j.print(pairJSON{a.ID, b.ID, p.Similarity, p.ContainmentA, p.ContainmentB, p.Exact}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(j.out, "%.3f  %s  %s  (%s of the first is in the second, %s of the second in the first)\n",
			p.Similarity, printable(a.ID), printable(b.ID), percent(p.ContainmentA), percent(p.ContainmentB))
	}
	what := fmt.Sprintf("Jaccard %v or more", j.opt.threshold)
	if j.opt.containment > 0 {
		what += fmt.Sprintf(" or containment %v or more", j.opt.containment)
	}
	j.summary("%s, %s: %s (%s)", j.counted(), count(len(pairs), "pair"), what, j.kind())
	return nil
}

// pairs returns the pairs that the flags ask for, in input order.
func (j *job) pairs(s *sketches) ([]lsh.RowPair, error) {
	if j.opt.against != "" {
		return j.pairsAgainst(s)
	}
	pairs, err := j.pairsAmong(s, nil)
	if err != nil {
		return nil, err
	}
	if j.opt.containment > 0 {
		p := j.progress("comparing", "", 0)
		defer p.stop()
		contained, work, err := j.batch(s, nil, p).Contained(j.ctx, len(j.docs), j.opt.containment)
		if err != nil {
			return nil, err
		}
		j.bounded(work)
		pairs = union(pairs, contained)
	}
	return pairs, j.texts.Err()
}

// union merges two ascending lists of pairs.
func union(x, y []lsh.RowPair) []lsh.RowPair {
	all := slices.Concat(x, y)
	order := func(p, q lsh.RowPair) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) }
	slices.SortStableFunc(all, order)
	return slices.CompactFunc(all, func(p, q lsh.RowPair) bool { return order(p, q) == 0 })
}

// bounded tells when comparisons were left out, so that nothing is missing in silence.
func (j *job) bounded(w lsh.Work) {
	j.work = w
	if w.Bounded > 0 {
		j.warn("%s of documents that share text, too large to compare all with all: %s left out (fewer with -strip or a higher -threshold)",
			count(w.Bounded, "group"), count(int(w.Skipped), "comparison"))
	}
	if w.BoundedTwins > 0 {
		j.warn("%s with very many copies: of these only the pairs with the first copy are listed", count(w.BoundedTwins, "document"))
	}
}

// counted says how many documents were read.
func (j *job) counted() string {
	empty := 0
	for i := range j.docs {
		if j.texts.Size(i) == 0 {
			empty++
		}
	}
	s := count(len(j.docs), "document")
	if empty > 0 {
		s += fmt.Sprintf(" (%d empty)", empty)
	}
	return s
}
