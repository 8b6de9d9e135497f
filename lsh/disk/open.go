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
	"time"

	"github.com/neardup/neardup/minhash"
)

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
