// Command dedup finds near-duplicate documents, shared passages and recycled blocks
// in text and HTML files, folders, JSON Lines, tables and web archives.
//
//	dedup [COMMAND] [flags] INPUT...
//
// Run "dedup -h" for the commands and "dedup COMMAND -h" for their flags. The
// default command is report.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// version is the version of this release or, between releases, of the next one. It
// agrees with CHANGELOG.md.
const version = "0.1.0"

// program lists what dedup does, in the order of its help.
func program() cli.Program {
	return cli.Program{
		Name:    "dedup",
		Version: version,
		Help:    help(),
		Commands: []cli.Command{
			reportCommand, pairsCommand, clustersCommand, passagesCommand, originsCommand, boilerplateCommand,
			cleanCommand, compareCommand, deconCommand, bandsCommand, stageCommand, indexCommand, serveCommand,
		},
		Default: "report",
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(program().Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// help returns the help without the list of commands.
func help() string {
	var formats strings.Builder
	for _, f := range input.Formats {
		fmt.Fprintf(&formats, "  %-28s %s\n", cmp.Or(strings.Join(f.Extensions, ", "), f.Name), f.Help)
	}
	return fmt.Sprintf(`dedup finds near-duplicate documents, the passages that documents share, and
the blocks that pages recycle.

usage: dedup [COMMAND] [flags] INPUT...

commands:
%%s  version      print the version

An INPUT is a file, a folder, a pattern like 'crawl/**/*.{html,warc.gz}', or - for
standard input. The format is found by content first, then by name:
%s
All except .parquet may be compressed (%s). JSON Lines and tables have the
fields "id", "text", "host", "url" and "time"; only the text is required.
-field-... selects other fields; a.b is the field b in a. A document without an id,
or with an id that was read before, gets the id FILE:LINE or FILE:ROW; the id of a
file that is one document is its path.
Flags may be before, between and after inputs.

examples:
  dedup stories/                         the findings in a folder, on one screen
  dedup pairs -json corpus.jsonl         every near-duplicate pair, for programs
  dedup clusters -keep longest pages/    one document to keep of each cluster
  dedup passages a.txt b.txt             the passages that two articles share
  dedup clean -out kept.jsonl all.jsonl  a corpus without its near-duplicates
  dedup index add -db seen new.jsonl     store documents, and report which are new

"dedup COMMAND -h" lists a command's flags. Exit status: 0 done, 1 some input was
reported and left out, 2 wrong usage or a fatal error.
`, formats.String(), strings.Join(input.Packings(), ", "))
}
