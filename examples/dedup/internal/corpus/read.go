package corpus

import (
	"iter"
	"slices"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// An Item is one result of reading: a document, an error, or both.
type Item struct {
	Doc *input.Doc
	Err error
}

// Read returns the documents of inputs and a progress display, to which the caller
// adds what it processes. change, if not nil, changes the reading options.
func Read(e *cli.Env, what string, inputs []string, ro Options, change func(*input.Options)) (*cli.Progress, iter.Seq[Item]) {
	o := ro.reading()
	o.Stdin = e.Stdin
	if change != nil {
		change(&o)
	}
	p := e.Progress(what, "documents", 0)
	if p.Watched() && !slices.Contains(inputs, "-") {
		var total atomic.Int64
		go func() { total.Store(input.Size(inputs)) }()
		o.Progress = func(bytes int64) { p.Bytes(bytes, total.Load()) }
	}
	return p, func(yield func(Item) bool) {
		for d, err := range input.Read(inputs, o) {
			if !yield(Item{d, err}) {
				return
			}
		}
	}
}

// Stream calls f for every document of inputs, in order, and keeps none. It reports
// unreadable input.
func Stream(e *cli.Env, what string, inputs []string, o Options, f func(*input.Doc) error) error {
	o.limitMemory()
	p, items := Read(e, what, inputs, o, func(in *input.Options) { in.Interrupt = e.Ctx.Done() })
	defer p.Stop()
	for it := range items {
		if it.Err != nil {
			p.Clear()
			e.Problem(Problem(it.Err))
		}
		if it.Doc == nil {
			continue
		}
		if err := f(it.Doc); err != nil {
			return err
		}
		if err := e.Ctx.Err(); err != nil {
			return err
		}
		p.Add(1)
	}
	return e.Ctx.Err()
}
