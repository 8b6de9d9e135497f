package seen

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// maxBatchBytes bounds the bytes of the pages in a batch; MaxBatch bounds their
// number.
const maxBatchBytes = 16 << 20

// A batch is passed from the goroutine that writes the journal to the one that
// applies it.
type batch struct {
	requests []*request
	began    time.Time
	about    Batch
	frame    uint64    // number of the frame in the journal
	rotated  *position // set if a new journal began after the batch
}

// write writes requests to the journal, batch by batch, and hands them on when they
// are durable. Nothing is applied earlier: if the index had a page that the journal
// lost, copies of the page would be judged duplicates.
func (d *Durable) write(out chan<- batch) {
	defer close(out)
	for first := range d.requests {
		b := batch{requests: []*request{first}, began: time.Now()}
		ops, size := len(first.ops), len(first.payload)
	more:
		for ops < d.o.MaxBatch && size < maxBatchBytes {
			select {
			case r, ok := <-d.requests:
				if !ok {
					break more
				}
				b.requests = append(b.requests, r)
				ops, size = ops+len(r.ops), size+len(r.payload)
			default:
				break more
			}
		}
		if d.writeBatch(&b); len(b.requests) > 0 {
			out <- b
		}
	}
}

func (d *Durable) writeBatch(b *batch) {
	// Calls that have ended are not written to the journal.
	b.requests = slices.DeleteFunc(b.requests, func(r *request) bool {
		if r.err = cmp.Or(d.err(), r.ctx.Err()); r.err != nil {
			close(r.done)
		}
		return r.err != nil
	})
	if len(b.requests) == 0 {
		return
	}
	var payload []byte
	for _, r := range b.requests {
		payload = append(payload, r.payload...)
		b.about.Operations += len(r.ops)
	}
	b.about.Bytes = int64(len(payload))
	d.journals.Lock()
	defer d.journals.Unlock()
	b.frame = d.journal.frame
	err := d.journal.write(payload)
	if err == nil {
		start := time.Now()
		err = d.journal.sync()
		b.about.Sync = time.Since(start)
	}
	if err == nil && d.journal.size >= d.o.Checkpoint {
		var next *journal
		if next, err = createJournal(d.f.dir, d.journal.number+1, d.journal.frame); err == nil {
			err = d.journal.f.Close()
			d.journal = next
			b.rotated = &position{Journal: next.number, Frame: next.frame}
			b.about.Checkpoint = true
		}
	}
	if err != nil {
		d.fail(err)
	}
}

// apply applies durable batches, answers their calls, and saves the filter where a
// new journal began.
func (d *Durable) apply(in <-chan batch) {
	defer close(d.done)
	for b := range in {
		err := d.err()
		var all []outcome
		for _, r := range b.requests {
			for i := 0; i < len(r.ops) && err == nil; i++ {
				var o outcome
				if r.results[i], o, err = d.do(context.Background(), r.ops[i], nil); d.o.Store != nil {
					all = append(all, o)
				}
			}
		}
		if err == nil && len(all) > 0 {
			err = d.writeOutcomes(outcomes{b.frame, all})
		}
		if err == nil && b.rotated != nil {
			err = d.checkpoint(*b.rotated)
		}
		if err != nil {
			d.fail(err)
			err = d.err()
		}
		b.about.Total = time.Since(b.began)
		if d.o.Observe != nil {
			d.o.Observe(b.about)
		}
		for _, r := range b.requests {
			r.err = err
			close(r.done)
		}
	}
}

// checkpoint saves the filter in its state between two journals. The files are
// written in the background.
func (d *Durable) checkpoint(at position) error {
	if err := d.saved(); err != nil {
		return err
	}
	d.mu.Lock()
	at.Last, at.Queue = d.last, d.queue
	note, err := json.Marshal(at)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	s, err := d.f.snapshot(note)
	if err != nil {
		return err
	}
	saving := make(chan error, 1)
	d.saving = saving
	go func() {
		err := d.f.write(context.Background(), s)
		if err == nil {
			err = removeJournals(d.f.dir, at.Journal)
		}
		if err == nil {
			err = d.compactLater(s.mark)
		}
		saving <- err
	}()
	return nil
}

// saved waits for a save in the background.
func (d *Durable) saved() error {
	if d.saving == nil {
		return nil
	}
	err := <-d.saving
	d.saving = nil
	return err
}
