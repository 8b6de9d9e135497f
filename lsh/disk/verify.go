package disk

import (
	"context"
	"fmt"
	"iter"

	"github.com/neardup/neardup/internal/wire"
)

// Verify reads every byte of the index and returns an error that wraps
// [ErrCorrupt] and says where if any is not as it was written. The index may be
// used meanwhile.
func (ix *Index) Verify(ctx context.Context) error {
	if err := ix.work.enter(ctx); err != nil {
		return err
	}
	defer ix.work.leave()
	ix.mu.RLock()
	err := ix.usable()
	var end int64
	if err == nil {
		end = ix.st.log.pendingBase
		if ix.st.log.writing != nil {
			end = ix.st.log.writingBase
		}
	}
	ix.mu.RUnlock()
	if err != nil {
		return err
	}
	return ix.wrap(ix.st.verify(ctx, end))
}

// verify checks the files, of the log as much as is durable.
func (st *store) verify(ctx context.Context, end int64) (err error) {
	defer faults(&err)()
	if _, err := readManifest(st.fsys, st.dir); err != nil {
		return err
	}
	want, err := logHeader(st.log.number, st.p)
	if err == nil {
		err = checkLogHeader(st.log.f, want)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", logName(st.log.number), err)
	}
	at, err := st.log.scan(int64(len(want)), end, func(*record, int64, []byte) error { return ctx.Err() })
	if err == nil && at != end {
		err = ErrCorrupt
	}
	if err != nil {
		return fmt.Errorf("%s: offset %d: %w", logName(st.log.number), at, err)
	}
	for _, s := range st.segs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
		if _, _, err := wire.Open(s.full[len(s.data):], segmentMagic, formatVersion); err != nil {
			return fmt.Errorf("%s: %w", segmentName(s.number), err)
		}
	}
	return nil
}

// All yields the documents of the index in the order in which they were added,
// as they are at the moment it is called. The index may be used meanwhile, but
// for Compact, which waits until it is over. After an error it ends.
func (ix *Index) All(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		ix.rows.RLock()
		defer ix.rows.RUnlock()
		ix.mu.RLock()
		err := ix.usable()
		var rows uint32
		var dead bitmap
		if err == nil {
			rows, dead = ix.st.rows, append(bitmap{}, ix.st.dead...)
		}
		ix.mu.RUnlock()
		for row := uint32(0); err == nil && row < rows; row++ {
			if dead.has(row) {
				continue
			}
			var d Document
			if d, err = ix.documentOf(ctx, row); err == nil && !yield(d, nil) {
				return
			}
		}
		if err != nil {
			yield(Document{}, ix.wrap(err))
		}
	}
}

func (ix *Index) documentOf(ctx context.Context, row uint32) (_ Document, err error) {
	defer faults(&err)()
	if err := ctx.Err(); err != nil {
		return Document{}, err
	}
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if err := ix.usable(); err != nil {
		return Document{}, err
	}
	return ix.st.document(row)
}

// Refresh makes a read-only index see what has become durable since.
func (ix *Index) Refresh(ctx context.Context) error {
	if !ix.opts.ReadOnly {
		return nil // a writer sees all
	}
	if err := ix.work.enter(ctx); err != nil {
		return err
	}
	defer ix.work.leave()
	st, r, err := openToRead(ix.fsys, ix.dir)
	if err != nil {
		return ix.wrap(err)
	}
	if st.p != ix.p {
		_ = st.close()
		return ix.wrap(fmt.Errorf("another index has taken its place: %w", ErrMismatch))
	}
	ix.mu.Lock()
	old := ix.st
	if old == nil {
		old = st
	} else {
		ix.st, ix.recovery = st, r
	}
	err = ix.usable()
	ix.mu.Unlock()
	if e := old.close(); err == nil {
		err = ix.wrap(e)
	}
	return err
}
