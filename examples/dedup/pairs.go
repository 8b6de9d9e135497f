package main

import (
	"fmt"

	"github.com/neardup/neardup/lsh"
)

var pairsCommand = command{
	name:    "pairs",
	summary: "which documents are near-duplicates of which",
	help: `Prints every pair of documents whose Jaccard similarity (the shingles that
both have over those that either has) is at least -threshold. With -containment
it adds the pairs of which one is contained in the other to at least that share.
Figures are counted from the shingles of both documents, unless -estimate.
`,
	flags: []flagGroup{matchFlags, containmentFlag, shingleFlags, stripFlag, inputFlags, outputFlags},
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
	j.summary("%s, %s: %s (%s)", j.counted(), count(len(pairs), "pair"), what, s.kind())
	return nil
}

// pairs returns the pairs that the flags ask for, in input order.
func (j *job) pairs(s *sketches) ([]lsh.RowPair, error) {
	p := j.progress("comparing", 0)
	defer p.stop()
	b := j.batch(s, p)
	src := lsh.Registers{Size: s.k, Values: s.values}
	pairs, work, err := b.Pairs(j.ctx, src)
	if err != nil {
		return nil, err
	}
	j.bounded(work)
	return pairs, nil
}

// batch returns the search that the flags describe.
func (j *job) batch(s *sketches, p *progress) *lsh.Batch {
	b := &lsh.Batch{Threshold: j.opt.threshold, Scheme: s.scheme, Workers: j.opt.workers, Progress: p.of}
	if s.sets != nil {
		b.Sets = func(row int) []uint64 { return s.sets[row] }
	}
	return b
}

// bounded tells when comparisons were left out, so that nothing is missing in silence.
func (j *job) bounded(w lsh.Work) {
	if w.Bounded > 0 || w.BoundedTwins > 0 {
		j.warn("%s of documents that share text were too large to compare all with all (%d comparisons left out), and of %s with many copies only pairs with the first are listed",
			count(w.Bounded, "group"), w.Skipped, count(w.BoundedTwins, "document"))
	}
}

// counted says how many documents were read.
func (j *job) counted() string {
	empty := 0
	for _, d := range j.docs {
		if d.Text == "" {
			empty++
		}
	}
	s := count(len(j.docs), "document")
	if empty > 0 {
		s += fmt.Sprintf(" (%d empty)", empty)
	}
	return s
}
