package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A progress shows on a terminal how far a long step has come. The line is drawn
// anew several times a second, whether the step moves or not.
type progress struct {
	w          io.Writer // nil where nobody watches
	what, unit string
	start      time.Time

	done, total atomic.Int64             // of units; total is 0 if it is not known
	part        atomic.Pointer[fraction] // nil if done and total tell

	mu    sync.Mutex
	ended chan struct{}
}

// A fraction is how much of a step is done, where its units do not tell.
type fraction struct{ done, total int64 }

// progress begins a step of total units, 0 if nobody knows how many.
func (j *job) progress(what, unit string, total int) *progress {
	p := &progress{what: what, unit: unit, start: time.Now()}
	p.total.Store(int64(total))
	if f, ok := j.stderr.(*os.File); ok && !j.opt.quiet {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w, p.ended = f, make(chan struct{})
			go p.redraw(p.ended)
		}
	}
	return p
}

func (p *progress) redraw(ended chan struct{}) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			p.mu.Lock()
			if p.ended != nil {
				fmt.Fprint(p.w, wipe, p.line(time.Since(p.start)))
			}
			p.mu.Unlock()
		}
	}
}

// wipe clears the line of a terminal.
const wipe = "\r\x1b[K"

// line says how far the step has come after a time.
func (p *progress) line(elapsed time.Duration) string {
	var b strings.Builder
	b.WriteString(p.what)
	part := fraction{p.done.Load(), p.total.Load()}
	if p.unit != "" {
		fmt.Fprintf(&b, " %d", part.done)
		if part.total > 0 {
			fmt.Fprintf(&b, " of %d", part.total)
		}
		fmt.Fprintf(&b, " %s, %.0f a second", p.unit, float64(part.done)/elapsed.Seconds())
	}
	if f := p.part.Load(); f != nil {
		part = *f
	}
	if part.done > 0 && part.total > 0 {
		part.done = min(part.done, part.total)
		left := time.Duration(float64(elapsed) * float64(part.total-part.done) / float64(part.done))
		fmt.Fprintf(&b, ", %d %% done, %v left", 100*part.done/part.total, left.Round(time.Second))
	}
	return b.String()
}

// add counts n units more.
func (p *progress) add(n int) { p.done.Add(int64(n)) }

// of is for steps whose units do not tell how much is done.
func (p *progress) of(done, total int) { p.part.Store(&fraction{int64(done), int64(total)}) }

// clear wipes the line, so that something else can be written.
func (p *progress) clear() {
	if p.w != nil {
		p.mu.Lock()
		fmt.Fprint(p.w, wipe)
		p.mu.Unlock()
	}
}

// stop ends the step; it may be called again.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		close(p.ended)
		p.ended = nil
		fmt.Fprint(p.w, wipe)
	}
}

// background runs seq on a goroutine of its own and sends what it yields. So an
// interrupt is heeded though seq waits for somebody to type, or works long for
// its next value. When ctx is done the goroutine ends with that value.
func background[T any](ctx context.Context, seq iter.Seq[T]) <-chan T {
	values := make(chan T, 256)
	go func() {
		defer close(values)
		for v := range seq {
			select {
			case values <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	return values
}

// until yields what seq does. When ctx is done it ends at once, with its error.
func until[T any](ctx context.Context, seq iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		values := background(ctx, seq)
		for ctx.Err() == nil {
			select {
			case v, more := <-values:
				if !more || !yield(v, nil) {
					return
				}
			case <-ctx.Done():
			}
		}
		var none T
		yield(none, ctx.Err())
	}
}
