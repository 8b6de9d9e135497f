package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// options holds every flag; a command registers the groups that it heeds, so
// that a flag without effect is refused.
type options struct {
	threshold   float64
	containment float64
	estimate    bool
	k           int
	size        int
	unit        string
	strip       bool
	stream      bool
	keep        string
	against     string
	out, log    string
	overwrite   bool
	banding     banding
	html        string
	dryRun      bool
	minTokens   int
	input       input.Options
	workers     int
	memory      int64
	json        bool
	quiet       bool
	db          string
	sync, limit int
	verify      bool
	given       map[string]bool // flags on the command line
}

// A flagGroup registers flags that belong together.
type flagGroup func(*flag.FlagSet, *options)

func outputFlags(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.json, "json", false, "print one JSON object a line for each finding, and nothing else")
	quietFlag(fs, o)
}

func quietFlag(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.quiet, "quiet", false, "no progress and no summary on standard error; errors are still told")
}

func inputFlags(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.input.Format, "format", "", "`format` of inputs whose name does not tell: text, html, jsonl, parquet or warc (- is jsonl)")
	fs.StringVar(&o.input.Fields.ID, "field-id", "id", "`name` of the JSON Lines field or Parquet column of a document's id")
	fs.StringVar(&o.input.Fields.Text, "field-text", "text", "`name` of the JSON Lines field or Parquet column of a document's text")
	fs.StringVar(&o.input.Fields.Host, "field-host", "host", "`name` of the JSON Lines field or Parquet column of a document's site")
	fs.StringVar(&o.input.Fields.URL, "field-url", "url", "`name` of the field or column of its URL, whose host is the site where no site is named")
	fs.StringVar(&o.input.Fields.Time, "field-time", "time", "`name` of the field or column of the time when it was published or fetched")
	o.memory = 2 << 30
	fs.TextVar((*bytesize.Size)(&o.memory), "memory", bytesize.Size(o.memory), "about how much memory to use, as a `size`; what a corpus has beyond it waits in temporary files")
	fs.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many processors to use; results are the same for any number (default all)")
}

func shingleFlags(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.unit, "unit", "words", "what a shingle is made of: `words|chars`")
	fs.IntVar(&o.size, "size", 0, "words or characters in a shingle (default 5 words or 12 characters)")
}

func stripFlag(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.strip, "strip", false, "leave out the blocks that pages recycle (see dedup boilerplate) before comparing")
}

func thresholdFlags(fs *flag.FlagSet, o *options) {
	fs.Float64Var(&o.threshold, "threshold", 0.8, "least Jaccard similarity of near-duplicates, above 0 up to 1")
	fs.IntVar(&o.k, "k", 128, "registers of a signature: a power of two from 16 to 1024")
}

func matchFlags(fs *flag.FlagSet, o *options) {
	thresholdFlags(fs, o)
	fs.BoolVar(&o.estimate, "estimate", false, "trust signatures instead of comparing the documents' shingles")
}

func containmentFlag(fs *flag.FlagSet, o *options) {
	fs.Float64Var(&o.containment, "containment", 0, "also pairs of which one has at least this share of its shingles in the other")
}

func againstFlag(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.against, "against", "", "a `corpus` (file or folder) that the inputs are new to: report what repeats it, not what it repeats itself")
}

func keepFlag(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.keep, "keep", "first", "which document represents its cluster: `first|longest|newest` (by the time field)")
}

func streamFlag(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.stream, "stream", false, "judge each document by those before it, as a crawler would, not by all")
}

// parseFlags fills o from args and returns the inputs. Flags may stand between
// inputs; everything behind "--" is an input.
func parseFlags(o *options, cmd command, args []string, stdout, stderr io.Writer) ([]string, error) {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for _, g := range cmd.flags {
		g(fs, o)
	}
	var inputs []string
	for len(args) > 0 {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			printCommandHelp(stdout, cmd)
			return nil, err
		} else if err != nil {
			return nil, usageError(stderr, cmd, "%v%s", err, whoHas(err))
		}
		rest := fs.Args()
		if used := len(args) - len(rest); used > 0 && args[used-1] == "--" {
			inputs, args = append(inputs, rest...), nil
			break
		}
		if len(rest) > 0 {
			inputs, rest = append(inputs, rest[0]), rest[1:]
		}
		args = rest
	}
	o.given = map[string]bool{}
	fs.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if err := o.check(fs); err != nil {
		return nil, usageError(stderr, cmd, "%v", err)
	}
	if len(inputs) == 0 && cmd.usage != noInputs {
		return nil, usageError(stderr, cmd, "no input: name a text file, a folder, a .jsonl file, or - for standard input")
	}
	return inputs, nil
}

// whoHas tells which commands have the flag that one has not.
func whoHas(err error) string {
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return ""
	}
	var have []string
	for _, c := range commands() {
		for _, c := range append(c.commands, c) {
			fs := flag.NewFlagSet("", flag.ContinueOnError)
			for _, g := range c.flags {
				g(fs, new(options))
			}
			if fs.Lookup(name) != nil {
				have = append(have, c.name)
			}
		}
	}
	if len(have) == 0 {
		return ""
	}
	return fmt.Sprintf(" (a flag of %s)", strings.Join(have, ", "))
}

// check refuses values that make no sense; only flags that the command has are judged.
func (o *options) check(fs *flag.FlagSet) error {
	has := func(name string) bool { return fs.Lookup(name) != nil }
	oneOf := func(name, value string, allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return fmt.Errorf("-%s %s: must be one of %s", name, value, strings.Join(allowed, ", "))
	}
	switch {
	case has("threshold") && !(o.threshold > 0 && o.threshold <= 1):
		return fmt.Errorf("-threshold %v: must be above 0 and at most 1", o.threshold)
	case has("containment") && !(o.containment >= 0 && o.containment <= 1):
		return fmt.Errorf("-containment %v: must be from 0 (off) to 1", o.containment)
	case o.against != "" && o.containment > 0:
		return errors.New("-against looks for near-duplicates and cannot be had with -containment")
	case o.containment > 0 && o.estimate:
		return errors.New("-containment counts shingles and cannot be had with -estimate")
	case has("k") && (o.k < 16 || o.k > 1024 || o.k&(o.k-1) != 0):
		return fmt.Errorf("-k %d: must be a power of two from 16 to 1024", o.k)
	case has("size") && (o.size < 0 || o.size > 1000):
		return fmt.Errorf("-size %d: must be from 1 to 1000", o.size)
	case has("workers") && o.workers < 1:
		return fmt.Errorf("-workers %d: must be 1 or more", o.workers)
	case has("memory") && o.memory < 64<<20:
		return fmt.Errorf("-memory %v: must be 64MiB or more", bytesize.Size(o.memory))
	case has("db") && o.db == "":
		return errors.New("no index: name its folder with -db")
	case has("sync") && o.sync < 1:
		return fmt.Errorf("-sync %d: must be 1 or more", o.sync)
	case has("limit") && o.limit < 0:
		return fmt.Errorf("-limit %d: must be 0 (all) or more", o.limit)
	case has("min") && o.minTokens < 1:
		return fmt.Errorf("-min %d: must be 1 or more", o.minTokens)
	}
	if has("unit") {
		if err := oneOf("unit", o.unit, "words", "chars"); err != nil {
			return err
		}
	}
	if has("keep") {
		if err := oneOf("keep", o.keep, "first", "longest", "newest"); err != nil {
			return err
		}
	}
	if o.input.Format != "" {
		return oneOf("format", o.input.Format, input.Text, input.HTML, input.JSONL, input.Parquet, input.WARC)
	}
	return nil
}

// shingler returns the shingler that the flags describe.
func (o *options) shingler() shingle.Shingler {
	sh := shingle.Shingler{Size: o.size}
	if o.unit == "chars" {
		sh.Unit = shingle.Chars
	}
	return sh
}

// sketcher returns what makes the signatures of its shingles.
func (o *options) sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{K: o.k, Elements: o.shingler()})
}

// printCommandHelp lists the flags in the order of their groups, what decides
// the findings first.
func printCommandHelp(w io.Writer, cmd command) {
	usage := strings.TrimSpace(fmt.Sprintf("dedup %s [flags] %s", cmd.name, cmp.Or(cmd.usage, "INPUT...")))
	fmt.Fprintf(w, "dedup %s: %s\n\nusage: %s\n\n%s\n", cmd.name, cmd.summary, usage, cmd.help)
	if cmd.example != "" {
		fmt.Fprintf(w, "examples:\n")
		for line := range strings.Lines(cmd.example) {
			fmt.Fprintf(w, "  dedup %s %s", cmd.name, line)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "flags:")
	for _, group := range cmd.flags {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		group(fs, new(options))
		fs.VisitAll(func(f *flag.Flag) {
			arg, usage := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" && !strings.Contains(usage, "(default") {
				usage += fmt.Sprintf(" (default %s)", f.DefValue)
			}
			fmt.Fprintf(w, "  %s\n", strings.TrimSpace("-"+f.Name+" "+arg))
			for _, line := range columns.Wrap(usage, 72) {
				fmt.Fprintf(w, "        %s\n", line)
			}
		})
	}
}
