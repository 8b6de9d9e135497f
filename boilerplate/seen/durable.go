package seen

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

// DurableOptions configures [OpenDurable]; the zero value is the recommended
// setting.
type DurableOptions struct {
	Options

	// Checkpoint is the number of bytes of pages in the journal after which the filter
	// is saved and a new journal begins; 0 means 64 MiB. Opening replays up to that
	// much.
	Checkpoint int64

	// MaxBatch is the maximum number of operations made durable together; 0 means 1,000.
	MaxBatch int

	// Observe, if not nil, is called after each batch by one goroutine.
	Observe func(Batch)
}

// A Batch describes operations that were made durable together.
type Batch struct {
	Operations int
	Bytes      int64         // bytes written to the journal
	Sync       time.Duration // duration of the flush
	Total      time.Duration // duration of the whole batch, including the flush
	Checkpoint bool          // a new journal began after the batch
}

// A Durable is a [Filter] whose every answer is durable: when a call returns without
// an error, its effects survive the death of the process and, if the disk honours a
// flush, a loss of power. Concurrent calls share one flush.
//
// Operations go into a journal first. When it is opened again, a Durable repeats the
// operations after the last checkpoint in the same order, so the detector, the index
// and the held pages are as they were. An operation whose answer was lost may have
// been applied: repeat it. A page never repeats itself, so its verdict is the same
// unless a copy was judged in between.
//
// All methods may be called by any number of goroutines at once. After a disk
// failure all methods return its error: close the Durable and open it again.
type Durable struct {
	f        *Filter
	o        DurableOptions
	requests chan *request
	done     chan struct{} // closed when every request has been answered
	replayed int

	mu      sync.Mutex // guards the fields below
	failed  error
	closing bool
	queue   []Final // verdicts on released pages that are not acknowledged yet, by number
	last    uint64  // number of the last released page

	calls    sync.WaitGroup
	journal  *journal   // the journal that write appends to
	journals sync.Mutex // guards journal; with a shared store, apply writes to it too
	saving   chan error // receives the result of a save in the background; used by apply

	ctx       context.Context // ends compaction in the background
	cancel    context.CancelFunc
	compacted chan error // holds the result of the last compaction; empty while one is running
}

// A Final is the verdict on a page that was held.
type Final struct {
	Number  uint64  `json:"number"` // ascending, starting at 1
	Page    Page    `json:"page"`
	Verdict Verdict `json:"verdict"`
}

// An op is one operation as stored in the journal: exactly one field is set.
type op struct {
	Judge   *Page   `json:"judge,omitempty"`
	Keep    *Page   `json:"keep,omitempty"`
	Remove  *string `json:"remove,omitempty"`
	Release bool    `json:"release,omitempty"`
	Forget  int64   `json:"forget,omitempty"` // forget pages before this time, in milliseconds since 1970

	// Outcomes are not an operation: they are the results of an earlier frame.
	Outcomes *outcomes `json:"outcomes,omitempty"`
}

// A result is the result of an op.
type result struct {
	verdict Verdict
	removed bool
}

type request struct {
	ctx     context.Context
	ops     []op
	payload []byte
	results []result
	err     error
	done    chan struct{}
}

// A position is the note of a saved filter.
type position struct {
	Journal uint64  `json:"journal"` // number of the first journal to replay
	Frame   uint64  `json:"frame"`   // number of the first frame of that journal
	Last    uint64  `json:"last"`
	Queue   []Final `json:"queue,omitempty"`
}

// OpenDurable opens the filter in a directory with its journal, and creates both
// where there is none. It returns the errors of [Open], and one that wraps
// [boilerplate.ErrCorrupt] if acknowledged operations are damaged. It panics if an
// option is out of its range. Do not open one directory as a Durable at one time and
// as a Filter at another.
func OpenDurable(dir string, o DurableOptions) (_ *Durable, err error) {
	if o.Checkpoint < 0 || o.MaxBatch < 0 {
		panic("seen: Checkpoint and MaxBatch must not be negative")
	}
	o.Checkpoint, o.MaxBatch = cmp.Or(o.Checkpoint, 64<<20), cmp.Or(o.MaxBatch, 1000)
	f, err := Open(dir, o.Options)
	if err != nil {
		return nil, err
	}
	d := &Durable{f: f, o: o, requests: make(chan *request, o.MaxBatch), done: make(chan struct{}), compacted: make(chan error, 1)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.compacted <- nil
	if err := d.replay(); err != nil {
		d.cancel()
		return nil, errors.Join(err, f.Close())
	}
	written := make(chan batch, 1)
	go d.write(written)
	go d.apply(written)
	return d, nil
}

// replay repeats the operations after the last checkpoint.
func (d *Durable) replay() error {
	var at position
	if d.f.note == nil {
		all, err := journals(d.f.dir)
		if err != nil {
			return wrap(err)
		}
		if len(all) > 0 && all[0] > 1 {
			return fmt.Errorf("seen: %s: the journal has no checkpoint: %w", journalName(d.f.dir, all[0]), boilerplate.ErrCorrupt)
		}
		at = position{Journal: 1, Frame: 1}
		if len(all) == 0 {
			d.journal, err = createJournal(d.f.dir, 1, 1)
			return wrap(err)
		}
	} else if err := json.Unmarshal(d.f.note, &at); err != nil || at.Journal == 0 {
		return fmt.Errorf("seen: %s was saved without a journal: %w", d.f.dir, boilerplate.ErrFormat)
	}
	d.last, d.queue = at.Last, at.Queue
	known := map[uint64][]outcome{}
	if d.o.Store != nil {
		known = readOutcomes(d.f.dir, at.Journal, at.Frame)
	}
	now := at.Frame // number of the current frame
	for number, frame := at.Journal, at.Frame; ; number++ {
		j, err := openJournal(d.f.dir, number, frame, func(payload []byte) error {
			done := known[now]
			now++
			for line := range bytes.Lines(payload) {
				var x op
				if err := json.Unmarshal(line, &x); err != nil {
					return fmt.Errorf("%w: %w", boilerplate.ErrCorrupt, err)
				}
				if x.Outcomes != nil {
					continue
				}
				d.replayed++
				var o *outcome
				if len(done) > 0 {
					o, done = &done[0], done[1:]
				}
				if _, _, err := d.do(context.Background(), x, o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			if d.journal != nil {
				err = errors.Join(err, d.journal.f.Close())
			}
			return wrap(err)
		}
		d.journal, frame = j, j.frame
		all, err := journals(d.f.dir)
		if err == nil && (len(all) == 0 || all[len(all)-1] == number) {
			return wrap(removeJournals(d.f.dir, at.Journal))
		}
		if err = errors.Join(err, j.f.Close()); err != nil {
			return wrap(err)
		}
	}
}

// do applies an operation and releases pages that waited for it. With a shared store
// it returns the outcome, or repeats a known one.
func (d *Durable) do(ctx context.Context, x op, known *outcome) (r result, out outcome, err error) {
	if d.o.Store != nil {
		return d.doOutcome(ctx, x, known)
	}
	if err := d.f.enter(ctx); err != nil {
		return r, out, err
	}
	defer d.f.leave()
	r, err = d.doEntered(ctx, x)
	return r, out, err
}

// doEntered is do for the caller that has the turn.
func (d *Durable) doEntered(ctx context.Context, x op) (r result, err error) {
	switch {
	case x.Judge != nil:
		r.verdict, err = d.f.judge(ctx, *x.Judge)
	case x.Keep != nil:
		err = d.f.keep(ctx, *x.Keep)
	case x.Remove != nil:
		r.removed, err = d.f.remove(ctx, *x.Remove)
	case x.Forget != 0:
		err = d.f.forget(ctx, time.UnixMilli(x.Forget))
	}
	if err != nil {
		return r, err
	}
	released, err := d.f.release(ctx, x.Release)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range released {
		d.last++
		d.queue = append(d.queue, Final{Number: d.last, Page: x.Page, Verdict: x.Verdict})
	}
	return r, err
}

func (d *Durable) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = wrap(err)
	}
}

func (d *Durable) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// submit makes operations durable, applies them, and returns their results. If the
// context ends early, they may have been applied.
func (d *Durable) submit(ctx context.Context, ops ...op) ([]result, error) {
	r := &request{ctx: ctx, ops: ops, results: make([]result, len(ops)), done: make(chan struct{})}
	for _, x := range ops {
		line, err := json.Marshal(x)
		if err != nil {
			return nil, fmt.Errorf("seen: %w: %w", ErrPage, err)
		}
		r.payload = append(append(r.payload, line...), '\n')
	}
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return nil, wrap(disk.ErrClosed)
	}
	d.calls.Add(1)
	d.mu.Unlock()
	defer d.calls.Done()
	select {
	case d.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return r.results, r.err
}

// Judge judges each page in turn, like [Filter.Judge]. If a page is invalid it does
// nothing and returns an error that wraps [ErrPage].
func (d *Durable) Judge(ctx context.Context, pages ...Page) ([]Verdict, error) {
	results, err := d.pages(ctx, pages, func(p *Page) op { return op{Judge: p} })
	if err != nil {
		return nil, err
	}
	out := make([]Verdict, len(results))
	for i, r := range results {
		out[i] = r.verdict
	}
	return out, nil
}

// Keep stores pages without judging them, so that later copies of them are not new.
// They are observed, and sketched without the frame known so far.
func (d *Durable) Keep(ctx context.Context, pages ...Page) error {
	_, err := d.pages(ctx, pages, func(p *Page) op { return op{Keep: p} })
	return err
}

func (d *Durable) pages(ctx context.Context, pages []Page, f func(*Page) op) ([]result, error) {
	ops := make([]op, len(pages))
	for i := range pages {
		if err := pages[i].Check(); err != nil {
			return nil, err
		}
		ops[i] = f(&pages[i])
	}
	if len(ops) == 0 {
		return nil, ctx.Err()
	}
	return d.submit(ctx, ops...)
}

// Remove removes pages from the index, so that later copies of them are new again,
// and reports for each whether it was there. Held pages are dropped.
func (d *Durable) Remove(ctx context.Context, ids ...string) ([]bool, error) {
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	ops := make([]op, len(ids))
	for i := range ids {
		ops[i] = op{Remove: &ids[i]}
	}
	results, err := d.submit(ctx, ops...)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(ids))
	for i, r := range results {
		out[i] = r.removed
	}
	return out, nil
}

// Release judges all held pages, at the end of a crawl. Pages whose frame has become
// known are judged without it. See [Durable.Released].
func (d *Durable) Release(ctx context.Context) error {
	_, err := d.submit(ctx, op{Release: true})
	return err
}

// Forget is like [Filter.Forget]. The space is freed in the background after a
// checkpoint.
func (d *Durable) Forget(ctx context.Context, before time.Time) error {
	ms := before.UnixMilli()
	if ms <= 0 {
		return ctx.Err() // nothing is that old
	}
	_, err := d.submit(ctx, op{Forget: ms})
	return err
}

// Released returns up to n verdicts on pages that were held, in the order of
// judging, with numbers greater than after. It forgets the verdicts up to that
// number: pass the number of the last verdict that you have processed, 0 at first.
// Verdicts forgotten since the last checkpoint return after a crash, with the same
// numbers.
func (d *Durable) Released(after uint64, n int) []Final {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, found := slices.BinarySearchFunc(d.queue, after, func(x Final, n uint64) int { return cmp.Compare(x.Number, n) })
	if found {
		i++
	}
	d.queue = slices.Clone(d.queue[i:])
	return slices.Clone(d.queue[:min(n, len(d.queue))])
}

// Query returns the kept pages that match a page at the threshold, best first, at
// most n, 0 for all. It changes nothing. The known frame of the page is left out.
func (d *Durable) Query(ctx context.Context, p Page, n int) ([]lsh.Match[string], error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	return d.f.Query(ctx, p, n)
}

// Earlier is [Filter.Earlier].
func (d *Durable) Earlier(ctx context.Context, p Page) (Change, bool, error) {
	if err := p.Check(); err != nil {
		return Change{}, false, err
	}
	return d.f.Earlier(ctx, p)
}

// Passages is [Filter.Passages].
func (d *Durable) Passages(ctx context.Context, p Page, n int) (Shares, error) {
	if err := p.Check(); err != nil {
		return Shares{}, err
	}
	return d.f.Passages(ctx, p, n)
}

// PassagesOf is [Filter.PassagesOf].
func (d *Durable) PassagesOf(ctx context.Context, id string, n int) (Shares, error) {
	return d.f.PassagesOf(ctx, id, n)
}

// Blocks returns the verdict on every block of a page: see [boilerplate.Detector.Judge].
func (d *Durable) Blocks(ctx context.Context, p Page) ([]boilerplate.Block, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	return d.f.Blocks(ctx, p)
}

// Stats returns figures about the filter.
func (d *Durable) Stats(ctx context.Context) (Stats, error) { return d.f.Stats(ctx) }

// Repeated returns the number of operations repeated when the Durable was opened.
func (d *Durable) Repeated() int { return d.replayed }

// Err returns the failure that stopped the Durable, or nil if there was none.
func (d *Durable) Err() error { return d.err() }

// Close waits for running calls, saves the filter and closes it. Later calls return
// an error that wraps [disk.ErrClosed].
func (d *Durable) Close() error {
	d.mu.Lock()
	closing := d.closing
	d.closing = true
	d.mu.Unlock()
	if closing {
		<-d.done
		return nil
	}
	d.calls.Wait()
	close(d.requests)
	<-d.done
	err := d.err()
	if err == nil && d.journal.size > 0 {
		var next *journal
		if next, err = createJournal(d.f.dir, d.journal.number+1, d.journal.frame); err == nil {
			err = d.journal.f.Close()
			d.journal = next
		}
		if err == nil {
			err = d.checkpoint(position{Journal: next.number, Frame: next.frame})
		}
	}
	err = errors.Join(err, wrap(d.saved()))
	d.cancel() // an interrupted compaction starts again later
	err = errors.Join(err, wrap(<-d.compacted))
	return errors.Join(err, wrap(d.journal.f.Close()), d.f.Close())
}
