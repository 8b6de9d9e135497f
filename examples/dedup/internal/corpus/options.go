package corpus

import (
	"flag"
	"fmt"
	"runtime"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// Options are what flags choose about reading.
type Options struct {
	Input   input.Options
	Workers int
	Memory  int64
}

// InputFlags are the flags of every command that reads documents.
func (o *Options) InputFlags() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Input.Format, "format", "", "`format` of inputs whose name does not tell: text, html, jsonl, parquet or warc (- is jsonl)")
			fs.StringVar(&o.Input.Fields.ID, "field-id", "id", "`name` of the JSON Lines field or Parquet column of a document's id")
			fs.StringVar(&o.Input.Fields.Text, "field-text", "text", "`name` of the JSON Lines field or Parquet column of a document's text")
			fs.StringVar(&o.Input.Fields.Host, "field-host", "host", "`name` of the JSON Lines field or Parquet column of a document's site")
			fs.StringVar(&o.Input.Fields.URL, "field-url", "url", "`name` of the field or column of its URL, whose host is the site where no site is named")
			fs.StringVar(&o.Input.Fields.Time, "field-time", "time", "`name` of the field or column of the time when it was published or fetched")
			o.Memory = 2 << 30
			fs.TextVar((*bytesize.Size)(&o.Memory), "memory", bytesize.Size(o.Memory), "about how much memory to use, as a `size`; what a corpus has beyond it waits in temporary files")
			fs.IntVar(&o.Workers, "workers", runtime.GOMAXPROCS(0), "how many processors to use; results are the same for any number (default all)")
		},
		Check: func() error {
			switch {
			case o.Workers < 1:
				return fmt.Errorf("-workers %d: must be 1 or more", o.Workers)
			case o.Memory < 64<<20:
				return fmt.Errorf("-memory %v: must be 64MiB or more", bytesize.Size(o.Memory))
			case o.Input.Format != "":
				return cli.OneOf("format", o.Input.Format, input.Text, input.HTML, input.JSONL, input.Parquet, input.WARC)
			}
			return nil
		},
	}
}
