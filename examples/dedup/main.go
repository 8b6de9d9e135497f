// Command dedup finds near-duplicate documents, shared passages and recycled
// blocks in text and HTML files, folders, JSON Lines, Parquet and web archives.
//
//	dedup [COMMAND] [flags] INPUT...
//
// Run "dedup -h" for the commands and "dedup COMMAND -h" for their flags. The
// command is report where none is named.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
)

// program lists what dedup does, in the order of its help.
func program() cli.Program {
	return cli.Program{
		Name: "dedup",
		Help: help,
		Commands: []cli.Command{
			reportCommand, pairsCommand, clustersCommand, passagesCommand, boilerplateCommand,
			cleanCommand, compareCommand, bandsCommand, indexCommand, serveCommand,
		},
		Default: "report",
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	os.Exit(program().Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const help = `dedup finds near-duplicate documents, the passages that documents share, and
the blocks that pages recycle.

usage: dedup [COMMAND] [flags] INPUT...

commands:
%s
An INPUT is a file, a folder, a pattern like 'crawl/*.warc.gz', or - for JSON
Lines on standard input. A file's name tells its format:
  .jsonl, .ndjson    a document a line, with the fields "id" and "text" and
                     perhaps "host", "url" and "time" (-field-... names others)
  .parquet           a document a row, with columns of these names
  .warc, .wet        a document a page of a web archive; its URI is the id
  .html, .htm        a page; its text is what a reader sees
  any other          a text
All but .parquet may be packed (.gz, .zst). A folder's files are read with those
below; a file that is one document has its path for an id. Flags may stand before
or behind inputs.

examples:
  dedup stories/                         what is in a folder, on one screen
  dedup pairs -json corpus.jsonl         every near-duplicate pair, for programs
  dedup clusters -keep longest pages/    one document to keep of each cluster
  dedup passages a.txt b.txt             what two articles share
  dedup clean -out kept.jsonl all.jsonl  a corpus without its near-duplicates
  dedup index add -db seen new.jsonl     store documents, and say which are new

"dedup COMMAND -h" tells a command's flags. Exit status: 0 done, 1 some input
was reported and skipped, 2 wrong usage or a fatal error.
`
