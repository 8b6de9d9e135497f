package main

import (
	"errors"
	"flag"
	"fmt"
	"iter"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

var passagesCommand = cli.Command{
	Name:    "passages",
	Summary: "show the passages that documents share, with their places",
	Help: `Prints every passage of at least -min words that two documents share, in any
order and with small edits, side by side: words that only one document has are in
[brackets], or in colour on a terminal. Offsets are in bytes. A passage with the same
wording around different numbers and names is labelled a template. A passage in recycled
blocks is labelled with the number of documents and hosts that have them; -strip
leaves out the blocks of page frames. With -against, a new document is compared only
with the old ones, which come first in a pair. With -group, each passage is printed
once, with all documents that hold it.
`,
	Example: `a.txt b.txt
-strip -min 20 articles.jsonl
-json articles.jsonl.zst
-against old.jsonl new.jsonl
-quiet -save old.idx old.jsonl
-against old.idx -against older.idx new.jsonl
-group -min 10 articles.jsonl
`,
	New: func() cli.Action { return new(passages) },
}

type passages struct {
	find.Options
	read corpus.Options
	cli.Output
	save  string
	group bool
}

func (p *passages) Flags() []cli.Flags {
	return []cli.Flags{
		find.PassageFlags(&p.Options), p.groupFlag(), find.PassagesAgainstFlag(&p.Options), p.saveFlag(),
		find.StripOnlyFlag(&p.Options), p.read.InputFlags(), cli.ColorFlag(&p.Output), cli.OutputFlags(&p.Output),
	}
}

func (p *passages) Run(e *cli.Env) error {
	files, saved := p.SplitAgainst()
	if len(saved) > 0 && p.Strip == find.StripAlways {
		return errors.New("-strip cannot be combined with a saved index: strip the texts when it is saved")
	}
	c, err := corpus.Load(e, p.read, files, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	var blocks [][]boilerplate.Block
	if !p.group || p.Strip == find.StripAlways { // groups are not labelled
		if blocks, err = find.Blocks(c); err != nil {
			return err
		}
	}
	var masks [][]shingle.Span
	if p.Strip == find.StripAlways {
		masks = find.MasksOf(blocks)
	}
	if p.group {
		return p.groups(e, c, masks, saved)
	}
	row := c.Rows()
	ix, shared, err := p.search(c, masks, saved)
	if err != nil {
		return err
	}
	pairs, found := 0, 0
	var line []byte
	for pair, err := range shared {
		if err != nil {
			return err
		}
		b := row[pair.B]
		a, known := row[pair.A]
		known = known && (len(p.Against) == 0 || a < c.Old)
		recycled := func(s shingle.Passage) (documents, hosts int) {
			if !known { // the blocks of a saved text are not known
				return find.Recycled(shingle.Passage{A: s.B, B: s.B}, blocks[b], blocks[b])
			}
			return find.Recycled(s, blocks[a], blocks[b])
		}
		pairs++
		found += len(pair.Passages)
		if !p.JSON {
			a, _ := ix.Text(pair.A)
			show.SideBySide(e.Out, e.Screen(p.Output), pair.A, a, pair.B, c.Text(b), pair.Passages, recycled)
			continue
		}
		idA, err := show.Quote(pair.A)
		if err != nil {
			return err
		}
		idB, err := show.Quote(pair.B)
		if err != nil {
			return err
		}
		for _, s := range pair.Passages {
			line = show.NewPassage(pair.A, pair.B, s).In(recycled(s)).AppendLine(line[:0], idA, idB)
			if _, err := e.Out.Write(line); err != nil {
				return err
			}
		}
	}
	for _, s := range ix.LeftOut() {
		e.Warn("%s", s)
	}
	e.Summary("%s: %s of at least %d words shared by %s", c.Counted(), show.Count(found, "passage"), p.MinTokens, show.Count(pairs, "pair"))
	return nil
}

// groupFlag is -group.
func (p *passages) groupFlag() cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&p.group, "group", false, "print each passage once, with all documents that hold it, instead of every pair")
	}}
}

// saveFlag is -save.
func (p *passages) saveFlag() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&p.save, "save", "", "write the texts to `file` as an index for -against")
		},
		Check: func() error {
			if p.save != "" && len(p.Against) > 0 {
				return errors.New("-save cannot be combined with -against")
			}
			return nil
		},
	}
}

// index returns an index of the first n documents and of the saved ones; it saves
// the index if requested.
func (p *passages) index(c *corpus.Corpus, masks [][]shingle.Span, n int, saved []string) (*find.Passages, error) {
	ix, err := find.IndexFirst(c, p.Options, masks, n, saved)
	if err == nil && p.save != "" {
		err = ix.Save(p.save)
	}
	return ix, err
}

// search returns an index of the documents to be searched, and the pairs.
func (p *passages) search(c *corpus.Corpus, masks [][]shingle.Span, saved []string) (*find.Passages, iter.Seq2[passage.Pair, error], error) {
	n := len(c.Docs)
	if len(p.Against) > 0 {
		n = c.Old
	}
	ix, err := p.index(c, masks, n, saved)
	if err != nil {
		return nil, nil, err
	}
	if len(p.Against) > 0 {
		return ix, ix.Against(c.Old, masks), nil
	}
	return ix, ix.Shared(), nil
}

// groups prints each passage with its holders.
func (p *passages) groups(e *cli.Env, c *corpus.Corpus, masks [][]shingle.Span, saved []string) error {
	ix, err := p.index(c, masks, len(c.Docs), saved)
	if err != nil {
		return err
	}
	groups, err := ix.Groups(c.Old, len(saved) > 0)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if p.JSON {
			if err := e.Print(show.NewRecurring(g)); err != nil {
				return err
			}
			continue
		}
		first := g.Members[g.Representative]
		text, _ := ix.Text(first.ID)
		fmt.Fprintf(e.Out, "%s in %s\n  %s\n", show.Count(g.Tokens, "word"), show.Count(g.Documents, "document"), show.Excerpt(first.Span.Of(text), 76))
		for _, m := range g.Members {
			fmt.Fprintf(e.Out, "    %s, bytes %s to %s", show.Printable(m.ID), show.Number(m.Span.Start), show.Number(m.Span.End))
			if m.Similarity < 1 {
				fmt.Fprintf(e.Out, ", %s alike", show.Percent(m.Similarity))
			}
			fmt.Fprintln(e.Out)
		}
		fmt.Fprintln(e.Out)
	}
	e.Summary("%s: %s of at least %d words in several documents", c.Counted(), show.Count(len(groups), "passage"), p.MinTokens)
	return nil
}
