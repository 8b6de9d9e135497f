package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// An Index is a durable index in a directory of its own.
//
// It is safe for concurrent use. Queries do not wait for each other, nor for
// anything that is written to a file; of those who call [Index.Sync] at the same
// time, one syncs for all. A call that fills the tables in memory writes them to
// a file, and merges files, before it returns; others go on meanwhile. No
// goroutine is started.
type Index struct {
	opts Options
	dir  string
	p    params
	lock *os.File // held by a writer

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

// Open opens the index in a directory, and creates both where there is none.
// The error wraps [ErrLocked] if another Index has it open for writing,
// [ErrMismatch] if the options ask for anything but what the index has, and
// [ErrFormat], [ErrVersion] or [ErrCorrupt] if its files cannot be read. An index
// that is not there is an error that wraps [fs.ErrNotExist] if it is to be read
// only or the options have no Scheme.
//
// Open reads the records that are not in tables yet, 32,768 by default, and of
// the rest a few bytes each 4 KiB. See [Index.Recovery] for what it cut off. It
// panics if an option is out of its range.
func Open(dir string, o Options) (*Index, error) {
	o.check()
	if o.TableSize == 0 {
		o.TableSize = defaultTableSize
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ix := &Index{opts: o, dir: dir, syncing: make(gate, 1), work: make(gate, 1)}
	ix.scratch.New = func() any { return new(scratch) }
	var err error
	if o.ReadOnly {
		ix.st, err = openToRead(dir)
		if err == nil {
			err = o.match(ix.st.p)
		}
	} else {
		err = ix.openToWrite()
	}
	if err != nil {
		_ = ix.release()
		return nil, fmt.Errorf("disk: %s: %w", dir, err)
	}
	ix.p = ix.st.p
	return ix, nil
}

// openToRead opens an index beside a writer, who may replace files meanwhile.
func openToRead(dir string) (st *store, err error) {
	for range 10 {
		var m *manifest
		if m, err = readManifest(dir); err != nil {
			return nil, err
		}
		if st, _, err = openStore(dir, m, true); !errors.Is(err, fs.ErrNotExist) {
			return st, err
		}
	}
	return nil, err
}

func (ix *Index) openToWrite() error {
	if ix.opts.Scheme == (minhash.Scheme{}) {
		if _, err := os.Stat(filePath(ix.dir, manifestName)); err != nil {
			return fmt.Errorf("%w (without Options.Scheme no index is created)", err)
		}
	}
	if err := makeDir(ix.dir); err != nil {
		return err
	}
	if err := ix.takeLock(); err != nil {
		return err
	}
	m, err := readManifest(ix.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return ix.create()
	}
	if err != nil {
		return err
	}
	if err := ix.opts.match(m.params); err != nil {
		return err
	}
	if ix.st, ix.recovery, err = openStore(ix.dir, m, false); err != nil {
		return err
	}
	ix.st.tidy()
	return nil
}

func (ix *Index) create() error {
	// A log without manifest is an index that lost it, unless it is empty.
	logs, _ := filepath.Glob(filePath(globQuote(ix.dir), "documents-*.log"))
	for _, name := range logs {
		if info, err := os.Stat(name); err != nil || info.Size() > 1<<12 {
			return fmt.Errorf("%s is there, %s is not: %w", filepath.Base(name), manifestName, ErrCorrupt)
		}
	}
	p, err := ix.opts.create()
	if err != nil {
		return err
	}
	if ix.st, err = createStore(ix.dir, p, 1); err != nil {
		return err
	}
	return writeManifest(ix.dir, &ix.st.saved)
}

// makeDir makes a directory with a durable name.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(dir)))
}

func (ix *Index) takeLock() error {
	f, err := os.OpenFile(filePath(ix.dir, lockName), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if err := lockFile(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 64))
		_ = f.Close()
		if s := strings.TrimSpace(string(holder)); s != "" && errors.Is(err, ErrLocked) {
			return fmt.Errorf("%w, by process %s; readers may open it with ReadOnly", err, s)
		}
		return err
	}
	ix.lock = f
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, os.Getpid())
	return err
}

// release gives up files and lock.
func (ix *Index) release() error {
	var errs []error
	if ix.st != nil {
		errs = append(errs, ix.st.close())
	}
	if ix.lock != nil {
		errs = append(errs, ix.lock.Truncate(0), ix.lock.Close())
	}
	return errors.Join(errs...)
}

// closingRows is from how many documents in memory on Close writes their tables,
// so that the next Open need not make them again.
const closingRows = 4096

// Close makes durable what was added and closes the index. An index that was
// not closed loses what was not synced, and nothing else.
func (ix *Index) Close() error {
	ctx := context.Background()
	err := ix.Sync(ctx)
	if ix.opts.ReadOnly && errors.Is(err, ErrReadOnly) {
		err = nil
	}
	ix.work <- struct{}{}
	defer ix.work.leave()
	ix.mu.RLock()
	closed := ix.usable() // by another call
	ix.mu.RUnlock()
	if closed != nil {
		return closed
	}
	if !ix.opts.ReadOnly && err == nil && ix.st.mem.rows() >= min(closingRows, ix.opts.TableSize) {
		if err = ix.flush(ctx); err == nil {
			err = ix.merge(ctx)
		}
	}
	ix.syncing <- struct{}{}
	defer ix.syncing.leave()
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err == nil && !ix.opts.ReadOnly && ix.failed == nil {
		// Damage before the end can now be told from what was never finished.
		if end := ix.st.log.pendingBase; end > ix.st.saved.durable {
			ix.st.saved.durable = end
			err = writeManifest(ix.dir, &ix.st.saved)
		}
	}
	ix.failed = fmt.Errorf("disk: %s: %w", ix.dir, ErrClosed)
	err = errors.Join(err, ix.release())
	ix.st = nil
	return err
}

// Recovery says what was cut off when the index was opened.
func (ix *Index) Recovery() Recovery { return ix.recovery }

// usable returns why the index cannot be read, if so; under the lock.
func (ix *Index) usable() error {
	if ix.st == nil {
		return ix.failed
	}
	return nil
}

// writable returns why the index cannot be written, if so; under the lock.
func (ix *Index) writable() error {
	switch {
	case ix.failed != nil:
		return ix.failed
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
// later has returned. Add syncs by itself what exceeds 8 MiB.
//
// The error wraps [ErrMismatch] if the signature is of another scheme than the
// index, and the document is then not in it. After any other error it may be in
// it; unless the error is that of the context, the index takes no more.
func (ix *Index) Add(ctx context.Context, d Document) error {
	_, _, err := ix.insert(ctx, d, false)
	return err
}

// Insert is [Index.Add] that also says whether the index held a match: the best
// one among the documents that were there before, other than one of the same
// id. Of two copies inserted at the same time, exactly one is reported to repeat
// the other.
func (ix *Index) Insert(ctx context.Context, d Document) (lsh.Match, bool, error) {
	return ix.insert(ctx, d, true)
}

func (ix *Index) insert(ctx context.Context, d Document, look bool) (m lsh.Match, dup bool, err error) {
	began := time.Now()
	if err := ctx.Err(); err != nil {
		return m, false, err
	}
	if len(d.ID) > maxID {
		return m, false, fmt.Errorf("disk: id of %d bytes, %d at most", len(d.ID), maxID)
	}
	ms := max(0, d.Time.UnixMilli())
	if d.Time.IsZero() {
		ms = ix.opts.Now().UnixMilli()
	}
	sc := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(sc)
	ix.mu.Lock()
	m, dup, err = ix.insertLocked(ctx, sc, d, ms, look)
	full := err == nil && ix.st.mem.rows() >= ix.opts.TableSize
	choked := full && ix.st.mem.rows() >= 2*ix.opts.TableSize
	long := err == nil && len(ix.st.log.pending) >= maxFrame
	ix.mu.Unlock()
	if err != nil {
		return lsh.Match{}, false, err
	}
	if long {
		err = ix.Sync(ctx)
	}
	if full && err == nil {
		err = ix.maintain(ctx, choked)
	}
	ix.meter.added(began, look, dup, sc)
	return m, dup, err
}

func (ix *Index) insertLocked(ctx context.Context, sc *scratch, d Document, ms int64, look bool) (_ lsh.Match, _ bool, err error) {
	defer faults(&err)()
	if err := ix.writable(); err != nil {
		return lsh.Match{}, false, err
	}
	st := ix.st
	if d.Signature.Scheme() != st.p.scheme {
		return lsh.Match{}, false, fmt.Errorf("disk: signature of %v, the index has %v: %w", d.Signature.Scheme(), st.p.scheme, ErrMismatch)
	}
	if st.rows >= maxRows {
		return lsh.Match{}, false, ix.wrap(errors.New("more documents than 32 bits can number: see Compact"))
	}
	regs := d.Signature.Values()
	old, err := st.findID(d.ID)
	if err != nil {
		return lsh.Match{}, false, ix.wrap(err)
	}
	var found []lsh.Match
	if look {
		q := makeQuery(st.p.scheme.K, st.p.threshold)
		q.regs, q.set, q.limit, q.except = regs, d.Set, 1, old
		if found, err = st.search(ctx, sc, q); err != nil {
			return lsh.Match{}, false, ix.wrap(err)
		}
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
		return lsh.Match{}, false, ix.wrap(err)
	}
	if len(found) == 0 {
		return lsh.Match{}, false, nil
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

// Expire takes all documents with a time before the given one out of the index
// and returns how many there were. It is durable when a Sync that begins later
// has returned. It looks at 16 bytes a document. Their room on disk is free
// after [Index.Compact].
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
		ix.failed = ix.wrap(err) // some are dead already
		return n, ix.failed
	}
	if n > 0 {
		ix.st.log.append(kindExpire, ms, "", nil, nil)
	}
	ix.meter.expired.Add(int64(n))
	return n, nil
}

// Sync makes all that was added and removed before it was called durable: it
// survives the death of the process and, as far as the disk keeps its promises,
// of the machine. Many goroutines that add one document each and sync share one
// write.
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

// Query returns the documents that match the signature by estimate, the best
// first, and of those that match equally the first that was added first. The
// error wraps [ErrMismatch] if the signature is of another scheme.
func (ix *Index) Query(ctx context.Context, sig minhash.Signature) ([]lsh.Match, error) {
	return ix.Search(ctx, sig, lsh.SearchOptions{})
}

// Search is [Index.Query] with options, which mean what they mean to
// [lsh.Index.Search], but for the bound that a Limit sets: of the documents that
// share a band with the query, the first 1,024 and 8 more for each match asked
// for are looked at. It panics if an option is out of its range.
func (ix *Index) Search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match, error) {
	began := time.Now()
	if o.Limit < 0 {
		panic("disk: negative limit")
	}
	if o.Threshold != 0 && !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("disk: threshold must be above 0 and at most 1")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sc := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(sc)
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if err := ix.usable(); err != nil {
		return nil, err
	}
	p := ix.st.p
	if sig.Scheme() != p.scheme {
		return nil, fmt.Errorf("disk: signature of %v, the index has %v: %w", sig.Scheme(), p.scheme, ErrMismatch)
	}
	threshold := p.threshold
	if o.Threshold != 0 {
		threshold = o.Threshold
	}
	q := makeQuery(p.scheme.K, threshold)
	q.regs, q.set, q.limit = sig.Values(), o.Set, o.Limit
	found, err := ix.st.search(ctx, sc, q)
	if err != nil {
		return nil, ix.wrap(err)
	}
	ix.meter.queried(began, len(found), sc)
	return found, nil
}

// Get returns the document of an id, if there is one.
func (ix *Index) Get(ctx context.Context, id string) (_ Document, _ bool, err error) {
	defer faults(&err)()
	if err := ctx.Err(); err != nil {
		return Document{}, false, err
	}
	ix.mu.Lock() // findID has one buffer
	defer ix.mu.Unlock()
	if err := ix.usable(); err != nil {
		return Document{}, false, err
	}
	row, err := ix.st.findID(id)
	if err != nil || row == noRow {
		return Document{}, false, ix.wrap(err)
	}
	d, err := ix.st.document(row)
	return d, err == nil, ix.wrap(err)
}

// document returns the document of a row.
func (st *store) document(row uint32) (Document, error) {
	var buf []byte
	r, err := st.head(row, &buf)
	if err != nil {
		return Document{}, err
	}
	d := Document{ID: string(r.id), Time: time.UnixMilli(r.time)}
	if d.Signature, err = st.sk.Wrap(appendRegisters(nil, r.regs)); err != nil {
		return Document{}, err
	}
	if r.kind == kindAddSet {
		var bytes []byte
		d.Set, err = st.set(row, &r, make([]uint64, 0, r.set), &bytes)
	}
	return d, err
}

// Len returns the number of documents; 0 once the index is closed.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if ix.st == nil {
		return 0
	}
	return ix.st.live
}

// Scheme returns the scheme of the signatures in the index.
func (ix *Index) Scheme() minhash.Scheme { return ix.p.scheme }

// Threshold returns the least similarity of a match.
func (ix *Index) Threshold() float64 { return ix.p.threshold }

// Banding returns the banding of the index.
func (ix *Index) Banding() lsh.Banding { return ix.p.banding }
