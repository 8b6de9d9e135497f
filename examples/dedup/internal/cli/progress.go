package cli

import (
	"fmt"
	"io"

	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Progress shows the progress of a long step on a terminal. It redraws the line
// several times a second, even if the step makes no progress.
type Progress struct {
	w          io.Writer // nil unless output is a terminal
	what, unit string
	start      time.Time

	done, total atomic.Int64             // units done and in total; total is 0 if it is not known
	part        atomic.Pointer[fraction] // nil if done and total are known

	mu    sync.Mutex
	ended chan struct{}
}

// A fraction is the completed part of a step without a known total.
type fraction struct{ done, total int64 }

// Progress begins a step of total units, 0 if the number is not known.
func (e *Env) Progress(what, unit string, total int) *Progress {
	p := &Progress{what: what, unit: unit, start: time.Now()}
	p.total.Store(int64(total))
	if f, ok := e.Stderr.(*os.File); ok && !e.quiet {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w, p.ended = f, make(chan struct{})
			go p.redraw(p.ended)
		}
	}
	return p
}

func (p *Progress) redraw(ended chan struct{}) {
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

// line returns the line to show after the elapsed time.
func (p *Progress) line(elapsed time.Duration) string {
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

// Add counts n more units.
func (p *Progress) Add(n int) { p.done.Add(int64(n)) }

// Of sets the completed part, for steps without a known total.
func (p *Progress) Of(done, total int) { p.Bytes(int64(done), int64(total)) }

// Bytes is for steps whose progress is measured in bytes; total is 0 if it is not
// known.
func (p *Progress) Bytes(done, total int64) { p.part.Store(&fraction{done, total}) }

// Watched reports whether the progress is shown on a terminal.
func (p *Progress) Watched() bool { return p.w != nil }

// Clear wipes the line, so that something else can be written.
func (p *Progress) Clear() {
	if p.w != nil {
		p.mu.Lock()
		fmt.Fprint(p.w, wipe)
		p.mu.Unlock()
	}
}

// Stop ends the step; it may be called more than once.
func (p *Progress) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		close(p.ended)
		p.ended = nil
		fmt.Fprint(p.w, wipe)
	}
}
