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
	Summary: "show duplicates, shared passages and recycled blocks on one screen (default)",
	Help: `Shows on one screen the largest clusters of near-duplicates with the document
to keep, the passages that other documents share, and the blocks that sites
recycle. Page frames are left out before pages are compared, so that pages of one
site do not match because of them. -html also writes a page for a browser with all
findings: it shows whole articles side by side and marks shared passages and
differences.
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
		fs.StringVar(&k.page.File, "html", "", "also write a page for a browser to this `file`: the findings with their texts side by side")
		fs.BoolVar(&k.page.Overwrite, "overwrite", false, "replace the file of -html if it exists")
	}}
	return []cli.Flags{
		find.MatchFlags(&k.Options), find.CoveredFlag(&k.Options), find.KeepFlag(&k.Options, &k.read),
		find.ShingleFlags(&k.Options), find.StripFlag(&k.Options), find.PassageFlags(&k.Options), own,
		k.read.InputFlags(), cli.ColorFlag(&k.Output), cli.QuietFlag(&k.Output),
	}
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
