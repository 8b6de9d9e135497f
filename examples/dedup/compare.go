package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

var compareCommand = cli.Command{
	Name:    "compare",
	Usage:   "A B [INPUT...]",
	Summary: "show why two documents match or do not",
	Help: `Shows how similar two documents are, exactly and by their signatures, with and
without recycled blocks; how likely the search is to find such a pair; and the
passages that they share. A and B are two text files or, if inputs follow, the ids
of two documents in them. With inputs it also shows which blocks are recycled, the
clusters of both documents, and why they are in one cluster or not; -threshold,
-keep and -strip work as in "dedup clusters".
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
	return []cli.Flags{
		find.ThresholdFlags(&k.Options), find.PassageFlags(&k.Options), find.KeepFlag(&k.Options, &k.read),
		find.ShingleFlags(&k.Options), find.StripFlag(&k.Options), k.read.InputFlags(), cli.ColorFlag(&k.Output),
		cli.OutputFlags(&k.Output),
	}
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
	blocks, err := find.Blocks(c)
	if err != nil {
		return err
	}
	textA, textB := c.Text(a), c.Text(b)
	out := show.Comparison{A: ids[0], B: ids[1], Passages: []show.Passage{}, Boilerplate: []show.Block{}}
	out.Whole = k.likeness(textA, textB, nil, nil)
	out.Stripped = k.likeness(textA, textB, boilerplate.Mask(blocks[a]), boilerplate.Mask(blocks[b]))
	out.NearDuplicates = out.Whole.Jaccard >= k.Threshold
	cover := find.CoverOf(textA, textB, boilerplate.Mask(blocks[a]), boilerplate.Mask(blocks[b]))
	out.CoveredA, out.CoveredB = cover.A, cover.B
	passages := shingle.Aligner{MinTokens: k.MinTokens}.Align(textA, textB)
	recycled := func(p shingle.Passage) (documents, hosts int) {
		return find.Recycled(p, blocks[a], blocks[b])
	}
	for _, p := range passages {
		out.Passages = append(out.Passages, show.NewPassage(out.A, out.B, p).In(recycled(p)))
	}
	for _, i := range rows {
		for _, bl := range blocks[i] {
			out.Boilerplate = append(out.Boilerplate, show.NewBlock(c.Docs[i].ID, bl))
		}
	}
	if len(e.Inputs) > 2 {
		if out.Clusters, err = k.placement(c, a, b); err != nil {
			return err
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	if k.JSON {
		return e.Print(out)
	}
	k.show(e.Out, e.Screen(k.Output), out)
	if out.Clusters != nil {
		showPlacement(e.Out, e.Screen(k.Output), *out.Clusters)
	}
	if len(passages) > 0 {
		fmt.Fprintf(e.Out, "\nThey share %s of at least %d words:\n\n", show.Count(len(passages), "passage"), k.MinTokens)
		show.SideBySide(e.Out, e.Screen(k.Output), out.A, textA, out.B, textB, passages, recycled)
	}
	for _, i := range rows {
		for _, bl := range blocks[i] {
			showBlock(e, c.Docs[i].ID, c.Text(i), bl)
		}
	}
	return nil
}

// placement returns the clusters of the corpus that two documents are in.
func (k *compare) placement(c *corpus.Corpus, a, b int) (*show.Placement, error) {
	s, err := find.SketchStripped(c, k.Options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	clusters, err := s.Clusters()
	if err != nil {
		return nil, err
	}
	p := s.Placement(a, b, clusters)
	return &p, nil
}

// likeness compares two texts without their masked spans.
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

func (k *compare) show(out io.Writer, sc screen.Screen, c show.Comparison) {
	w, s := c.Whole, c.Stripped
	for i, id := range []string{c.A, c.B} {
		fmt.Fprintf(out, "%s  %s\n", sc.Heading("AB"[i:i+1]), columns.Middle(show.Printable(id), sc.Width-3))
	}
	const name, whole, stripped = 26, 14, 24
	cell := func(text string, width int) string {
		return strings.Repeat(" ", max(0, width-columns.Width(text))) + text
	}
	line := func(what, x, y string, style func(string) string) {
		text := cell(x, whole) + cell(y, stripped)
		if style != nil {
			text = style(text)
		}
		fmt.Fprintln(out, columns.Pad(what, name)+text)
	}
	number := func(x float64) string { return fmt.Sprintf("%.3f", x) }
	counts := func(l show.Likeness) string {
		return show.Number(l.ShinglesA) + ", " + show.Number(l.ShinglesB) + ", " + show.Number(l.Common)
	}
	fmt.Fprintln(out)
	line("", "whole texts", "without recycled blocks", sc.Quiet)
	line("Jaccard similarity", number(w.Jaccard), number(s.Jaccard), sc.Figure)
	line("  estimated by signatures", number(w.Estimate), number(s.Estimate), nil)
	line("share of A that is in B", show.Percent(w.ContainmentA), show.Percent(s.ContainmentA), sc.Figure)
	line("share of B that is in A", show.Percent(w.ContainmentB), show.Percent(s.ContainmentB), sc.Figure)
	line("share of A in passages of B", "", show.Percent(c.CoveredA), sc.Figure)
	line("share of B in passages of A", "", show.Percent(c.CoveredB), sc.Figure)
	line("shingles of A, B, both", counts(w), counts(s), nil)
	line(fmt.Sprintf("chance of being found (%v)", k.Banding()), show.Percent(w.Recall), show.Percent(s.Recall), nil)
	verdict := func(yes bool) string {
		if yes {
			return sc.Good("near-duplicates")
		}
		return sc.Warning("not near-duplicates")
	}
	a, b := w.Jaccard >= k.Threshold, s.Jaccard >= k.Threshold
	if a == b {
		fmt.Fprintf(out, "\nAt %v they are %s, with and without recycled blocks.\n", k.Threshold, verdict(a))
	} else {
		fmt.Fprintf(out, "\nAt %v they are %s; without recycled blocks (-strip) they are %s.\n", k.Threshold, verdict(a), verdict(b))
	}
}

// showPlacement prints the clusters of two documents for people.
func showPlacement(w io.Writer, sc screen.Screen, p show.Placement) {
	fmt.Fprintln(w, "\nIn the clusters of the corpus:")
	for _, d := range []struct {
		name string
		show.Place
	}{{"A", p.A}, {"B", p.B}} {
		switch {
		case d.Documents == 1:
			fmt.Fprintf(w, "  %s is alone and kept\n", d.name)
		case d.ID == d.Representative:
			fmt.Fprintf(w, "  %s is kept and represents %s\n", d.name, show.Count(d.Documents, "document"))
		default:
			fmt.Fprintf(w, "  %s has a similarity of %.3f to %s, which represents %s\n", d.name, d.Similarity, show.Printable(d.Representative), show.Count(d.Documents, "document"))
		}
	}
	verdict := "apart"
	if p.Together {
		verdict = "together"
	}
	for _, line := range columns.Wrap(fmt.Sprintf("They are %s: %s.", verdict, show.Printable(p.Why)), sc.Width-2) {
		fmt.Fprintln(w, "  "+line)
	}
}
