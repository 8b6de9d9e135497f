package corpus

import (
	"cmp"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// An Item is what is read of an input: a document, an error, or both.
type Item struct {
	Doc *input.Doc
	Err error
}

// Read returns what inputs hold and a progress of reading it, to which the caller
// adds the documents.
func Read(e *cli.Env, what string, inputs []string, o input.Options, workers int) (*cli.Progress, iter.Seq[Item]) {
	o.Stdin, o.Workers = e.Stdin, cmp.Or(o.Workers, workers)
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
