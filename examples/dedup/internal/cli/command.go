// Package cli holds the parts that all commands of a program share: flags and help,
// messages, progress and the exit status.
package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// Exit statuses.
const (
	ExitDone  = 0 // all input was read and processed
	ExitInput = 1 // some input was reported and skipped or read in part
	ExitFatal = 2 // wrong usage, or no result could be produced
)

// errUsage is an error of the command line that has been reported already.
var errUsage = errors.New("usage")

// A Program has a name and commands.
type Program struct {
	Name     string
	Version  string // without the revision, which the build records
	Help     string // the help, with %s where the list of commands goes
	Commands []Command
	Default  string // the command to run if none is named
}

// A Command is one command of a program.
type Command struct {
	Name    string
	Usage   string // arguments other than flags; "INPUT..." if empty; those that begin with "[" are optional
	Summary string // one line
	Help    string // what it prints and how to use it
	Example string // example command lines
	New     func() Action

	Commands []Command // if set, replaces all of the above except the name, the summary and the help
}

// NoInputs is the usage of a command without inputs.
const NoInputs = " "

// An Action is a command with values for its flags. It may have a method Check()
// error, which is called after the flags are parsed.
type Action interface {
	Flags() []Flags
	Run(*Env) error
}

// Flags are a group of related flags.
type Flags struct {
	Register func(*flag.FlagSet)
	Check    func() error // refuses invalid values; may be nil
}

// helpFlags ask for help, versionFlags for the version.
var (
	helpFlags    = []string{"-h", "-help", "--help", "help"}
	versionFlags = []string{"version", "-version", "--version"}
)

// version returns the build of the program.
func (p Program) version() string {
	revision, dirty := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				revision = " " + s.Value[:12]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " with changes"
			}
		}
	}
	return fmt.Sprintf("%s %s%s%s, %s %s/%s", p.Name, p.Version, revision, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// names returns the names of the commands.
func (p Program) names() (names []string) {
	for _, c := range p.Commands {
		names = append(names, c.Name)
	}
	return append(names, "help", "version")
}

// Run runs the command named in args and returns the exit status.
func (p Program) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		p.printHelp(stderr)
		return ExitFatal
	}
	cmd, _ := find(p.Commands, p.Default)
	unknown := func(word, what string) int {
		fmt.Fprintf(stderr, "%s: %s \"%s\"%s; \"%[1]s -h\" lists the commands\n", p.Name, what, show.Printable(word), suggest(word, p.names()))
		return ExitFatal
	}
	switch {
	case slices.Contains(helpFlags, args[0]) && len(args) == 1:
		p.printHelp(stdout)
		return ExitDone
	case slices.Contains(versionFlags, args[0]):
		fmt.Fprintln(stdout, p.version())
		return ExitDone
	case slices.Contains(helpFlags, args[0]):
		c, ok := find(p.Commands, args[1])
		if !ok {
			return unknown(args[1], "unknown command")
		}
		cmd, args = c, append(args[2:], "-h")
	default:
		if c, ok := find(p.Commands, args[0]); ok {
			cmd, args = c, args[1:]
		} else if strings.Trim(args[0], "abcdefghijklmnopqrstuvwxyz") == "" {
			if _, err := os.Lstat(args[0]); err != nil {
				return unknown(args[0], "neither a command nor a file:")
			}
		}
	}
	if len(cmd.Commands) > 0 {
		sub, ok := Command{}, false
		if len(args) > 0 {
			sub, ok = find(cmd.Commands, cmd.Name+" "+args[0])
		}
		if !ok {
			return p.choose(cmd, args, stdout, stderr)
		}
		cmd, args = sub, args[1:]
	}
	return p.run(ctx, cmd, args, stdin, stdout, stderr)
}

func find(commands []Command, name string) (Command, bool) {
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return Command{}, false
	}
	return commands[i], true
}

func (p Program) run(ctx context.Context, cmd Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := bufio.NewWriterSize(stdout, 1<<16)
	e := &Env{Ctx: ctx, Stdin: stdin, Out: out, Stderr: stderr, stdout: stdout, program: p.Name}
	action := cmd.New()
	err := p.parse(e, cmd, action, args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return ExitDone
	case err != nil:
		return ExitFatal
	}
	err = action.Run(e)
	e.Unsaid()
	if flushed := out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("standard output: %w", flushed)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "%s: interrupted; the output is not complete\n", p.Name)
		return ExitFatal
	case err != nil:
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, show.Printable(err.Error()))
		return ExitFatal
	case e.InputErrors > 0:
		return ExitInput
	}
	return ExitDone
}

// choose handles a command line that names none of the subcommands of cmd.
func (p Program) choose(cmd Command, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && slices.Contains(helpFlags, args[0]) {
		fmt.Fprintf(stdout, "%s %s: %s\n\n%s\ncommands:\n", p.Name, cmd.Name, cmd.Summary, cmd.Help)
		for _, c := range cmd.Commands {
			fmt.Fprintf(stdout, "  %-16s %s\n", c.Name, c.Summary)
		}
		return ExitDone
	}
	var names []string
	for _, c := range cmd.Commands {
		names = append(names, strings.TrimPrefix(c.Name, cmd.Name+" "))
	}
	guess := ""
	if len(args) > 0 {
		guess = suggest(args[0], names)
	}
	_ = p.usageError(stderr, cmd, "name one of its commands: %s%s", strings.Join(names, ", "), guess)
	return ExitFatal
}

// usageError reports a wrong command line and how to correct it.
func (p Program) usageError(w io.Writer, cmd Command, format string, args ...any) error {
	fmt.Fprintf(w, "%s %s: %s\n(\"%[1]s %[2]s -h\" lists its flags)\n", p.Name, cmd.Name, strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
	return errUsage
}

func (p Program) printHelp(w io.Writer) {
	var list strings.Builder
	for _, c := range p.Commands {
		fmt.Fprintf(&list, "  %-12s %s\n", c.Name, c.Summary)
	}
	fmt.Fprint(w, strings.Replace(p.Help, "%s", list.String(), 1))
}
