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
	Summary: "show every pair of near-duplicates",
	Help: `Prints every pair of documents whose Jaccard similarity (the shingles that
both have over those that either has) is at least -threshold. With -containment
it adds the pairs of which one is contained in the other to at least that share.
With -covered pages are compared by the share of their own text that they have in
common. Jaccard is the criterion for files, containment for excerpts, the covered
share for pages, which differ in their frames, comments and teasers.
Figures are computed from the shingles of both documents, unless -estimate. With
-against a pair is a new document and one of that corpus, which comes first, or
two new ones.
`,
	Example: `corpus.jsonl
-covered 0.25 -json crawl.jsonl
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
	return []cli.Flags{p.MatchFlags(), p.CoveredFlag(), p.ContainmentFlag(), p.AgainstFlag(), p.ShingleFlags(), p.StripFlag(), p.read.InputFlags(), p.OutputFlags()}
}

func (p *pairs) Run(e *cli.Env) error {
	c, err := corpus.Load(e, p.read, p.Against, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	if p.Covered > 0 {
		return p.runCovered(e, c)
	}
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
	what := p.Criterion(false)
	if p.Containment > 0 {
		what += fmt.Sprintf(" or containment %v or more", p.Containment)
	}
	e.Summary("%s, %s: %s (%s)", c.Counted(), show.Count(len(found), "pair"), what, p.Figures())
	c.ReportCompared()
	return nil
}

// runCovered prints the pairs by covered share.
func (p *pairs) runCovered(e *cli.Env, c *corpus.Corpus) error {
	v, err := find.Cover(c, p.Options)
	if err != nil {
		return err
	}
	defer v.Close()
	found, err := v.Pairs()
	if err != nil {
		return err
	}
	for _, m := range found {
		a, b := c.Docs[m.A], c.Docs[m.B]
		if p.JSON {
			if err := e.Print(show.Pair{A: a.ID, B: b.ID, Jaccard: m.Similarity, ContainmentA: m.ContainmentA, ContainmentB: m.ContainmentB,
				Exact: m.Exact, CoveredA: &m.Cover.A, CoveredB: &m.Cover.B}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(e.Out, "%.3f  %s  %s  (passages cover %s of the first, %s of the second; Jaccard %.3f)\n",
			p.Score(m), show.Printable(a.ID), show.Printable(b.ID), show.Percent(m.Cover.A), show.Percent(m.Cover.B), m.Similarity)
	}
	e.Summary("%s, %s: %s", c.Counted(), show.Count(len(found), "pair"), p.Criterion(e.Given["threshold"]))
	c.ReportCompared()
	return nil
}
