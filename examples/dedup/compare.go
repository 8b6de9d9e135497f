package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

var compareCommand = cli.Command{
	Name:    "compare",
	Usage:   "A B [INPUT...]",
	Summary: "why two documents match or do not",
	Help: `Shows how alike two documents are, exactly and by their signatures, as they are
and without the blocks that they recycle; how likely the search is to find such
a pair; and what they share. A and B are two text files or, where inputs follow,
the ids of two documents in these, which then also tell what is recycled.
`,
	Example: `a.txt b.txt
https://example.org/a https://example.org/b crawl.warc.gz
`,
	New: func() cli.Action { return new(compare) },
}

type compare struct {
	find.Options
	read corpus.Options
	cli.Output
}

func (k *compare) Flags() []cli.Flags {
	return []cli.Flags{k.ThresholdFlags(), k.PassageFlags(), k.ShingleFlags(), k.read.InputFlags(), k.OutputFlags()}
}

func (k *compare) Run(e *cli.Env) error {
	if len(e.Inputs) < 2 {
		return errors.New("compare needs two documents: two text files, or two ids and the inputs that hold them")
	}
	ids, inputs := e.Inputs[:2], e.Inputs
	if len(inputs) > 2 {
		inputs = inputs[2:]
	}
	c, err := corpus.Load(e, k.read, nil, inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	var rows [2]int
	for i, id := range ids {
		rows[i] = slices.IndexFunc(c.Docs, func(d corpus.Document) bool { return d.ID == id })
		if rows[i] < 0 {
			return fmt.Errorf("no document has the id %q (the id of a text file is its path as given)", id)
		}
	}
	a, b := rows[0], rows[1]
	blocks, err := find.Blocks(c, k.Options)
	if err != nil {
		return err
	}
	textA, textB := c.Text(a), c.Text(b)
	out := show.Comparison{A: ids[0], B: ids[1], Passages: []show.Passage{}, Boilerplate: []show.Block{}}
	out.Whole = k.likeness(textA, textB, nil, nil)
	out.Stripped = k.likeness(textA, textB, boilerplate.Mask(blocks[a]), boilerplate.Mask(blocks[b]))
	out.NearDuplicates = out.Whole.Jaccard >= k.Threshold
	passages := shingle.Aligner{MinTokens: k.MinTokens}.Align(textA, textB)
	for _, p := range passages {
		out.Passages = append(out.Passages, show.NewPassage(out.A, out.B, p))
	}
	for _, i := range rows {
		for _, bl := range blocks[i] {
			out.Boilerplate = append(out.Boilerplate, show.NewBlock(c.Docs[i].ID, bl))
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	if k.JSON {
		return e.Print(out)
	}
	k.show(e.Out, out)
	if len(passages) > 0 {
		fmt.Fprintf(e.Out, "\nThey share %s of %d words or more:\n\n", show.Count(len(passages), "passage"), k.MinTokens)
		show.SideBySide(e.Out, out.A, textA, out.B, textB, passages)
	}
	for _, i := range rows {
		for _, bl := range blocks[i] {
			showBlock(e, c, i, bl)
		}
	}
	return nil
}

// likeness compares two texts without the spans of their masks.
func (k *compare) likeness(a, b string, maskA, maskB []shingle.Span) show.Likeness {
	sh, public := k.Confirmer(), k.Shingler()
	mh := k.Sketcher()
	x, y := sh.Set(a, maskA...), sh.Set(b, maskB...)
	l := show.Likeness{
		ShinglesA: len(x), ShinglesB: len(y), Common: x.Common(y),
		Jaccard:      x.Jaccard(y),
		Estimate:     mh.Sketch(public.Hashes(a, maskA...)).Similarity(mh.Sketch(public.Hashes(b, maskB...))),
		ContainmentA: x.Containment(y), ContainmentB: y.Containment(x),
	}
	l.Recall = k.Banding().Recall(l.Jaccard)
	return l
}

func (k *compare) show(out io.Writer, c show.Comparison) {
	w, s := c.Whole, c.Stripped
	fmt.Fprintf(out, "A  %s\nB  %s\n\n", show.Printable(c.A), show.Printable(c.B))
	fmt.Fprintf(out, "%-28s %12s %24s\n", "", "as they are", "without recycled blocks")
	figure := func(name string, x, y float64) {
		fmt.Fprintf(out, "%-28s %12.3f %24.3f\n", name, x, y)
	}
	fmt.Fprintf(out, "%-28s %12s %24s\n", "shingles of A, B, both",
		fmt.Sprint(w.ShinglesA, ", ", w.ShinglesB, ", ", w.Common), fmt.Sprint(s.ShinglesA, ", ", s.ShinglesB, ", ", s.Common))
	figure("Jaccard, exact", w.Jaccard, s.Jaccard)
	figure("Jaccard, by signatures", w.Estimate, s.Estimate)
	figure("share of A that is in B", w.ContainmentA, s.ContainmentA)
	figure("share of B that is in A", w.ContainmentB, s.ContainmentB)
	figure(fmt.Sprintf("chance to be found (%v)", k.Banding()), w.Recall, s.Recall)
	verdict := func(l show.Likeness) string {
		if l.Jaccard >= k.Threshold {
			return "are near-duplicates"
		}
		return "are no near-duplicates"
	}
	fmt.Fprintf(out, "\nAt %v they %s as they are, and %s without recycled blocks (-strip).\n", k.Threshold, verdict(w), verdict(s))
}
