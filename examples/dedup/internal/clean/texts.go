package clean

import (
	"errors"
	"fmt"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// CheckTexts returns an error if an output exists and may not be overwritten, or if it
// lies in an input or contains one.
func CheckTexts(e *cli.Env, to Target) error {
	outputs := slices.DeleteFunc([]string{to.Out, to.Spans}, func(name string) bool { return name == "" || name == "-" })
	for i, out := range outputs {
		if err := outfile.Check(out, to.Overwrite); err != nil {
			return err
		}
		if i > 0 && within(outputs[0], out) {
			return fmt.Errorf("-out and -spans both name %s: write them to different files", out)
		}
		for _, in := range e.Inputs {
			names, err := input.Expand(in)
			if err != nil {
				names = []string{in} // reading it reports the error
			}
			for _, in := range names {
				if within(in, out) || within(out, in) {
					return fmt.Errorf("%s lies in the input %s, or contains it; the input is never changed, so write elsewhere", out, in)
				}
			}
		}
	}
	return nil
}

// Texts writes texts without their masked blocks as JSON Lines, to a file or to standard
// output (-), and logs the blocks. Nil Texts write nothing.
type Texts struct {
	file *outfile.File // nil for standard output
	w    *outfile.Packed
	log  *SpanLog
}

// NewTexts creates the files, which appear when they are committed; an empty name
// means no file.
func NewTexts(e *cli.Env, to Target) (*Texts, error) {
	if to.Out == "" {
		return nil, nil
	}
	log, err := NewSpanLog(to.Spans, to.Overwrite)
	if err != nil {
		return nil, err
	}
	t := &Texts{w: &outfile.Packed{Writer: e.Out}, log: log}
	if to.Out == "-" {
		return t, nil
	}
	if t.file, err = outfile.Create(to.Out, to.Overwrite); err == nil {
		t.w, err = outfile.NewPacked(t.file, to.Out)
	}
	if err != nil {
		t.Abort()
		return nil, err
	}
	return t, nil
}

// Add writes the next text.
func (t *Texts) Add(id, host, time, text string, blocks []boilerplate.Block) error {
	if t == nil {
		return nil
	}
	spans := masked(nil, blocks)
	line, err := show.JSON(show.Text{ID: id, Host: host, Time: time, Text: rest(spans, text).Text})
	if err != nil {
		return err
	}
	if _, err := t.w.Write(line); err != nil {
		return err
	}
	return t.log.Add(id, spans)
}

// Commit makes the files visible.
func (t *Texts) Commit() error {
	if t == nil {
		return nil
	}
	if err := t.log.Commit(); err != nil {
		return err
	}
	if t.file == nil {
		return nil
	}
	return errors.Join(t.w.Close(), t.file.Commit())
}

// Abort removes everything uncommitted.
func (t *Texts) Abort() {
	if t == nil {
		return
	}
	t.log.Abort()
	if t.file != nil {
		t.file.Abort()
	}
}
