package disk

import (
	"context"
	"errors"
	"io"
	"slices"
)

// maintain writes the tables in memory to a segment when they are full, and merges
// segments. If another goroutine is already doing this, it waits only if choked is
// set. If the context ends, it stops, and the next call does the rest.
func (ix *Index) maintain(ctx context.Context, choked bool) error {
	if choked {
		if err := ix.work.enter(ctx); err != nil {
			return err
		}
	} else if !ix.work.tryEnter() {
		return nil
	}
	defer ix.work.leave()
	ix.mu.RLock()
	err := ix.writable()
	full := err == nil && (ix.st.mem.rows() >= ix.opts.TableSize || ix.st.frozen != nil)
	ix.mu.RUnlock()
	if err != nil || !full {
		return err
	}
	if err := ix.flush(ctx); err != nil {
		return ix.fail(err)
	}
	err = ix.merge(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // the document is in the index; merging can wait
	}
	return ix.fail(err)
}

// flush writes the tables in memory to a segment; the caller holds the work gate.
func (ix *Index) flush(ctx context.Context) error {
	if ix.st.frozen == nil {
		if err := ix.freeze(ctx); err != nil {
			return err
		}
	}
	st := ix.st
	s, ms, err := st.writeFrozen()
	if err != nil {
		return err
	}
	ix.mu.Lock()
	st.segs = append(slices.Clip(st.segs), s)
	st.frozen = nil
	ix.mu.Unlock()
	st.flushed(ms)
	ix.meter.flushes.Add(1)
	_, err = writeManifest(st.fsys, st.dir, &st.saved)
	return err
}

// freeze starts new tables in memory at the end of a frame.
func (ix *Index) freeze(ctx context.Context) error {
	if err := ix.syncing.enter(ctx); err != nil {
		return err
	}
	defer ix.syncing.leave()
	ix.mu.Lock()
	if err := ix.writable(); err != nil {
		ix.mu.Unlock()
		return err
	}
	frame, at := ix.st.log.cut()
	ix.st.freeze()
	ix.mu.Unlock()
	return ix.write(frame, at)
}

// freeze starts new tables in memory. All pending records must have been cut.
func (st *store) freeze() {
	st.frozen, st.frozenDead, st.frozenEnd = st.mem, slices.Clone(st.dead), st.log.pendingBase
	st.mem = newTable(st.p.tags(), st.rows)
}

// writeFrozen writes the frozen tables to a segment, and needs no lock.
func (st *store) writeFrozen() (*segment, manifestSegment, error) {
	t := st.frozen
	w, err := newSegmentWriter(st.fsys, st.dir, st.saved.next, t.base, t.base+uint32(t.rows()))
	if err != nil {
		return nil, manifestSegment{}, err
	}
	for i, off := range t.offsets {
		w.row(off, t.times[i])
	}
	var entries []uint64
	for k := range t.width {
		entries = t.entries(entries[:0], k, st.frozenDead)
		w.beginTable(len(entries))
		for _, e := range entries {
			w.entry(e)
		}
		w.endTable()
	}
	return st.adopt(w)
}

// adopt finishes and opens a segment.
func (st *store) adopt(w *segmentWriter) (*segment, manifestSegment, error) {
	s, toc, err := w.finish()
	if err == nil {
		err = openSegment(st.fsys, filePath(st.dir, segmentName(s.number)), s, toc, st.p.tags())
	}
	if err == nil {
		st.saved.next = s.number + 1
	}
	return s, manifestSegment{s.number, s.hi, s.size, toc}, err
}

// flushed records in the manifest that the frozen tables are now a segment.
func (st *store) flushed(ms manifestSegment) {
	m := &st.saved
	m.segs = append(slices.Clip(m.segs), ms)
	m.rows, m.indexed, m.dead = ms.hi, st.frozenEnd, st.frozenDead
	m.durable = max(m.durable, m.indexed)
}

// merge merges segments until there are few.
func (ix *Index) merge(ctx context.Context) error {
	for {
		from := mergeFrom(ix.st.segs)
		if from < 0 {
			return nil
		}
		if err := ix.mergeSegments(ctx, from); err != nil {
			return err
		}
	}
}

// mergeFrom returns the index of the first segment to be merged with all later ones,
// -1 if there is none: the first that has at most one and a half times as many rows
// as all later ones together.
//
// So every segment has more than one and a half times as many rows as all later
// ones, and the number of segments grows with the logarithm of the rows. Whenever a
// row is rewritten, its segment grows by at least two thirds, so the number of
// rewrites per row is logarithmic as well. With ten million rows and tables of
// 32,768 there are at most six segments, and a row is written seven times. More
// segments make queries slower, fewer make adding slower.
func mergeFrom(segs []*segment) int {
	best, after := -1, uint64(0)
	for i := len(segs) - 1; i >= 0; i-- {
		rows := uint64(segs[i].hi - segs[i].lo)
		if 2*rows <= 3*after {
			best = i
		}
		after += rows
	}
	return best
}

// mergeSegments merges all segments from an index on into one; the caller holds the
// work gate. It leaves out only the rows that are dead in the manifest: the
// operations that killed other rows may not be durable yet, and a row that is alive
// after a crash needs its entries.
func (ix *Index) mergeSegments(ctx context.Context, from int) error {
	st := ix.st
	old := st.segs[from:]
	w, err := newSegmentWriter(st.fsys, st.dir, st.saved.next, old[0].lo, old[len(old)-1].hi)
	if err != nil {
		return err
	}
	if err := mergeTables(ctx, w, old, st.p.tags(), st.saved.dead); err != nil {
		w.abandon()
		return err
	}
	s, ms, err := st.adopt(w)
	if err != nil {
		return err
	}
	ix.mu.Lock()
	st.segs = append(slices.Clip(st.segs[:from]), s)
	ix.mu.Unlock() // from here on the old segments are not in use
	st.saved.segs = append(slices.Clip(st.saved.segs[:from]), ms)
	ix.meter.merges.Add(1)
	_, err = writeManifest(st.fsys, st.dir, &st.saved)
	for _, s := range old {
		if e := s.close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return err // the manifest on disk may still name the old segments
	}
	for _, s := range old {
		_ = st.fsys.remove(filePath(st.dir, segmentName(s.number)))
	}
	return nil
}

// mergeTables writes the rows and the tables of segments, without the entries of
// dead rows.
func mergeTables(ctx context.Context, w *segmentWriter, segs []*segment, kinds int, dead bitmap) (err error) {
	defer faults(&err)()
	for _, s := range segs {
		for row := s.lo; row < s.hi; row++ {
			off, ms, err := s.row(row)
			if err != nil {
				return err
			}
			w.row(off, ms)
		}
	}
	for k := range kinds {
		n := 0
		for _, s := range segs {
			n += int(s.tables[k].count)
		}
		m, err := newMerger(segs, k)
		if err != nil {
			return err
		}
		w.beginTable(n)
		for i := 0; ; i++ {
			if i&0xffff == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			e, err := m.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if !dead.has(uint32(e)) {
				w.entry(e)
			}
		}
		w.endTable()
	}
	return w.err
}
