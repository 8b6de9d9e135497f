package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
)

// Output holds the flags for output.
type Output struct {
	JSON  bool
	Quiet bool
	Color string
}

// ColorFlag is -color.
func ColorFlag(o *Output) Flags {
	return Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Color, "color", screen.Colors[0], "colour: auto, on a terminal unless NO_COLOR is set; always; or never")
		},
		Check: func() error { return OneOf("color", o.Color, screen.Colors...) },
	}
}

// OutputFlags are -json and -quiet.
func OutputFlags(o *Output) Flags {
	return Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&o.JSON, "json", false, "print each finding as one line of JSON, and nothing else")
		QuietFlag(o).Register(fs)
	}}
}

// QuietFlag is -quiet.
func QuietFlag(o *Output) Flags {
	return Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&o.Quiet, quiet, false, "no progress and no summary on standard error; errors are still printed")
	}}
}

// quiet is the name of the flag that silences an Env.
const quiet = "quiet"

// OneOf returns an error unless the value of a flag is one of those allowed.
func OneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("-%s %s: must be one of %s", name, value, strings.Join(allowed, ", "))
}

// parse passes the values of flags to an action and the inputs to e. Flags may come
// between inputs; everything after "--" is an input.
func (p Program) parse(e *Env, cmd Command, a Action, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet(cmd.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	groups := a.Flags()
	for _, g := range groups {
		g.Register(fs)
	}
	for len(args) > 0 {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			p.printCommandHelp(stdout, cmd)
			return err
		} else if err != nil {
			return p.usageError(e.Stderr, cmd, "%v%s", err, p.whoHas(err, fs))
		}
		rest := fs.Args()
		if used := len(args) - len(rest); used > 0 && args[used-1] == "--" {
			e.Inputs, args = append(e.Inputs, rest...), nil
			break
		}
		if len(rest) > 0 {
			e.Inputs, rest = append(e.Inputs, rest[0]), rest[1:]
		}
		args = rest
	}
	e.Given = map[string]bool{}
	fs.Visit(func(f *flag.Flag) { e.Given[f.Name] = true })
	e.quiet = fs.Lookup(quiet) != nil && fs.Lookup(quiet).Value.String() == "true"
	for _, g := range groups {
		if g.Check == nil {
			continue
		}
		if err := g.Check(); err != nil {
			return p.usageError(e.Stderr, cmd, "%v", err)
		}
	}
	if c, ok := a.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return p.usageError(e.Stderr, cmd, "%v", err)
		}
	}
	if len(e.Inputs) == 0 && cmd.Usage != NoInputs && !strings.HasPrefix(cmd.Usage, "[") {
		return p.usageError(e.Stderr, cmd, "no input: name a text file, a folder, a .jsonl file, or - for standard input")
	}
	return nil
}

// whoHas names the other commands that have the unknown flag, or a flag of this
// command with a similar name.
func (p Program) whoHas(err error, own *flag.FlagSet) string {
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return ""
	}
	var have []string
	for _, c := range p.leaves() {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		for _, g := range c.New().Flags() {
			g.Register(fs)
		}
		if fs.Lookup(name) != nil {
			have = append(have, c.Name)
		}
	}
	if len(have) == 0 {
		var names []string
		own.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		return suggest(name, names)
	}
	return fmt.Sprintf(" (a flag of %s)", strings.Join(have, ", "))
}

// leaves returns every runnable command.
func (p Program) leaves() (all []Command) {
	for _, c := range p.Commands {
		all = append(all, c.Commands...)
		if len(c.Commands) == 0 {
			all = append(all, c)
		}
	}
	return all
}

// printCommandHelp lists the flags in the order of their groups, beginning with
// those that decide the findings.
func (p Program) printCommandHelp(w io.Writer, cmd Command) {
	usage := strings.TrimSpace(fmt.Sprintf("%s %s [flags] %s", p.Name, cmd.Name, cmp.Or(cmd.Usage, "INPUT...")))
	fmt.Fprintf(w, "%s %s: %s\n\nusage: %s\n\n%s\n", p.Name, cmd.Name, cmd.Summary, usage, cmd.Help)
	if cmd.Example != "" {
		fmt.Fprintf(w, "examples:\n")
		for line := range strings.Lines(cmd.Example) {
			fmt.Fprintf(w, "  %s %s %s", p.Name, cmd.Name, line)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "flags:")
	for _, g := range cmd.New().Flags() {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		g.Register(fs)
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
