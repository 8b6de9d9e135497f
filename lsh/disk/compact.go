package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Compact rewrites the index without removed, replaced or expired documents and
// frees their space on disk. The index may be used during compaction; other calls
// wait only for the last few documents and while the new files are made durable. It
// needs space for the new files next to the old ones, and 4 bytes of memory per
// document. If the context ends before that, the index is unchanged.
func (ix *Index) Compact(ctx context.Context) error {
	if err := ix.holdRows(ctx); err != nil {
		return err
	}
	defer ix.rows.Unlock()
	if err := ix.work.enter(ctx); err != nil {
		return err
	}
	defer ix.work.leave()
	ix.mu.RLock()
	err := ix.writable()
	ix.mu.RUnlock()
	if err != nil {
		return err
	}
	old := ix.st
	st, err := createStore(old.fsys, old.dir, old.p, old.saved.next)
	if err != nil {
		old.tidy()
		return ix.wrap(err)
	}
	c := copier{ix: ix, from: old, to: st, tableSize: ix.opts.TableSize}
	if placed, err := c.compact(ctx); err != nil {
		_ = st.close()
		if placed {
			// The index on disk is either the old or the new one. The next Open
			// finds out which, and needs the files of both until then.
			return ix.fail(err)
		}
		old.tidy()
		return ix.wrap(err)
	}
	err = old.close()
	st.tidy()
	ix.meter.compactions.Add(1)
	return ix.wrap(err)
}

// holdRows waits until no sequence of [Index.All] is running, and keeps new ones
// waiting. It polls, because a blocking lock would deadlock callers that begin a
// second sequence inside the first.
func (ix *Index) holdRows(ctx context.Context) error {
	for !ix.rows.TryLock() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// Snapshot writes a copy of the current documents to a directory that is empty or
// absent; the copy can be opened like any other index. The index may be used
// meanwhile. Documents that were added but not synced are in the copy, and durable
// there. After an error the directory holds an index that does not open.
func (ix *Index) Snapshot(ctx context.Context, dir string) (err error) {
	if err := ix.work.enter(ctx); err != nil {
		return err
	}
	defer ix.work.leave()
	ix.mu.RLock()
	err = ix.usable()
	ix.mu.RUnlock()
	if err != nil {
		return err
	}
	if err := makeDir(ix.fsys, dir); err != nil {
		return ix.wrap(err)
	}
	names, err := ix.fsys.names(dir)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("snapshot: %s is not empty", dir)
	}
	if err != nil {
		return ix.wrap(err)
	}
	st, err := createStore(ix.fsys, dir, ix.p, 1)
	if err != nil {
		return ix.wrap(err)
	}
	ix.mu.RLock()
	c := copier{ix: ix, from: ix.st, to: st, tableSize: ix.opts.TableSize, dead: slices.Clone(ix.st.dead)}
	rows := ix.st.rows
	ix.mu.RUnlock()
	if c.dead == nil {
		c.dead = bitmap{}
	}
	err = c.rows(ctx, rows)
	if err == nil {
		_, err = c.finish()
	}
	return ix.wrap(errors.Join(err, st.close()))
}

// A copier copies the documents of a store to a new one that nobody else uses yet.
type copier struct {
	ix        *Index
	from, to  *store
	tableSize int
	dead      bitmap   // rows to leave out; nil means the rows that are currently dead
	row       uint32   // the next row to copy
	moved     []uint32 // new row number of each old row
	buf, set  []byte
	reg       []uint32
}

// compact copies all rows and replaces the old store by the new one. After an error,
// placed reports whether the new manifest may be in place: see writeManifest.
func (c *copier) compact(ctx context.Context) (placed bool, err error) {
	// Most rows are copied while writers continue; writers wait only for the last
	// ones.
	for range 4 {
		c.ix.mu.RLock()
		rows := c.from.rows
		c.ix.mu.RUnlock()
		if rows-c.row < 256 {
			break
		}
		if err := c.rows(ctx, rows); err != nil {
			return false, err
		}
	}
	if err := c.flush(); err != nil {
		return false, err
	}
	if err := c.ix.syncing.enter(ctx); err != nil {
		return false, err
	}
	defer c.ix.syncing.leave()
	c.ix.mu.Lock()
	defer c.ix.mu.Unlock()
	if err := c.ix.writable(); err != nil {
		return false, err
	}
	if err := c.span(c.from.rows); err != nil {
		return false, err
	}
	for row, moved := range c.moved {
		if moved != noRow && c.from.dead.has(uint32(row)) {
			c.to.kill(moved)
		}
	}
	if placed, err := c.finish(); err != nil {
		return placed, err
	}
	c.ix.st = c.to
	return true, nil
}

// rows copies the rows before limit, a few at a time under the lock.
func (c *copier) rows(ctx context.Context, to uint32) error {
	const step = 64
	for c.row < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.ix.mu.RLock()
		err := c.span(min(to, c.row+step))
		c.ix.mu.RUnlock()
		if err != nil {
			return err
		}
		if len(c.to.log.pending) >= maxFrame {
			if err := c.write(); err != nil {
				return err
			}
		}
		if c.to.mem.rows() >= c.tableSize {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// span copies the rows before limit under the lock.
func (c *copier) span(to uint32) (err error) {
	defer faults(&err)()
	for ; c.row < to; c.row++ {
		dead := c.from.dead
		if c.dead != nil {
			dead = c.dead
		}
		if dead.has(c.row) {
			c.moved = append(c.moved, noRow)
			continue
		}
		if err := c.copy(c.row); err != nil {
			return err
		}
	}
	return nil
}

// copy copies the bytes of the record of one row.
func (c *copier) copy(row uint32) error {
	r, err := c.from.head(row, &c.buf)
	if err != nil {
		return err
	}
	l, off := c.to.log, c.to.log.end()
	l.pending = append(l.pending, c.buf[:r.head]...)
	if r.kind == kindAddSet {
		if _, err := c.from.set(row, &r, nil, &c.set); err != nil {
			return err
		}
		l.pending = append(l.pending, c.set...)
	}
	l.records++
	c.moved = append(c.moved, c.to.rows)
	c.reg = appendRegisters(c.reg[:0], r.regs)
	c.to.tag = c.to.tg.bandTags(c.to.tag[:0], c.reg)
	return c.to.addRow(off, r.time, c.to.tag, c.to.p.tagOf(string(r.id)))
}

// write writes the pending records; finish syncs them.
func (c *copier) write() error {
	frame, at := c.to.log.cut()
	if frame == nil {
		return nil
	}
	_, err := c.to.log.f.WriteAt(frame, at)
	c.to.log.written(frame)
	return err
}

// flush writes the new tables in memory to a segment.
func (c *copier) flush() error {
	if err := c.write(); err != nil || c.to.mem.rows() == 0 {
		return err
	}
	c.to.freeze()
	s, ms, err := c.to.writeFrozen()
	if err != nil {
		return err
	}
	c.to.segs = append(c.to.segs, s)
	c.to.frozen = nil
	c.to.flushed(ms)
	return nil
}

// finish makes the new store durable and makes it the index of its directory. After
// an error, placed reports whether the new manifest may be in place: see
// writeManifest.
func (c *copier) finish() (placed bool, err error) {
	if err := c.flush(); err != nil {
		return false, err
	}
	if err := c.to.log.f.Sync(); err != nil {
		return false, err
	}
	c.to.saved.dead = slices.Clone(c.to.dead)
	return writeManifest(c.to.fsys, c.to.dir, &c.to.saved)
}
