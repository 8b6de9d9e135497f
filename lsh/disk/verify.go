package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
)

// Verify reads every byte of the index and checks that every document is found by
// its id, once, and by every band of its signature. It returns an error that wraps
// [ErrCorrupt] and names the place if a byte has changed or a document is not found.
// The index may be used during the call.
//
// Bytes reported by [Index.Recovery] are not an error for Verify: damage to the last
// frame of an index that was not closed looks like an unfinished write.
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
	if err == nil {
		err = ix.st.verifyFiles(ctx, end, ix.opts.ReadOnly)
	}
	if err == nil {
		err = ix.verifyRows(ctx)
	}
	return ix.wrap(err)
}

// verifyFiles checks the files, and the durable part of the log.
func (st *store) verifyFiles(ctx context.Context, end int64, readOnly bool) (err error) {
	defer faults(&err)()
	if _, err := readManifest(st.fsys, st.dir); err != nil {
		return missing(err)
	}
	if err := st.verifyLog(ctx, end); err != nil {
		return fmt.Errorf("%s: %w", logName(st.log.number), err)
	}
	for _, s := range st.segs {
		if err := ctx.Err(); err != nil {
			return err
		}
		// A writer may have removed files that a reader is still reading.
		err := s.verifyFile(st.fsys, filePath(st.dir, segmentName(s.number)))
		if err != nil && !(readOnly && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("%s: %w", segmentName(s.number), missing(err))
		}
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

func (st *store) verifyLog(ctx context.Context, end int64) error {
	want, err := logHeader(st.log.number, st.p)
	if err == nil {
		err = checkLogHeader(st.log.f, want)
	}
	if err != nil {
		return err
	}
	rows := uint32(0)
	at, err := st.log.scan(int64(len(want)), end, func(r *record, off int64, _ []byte) error {
		if r.kind.adds() && off < st.saved.indexed {
			rows++
		}
		return ctx.Err()
	})
	if err == nil && at != end {
		err = ErrCorrupt
	}
	if err != nil {
		return fmt.Errorf("offset %d: %w", at, err)
	}
	if rows != st.saved.rows {
		return fmt.Errorf("the log has %d documents up to offset %d, the tables have %d: %w", rows, st.saved.indexed, st.saved.rows, ErrCorrupt)
	}
	return nil
}

// verifyFile checks the file of a segment, which may also have a copy in memory.
func (s *segment) verifyFile(fsys fileSystem, path string) error {
	f, err := fsys.open(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil && size != s.size {
		err = fmt.Errorf("%d bytes, want %d: %w", size, s.size, ErrCorrupt)
	}
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<10*pageSize)
	for from := 0; from < len(s.sums); {
		pages := min(len(s.sums)-from, len(buf)/pageSize)
		if err := readFull(f, buf[:pages*pageSize], int64(from)*pageSize); err != nil {
			return err
		}
		for i := range pages {
			if xxhash.Sum64(buf[i*pageSize:(i+1)*pageSize]) != s.sums[from+i] {
				return fmt.Errorf("wrong checksum of page %d: %w", from+i, ErrCorrupt)
			}
		}
		from += pages
	}
	tail := make([]byte, s.size-int64(len(s.data)))
	if err := readFull(f, tail, int64(len(s.data))); err != nil {
		return err
	}
	_, _, err = wire.Open(tail, segmentMagic, formatVersion)
	return err
}

func readFull(f file, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = fmt.Errorf("read %d bytes at offset %d, want %d: %w", n, off, len(b), ErrCorrupt)
	}
	return err
}

// verifyRows looks up every document in the tables; the files are not replaced
// meanwhile.
func (ix *Index) verifyRows(ctx context.Context) error {
	v := verifier{st: ix.st}
	v.tg.p = ix.st.p
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		ix.mu.RLock()
		err := ix.usable()
		if err == nil {
			more, err = v.rows(64)
		}
		ix.mu.RUnlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// A verifier compares tables with records, row by row.
type verifier struct {
	st       *store
	row      uint32
	off      int64 // offset of the record of the previous row
	tg       tagger
	tags     []uint32
	regs     []uint32
	same     []uint32
	buf, two []byte
}

// rows checks the next n rows and reports whether there are more.
func (v *verifier) rows(n int) (more bool, err error) {
	defer faults(&err)()
	for ; n > 0 && v.row < v.st.rows; n-- {
		off, ms, err := v.st.at(v.row)
		if err == nil && off <= v.off {
			err = fmt.Errorf("its record is at offset %d, but that of the row before is at %d: %w", off, v.off, ErrCorrupt)
		}
		if err == nil && !v.st.dead.has(v.row) {
			err = v.alive(ms)
		}
		if err != nil {
			return false, fmt.Errorf("row %d: %w", v.row, err)
		}
		v.off = off
		v.row++
	}
	if v.row < v.st.rows {
		return true, nil
	}
	if dead := v.st.dead.count(); v.st.live != int(v.st.rows)-dead {
		return false, fmt.Errorf("%d documents, but %d of %d rows are dead: %w", v.st.live, dead, v.st.rows, ErrCorrupt)
	}
	return false, nil
}

// alive checks a row that is not dead.
func (v *verifier) alive(ms int64) error {
	st, p := v.st, v.st.p
	r, err := st.head(v.row, &v.buf)
	if err != nil {
		return err
	}
	if r.time != ms {
		return fmt.Errorf("time %d in the tables, but %d in the record: %w", ms, r.time, ErrCorrupt)
	}
	id := string(r.id)
	v.regs = appendRegisters(v.regs[:0], r.regs)
	v.tags = v.tg.bandTags(v.tags[:0], v.regs)
	if v.same, err = st.find(v.same[:0], p.idTag(), p.tagOf(id), math.MaxInt); err != nil {
		return err
	}
	found := false
	for _, row := range v.same {
		if row == v.row {
			found = true
			continue
		}
		other, err := st.head(row, &v.two)
		if err != nil {
			return err
		}
		if string(other.id) == id {
			return fmt.Errorf("the id %q is also that of row %d: %w", id, row, ErrCorrupt)
		}
	}
	if !found {
		return fmt.Errorf("the id %q is not in the tables: %w", id, ErrCorrupt)
	}
	// Tables in memory are made from the records that were just read.
	i, ok := st.segmentOf(v.row)
	for k, tag := range v.tags {
		if !ok {
			break
		}
		in, err := st.segs[i].has(k, uint64(tag)<<32|uint64(v.row))
		if err != nil {
			return err
		}
		if !in {
			return fmt.Errorf("%s: missing from table %d: %w", segmentName(st.segs[i].number), k, ErrCorrupt)
		}
	}
	return nil
}

// All yields the documents of the index in the order in which they were added, as of
// the moment of the call. The index may be used during the iteration; only Compact
// waits until the sequence is over. The sequence ends after an error.
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

// Refresh makes a read-only index show the documents that were written since it was
// opened.
func (ix *Index) Refresh(ctx context.Context) error {
	if !ix.opts.ReadOnly {
		return nil // a writer sees everything
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
		return ix.wrap(fmt.Errorf("the folder now contains another index: %w", ErrMismatch))
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
