package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

var cleanCommand = cli.Command{
	Name:    "clean",
	Summary: "write the documents to keep and a log of every removal",
	Help: `Writes to -out the documents that "dedup clusters" would keep. Every document is
kept, removed because it repeats another, or left out because it cannot be read.
The summary counts them. The log names each document that is not kept, with the
reason, the document that it repeats, their similarity and their shared passages.

A file is written in the format of its extension: documents byte for byte as they
were, or converted to .jsonl or .parquet: records with all their fields, other files
and pages with id, text, host, url and time. With -cut blocks the texts are written
without recycled blocks. Several inputs go to one file, to a folder with the same
files (a name that ends in /) or to standard output (-). Records of a web archive
that are not pages are copied, but not converted. The input is never changed. A file
or folder appears complete at the end or, after an interrupt, not at all. With
-against, documents that repeat that corpus are removed too, and the corpus is not
written.

Files that a killed process leaves next to -out end in .tmp and may be deleted.
`,
	Example: `-dry-run corpus.jsonl
-out kept.jsonl.zst -stats figures.json corpus.jsonl.zst
-out kept.parquet -keep max:quality shard-*.jsonl.gz
-covered 0.25 -keep longest -out kept/ pages/
-against archive.jsonl -out new.jsonl today.jsonl
`,
	New: func() cli.Action { return new(cleaning) },
}

type cleaning struct {
	find.Options
	read  corpus.Options
	to    clean.Target
	dry   bool
	exact bool
	cli.Output
}

func (k *cleaning) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.to.Out, "out", "", "`file` to write the kept documents to, in the format of its extension (.gz, .zst and .xz compress); a folder if it ends in /, standard output if it is -")
		fs.StringVar(&k.to.Log, "log", "", "`file` to write the removals to (default: that of -out with .removed.jsonl added)")
		fs.StringVar(&k.to.Stats, "stats", "", "`file` to write figures to, as JSON: by source and host, by reason, cluster sizes")
		fs.BoolVar(&k.to.Overwrite, "overwrite", false, "replace the files of -out, -log and -stats if they exist")
		fs.BoolVar(&k.to.Annotate, "annotate", false, "add the fields dedup_cluster (the id of the representative) and dedup_cluster_size to kept records")
		fs.StringVar(&k.to.Cut, "cut", "", "part to cut from the kept texts: `blocks` that pages recycle (see dedup boilerplate)")
		fs.StringVar(&k.to.Spans, "spans", "", "`file` for a log of every part that -cut removes, as JSON Lines: id, start, end, reason, evidence")
		fs.BoolVar(&k.exact, "exact", false, "remove only exact duplicates, which differ in case, accents, punctuation and space at most: a cheap first pass")
		fs.BoolVar(&k.dry, "dry-run", false, "print the removals and write nothing; -out and -log may be left out or are checked")
	}}
	return []cli.Flags{own, k.MatchFlags(), k.CoveredFlag(), k.KeepFlag(&k.read), k.AgainstFlag(), k.ShingleFlags(), k.StripFlag(), k.read.InputFlags(), k.OutputFlags()}
}

func (k *cleaning) Run(e *cli.Env) error {
	switch {
	case k.to.Out == "" && (k.to.Log != "" || k.to.Overwrite && k.to.Stats == "" || k.to.Annotate):
		return errors.New("-log, -overwrite and -annotate go with -out, which is missing")
	case k.to.Out == "" && !k.dry:
		return errors.New("clean needs -out FILE, or -dry-run to see what it would do")
	case k.to.Out == "-" && k.JSON:
		return errors.New("-json prints removals to standard output and cannot be combined with -out -; log them with -log")
	case k.to.Cut != "" && k.to.Cut != clean.CutBlocks:
		return fmt.Errorf("-cut %s: must be %s", k.to.Cut, clean.CutBlocks)
	case k.to.Cut != "" && k.dry:
		return errors.New("-cut goes with -out: -dry-run prints removals, and dedup boilerplate the blocks")
	case k.to.Spans != "" && k.to.Cut == "":
		return errors.New("-spans logs what -cut takes out, which is missing")
	case k.exact && (e.Given["threshold"] || k.Covered > 0 || e.Given["k"] || e.Given["size"] || e.Given["estimate"]):
		return errors.New("-exact compares whole texts and cannot be combined with -threshold, -covered, -k, -size or -estimate")
	}
	w, err := clean.NewWriter(e, k.to, k.Against, k.dry)
	if err != nil {
		return err
	}
	defer w.Close()
	c, err := corpus.Load(e, k.read, k.Against, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := w.Plan(c); err != nil {
		return err
	}
	d, err := k.decide(c)
	if err != nil {
		return err
	}
	for _, r := range d.Removals {
		switch {
		case k.JSON:
			err = e.Print(r.Line(c))
		case k.dry:
			fmt.Fprintf(e.Out, "%.3f  remove %s, like %s\n", r.Similarity, show.Printable(c.Docs[r.Row].ID), show.Printable(c.Docs[r.Match].ID))
		}
		if err != nil {
			return err
		}
	}
	f := d.Figures()
	if k.to.Cut == clean.CutBlocks {
		blocks, err := find.Blocks(c, k.Options)
		if err != nil {
			return err
		}
		d.Cuts = clean.RecycledBlocks(blocks)
	}
	if !k.dry {
		if err := w.Write(c, d); err != nil {
			return err
		}
	}
	if err := w.WriteFigures(f); err != nil {
		return err
	}
	k.summarize(e, w, f)
	c.ReportCompared()
	return nil
}

func (k *cleaning) decide(c *corpus.Corpus) (*clean.Decision, error) {
	if k.exact {
		if k.Strip == find.StripPages {
			k.Strip = find.StripNever
		}
		return clean.DecideEqual(c, k.Options)
	}
	if k.Covered > 0 {
		v, err := find.Cover(c, k.Options)
		if err != nil {
			return nil, err
		}
		defer v.Close()
		return clean.DecideCovered(c, v, k.Options)
	}
	s, err := find.SketchStripped(c, k.Options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return clean.Decide(c, s, k.Options)
}

// summarize accounts for every document: what went in was kept, removed or left out.
func (k *cleaning) summarize(e *cli.Env, w *clean.Writer, f show.Figures) {
	for _, g := range f.Sources {
		if gone := g.Removed + g.LeftOut; 2*gone > g.Documents && gone > 1 {
			e.Problem(cli.Problem{Kind: "a source that loses more than half", File: g.Name, Note: true,
				Err: fmt.Errorf("%s loses %s of its %s: is that what you expect?", g.Name, show.Percent(float64(gone)/float64(g.Documents)), show.Count(g.Documents, "document"))})
		}
	}
	kept := "kept"
	if k.dry {
		kept = "to keep"
	}
	e.Summary("%s: %s %s, %s removed, %s left out", show.Count(f.Documents, "document"), show.Number(f.Kept), kept, show.Number(f.Group.Removed), show.Number(f.Group.LeftOut))
	how := k.Criterion(e.Given["threshold"]) + ", " + k.Figures()
	if k.exact {
		how = "equal texts"
	}
	if f.Group.Removed > 0 {
		e.Summary("removed: %s (%s)", reasons(f.Removed), how)
	}
	if f.Group.LeftOut > 0 {
		e.Summary("left out: %s", reasons(f.LeftOut))
	}
	if len(f.Other) > 0 {
		e.Summary("files that are not documents: %s", reasons(f.Other))
	}
	if w.Passed > 0 {
		e.Summary("%s of web archives that are not documents: copied as they are", show.Count(w.Passed, "record"))
	}
	switch {
	case k.dry:
		e.Summary("nothing was written")
	case w.Log() == "":
	case k.to.Out == "-":
		e.Summary("removals are in %s", w.Log())
	default:
		e.Summary("written to %s, removals to %s", k.to.Out, w.Log())
	}
}

// reasons lists counts by what they count.
func reasons(counts map[string]int) string {
	var parts []string
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, show.Number(counts[r])+" "+r)
	}
	return strings.Join(parts, ", ")
}
