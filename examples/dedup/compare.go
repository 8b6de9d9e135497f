package main

import (
	"fmt"
	"slices"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

var compareCommand = command{
	name:    "compare",
	usage:   "A B [INPUT...]",
	summary: "why two documents match or do not",
	help: `Shows how alike two documents are, exactly and by their signatures, as they are
and without the blocks that they recycle; how likely the search is to find such
a pair; and what they share. A and B are two text files or, where inputs follow,
the ids of two documents in these, which then also tell what is recycled.
`,
	example: `a.txt b.txt
https://example.org/a https://example.org/b crawl.warc.gz
`,
	flags: []flagGroup{thresholdFlags, passageFlags, shingleFlags, inputFlags, outputFlags},
	run:   runCompare,
}

// comparisonJSON is what -json prints.
type comparisonJSON struct {
	A              string        `json:"a"`
	B              string        `json:"b"`
	NearDuplicates bool          `json:"near_duplicates"` // at the threshold, as they are
	Whole          likenessJSON  `json:"whole"`
	Stripped       likenessJSON  `json:"stripped"` // without recycled blocks
	Passages       []passageJSON `json:"passages"`
	Boilerplate    []blockJSON   `json:"boilerplate"`
}

// likenessJSON says how alike two documents are.
type likenessJSON struct {
	ShinglesA    int     `json:"shingles_a"`
	ShinglesB    int     `json:"shingles_b"`
	Common       int     `json:"common"`
	Jaccard      float64 `json:"jaccard"`
	Estimate     float64 `json:"estimate"` // of the Jaccard similarity, from signatures
	ContainmentA float64 `json:"containment_a"`
	ContainmentB float64 `json:"containment_b"`
	Recall       float64 `json:"recall"` // probability that a search at the threshold finds such a pair
}

func runCompare(j *job) error {
	a, b, err := j.loadTwo()
	if err != nil {
		return err
	}
	blocks, err := j.blocks()
	if err != nil {
		return err
	}
	c := comparisonJSON{A: j.docs[a].ID, B: j.docs[b].ID, Passages: []passageJSON{}, Boilerplate: []blockJSON{}}
	maskA, maskB := spans(blocks[a]), spans(blocks[b])
	c.Whole = j.likeness(a, b, nil, nil)
	c.Stripped = j.likeness(a, b, maskA, maskB)
	c.NearDuplicates = c.Whole.Jaccard >= j.opt.threshold
	textA, textB := j.texts.At(a), j.texts.At(b)
	passages := shingle.Aligner{MinTokens: j.opt.minTokens}.Align(textA, textB)
	for _, p := range passages {
		c.Passages = append(c.Passages, newPassageJSON(c.A, c.B, p))
	}
	for _, i := range []int{a, b} {
		for _, bl := range blocks[i] {
			c.Boilerplate = append(c.Boilerplate, newBlockJSON(j.docs[i].ID, bl))
		}
	}
	if err := j.texts.Err(); err != nil {
		return err
	}
	if j.opt.json {
		return j.print(c)
	}
	j.showComparison(c)
	if len(passages) > 0 {
		fmt.Fprintf(j.out, "\nThey share %s of %d words or more:\n\n", count(len(passages), "passage"), j.opt.minTokens)
		j.showPair(c.A, textA, c.B, textB, passages)
	}
	for _, i := range []int{a, b} {
		for _, bl := range blocks[i] {
			j.showBlock(i, bl)
		}
	}
	return nil
}

// loadTwo reads the inputs and returns the rows of the two documents to compare.
func (j *job) loadTwo() (a, b int, err error) {
	if len(j.inputs) < 2 {
		return 0, 0, fmt.Errorf("compare needs two documents: two text files, or two ids and the inputs that hold them")
	}
	ids := j.inputs[:2]
	if len(j.inputs) > 2 {
		j.inputs = j.inputs[2:]
	}
	if err := j.load(); err != nil {
		return 0, 0, err
	}
	row := func(id string) int { return slices.IndexFunc(j.docs, func(d document) bool { return d.ID == id }) }
	a, b = row(ids[0]), row(ids[1])
	for i, r := range []int{a, b} {
		if r < 0 {
			return 0, 0, fmt.Errorf("no document has the id %q (the id of a text file is its path as given)", ids[i])
		}
	}
	return a, b, nil
}

// likeness compares two documents without the spans of their masks.
func (j *job) likeness(a, b int, maskA, maskB []shingle.Span) likenessJSON {
	sh := j.opt.shingler()
	mh := j.opt.sketcher()
	x, y := sh.Set(j.texts.At(a), maskA...), sh.Set(j.texts.At(b), maskB...)
	l := likenessJSON{
		ShinglesA: len(x), ShinglesB: len(y), Common: x.Common(y),
		Jaccard:      x.Jaccard(y),
		Estimate:     mh.Sketch(x).Similarity(mh.Sketch(y)),
		ContainmentA: x.Containment(y), ContainmentB: y.Containment(x),
	}
	l.Recall = j.banding().Recall(l.Jaccard)
	return l
}

// banding returns the one that the flags lead to.
func (j *job) banding() lsh.Banding { return lsh.Choose(j.opt.k, j.opt.threshold, 0.99) }

func (j *job) showComparison(c comparisonJSON) {
	w, s := c.Whole, c.Stripped
	fmt.Fprintf(j.out, "A  %s\nB  %s\n\n", printable(c.A), printable(c.B))
	fmt.Fprintf(j.out, "%-28s %12s %24s\n", "", "as they are", "without recycled blocks")
	figure := func(name string, x, y float64) {
		fmt.Fprintf(j.out, "%-28s %12.3f %24.3f\n", name, x, y)
	}
	fmt.Fprintf(j.out, "%-28s %12s %24s\n", "shingles of A, B, both",
		fmt.Sprint(w.ShinglesA, ", ", w.ShinglesB, ", ", w.Common), fmt.Sprint(s.ShinglesA, ", ", s.ShinglesB, ", ", s.Common))
	figure("Jaccard, exact", w.Jaccard, s.Jaccard)
	figure("Jaccard, by signatures", w.Estimate, s.Estimate)
	figure("share of A that is in B", w.ContainmentA, s.ContainmentA)
	figure("share of B that is in A", w.ContainmentB, s.ContainmentB)
	figure(fmt.Sprintf("chance to be found (%v)", j.banding()), w.Recall, s.Recall)
	verdict := func(l likenessJSON) string {
		if l.Jaccard >= j.opt.threshold {
			return "are near-duplicates"
		}
		return "are no near-duplicates"
	}
	fmt.Fprintf(j.out, "\nAt %v they %s as they are, and %s without recycled blocks (-strip).\n", j.opt.threshold, verdict(w), verdict(s))
}
