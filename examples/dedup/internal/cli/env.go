package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// An Env is the environment of a command: its inputs, its output, and a count of
// unreadable input.
type Env struct {
	Ctx    context.Context
	Inputs []string        // arguments other than flags
	Given  map[string]bool // flags on the command line
	Stdin  io.Reader
	Out    *bufio.Writer // findings
	Stderr io.Writer     // errors, progress, summary

	InputErrors int      // problems other than notes
	Notes       []string // parts missing from the result

	json    *json.Encoder // writes to Out; nil until it is needed
	stdout  io.Writer
	program string
	quiet   bool
	printed map[[2]string]int  // problems by kind and file, and by kind alone
	more    map[string]*unsaid // problems that were not printed, by kind
}

// Screen returns the screen on which findings are shown.
func (e *Env) Screen(o Output) screen.Screen { return screen.Of(e.stdout, o.Color) }

// A Problem is something to report about the input.
type Problem struct {
	Kind string // a few words; only the first few problems of a kind are printed
	File string
	Err  error
	Note bool // nothing is missing, so the exit status does not change
}

// Number of problems of one kind that are printed per file and in total; further
// ones are counted.
const (
	perFile = 3
	perKind = 20
)

// An unsaid counts the problems of one kind beyond those printed.
type unsaid struct {
	n     int
	files map[string]struct{} // some of the files with these problems
}

// Problem prints a problem, or counts it if enough of its kind have been printed.
func (e *Env) Problem(p Problem) {
	if !p.Note {
		e.InputErrors++
	}
	if e.printed == nil {
		e.printed, e.more = map[[2]string]int{}, map[string]*unsaid{}
	}
	in, of := [2]string{p.Kind, p.File}, [2]string{p.Kind}
	if e.printed[of] < perKind && e.printed[in] < perFile {
		e.printed[in]++
		e.printed[of]++
		fmt.Fprintf(e.Stderr, "%s: %s\n", e.program, show.Printable(p.Err.Error()))
		return
	}
	m := e.more[p.Kind]
	if m == nil {
		m = &unsaid{files: map[string]struct{}{}}
		e.more[p.Kind] = m
	}
	m.n++
	if len(m.files) < 1000 {
		m.files[p.File] = struct{}{}
	}
}

// Unsaid prints the number of problems that were counted but not printed.
func (e *Env) Unsaid() {
	for _, kind := range slices.Sorted(maps.Keys(e.more)) {
		m := e.more[kind]
		where := fmt.Sprintf("%d files", len(m.files))
		if len(m.files) == 1 {
			for f := range m.files {
				where = show.Printable(f)
			}
		}
		fmt.Fprintf(e.Stderr, "%s: %s more like these in %s: %s\n", e.program, show.Number(m.n), where, kind)
	}
	e.more, e.printed = nil, nil
}

// Warn reports parts missing from the result.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintf(e.Stderr, e.program+": "+format+"\n", args...)
	e.Note(format, args...)
}

// Note keeps a warning for the page of a report.
func (e *Env) Note(format string, args ...any) {
	e.Notes = append(e.Notes, show.Capital(fmt.Sprintf(format, args...))+".")
}

// Print writes one finding as a line of JSON.
func (e *Env) Print(v any) error {
	if e.json == nil {
		e.json = show.NewEncoder(e.Out)
	}
	return e.json.Encode(v)
}

// Summary writes a line for people to standard error.
func (e *Env) Summary(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}
