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

// An Index is a durable index in its own directory, made by [Open]. The methods
// of the zero Index panic.
//
// It is safe for concurrent use. Queries wait neither for each other nor for writes
// to files. If several goroutines call [Index.Sync] at the same time, one of them
// syncs for all. A call that fills the tables in memory writes them to a file and
// merges files before it returns; other calls proceed meanwhile. No goroutine is
// started.
type Index struct {
	opts Options
	fsys fileSystem
	dir  string
	p    params
	lock io.Closer // the lock that a writer holds; nil for a reader

	mu     sync.RWMutex // guards st and failed
	st     *store
	failed error // the reason why nothing more can be written, or nil

	syncing gate         // held while a frame is written
	work    gate         // held while tables are written or files are replaced
	rows    sync.RWMutex // held, shared, while row numbers must not change
	meter   meter
	scratch sync.Pool

	recovery Recovery
}

// A gate is a lock that can be waited for with a context: when the context ends, so
// does the wait.
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

const notOpened = "disk: the Index was not made by Open"

// newScratch returns the memory for a search; put it back into ix.scratch.
func (ix *Index) newScratch() *scratch {
	if ix.scratch.New == nil {
		panic(notOpened)
	}
	return ix.scratch.Get().(*scratch)
}

// usable returns the reason why the index cannot be read, or nil; call it under the
// lock.
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

// fail records that the files may be inconsistent, so that nothing more is written
// to them.
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

// Add adds a document, replacing the one with its id if there is one. Queries find
// it at once; it is durable when a Sync that begins later has returned. Add syncs
// when more than 8 MiB are waiting to be synced.
//
// The error wraps [ErrMismatch] if the signature has a scheme other than the
// index's; the document is then not added. After any other error it may have been
// added; unless the error comes from the context, the index accepts no more changes.
func (ix *Index) Add(ctx context.Context, d Document) error {
	_, _, err := ix.insert(ctx, d, addAll, condition{})
	return err
}

// Insert is like [Index.Add], but also returns the best match among the documents
// that were there before, except one with the same id, and whether there was one. If
// two copies are inserted at the same time, exactly one is reported to match the
// other. The document is stored either way; see [Index.InsertNew].
func (ix *Index) Insert(ctx context.Context, d Document) (lsh.Match[string], bool, error) {
	return ix.insert(ctx, d, addAndLook, condition{})
}

// InsertNew adds a document unless another one matches it: then it returns the best
// match and true, and changes nothing. A stored document with the same id is not a
// match, and is replaced if nothing else matches. So every document left out matches
// one that is kept. The call is atomic: if two copies are added at the same time,
// exactly one is stored.
//
// It may be repeated after an error, or if it is unknown whether its outcome was
// durable: a document that was stored is stored again and is again reported as new.
func (ix *Index) InsertNew(ctx context.Context, d Document) (lsh.Match[string], bool, error) {
	return ix.insert(ctx, d, addNew, condition{})
}

// An adding is a way to add a document.
type adding uint8

const (
	addAll     adding = iota // store it in any case
	addAndLook               // store it, and look for a match
	addNew                   // store it only without a match
)

// A condition restricts the documents that count as matches of an added one.
type condition struct {
	threshold  float64 // 0 means the index's threshold
	exceptions []string
}

func (ix *Index) insert(ctx context.Context, d Document, how adding, c condition) (m lsh.Match[string], dup bool, err error) {
	began := time.Now()
	if err := ctx.Err(); err != nil {
		return m, false, err
	}
	if len(d.ID) > maxID {
		return m, false, fmt.Errorf("disk: id of %d bytes, limit %d", len(d.ID), maxID)
	}
	if len(d.Set) > maxSet {
		return m, false, fmt.Errorf("disk: set of %d elements, limit %d", len(d.Set), maxSet)
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
		return lsh.Match[string]{}, false, fmt.Errorf("disk: signature of %v, but the index has %v: %w", d.Signature.Scheme(), st.p.scheme, ErrMismatch)
	}
	if st.rows >= maxRows {
		return lsh.Match[string]{}, false, ix.wrap(errors.New("too many documents for 32-bit row numbers: see Compact"))
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

// Remove removes a document and reports whether it was there. The removal is durable
// when a Sync that begins later has returned.
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

// Dead returns the number of removed, replaced or expired documents whose space
// [Index.Compact] would free; 0 once the index is closed. It costs nothing.
func (ix *Index) Dead() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if ix.usable() != nil {
		return 0
	}
	return int(ix.st.rows) - ix.st.live
}

// Expire removes all documents with a time before the given one and returns their
// number. The removal is durable when a Sync that begins later has returned. It
// reads 16 bytes per document. [Index.Compact] frees their disk space.
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

// Sync makes every change before the call durable: it survives the death of the
// process and, if the disk honours a sync, of the machine. Goroutines that sync at
// the same time share one write.
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
		ix.mu.Unlock() // another call has synced these records, or the files were replaced by ones that are already durable
		return nil
	}
	frame, at := ix.st.log.cut()
	ix.mu.Unlock()
	return ix.write(frame, at)
}

// write writes and syncs a frame that cut returned.
func (ix *Index) write(frame []byte, at int64) error {
	if frame == nil {
		return nil
	}
	began := time.Now()
	l := ix.st.log // replaced only by goroutines that hold the syncing gate
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
