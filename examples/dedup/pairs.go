package main

import (
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spill"
	"github.com/neardup/neardup/lsh"
)

var pairsCommand = cli.Command{
	Name:    "pairs",
	Summary: "show every pair of near-duplicates",
	Help: `Prints every pair of documents whose Jaccard similarity (shingles in both
divided by shingles in either) is at least -threshold. With -containment
it adds the pairs in which one is contained in the other to at least that share.
With -covered, pages are compared by the share of their own text that they have in
common. Jaccard is the criterion for files, containment for excerpts, the covered
share for pages, which differ in their frames, comments and teasers.
Figures are computed from the shingles of both documents unless -estimate is given. With
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
	read  corpus.Options
	spill spill.Spill
	cli.Output
}

func (p *pairs) Flags() []cli.Flags {
	return []cli.Flags{
		find.MatchFlags(&p.Options), find.CoveredFlag(&p.Options), find.ContainmentFlag(&p.Options),
		find.AgainstFlag(&p.Options), find.ShingleFlags(&p.Options), find.StripFlag(&p.Options),
		p.read.InputFlags(), p.spill.Flags(&p.Options), cli.OutputFlags(&p.Output),
	}
}

func (p *pairs) Run(e *cli.Env) error {
	if p.spill.Dir != "" {
		return p.runSpilled(e)
	}
	switch {
	case p.Estimate:
		p.read.Texts = corpus.Nowhere
	case p.Containment == 0 && p.Covered == 0:
		p.read.Texts = corpus.Large
	}
	c, err := p.Load(e, p.read, e.Inputs)
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
		if err := p.print(e, c.Docs[m.A].ID, c.Docs[m.B].ID, m.Score); err != nil {
			return err
		}
	}
	p.summarize(e, c.Counted(), len(found))
	c.ReportCompared()
	return nil
}

// print prints a pair by Jaccard similarity.
func (p *pairs) print(e *cli.Env, a, b string, s lsh.Score) error {
	if p.JSON {
		return e.Print(show.Pair{A: a, B: b, Jaccard: s.Similarity, ContainmentA: s.ContainmentA, ContainmentB: s.ContainmentB, Exact: s.Exact})
	}
	_, err := fmt.Fprintf(e.Out, "%.3f  %s  %s  (%s of the first is in the second, %s of the second in the first)\n",
		s.Similarity, show.Printable(a), show.Printable(b), show.Percent(s.ContainmentA), show.Percent(s.ContainmentB))
	return err
}

func (p *pairs) summarize(e *cli.Env, counted string, pairs int) {
	what := p.Criterion(false)
	if p.Containment > 0 {
		what += fmt.Sprintf(" or containment at least %v", p.Containment)
	}
	e.Summary("%s, %s: %s (%s)", counted, show.Count(pairs, "pair"), what, p.Figures())
}

// runSpilled is like Run, but keeps intermediate results in a folder.
func (p *pairs) runSpilled(e *cli.Env) error {
	r, err := spill.Start(e, p.Options, p.read, p.spill)
	if err != nil {
		return err
	}
	if complete, err := r.Search(); err != nil || !complete {
		return err
	}
	n := 0
	for m, err := range r.Pairs() {
		if err == nil {
			err = p.print(e, m.A, m.B, m.Score)
		}
		if err != nil {
			return err
		}
		n++
	}
	r.WarnBounded()
	docs, empty := r.Docs()
	p.summarize(e, corpus.Counted(int(docs), int(empty)), n)
	return endSpilled(e, r)
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
