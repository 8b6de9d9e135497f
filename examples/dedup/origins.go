package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh/passage"
)

var originsCommand = cli.Command{
	Name:    "origins",
	Summary: "who had a passage first, and who may have taken it from whom",
	Help: `Prints every passage of at least -min words that several documents hold, with its
holders in the order of their times (-field-time). The first one is named only if
every holder has a time and no two share the earliest. An origin is a holder that no
earlier holder covers by -share or more, so a document that only quotes the passage in
a text of its own is one too. Cues of attribution near a passage, such as "the Gazette
reported", are printed as claims of the text. Then it prints, for each document, how
much of it is elsewhere. With -against it prints the passages that a new document
shares with an old one, and how much of each new document is elsewhere.
`,
	Example: `articles.jsonl
-share .8 -strip articles.jsonl
-json a.txt b.txt
-against old.idx new.jsonl
`,
	New: func() cli.Action { return new(origins) },
}

type origins struct {
	find.Options
	read corpus.Options
	cli.Output
	share float64
}

func (o *origins) Flags() []cli.Flags {
	return []cli.Flags{
		find.PassageFlags(&o.Options), o.shareFlag(), find.PassagesAgainstFlag(&o.Options),
		find.StripFlag(&o.Options), o.read.InputFlags(), cli.OutputFlags(&o.Output),
	}
}

func (o *origins) shareFlag() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Float64Var(&o.share, "share", .5, "a document is not an origin if an earlier holder covers at least this share of it")
		},
		Check: func() error {
			if !(o.share > 0 && o.share <= 1) {
				return fmt.Errorf("-share %v: must be above 0 and at most 1", o.share)
			}
			return nil
		},
	}
}

func (o *origins) Run(e *cli.Env) error {
	files, saved := o.SplitAgainst()
	if len(saved) > 0 && o.Strip == find.StripAlways {
		return errors.New("-strip cannot be combined with a saved index: strip the texts when it is saved")
	}
	c, err := corpus.Load(e, o.read, files, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	masks, err := find.Masks(c, o.Options)
	if err != nil {
		return err
	}
	ix, err := find.IndexFirst(c, o.Options, masks, len(c.Docs), saved)
	if err != nil {
		return err
	}
	found, err := ix.Origins(c.Old, len(saved) > 0, o.share)
	if err != nil {
		return err
	}
	for _, p := range found.Passages {
		if o.JSON {
			if err := e.Print(show.NewOrigin(p)); err != nil {
				return err
			}
			continue
		}
		showOrigin(e, ix, p)
	}
	for _, d := range found.Documents {
		if !o.JSON {
			fmt.Fprintf(e.Out, "%s of %s is elsewhere: %s\n", show.Percent(d.Elsewhere), show.Printable(d.ID), show.Printable(listed(d.From, 5)))
		} else if err := e.Print(show.Source(d)); err != nil {
			return err
		}
	}
	e.Summary("%s: %s of at least %d words in several documents, %s with text that is elsewhere", c.Counted(),
		show.Count(len(found.Passages), "passage"), o.MinTokens, show.Count(len(found.Documents), "document"))
	return nil
}

// listed joins the first most names.
func listed(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// showOrigin prints a passage with its holders.
func showOrigin(e *cli.Env, ix *find.Passages, p passage.Origin) {
	h := p.Holders[0]
	text, _ := ix.Text(h.ID)
	fmt.Fprintf(e.Out, "%s in %s, %s\n", show.Count(p.Tokens, "word"), show.Count(p.Documents, "document"), show.Count(p.Origins, "origin"))
	fmt.Fprintf(e.Out, "  %s\n", show.Excerpt(h.Span.Of(text), 76))
	switch {
	case p.First >= 0:
		fmt.Fprintf(e.Out, "  first: %s\n", show.Printable(p.Holders[p.First].ID))
	case slices.ContainsFunc(p.Holders, func(h passage.Holder) bool { return h.Time.IsZero() }):
		fmt.Fprintf(e.Out, "  first: unknown, times are missing\n")
	default:
		fmt.Fprintf(e.Out, "  first: unknown, the earliest times are equal\n")
	}
	for _, h := range p.Holders {
		at := "no time"
		if !h.Time.IsZero() {
			at = h.Time.Format(time.RFC3339)
		}
		fmt.Fprintf(e.Out, "    %-20s  %s, bytes %d to %d", at, show.Printable(h.ID), h.Span.Start, h.Span.End)
		if h.From >= 0 {
			fmt.Fprintf(e.Out, ", perhaps from %s", show.Printable(p.Holders[h.From].ID))
		}
		fmt.Fprintln(e.Out)
		for _, cite := range h.Cites {
			fmt.Fprintf(e.Out, "      cites %q\n", show.Printable(show.OneLine(cite.Text)))
		}
	}
	fmt.Fprintln(e.Out)
}
