// Command dedup finds near-duplicate documents, shared passages and recycled
// blocks in text and HTML files, folders, JSON Lines, Parquet and web archives.
//
//	dedup [COMMAND] [flags] INPUT...
//
// Run "dedup -h" for the commands and "dedup COMMAND -h" for their flags. The
// command is report where none is named.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// Exit statuses.
const (
	exitDone  = 0 // everything was read and answered
	exitInput = 1 // some input was reported and skipped or read in part
	exitFatal = 2 // wrong usage, or nothing could be answered
)

// errUsage is an error of the command line that has been reported already.
var errUsage = errors.New("usage")

// A command is one of the things dedup does.
type command struct {
	name    string
	usage   string // of what is not a flag; "INPUT..." if empty
	summary string // one line
	help    string // what it prints and how to use it
	example string // command lines to begin with
	flags   []flagGroup
	run     func(*job) error

	commands []command // in the place of all that is above, but for name and help
}

// noInputs is the usage of a command that takes none.
const noInputs = " "

// helpFlags ask for help.
var helpFlags = []string{"-h", "-help", "--help", "help"}

// commands lists what dedup does, in the order of its help; the first is the default.
func commands() []command {
	return []command{reportCommand, pairsCommand, clustersCommand, passagesCommand, boilerplateCommand, cleanCommand, compareCommand, bandsCommand, indexCommand}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	all := commands()
	cmd := all[0]
	if len(args) == 0 {
		printHelp(stderr, all)
		return exitFatal
	}
	named := func(name string) bool {
		i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
		if i >= 0 {
			cmd = all[i]
		}
		return i >= 0
	}
	switch {
	case slices.Contains(helpFlags, args[0]) && len(args) == 1:
		printHelp(stdout, all)
		return exitDone
	case slices.Contains(helpFlags, args[0]) && named(args[1]):
		args = append(args[2:], "-h")
	case slices.Contains(helpFlags, args[0]):
		fmt.Fprintf(stderr, "dedup: %s is no command (\"dedup -h\" lists them)\n", printable(args[1]))
		return exitFatal
	case named(args[0]):
		args = args[1:]
	case strings.Trim(args[0], "abcdefghijklmnopqrstuvwxyz") == "":
		if _, err := os.Lstat(args[0]); err != nil {
			fmt.Fprintf(stderr, "dedup: %s is no command (\"dedup -h\" lists them), so it is taken for an input\n", args[0])
		}
	}
	if len(cmd.commands) > 0 {
		i := -1
		if len(args) > 0 {
			i = slices.IndexFunc(cmd.commands, func(c command) bool { return c.name == cmd.name+" "+args[0] })
		}
		if i < 0 {
			return chooseCommand(cmd, args, stdout, stderr)
		}
		cmd, args = cmd.commands[i], args[1:]
	}
	out := bufio.NewWriterSize(stdout, 1<<16)
	j := &job{ctx: ctx, stdin: stdin, out: out, stderr: stderr}
	inputs, err := parseFlags(&j.opt, cmd, args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitFatal
	}
	j.inputs = inputs
	err = cmd.run(j)
	j.close()
	if e := out.Flush(); err == nil && e != nil {
		err = fmt.Errorf("standard output: %w", e)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "dedup: interrupted; what was printed is not complete")
		return exitFatal
	case err != nil:
		fmt.Fprintf(stderr, "dedup: %s\n", printable(err.Error()))
		return exitFatal
	case j.inputErrors > 0:
		return exitInput
	}
	return exitDone
}

// chooseCommand answers who named none of the commands that a command has.
func chooseCommand(cmd command, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && slices.Contains(helpFlags, args[0]) {
		fmt.Fprintf(stdout, "dedup %s: %s\n\n%s\ncommands:\n", cmd.name, cmd.summary, cmd.help)
		for _, c := range cmd.commands {
			fmt.Fprintf(stdout, "  %-16s %s\n", c.name, c.summary)
		}
		return exitDone
	}
	var names []string
	for _, c := range cmd.commands {
		names = append(names, strings.TrimPrefix(c.name, cmd.name+" "))
	}
	_ = usageError(stderr, cmd, "say which: %s", strings.Join(names, ", "))
	return exitFatal
}

func printHelp(w io.Writer, all []command) {
	fmt.Fprint(w, `dedup finds near-duplicate documents, the passages that documents share, and
the blocks that pages recycle.

usage: dedup [COMMAND] [flags] INPUT...

commands:
`)
	for _, c := range all {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
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
`)
}

// usageError reports a wrong command line and what to do about it.
func usageError(w io.Writer, cmd command, format string, args ...any) error {
	fmt.Fprintf(w, "dedup %s: %s\n(\"dedup %s -h\" lists its flags)\n", cmd.name, strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"), cmd.name)
	return errUsage
}
