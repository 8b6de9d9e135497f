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
	// What the manifest does not name is removed once its own name is durable.
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
// it had written a manifest.
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
		return fmt.Errorf("%s is there, %s is not: %w", name, manifestName, ErrCorrupt)
	}
	return nil
}

// emptyLog reports whether the file of a log has nothing after its header.
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

// release gives up files and lock.
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

// closingRows is from how many documents in memory on Close writes their tables,
// so that the next Open need not make them again.
const closingRows = 4096

// Close syncs and closes the index. An index that was not closed loses the
// documents that were not synced, and nothing else.
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
		// Damage before this end cannot be an unfinished write.
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

// Recovery describes what [Open] found after the last whole frame of the log.
func (ix *Index) Recovery() Recovery {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.recovery
}
