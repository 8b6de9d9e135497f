package clean

import (
	"cmp"
	"context"
	"sync"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// lines makes the log lines of removals, in order. A line requires aligning two
// texts, which takes longer than copying the kept documents, so lines are made ahead
// of time, on as many goroutines as the flags allow.
type lines struct {
	c      *corpus.Corpus
	blocks chan *lineBlock
	now    []show.Removal
	stop   func() // waits for the goroutines
}

// A lineBlock holds the lines of consecutive removals.
type lineBlock struct {
	removals []Removal
	lines    []show.Removal
	done     chan struct{}
}

// blockLines is the number of lines that a goroutine makes at a time.
const blockLines = 32

func newLines(c *corpus.Corpus, removals []Removal) *lines {
	ctx, cancel := context.WithCancel(c.Env().Ctx)
	workers := c.Workers()
	l := &lines{c: c, blocks: make(chan *lineBlock, 2*workers)}
	work := make(chan *lineBlock)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(work)
		defer close(l.blocks)
		for len(removals) > 0 {
			b := &lineBlock{removals: removals[:min(blockLines, len(removals))], done: make(chan struct{})}
			removals = removals[len(b.removals):]
			for _, to := range []chan *lineBlock{l.blocks, work} {
				select {
				case to <- b:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		running.Go(func() {
			for b := range work {
				for _, r := range b.removals {
					if ctx.Err() != nil {
						break
					}
					b.lines = append(b.lines, r.Line(c))
				}
				close(b.done)
			}
		})
	}
	l.stop = func() {
		cancel()
		running.Wait()
	}
	return l
}

// next returns the next line.
func (l *lines) next() (show.Removal, error) {
	if len(l.now) == 0 {
		ctx := l.c.Env().Ctx
		select {
		case b := <-l.blocks:
			if b == nil {
				return show.Removal{}, ctx.Err()
			}
			select {
			case <-b.done:
				l.now = b.lines
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		if len(l.now) == 0 {
			return show.Removal{}, ctx.Err()
		}
	}
	line := l.now[0]
	l.now = l.now[1:]
	return line, cmp.Or(l.c.Err(), l.c.Env().Ctx.Err())
}
