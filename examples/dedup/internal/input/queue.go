package input

import (
	"sync"
)

// An item is an argument of emit: a document, an error, or both.
type item struct {
	doc *Doc
	err error
}

// emitFunc takes documents and errors; it returns false when it wants no more.
type emitFunc func(*Doc, error) bool

// A decodeFunc emits the documents of a batch. It calls grow before it holds n bytes
// more than the batch's weight, such as the unpacked bytes of a file; grow waits for
// room. The documents may use memory of s.
type decodeFunc func(s *scratch, emit emitFunc, grow func(n int))

// A batch is a few consecutive documents that one goroutine decodes.
type batch struct {
	weight   int // approximate number of bytes that it holds
	number   int // number of the batch, from 0
	decode   decodeFunc
	*scratch               // holds the items
	ready    chan struct{} // closed when all items are decoded
}

// maxInFlight is the largest number of bytes that batches together may hold between
// the goroutine that reads and the one that takes documents, unless Options allow
// less. A larger batch is processed alone.
const maxInFlight = 64 << 20

// A queue decodes batches on several goroutines and returns their documents in the
// order in which the batches were added.
type queue struct {
	o     Options
	order chan *batch   // all batches, in the order in which they were added
	work  chan *batch   // the same batches, for any free goroutine
	stop  chan struct{} // closed when no more documents are wanted

	mu       sync.Mutex
	room     sync.Cond
	limit    int // maximum of inFlight
	inFlight int
	added    int // batches that were added
	consumed int // batches that the caller has consumed
	stopped  bool
}

// runQueue calls produce, which adds batches, on a separate goroutine, decodes the
// batches on worker goroutines, and calls emit on the caller's goroutine. It returns
// when all of these have ended, unless produce may wait forever (for somebody to
// type): then it does not wait for produce. When Options.Interrupt is closed, it
// returns at once and waits for none of them.
func runQueue(o Options, limit int64, produce func(*queue), emit emitFunc, mayHang bool) {
	workers := max(1, o.Workers)
	q := &queue{o: o, limit: int(limit), order: make(chan *batch, 8*workers), work: make(chan *batch), stop: make(chan struct{})}
	q.room.L = &q.mu
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for b := range q.work {
				b.decode(b.scratch, func(d *Doc, err error) bool {
					b.prepare(d)
					b.items = append(b.items, item{d, err})
					return true
				}, func(n int) { q.grow(b, n) })
				close(b.ready)
			}
		})
	}
	running.Go(func() {
		defer close(q.order)
		defer close(q.work)
		produce(q)
	})
	if !q.consume(emit) && !mayHang {
		running.Wait()
	}
}

// consume passes documents to emit until there are no more or emit returns false. It
// reports whether it was interrupted.
func (q *queue) consume(emit emitFunc) (interrupted bool) {
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.stopped = true
		q.room.Broadcast()
		close(q.stop)
	}()
	for {
		var b *batch
		select {
		case b = <-q.order:
		case <-q.o.Interrupt:
			return true
		}
		if b == nil {
			return false
		}
		select {
		case <-b.ready:
		case <-q.o.Interrupt:
			return true
		}
		for _, it := range b.items {
			if !emit(it.doc, it.err) {
				return false
			}
		}
		b.release()
		b.scratch = nil
		q.mu.Lock()
		q.inFlight -= b.weight
		q.consumed++
		q.room.Broadcast()
		q.mu.Unlock()
	}
}

// add queues the documents that decode will emit. It waits while too much is in
// flight, and returns false when no more are wanted.
func (q *queue) add(weight int, decode decodeFunc) bool {
	b := &batch{weight: weight, decode: decode, scratch: q.o.scratch(), ready: make(chan struct{})}
	q.mu.Lock()
	for !q.stopped && q.inFlight > 0 && q.inFlight+weight > q.limit {
		q.room.Wait()
	}
	q.inFlight += weight
	b.number = q.added
	q.added++
	stopped := q.stopped
	q.mu.Unlock()
	if stopped {
		return false
	}
	select {
	case q.order <- b:
	case <-q.stop:
		return false
	}
	select {
	case q.work <- b:
		return true
	case <-q.stop:
		return false
	}
}

// grow adds n bytes to the weight of a batch that is being decoded. It waits while
// there is no room, unless the batch is the next one to be taken: so the batches
// that hold room are always the next ones to be taken.
func (q *queue) grow(b *batch, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.stopped && b.number != q.consumed && q.inFlight+n > q.limit {
		q.room.Wait()
	}
	q.inFlight += n
	b.weight += n
}
