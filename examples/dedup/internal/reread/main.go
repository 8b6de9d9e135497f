// Reread reads documents, reads them again and writes them, with the code of dedup
// clean, but compares none. Its time is the least that cleaning a corpus can take.
// bench/scale/web measures both.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
)

func main() {
	p := cli.Program{Name: "reread", Help: "%s", Commands: []cli.Command{{
		Name:    "copy",
		Summary: "read documents twice and write them",
		New:     func() cli.Action { return new(rereading) },
	}}, Default: "copy"}
	os.Exit(p.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

type rereading struct {
	read corpus.Options
	to   clean.Target
	cli.Output
}

func (r *rereading) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&r.to.Out, "out", "", "`file` to write to")
		fs.BoolVar(&r.to.Overwrite, "overwrite", false, "replace it")
	}}
	return []cli.Flags{own, r.read.InputFlags(), cli.OutputFlags(&r.Output)}
}

func (r *rereading) Run(e *cli.Env) error {
	w, err := clean.NewWriter(e, r.to, nil, false)
	if err != nil {
		return err
	}
	defer w.Close()
	r.read.Texts = corpus.Large
	c, err := corpus.Load(e, r.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := w.Plan(clean.Of(c)); err != nil {
		return err
	}
	return w.Write(c, clean.KeepAll(c))
}
