package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

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
	p := j.progress("reading", 0)
	defer p.stop()
	o := j.opt.input
	o.Stdin, o.Workers = j.stdin, j.opt.workers
	for d, err := range input.Read(inputs, o) {
		if err != nil {
			p.clear()
			j.inputError(err)
		}
		if d != nil {
			j.docs = append(j.docs, document{d.ID, d.Host, d.Time, d.Place, d.Blocks})
			if err := j.texts.Append(d.Text); err != nil {
				return err
			}
			p.add(1)
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
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
	fmt.Fprintf(j.stderr, "dedup: %v\n", err)
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
// says. Each call must write only what is its own.
func (j *job) parallel(what string, n int, f func(i int)) error {
	p := j.progress(what, n)
	defer p.stop()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(j.opt.workers, n) {
		wg.Go(func() {
			for j.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
				p.add(1)
			}
		})
	}
	wg.Wait()
	if err := j.ctx.Err(); err != nil {
		return err
	}
	return j.texts.Err()
}

// A progress shows on a terminal how far a long step has come.
type progress struct {
	w     io.Writer // nil where nobody watches
	what  string
	total int
	start time.Time

	done atomic.Int64
	mu   sync.Mutex
	last time.Time
}

func (j *job) progress(what string, total int) *progress {
	p := &progress{what: what, total: total, start: time.Now(), last: time.Now()}
	if f, ok := j.stderr.(*os.File); ok && !j.opt.quiet {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = f
		}
	}
	return p
}

// add counts n more; now and then it redraws the line.
func (p *progress) add(n int) {
	done := p.done.Add(int64(n))
	if p.w == nil || done%64 != 0 || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	p.last = now
	elapsed := now.Sub(p.start).Seconds()
	rate := float64(done) / elapsed
	if p.total > 0 {
		left := time.Duration(float64(p.total-int(done)) / rate * float64(time.Second))
		fmt.Fprintf(p.w, "\r\x1b[K%s %d of %d documents, %.0f a second, %v left", p.what, done, p.total, rate, left.Round(time.Second))
	} else {
		fmt.Fprintf(p.w, "\r\x1b[K%s %d documents, %.0f a second", p.what, done, rate)
	}
}

// of is for steps that know themselves how far they have come.
func (p *progress) of(done, total int) {
	if p.w == nil || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.last) >= 200*time.Millisecond {
		p.last = now
		left := time.Duration(float64(now.Sub(p.start)) * float64(total-done) / float64(max(1, done)))
		fmt.Fprintf(p.w, "\r\x1b[K%s, %d %% done, %v left", p.what, 100*done/max(1, total), left.Round(time.Second))
	}
}

// clear wipes the line, so that something else can be written.
func (p *progress) clear() {
	if p.w != nil {
		p.mu.Lock()
		fmt.Fprint(p.w, "\r\x1b[K")
		p.mu.Unlock()
	}
}

// stop ends the step.
func (p *progress) stop() { p.clear() }
