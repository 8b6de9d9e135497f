package main

import (
	"errors"
	"flag"
	"iter"
	"slices"

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
[brackets], or in colour on a terminal. Offsets are in bytes. A passage that is one
wording around different numbers and names is labelled a template. A passage in recycled
blocks is labelled with the number of documents and hosts that have them; -strip
leaves out the blocks of page frames. With -against a new document is compared with
the old ones only, which come first in a pair.
`,
	Example: `a.txt b.txt
-strip -min 20 articles.jsonl
-json articles.jsonl.zst
-against old.jsonl new.jsonl
-quiet -save old.idx old.jsonl
-against old.idx new.jsonl
`,
	New: func() cli.Action { return new(passages) },
}

type passages struct {
	find.Options
	read corpus.Options
	cli.Output
	save string
}

func (p *passages) Flags() []cli.Flags {
	return []cli.Flags{p.PassageFlags(), p.againstFlags(), p.StripOnlyFlag(), p.read.InputFlags(), p.ColorFlag(), p.OutputFlags()}
}

func (p *passages) Run(e *cli.Env) error {
	against, saved := p.Against, len(p.Against) == 1 && find.IsSaved(p.Against[0])
	if saved {
		if p.Strip == find.StripAlways {
			return errors.New("-strip cannot be combined with a saved index: strip the texts when it is saved")
		}
		against = nil
	}
	c, err := corpus.Load(e, p.read, against, e.Inputs)
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
	ix, shared, err := p.search(c, masks, saved)
	if err != nil {
		return err
	}
	pairs, found := 0, 0
	for pair, err := range shared {
		if err != nil {
			return err
		}
		b := row[pair.B]
		of := blocks[b] // those of a saved text are not known
		if a, ok := row[pair.A]; ok && !saved {
			of = blocks[a]
		}
		recycled := func(s shingle.Passage) (documents, hosts int) {
			if saved {
				s.A = s.B
			}
			return find.Recycled(s, of, blocks[b])
		}
		pairs++
		found += len(pair.Passages)
		if !p.JSON {
			a, _ := ix.Text(pair.A)
			show.SideBySide(e.Out, e.Screen(p.Output), pair.A, a, pair.B, c.Text(b), pair.Passages, recycled)
			continue
		}
		for _, s := range pair.Passages {
			if err := e.Print(show.NewPassage(pair.A, pair.B, s).In(recycled(s))); err != nil {
				return err
			}
		}
	}
	for _, s := range ix.LeftOut() {
		e.Warn("%s", s)
	}
	e.Summary("%s: %s of %d words or more shared by %s", c.Counted(), show.Count(found, "passage"), p.MinTokens, show.Count(pairs, "pair"))
	return nil
}

// againstFlags are -against and -save.
func (p *passages) againstFlags() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&p.save, "save", "", "write the texts to `file` as an index for -against")
			fs.Func("against", "compare each input with the documents of a `corpus` only: a file, a folder, or an index that -save wrote; may be repeated", func(name string) error {
				p.Against = append(p.Against, name)
				return nil
			})
		},
		Check: func() error {
			switch {
			case slices.Contains(p.Against, "-"):
				return errors.New("-against -: a file or folder is needed")
			case p.save != "" && len(p.Against) > 0:
				return errors.New("-save cannot be combined with -against")
			}
			return nil
		},
	}
}

// search returns an index of the documents that are searched, and the pairs.
func (p *passages) search(c *corpus.Corpus, masks [][]shingle.Span, saved bool) (ix *find.Passages, shared iter.Seq2[passage.Pair, error], err error) {
	switch {
	case saved:
		ix, err = find.OpenPassages(c, p.Options, p.Against[0])
	case len(p.Against) > 0:
		ix, err = find.IndexFirst(c, p.Options, masks, c.Old)
	default:
		ix, err = find.IndexPassages(c, p.Options, masks)
	}
	if err == nil && p.save != "" {
		err = ix.Save(p.save)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(p.Against) > 0 {
		return ix, ix.Against(c.Old, masks), nil
	}
	return ix, ix.Shared(), nil
}
