package corpus

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// Options are the reading options set by flags.
type Options struct {
	Input   input.Options
	Workers int
	Memory  int64

	Sketching *Sketching // nil if no signatures are made while documents are read
	Texts     Keeping
}

// InputFlags are the flags of every command that reads documents.
func (o *Options) InputFlags() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Input.Format, "format", "", "`format` of all inputs: "+strings.Join(input.FormatNames(), ", ")+" (default: found by content and name)")
			f := &o.Input.Fields
			fs.StringVar(&f.ID, "field-id", "id", "`name` of the field or column of a document's id; a.b is b within a")
			fs.StringVar(&f.Text, "field-text", "text", "`name` of the field or column of a document's text")
			fs.StringVar(&f.Host, "field-host", "host", "`name` of the field or column of a document's site")
			fs.StringVar(&f.URL, "field-url", "url", "`name` of the field or column of a document's URL, whose host is the site if no site is given")
			fs.StringVar(&f.Time, "field-time", "time", "`name` of the field or column of the time when a document was published or fetched")
			o.Memory = 2 << 30
			fs.TextVar((*bytesize.Size)(&o.Memory), "memory", bytesize.Size(o.Memory), "approximate `size` of memory to use; the rest of a corpus is kept in temporary files")
			fs.IntVar(&o.Workers, "workers", runtime.GOMAXPROCS(0), "number of documents to process at a time, while one more processor reads and writes; the results are the same for any number (default: one per processor, at most 256)")
		},
		Check: func() error {
			switch {
			case o.Workers < 1:
				return fmt.Errorf("-workers %d: must be 1 or more", o.Workers)
			case o.Memory < 64<<20:
				return fmt.Errorf("-memory %v: must be 64MiB or more", bytesize.Size(o.Memory))
			case o.Input.Format != "":
				return cli.OneOf("format", o.Input.Format, input.FormatNames()...)
			}
			return nil
		},
	}
}

// reading returns the options for package input, within the memory limits.
func (o Options) reading() input.Options {
	in := o.Input
	in.Workers = o.workers()
	in.Ahead = o.Memory / 8
	return in
}

// limitMemory makes the garbage collector keep within the memory limit.
func (o Options) limitMemory() {
	debug.SetMemoryLimit(o.Memory - o.Memory/8) // the rest is for code, stacks and files
}

// workers returns how many goroutines to use.
func (o Options) workers() int { return min(o.Workers, maxWorkers) }

// Again returns the options for reading inputs a second time.
func (o Options) Again(e *cli.Env) input.Options {
	in := o.reading()
	in.Stdin = e.Stdin
	return in
}
