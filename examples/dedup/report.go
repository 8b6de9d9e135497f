package main

import (
	"flag"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/report"
)

var reportCommand = cli.Command{
	Name:    "report",
	Summary: "what a person wants to know, on one screen (the default)",
	Help: `Shows the clusters of near-duplicates and which document to keep, the passages
that other documents share, and the blocks that sites recycle. Recycled blocks
are left out before pages are compared, so that pages of one site do not resemble
each other by their frame. With -html the same goes into a page that
also shows the texts side by side, their differences marked.
`,
	Example: `stories/
corpus.jsonl.gz -html findings.html
'crawl/*.warc.gz' -keep longest -html findings.html -overwrite
`,
	New: func() cli.Action { return new(reporting) },
}

type reporting struct {
	find.Options
	read corpus.Options
	page report.Page
	cli.Output
}

func (k *reporting) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.page.File, "html", "", "also write the findings to this `file`, with the texts and their differences: one page for a browser that needs no network")
		fs.BoolVar(&k.page.Overwrite, "overwrite", false, "replace the file that -html names, if it is there")
	}}
	return []cli.Flags{k.MatchFlags(), k.CoveredFlag(), k.KeepFlag(&k.read), k.ShingleFlags(), k.StripFlag(), k.PassageFlags(), own, k.read.InputFlags(), k.ColorFlag(), k.QuietFlag()}
}

func (k *reporting) Run(e *cli.Env) error {
	if err := k.page.Check(); err != nil {
		return err
	}
	c, err := corpus.Load(e, k.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	f, err := report.Find(c, k.Options)
	if err != nil {
		return err
	}
	defer f.Close()
	f.Screen(e.Out, e.Screen(k.Output))
	defer c.ReportCompared()
	if k.page.File == "" {
		return nil
	}
	return f.WritePage(k.page)
}
