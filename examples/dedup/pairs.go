package main

import (
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

var pairsCommand = cli.Command{
	Name:    "pairs",
	Summary: "which documents are near-duplicates of which",
	Help: `Prints every pair of documents whose Jaccard similarity (the shingles that
both have over those that either has) is at least -threshold. With -containment
it adds the pairs of which one is contained in the other to at least that share.
Figures are counted from the shingles of both documents, unless -estimate. With
-against a pair is a new document and one of that corpus, which comes first, or
two new ones.
`,
	Example: `corpus.jsonl
-threshold 0.5 -strip pages/
-containment 0.5 excerpts/ books/
-json -against archive.parquet today.jsonl
`,
	New: func() cli.Action { return new(pairs) },
}

type pairs struct {
	find.Options
	read corpus.Options
	cli.Output
}

func (p *pairs) Flags() []cli.Flags {
	return []cli.Flags{p.MatchFlags(), p.ContainmentFlag(), p.AgainstFlag(), p.ShingleFlags(), p.StripFlag(), p.read.InputFlags(), p.OutputFlags()}
}

func (p *pairs) Run(e *cli.Env) error {
	c, err := corpus.Load(e, p.read, p.Against, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := find.SketchStripped(c, p.Options)
	if err != nil {
		return err
	}
	defer s.Close()
	search := s.Pairs
	if len(p.Against) > 0 {
		search = s.PairsAgainst
	}
	found, err := search()
	if err != nil {
		return err
	}
	for _, m := range found {
		a, b := c.Docs[m.A], c.Docs[m.B]
		if p.JSON {
			if err := e.Print(show.Pair{A: a.ID, B: b.ID, Jaccard: m.Similarity, ContainmentA: m.ContainmentA, ContainmentB: m.ContainmentB, Exact: m.Exact}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(e.Out, "%.3f  %s  %s  (%s of the first is in the second, %s of the second in the first)\n",
			m.Similarity, show.Printable(a.ID), show.Printable(b.ID), show.Percent(m.ContainmentA), show.Percent(m.ContainmentB))
	}
	what := fmt.Sprintf("Jaccard %v or more", p.Threshold)
	if p.Containment > 0 {
		what += fmt.Sprintf(" or containment %v or more", p.Containment)
	}
	e.Summary("%s, %s: %s (%s)", c.Counted(), show.Count(len(found), "pair"), what, p.Figures())
	return nil
}
