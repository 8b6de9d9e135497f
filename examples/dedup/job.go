package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// A document is what a job keeps of one beside its text.
type document struct {
	ID, Host, Time string
	Place          input.Place
	Blocks         []shingle.Span // of a page of HTML; nil where the text shows them
}

// A job is one run of a command.
type job struct {
	ctx    context.Context
	opt    options
	inputs []string
	stdin  io.Reader
	out    *bufio.Writer // findings
	stderr io.Writer     // errors, progress, summary

	docs        []document
	old         int          // how many of them, the first ones, are from -against
	texts       *spool.Texts // of the documents, by their number
	registers   *spool.Registers
	inputErrors int
	notes       []string // what a result does not hold
	work        lsh.Work // of the last search
}

// load reads every input, those of -against first. What cannot be read is told
// and counted.
func (j *job) load() error {
	debug.SetMemoryLimit(j.opt.memory)
	j.texts = spool.NewTexts(j.opt.memory / 4)
	if j.opt.against != "" {
		if err := j.read(j.opt.against); err != nil {
			return err
		}
		j.old = len(j.docs)
	}
	if err := j.read(j.inputs...); err != nil {
		return err
	}
	return j.texts.Flush()
}

// read appends the documents of inputs.
func (j *job) read(inputs ...string) error {
	p, items := j.items("reading", inputs, j.opt.input)
	defer p.stop()
	for it, err := range until(j.ctx, items) {
		if err != nil {
			return err
		}
		if it.err != nil {
			p.clear()
			j.inputError(it.err)
		}
		if d := it.doc; d != nil {
			j.docs = append(j.docs, document{d.ID, d.Host, d.Time, d.Place, d.Blocks})
			if err := j.texts.Append(d.Text); err != nil {
				return err
			}
			p.add(1)
		}
	}
	return nil
}

// An item is what is read of an input: a document, an error, or both.
type item struct {
	doc *input.Doc
	err error
}

// items returns what inputs hold and a progress of reading it, to which the
// caller adds the documents.
func (j *job) items(what string, inputs []string, o input.Options) (*progress, iter.Seq[item]) {
	o.Stdin, o.Workers = j.stdin, cmp.Or(o.Workers, j.opt.workers)
	p := j.progress(what, "documents", 0)
	if p.w != nil && !slices.Contains(inputs, "-") {
		var total atomic.Int64
		go func() { total.Store(input.Size(inputs)) }()
		o.Progress = func(bytes int64) { p.part.Store(&fraction{bytes, total.Load()}) }
	}
	return p, func(yield func(item) bool) {
		for d, err := range input.Read(inputs, o) {
			if !yield(item{d, err}) {
				return
			}
		}
	}
}

// close gives back what the job holds outside memory.
func (j *job) close() {
	if j.texts != nil {
		j.texts.Close()
	}
	if j.registers != nil {
		j.registers.Close()
	}
}

// inputError tells what could not be read and counts it for the exit status.
func (j *job) inputError(err error) {
	fmt.Fprintf(j.stderr, "dedup: %s\n", printable(err.Error()))
	j.inputErrors++
}

// warn tells what a result does not hold.
func (j *job) warn(format string, args ...any) {
	fmt.Fprintf(j.stderr, "dedup: "+format+"\n", args...)
	j.note(format, args...)
}

// note keeps what a result does not hold for the page of -html.
func (j *job) note(format string, args ...any) {
	j.notes = append(j.notes, capital(fmt.Sprintf(format, args...))+".")
}

// print writes one finding as a line of JSON.
func (j *job) print(v any) error {
	line, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = j.out.Write(line)
	return err
}

// marshal encodes v without escaping characters that only matter in HTML.
func marshal(v any) ([]byte, error) {
	var buf jsonBuffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return buf, err
}

type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }

// summary writes a line for people to standard error.
func (j *job) summary(format string, args ...any) {
	if !j.opt.quiet {
		fmt.Fprintf(j.stderr, format+"\n", args...)
	}
}

// parallel calls f(i) for every i below n, on as many goroutines as -workers
// says, and shows how far it is. Each call must write only what is its own.
func (j *job) parallel(what string, n int, f func(i int)) error {
	p := j.progress(what, "documents", n)
	defer p.stop()
	err := j.each(n, func(i int) error {
		f(i)
		p.add(1)
		return nil
	})
	return cmp.Or(err, j.texts.Err())
}

// each calls f(i) for every i below n, on as many goroutines as -workers says,
// and returns one of the errors.
func (j *job) each(n int, f func(i int) error) error {
	var failed onceError
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(j.opt.workers, n) {
		wg.Go(func() {
			for j.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				failed.set(f(i))
			}
		})
	}
	wg.Wait()
	return cmp.Or(failed.err, j.ctx.Err())
}
