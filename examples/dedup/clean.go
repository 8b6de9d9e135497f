package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

var cleanCommand = cli.Command{
	Name:    "clean",
	Summary: "write the documents to keep, and a log of every removal",
	Help: `Writes to -out what "dedup clusters" would keep, in the format of the input: one
JSON Lines file becomes one, its lines as they were; folders and several inputs
become a folder of the same files. Every document that is left out is in the log
with the reason, the document it repeats, how alike they are and the passages that
both have. The input is never changed; what is written appears whole at the end
or, after an interrupt, not at all. With -against, documents that repeat that
corpus are left out too, and the corpus is not written. -dry-run only tells.
After an interrupt begin again: what a killed process leaves beside -out ends in
.tmp and may be deleted.
`,
	Example: `-dry-run corpus.jsonl
-out kept.jsonl.zst corpus.jsonl.zst
-strip -keep longest -out kept/ pages/
-against archive.jsonl -out new.jsonl today.jsonl
`,
	New: func() cli.Action { return new(cleaning) },
}

type cleaning struct {
	find.Options
	read corpus.Options
	to   clean.Target
	dry  bool
	cli.Output
}

func (k *cleaning) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.to.Out, "out", "", "`file or folder` to write the kept documents to; .gz and .zst compress")
		fs.StringVar(&k.to.Log, "log", "", "`file` to write the removals to (default: that of -out with .removed.jsonl behind)")
		fs.BoolVar(&k.to.Overwrite, "overwrite", false, "replace what -out and -log name, if there is something")
		fs.BoolVar(&k.dry, "dry-run", false, "print the removals and write nothing; -out and -log may be left out or are checked")
	}}
	return []cli.Flags{own, k.MatchFlags(), k.KeepFlag(), k.AgainstFlag(), k.ShingleFlags(), k.StripFlag(), k.read.InputFlags(), k.OutputFlags()}
}

func (k *cleaning) Run(e *cli.Env) error {
	switch {
	case k.to.Out == "" && (k.to.Log != "" || k.to.Overwrite):
		return errors.New("-log and -overwrite go with -out, which is missing")
	case k.to.Out == "" && !k.dry:
		return errors.New("clean needs -out FILE, or -dry-run to see what it would do")
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
	s, err := find.SketchStripped(c, k.Options)
	if err != nil {
		return err
	}
	defer s.Close()
	removals, err := clean.Removals(c, s, k.Options)
	if err != nil {
		return err
	}
	identical := 0
	for _, r := range removals {
		out := r.Line(c)
		if out.Reason == clean.Identical {
			identical++
		}
		switch {
		case k.JSON:
			err = e.Print(out)
		case k.dry:
			fmt.Fprintf(e.Out, "%.3f  remove %s, like %s\n", out.Similarity, show.Printable(out.ID), show.Printable(out.Match))
		}
		if err != nil {
			return err
		}
	}
	if !k.dry {
		if err := w.Write(c, k.read.Input, removals); err != nil {
			return err
		}
	}
	verb, where := "kept", fmt.Sprintf("; written to %s, removals to %s", k.to.Out, w.Log())
	if k.dry {
		verb, where = "to keep", "; nothing was written"
	}
	total := len(c.Docs) - c.Old
	e.Summary("%s: %d %s, %d removed (%d identical, %d near-duplicates, %s)%s", show.Count(total, "document"), total-len(removals), verb,
		len(removals), identical, len(removals)-identical, k.Figures(), where)
	return nil
}
