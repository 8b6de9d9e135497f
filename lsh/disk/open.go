package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/neardup/neardup/minhash"
)

// Open opens the index in a directory, and creates it if there is none. The error
// wraps [ErrLocked] if another Index has it open for writing, [ErrMismatch] if the
// options differ from the options of the index, and [ErrFormat], [ErrVersion] or
// [ErrCorrupt] if its files cannot be read. If there is no index, the error wraps
// [fs.ErrNotExist] when the index is opened with ReadOnly or without a Scheme.
//
// Open reads the records that are not in tables yet, by default up to 32,768, and a
// few bytes in every 4 KiB of the rest. [Index.Recovery] describes the bytes that it
// cut off. It panics if an option is out of its range.
func Open(dir string, o Options) (*Index, error) { return openOn(osFS{}, dir, o) }

func openOn(fsys fileSystem, dir string, o Options) (*Index, error) {
	o.check()
	if o.TableSize == 0 {
		o.TableSize = defaultTableSize
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ix := &Index{opts: o, fsys: fsys, dir: dir, syncing: make(gate, 1), work: make(gate, 1)}
	ix.scratch.New = func() any { return new(scratch) }
	var err error
	if o.ReadOnly {
		ix.st, ix.recovery, err = openToRead(fsys, dir)
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

// openToRead opens an index while a writer may be replacing its files.
func openToRead(fsys fileSystem, dir string) (st *store, r Recovery, err error) {
	for range 10 {
		var m *manifest
		if m, err = readManifest(fsys, dir); err != nil {
			return nil, r, err
		}
		if st, r, err = openStore(fsys, dir, m, true); !errors.Is(err, fs.ErrNotExist) {
			return st, r, err
		}
	}
	return nil, r, err
}

func (ix *Index) openToWrite() error {
	if ix.opts.Scheme == (minhash.Scheme{}) {
		ok, err := ix.fsys.exists(filePath(ix.dir, manifestName))
		if err == nil && !ok {
			err = fmt.Errorf("%s: %w (without Options.Scheme no index is created)", manifestName, fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
	}
	ok, err := ix.fsys.exists(ix.dir)
	if err == nil && !ok {
		err = makeDir(ix.fsys, ix.dir)
	}
	if err != nil {
		return err
	}
	if ix.lock, err = ix.fsys.lock(filePath(ix.dir, lockName)); err != nil {
		return err
	}
	m, err := readManifest(ix.fsys, ix.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return ix.create()
	}
	if err != nil {
		return err
	}
	if err := ix.opts.match(m.params); err != nil {
		return err
	}
	// Files that the manifest does not name are removed once the name of the manifest is
	// durable.
	if err := ix.fsys.syncDir(ix.dir); err != nil {
		return err
	}
	if ix.st, ix.recovery, err = openStore(ix.fsys, ix.dir, m, false); err != nil {
		return err
	}
	ix.st.tidy()
	return nil
}

func (ix *Index) create() error {
	if err := makeDir(ix.fsys, ix.dir); err != nil {
		return err
	}
	if err := ix.refuseRemains(); err != nil {
		return err
	}
	p, err := ix.opts.create()
	if err != nil {
		return err
	}
	if ix.st, err = createStore(ix.fsys, ix.dir, p, 1); err != nil {
		return err
	}
	_, err = writeManifest(ix.fsys, ix.dir, &ix.st.saved)
	return err
}

// refuseRemains returns an error if the directory has files of an index that lost
// its manifest. A log without frames does not count: its writer was stopped before
// it wrote a manifest.
func (ix *Index) refuseRemains() error {
	names, err := ix.fsys.names(ix.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isIndexFile(name) || name == manifestName+".new" {
			continue
		}
		if _, ok := numberOf(name, "documents-", ".log"); ok {
			empty, err := emptyLog(ix.fsys, filePath(ix.dir, name))
			if err != nil {
				return err
			}
			if empty {
				continue
			}
		}
		return fmt.Errorf("%s exists, but %s is missing: %w", name, manifestName, ErrCorrupt)
	}
	return nil
}

// emptyLog reports whether a log file has nothing after its header.
func emptyLog(fsys fileSystem, name string) (bool, error) {
	f, err := fsys.open(name, false)
	if err != nil {
		return false, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	head := make([]byte, 7)
	if n, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return false, err
	} else if n == len(head) && string(head[:4]) == logMagic {
		return size <= int64(binary.LittleEndian.Uint16(head[5:])), nil
	}
	return size <= 1<<12, nil // a header that was never durable
}

// release closes the files and releases the lock.
func (ix *Index) release() error {
	var errs []error
	if ix.st != nil {
		errs = append(errs, ix.st.close())
	}
	if ix.lock != nil {
		errs = append(errs, ix.lock.Close())
	}
	return errors.Join(errs...)
}

// closingRows is the minimum number of documents in memory for which Close writes
// tables, so that the next Open need not build them again.
const closingRows = 4096

// Close syncs and closes the index. An index that was not closed loses only the
// documents that were not synced.
func (ix *Index) Close() error {
	ctx := context.Background()
	err := ix.Sync(ctx)
	if ix.opts.ReadOnly && errors.Is(err, ErrReadOnly) {
		err = nil
	}
	ix.work <- struct{}{}
	defer ix.work.leave()
	ix.mu.RLock()
	closed := ix.usable() // not nil if another call has closed the index
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
		// Damage before this offset cannot be an unfinished write.
		if end := ix.st.log.pendingBase; end > ix.st.saved.durable {
			ix.st.saved.durable = end
			_, err = writeManifest(ix.fsys, ix.dir, &ix.st.saved)
		}
	}
	ix.failed = fmt.Errorf("disk: %s: %w", ix.dir, ErrClosed)
	err = errors.Join(err, ix.release())
	ix.st = nil
	return err
}

// Recovery describes the bytes that [Open] found after the last whole frame of the
// log.
func (ix *Index) Recovery() Recovery {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.recovery
}
