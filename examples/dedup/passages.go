package main

import (
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

var passagesCommand = cli.Command{
	Name:    "passages",
	Summary: "show the passages that documents share, with their places",
	Help: `Prints every passage of at least -min words that two documents share, in any
order and with small edits, side by side: words that only one document has are in
[brackets], or in colour on a terminal. Offsets are in bytes. A passage in recycled
blocks is labelled with the number of documents and hosts that have them; -strip
leaves out the blocks of page frames.
`,
	Example: `a.txt b.txt
-strip -min 20 articles.jsonl
-json articles.jsonl.zst
`,
	New: func() cli.Action { return new(passages) },
}

type passages struct {
	find.Options
	read corpus.Options
	cli.Output
}

func (p *passages) Flags() []cli.Flags {
	return []cli.Flags{p.PassageFlags(), p.StripOnlyFlag(), p.read.InputFlags(), p.ColorFlag(), p.OutputFlags()}
}

func (p *passages) Run(e *cli.Env) error {
	c, err := corpus.Load(e, p.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	blocks, err := find.Blocks(c, p.Options)
	if err != nil {
		return err
	}
	var masks [][]shingle.Span
	if p.Strip == find.StripAlways {
		masks = find.MasksOf(blocks)
	}
	row := c.Rows()
	ix, err := find.IndexPassages(c, p.Options, masks)
	if err != nil {
		return err
	}
	pairs, found := 0, 0
	for pair, err := range ix.Shared() {
		if err != nil {
			return err
		}
		recycled := func(s shingle.Passage) (documents, hosts int) {
			return find.Recycled(s, blocks[row[pair.A]], blocks[row[pair.B]])
		}
		pairs++
		found += len(pair.Passages)
		if !p.JSON {
			a, _ := ix.Text(pair.A)
			b, _ := ix.Text(pair.B)
			show.SideBySide(e.Out, e.Screen(p.Output), pair.A, a, pair.B, b, pair.Passages, recycled)
			continue
		}
		for _, s := range pair.Passages {
			if err := e.Print(show.NewPassage(pair.A, pair.B, s).In(recycled(s))); err != nil {
				return err
			}
		}
	}
	if s := ix.LeftOut(); s != "" {
		e.Warn("%s", s)
	}
	e.Summary("%s: %s of %d words or more shared by %s", c.Counted(), show.Count(found, "passage"), p.MinTokens, show.Count(pairs, "pair"))
	return nil
}
