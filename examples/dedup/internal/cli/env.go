package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// An Env is where a command runs: its inputs, where it prints, and a count of what
// it could not read.
type Env struct {
	Ctx    context.Context
	Inputs []string        // arguments other than flags
	Given  map[string]bool // flags on the command line
	Stdin  io.Reader
	Out    *bufio.Writer // findings
	Stderr io.Writer     // errors, progress, summary

	InputErrors int
	Notes       []string // what a result does not hold

	program string
	quiet   bool
}

// InputError reports what could not be read and counts it for the exit status.
func (e *Env) InputError(err error) {
	fmt.Fprintf(e.Stderr, "%s: %s\n", e.program, show.Printable(err.Error()))
	e.InputErrors++
}

// Warn reports what a result does not hold.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintf(e.Stderr, e.program+": "+format+"\n", args...)
	e.Note(format, args...)
}

// Note keeps what a result does not hold for a page.
func (e *Env) Note(format string, args ...any) {
	e.Notes = append(e.Notes, show.Capital(fmt.Sprintf(format, args...))+".")
}

// Print writes one finding as a line of JSON.
func (e *Env) Print(v any) error {
	line, err := show.JSON(v)
	if err != nil {
		return err
	}
	_, err = e.Out.Write(line)
	return err
}

// Summary writes a line for people to standard error.
func (e *Env) Summary(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}
