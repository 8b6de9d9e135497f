package main

import (
	"fmt"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

var boilerplateCommand = cli.Command{
	Name:    "boilerplate",
	Summary: "which blocks are recycled from page to page",
	Help: `Prints every block (paragraph) of a document that other documents recycle:
what a site puts on its pages, the sign-off of an agency, a background paragraph
that runs again and again. Documents are counted, not occurrences, and copies of
a document do not count. The site of a JSON Lines document is its field "host",
that of a text file the first folder below the input folder.
`,
	Example: `pages/
-json -field-host domain crawl.jsonl.gz
-stream crawl.warc.gz
`,
	New: func() cli.Action { return new(blocks) },
}

type blocks struct {
	find.Options
	read corpus.Options
	cli.Output
}

func (b *blocks) Flags() []cli.Flags {
	return []cli.Flags{b.StreamFlag(), b.read.InputFlags(), b.OutputFlags()}
}

func (b *blocks) Run(e *cli.Env) error {
	c, err := corpus.Load(e, b.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	flagged, pages, all, masked := 0, 0, 0, 0
	err = find.EachJudged(c, b.Options, func(i int, blocks []boilerplate.Block) error {
		for _, bl := range blocks {
			if bl.Flagged {
				flagged++
				all += bl.Len()
			}
			if bl.Masked {
				masked += bl.Len()
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
	share := func(n int) string { return show.Percent(float64(n) / float64(max(1, c.Bytes()))) }
	e.Summary("%s, %s on %s (%s of all text); %s of all text is masked", c.Counted(), show.Count(flagged, "recycled block"), show.Count(pages, "document"), share(all), share(masked))
	return nil
}

// showBlock shows a flagged or masked block of document i to a person.
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
