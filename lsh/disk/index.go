package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/neardup/neardup/lsh"
)

// An Index is a durable index in a directory of its own, made by [Open]. The
// methods of the zero Index panic.
//
// It is safe for concurrent use. Queries do not wait for each other, nor for
// anything that is written to a file; of those who call [Index.Sync] at the same
// time, one syncs for all. A call that fills the tables in memory writes them to
// a file, and merges files, before it returns; others go on meanwhile. No
// goroutine is started.
type Index struct {
	opts Options
	fsys fileSystem
	dir  string
	p    params
	lock io.Closer // held by a writer

	mu     sync.RWMutex // of store and failed
	st     *store
	failed error // why nothing can be written any more

	syncing gate         // to write a frame
	work    gate         // to write tables, or to replace the files
	rows    sync.RWMutex // that row numbers stay what they are
	meter   meter
	scratch sync.Pool

	recovery Recovery
}

// A gate is a lock that waits no longer than a context.
type gate chan struct{}

func (g gate) enter(ctx context.Context) error {
	if g == nil {
		panic(notOpened)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) tryEnter() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }

const notOpened = "disk: Index that was not made by Open"

// newScratch returns the memory of a search, to be put back into ix.scratch.
func (ix *Index) newScratch() *scratch {
	if ix.scratch.New == nil {
		panic(notOpened)
	}
	return ix.scratch.Get().(*scratch)
}

// usable returns why the index cannot be read, if so; under the lock.
func (ix *Index) usable() error {
	if ix.st == nil && ix.failed == nil {
		panic(notOpened)
	}
	if ix.st == nil {
		return ix.failed
	}
	return nil
}

// writable returns the reason why the index cannot be written, or nil; call it under
// the lock.
func (ix *Index) writable() error {
	switch {
	case ix.failed != nil:
		return ix.failed
	case ix.st == nil:
		panic(notOpened)
	case ix.opts.ReadOnly:
		return fmt.Errorf("disk: %s: %w", ix.dir, ErrReadOnly)
	}
	return nil
}

// fail notes that the files may not be as they should, so that nothing more is
// written to them.
func (ix *Index) fail(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.failed == nil {
		ix.failed = ix.wrap(err)
	}
	return ix.failed
}

func (ix *Index) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("disk: %s: %w", ix.dir, err)
}

// Add puts a document into the index, in the place of the one with its id if
// there is one. Queries find it at once; it is durable when a Sync that begins
// later has returned. Add syncs when over 8 MiB are waiting for it.
//
// The error wraps [ErrMismatch] if the signature is of another scheme than the
// index, and the document is then not in it. After any other error it may be in
// it; unless the error is that of the context, the index takes no more.
func (ix *Index) Add(ctx context.Context, d Document) error {
	_, _, err := ix.insert(ctx, d, addAll, condition{})
	return err
}

// Insert is [Index.Add] that also returns the best match among the documents that
// were there before, other than one of the same id, and whether there was one. Of
// two copies inserted at the same time, exactly one is reported to match the other.
// The document is stored either way; see [Index.InsertNew].
func (ix *Index) Insert(ctx context.Context, d Document) (lsh.Match[string], bool, error) {
	return ix.insert(ctx, d, addAndLook, condition{})
}

// InsertNew adds a document unless another one matches it: then it returns the
// best match and true, and changes nothing. A stored document of the same id is
// not a match, and is replaced if nothing else matches. So every document that is
// left out is at or above the threshold to one that is kept. The call is atomic:
// of two copies added at the same time, exactly one is stored.
//
// It may be repeated after an error, or when it is not known whether its outcome
// was durable: a document that was stored is stored once more and is new again.
func (ix *Index) InsertNew(ctx context.Context, d Document) (lsh.Match[string], bool, error) {
	return ix.insert(ctx, d, addNew, condition{})
}

// An adding is how a document is added.
type adding uint8

const (
	addAll     adding = iota // whatever is there
	addAndLook               // and look for a match
	addNew                   // only without a match
)

// A condition restricts the documents that count as matches of an added one.
type condition struct {
	threshold  float64 // 0 means that of the index
	exceptions []string
}

func (ix *Index) insert(ctx context.Context, d Document, how adding, c condition) (m lsh.Match[string], dup bool, err error) {
	began := time.Now()
	if err := ctx.Err(); err != nil {
		return m, false, err
	}
	if len(d.ID) > maxID {
		return m, false, fmt.Errorf("disk: id of %d bytes, %d at most", len(d.ID), maxID)
	}
	if len(d.Set) > maxSet {
		return m, false, fmt.Errorf("disk: set of %d elements, %d at most", len(d.Set), maxSet)
	}
	sc := ix.newScratch()
	defer ix.scratch.Put(sc)
	ms := max(0, d.Time.UnixMilli())
	if d.Time.IsZero() {
		ms = ix.opts.Now().UnixMilli()
	}
	d.Set = ascending(&sc.sorted, d.Set)
	ix.mu.Lock()
	m, dup, err = ix.insertLocked(ctx, sc, d, ms, how, c)
	full := err == nil && ix.st.mem.rows() >= ix.opts.TableSize
	choked := full && ix.st.mem.rows() >= 2*ix.opts.TableSize
	long := err == nil && len(ix.st.log.pending) >= maxFrame
	ix.mu.Unlock()
	if err != nil {
		return lsh.Match[string]{}, false, err
	}
	if long {
		err = ix.Sync(ctx)
	}
	if full && err == nil {
		err = ix.maintain(ctx, choked)
	}
	ix.meter.added(began, how, dup, sc)
	return m, dup, err
}

func (ix *Index) insertLocked(ctx context.Context, sc *scratch, d Document, ms int64, how adding, c condition) (_ lsh.Match[string], _ bool, err error) {
	defer faults(&err)()
	if err := ix.writable(); err != nil {
		return lsh.Match[string]{}, false, err
	}
	st := ix.st
	if d.Signature.Scheme() != st.p.scheme {
		return lsh.Match[string]{}, false, fmt.Errorf("disk: signature of %v, the index has %v: %w", d.Signature.Scheme(), st.p.scheme, ErrMismatch)
	}
	if st.rows >= maxRows {
		return lsh.Match[string]{}, false, ix.wrap(errors.New("more documents than 32 bits can number: see Compact"))
	}
	regs := d.Signature.Values()
	old, err := st.findID(d.ID)
	if err != nil {
		return lsh.Match[string]{}, false, ix.wrap(err)
	}
	var found []lsh.Match[string]
	if how != addAll {
		q := makeQuery(st.p.scheme.K, cmp.Or(c.threshold, st.p.threshold))
		q.regs, q.set, q.limit, q.except = regs, d.Set, 1+len(c.exceptions), old
		if found, err = st.search(ctx, sc, q); err != nil {
			return lsh.Match[string]{}, false, ix.wrap(err)
		}
		found = slices.DeleteFunc(found, func(m lsh.Match[string]) bool { return slices.Contains(c.exceptions, m.ID) })
	}
	if how == addNew && len(found) > 0 {
		return found[0], true, nil
	}
	if old != noRow {
		st.kill(old)
	}
	sc.tg.p = st.p
	sc.tags = sc.tg.bandTags(sc.tags[:0], regs)
	k := kindAdd
	if d.Set != nil {
		k = kindAddSet
	}
	off := st.log.end()
	st.log.append(k, ms, d.ID, regs, d.Set)
	if err := st.addRow(off, ms, sc.tags, st.p.tagOf(d.ID)); err != nil {
		return lsh.Match[string]{}, false, ix.wrap(err)
	}
	if len(found) == 0 {
		return lsh.Match[string]{}, false, nil
	}
	return found[0], true, nil
}

// Remove takes a document out of the index and reports whether it was there. It
// is durable when a Sync that begins later has returned.
func (ix *Index) Remove(ctx context.Context, id string) (_ bool, err error) {
	defer faults(&err)()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.writable(); err != nil {
		return false, err
	}
	row, err := ix.st.findID(id)
	if err != nil || row == noRow {
		return false, ix.wrap(err)
	}
	ix.st.log.append(kindRemove, 0, id, nil, nil)
	ix.st.kill(row)
	ix.meter.removed.Add(1)
	return true, nil
}

// Expire removes all documents with a time before the given one and returns their
// number. It is durable when a Sync that begins later has returned. It reads 16
// bytes per document. Their disk space is free after [Index.Compact].
func (ix *Index) Expire(ctx context.Context, before time.Time) (_ int, err error) {
	defer faults(&err)()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.writable(); err != nil {
		return 0, err
	}
	ms := before.UnixMilli()
	n, err := ix.st.expire(ms)
	if err != nil {
		return 0, ix.wrap(err)
	}
	if n > 0 {
		ix.st.log.append(kindExpire, ms, "", nil, nil)
	}
	ix.meter.expired.Add(int64(n))
	return n, nil
}

// Sync makes durable every change made before the call: it survives the death of the
// process and, if the disk keeps its promises, of the machine. Many goroutines that
// add one document each and sync share one write.
func (ix *Index) Sync(ctx context.Context) error {
	ix.mu.RLock()
	err := ix.writable()
	var want int64
	if err == nil {
		want = ix.st.log.end()
	}
	st := ix.st
	ix.mu.RUnlock()
	if err != nil {
		return err
	}
	if err := ix.syncing.enter(ctx); err != nil {
		return err
	}
	defer ix.syncing.leave()
	ix.mu.Lock()
	if err := ix.writable(); err != nil {
		ix.mu.Unlock()
		return err
	}
	if ix.st != st || ix.st.log.pendingBase >= want {
		ix.mu.Unlock() // another call did it, or files were replaced, durably
		return nil
	}
	frame, at := ix.st.log.cut()
	ix.mu.Unlock()
	return ix.write(frame, at)
}

// write writes a frame that was cut and syncs it.
func (ix *Index) write(frame []byte, at int64) error {
	if frame == nil {
		return nil
	}
	began := time.Now()
	l := ix.st.log // replaced only by those who are past the syncing gate
	_, err := l.f.WriteAt(frame, at)
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return ix.fail(err)
	}
	ix.mu.Lock()
	l.written(frame)
	ix.mu.Unlock()
	ix.meter.synced(began, len(frame))
	return nil
}
