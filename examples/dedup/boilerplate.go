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
	"github.com/neardup/neardup/examples/dedup/internal/input"
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
		fs.StringVar(&b.to.Out, "out", "", "`file` for the texts without masked blocks, as JSON Lines (.gz, .zst and .xz compress); standard output if it is -")
		fs.StringVar(&b.to.Spans, "spans", "", "`file` for a log of every block that -out leaves out, as JSON Lines: id, start, end, reason, evidence")
		fs.BoolVar(&b.to.Overwrite, "overwrite", false, "replace the files of -out and -spans if they exist")
	}}
	return []cli.Flags{own, find.StreamFlag(&b.Options), b.read.InputFlags(), cli.OutputFlags(&b.Output)}
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
	texts, err := clean.NewTexts(e, b.to)
	if err != nil {
		return err
	}
	defer texts.Abort()
	j := &judging{blocks: b, e: e, texts: texts}
	if b.Stream {
		err = find.EachStreamed(e, b.read, e.Inputs, j.add)
	} else {
		err = j.all(e.Inputs)
	}
	if err != nil {
		return err
	}
	if err := texts.Commit(); err != nil {
		return err
	}
	j.summarize()
	return nil
}

// A judging prints the recycled blocks of each document in turn, writes its text without
// the masked ones, and counts documents, blocks and bytes.
type judging struct {
	*blocks
	e     *cli.Env
	texts *clean.Texts

	docs, empty, pages, flagged int
	bytes, flaggedBytes, masked int64
}

// all judges each document of inputs by all documents of inputs.
func (j *judging) all(inputs []string) error {
	c, err := corpus.Load(j.e, j.read, nil, inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	scan := c.Scan()
	return find.EachJudged(c, func(i int, blocks []boilerplate.Block) error {
		d := c.Docs[i]
		return j.add(&input.Doc{ID: d.ID, Host: d.Host, Time: d.Time, Text: scan.At(i)}, blocks)
	})
}

// add takes the flagged and masked blocks of the next document.
func (j *judging) add(d *input.Doc, blocks []boilerplate.Block) error {
	j.docs++
	j.bytes += int64(len(d.Text))
	if d.Text == "" {
		j.empty++
	}
	for _, b := range blocks {
		if b.Flagged {
			j.flagged++
			j.flaggedBytes += int64(b.Len())
		}
		if b.Masked {
			j.masked += int64(b.Len())
		}
		switch {
		case j.JSON:
			if err := j.e.Print(show.NewBlock(d.ID, b)); err != nil {
				return err
			}
		case j.to.Out == "":
			showBlock(j.e, d.ID, d.Text, b)
		}
	}
	if len(blocks) > 0 {
		j.pages++
	}
	return j.texts.Add(d.ID, d.Host, d.Time, d.Text, blocks)
}

func (j *judging) summarize() {
	share := func(n int64) string { return show.Percent(float64(n) / float64(max(1, j.bytes))) }
	j.e.Summary("%s, %s on %s (%s of all text); %s of all text is masked",
		corpus.Counted(j.docs, j.empty), show.Count(j.flagged, "recycled block"), show.Count(j.pages, "document"), share(j.flaggedBytes), share(j.masked))
}

// showBlock prints a flagged or masked block of a document for people.
func showBlock(e *cli.Env, id, text string, b boilerplate.Block) {
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
	fmt.Fprintf(e.Out, "%s [%d:%d]  %s\n    %s\n", show.Printable(id), b.Start, b.End, about, show.Excerpt(b.Of(text), 70))
}
