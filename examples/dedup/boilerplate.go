package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

var boilerplateCommand = cli.Command{
	Name:    "boilerplate",
	Summary: "show the blocks that pages recycle",
	Help: `Prints every block (paragraph) of a document that recurs in other documents: the
frame of a site's pages, the sign-off of an agency, a background paragraph that is
published again and again. Documents are counted, not occurrences, and copies of
a document do not count. The site of a JSON Lines document is its field "host",
that of a text file the first folder below the input folder. Blocks of a site's
frame are masked: left out when pages are compared. With -out the texts are written
without them, as JSON Lines with the fields id, host, time and text.
`,
	Example: `pages/
-json -field-host domain crawl.jsonl.gz
-stream crawl.warc.gz
-out texts.jsonl.gz -spans blocks.jsonl crawl.warc.gz
`,
	New: func() cli.Action { return new(blocks) },
}

type blocks struct {
	find.Options
	read corpus.Options
	to   clean.Target
	cli.Output
}

func (b *blocks) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&b.to.Out, "out", "", "`file` to write the texts without masked blocks to, as JSON Lines (.gz, .zst and .xz compress); standard output if it is -")
		fs.StringVar(&b.to.Spans, "spans", "", "`file` to log every block that -out leaves out to, as JSON Lines: id, start, end, reason, evidence")
		fs.BoolVar(&b.to.Overwrite, "overwrite", false, "replace the files of -out and -spans if they exist")
	}}
	return []cli.Flags{own, b.StreamFlag(), b.read.InputFlags(), b.OutputFlags()}
}

func (b *blocks) Run(e *cli.Env) error {
	switch {
	case b.to.Out == "" && (b.to.Spans != "" || b.to.Overwrite):
		return errors.New("-spans and -overwrite need -out")
	case b.to.Out == "-" && b.JSON:
		return errors.New("-json prints blocks to standard output and cannot be combined with -out -")
	}
	if err := clean.CheckTexts(e, b.to); err != nil {
		return err
	}
	c, err := corpus.Load(e, b.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	flagged, pages, all, masked := 0, 0, 0, 0
	kept := make([][]boilerplate.Block, len(c.Docs))
	err = find.EachJudged(c, b.Options, func(i int, blocks []boilerplate.Block) error {
		kept[i] = blocks
		for _, bl := range blocks {
			if bl.Flagged {
				flagged++
				all += bl.Len()
			}
			if bl.Masked {
				masked += bl.Len()
			}
			if b.to.Out != "" && !b.JSON {
				continue
			}
			if !b.JSON {
				showBlock(e, c, i, bl)
			} else if err := e.Print(show.NewBlock(c.Docs[i].ID, bl)); err != nil {
				return err
			}
		}
		if len(blocks) > 0 {
			pages++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if b.to.Out != "" {
		cuts := clean.NewCuts(len(c.Docs))
		cuts.RecycledBlocks(kept)
		if err := clean.WriteTexts(c, cuts, b.to, b.to.Spans); err != nil {
			return err
		}
	}
	share := func(n int) string { return show.Percent(float64(n) / float64(max(1, c.Bytes()))) }
	e.Summary("%s, %s on %s (%s of all text); %s of all text is masked", c.Counted(), show.Count(flagged, "recycled block"), show.Count(pages, "document"), share(all), share(masked))
	return nil
}

// showBlock prints a flagged or masked block of document i for people.
func showBlock(e *cli.Env, c *corpus.Corpus, i int, b boilerplate.Block) {
	about := b.Reason.String()
	if b.Flagged {
		about += ", in " + show.Count(b.Documents, "document")
		if b.Hosts > 0 {
			about += " of " + show.Count(b.Hosts, "host")
		}
	}
	if b.Masked {
		about += "; masked"
	}
	fmt.Fprintf(e.Out, "%s [%d:%d]  %s\n    %s\n", show.Printable(c.Docs[i].ID), b.Start, b.End, about, show.Excerpt(b.Of(c.Text(i)), 70))
}
