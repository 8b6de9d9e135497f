package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/neardup/neardup/minhash"
)

// maxRows bounds the number of rows, including dead ones until [Index.Compact]
// removes them.
const maxRows = math.MaxUint32

const noRow = math.MaxUint32

// A store is the content of an index: a log of records, in which each document is a
// row; tables for looking up rows, in segments and, for the newest rows, in memory;
// and a list of dead rows. It has no lock itself.
type store struct {
	fsys fileSystem
	dir  string
	p    params
	sk   *minhash.Sketcher
	log  *log

	segs   []*segment // segments of consecutive rows, the first rows of the store
	frozen *table     // tables of the following rows, which are being written to a segment; or nil
	mem    *table     // tables of the rows after those
	dead   bitmap
	rows   uint32
	live   int

	// The fields dead and indexed of the manifest, once frozen has become a segment.
	frozenDead bitmap
	frozenEnd  int64

	saved manifest // the manifest as it was last written
	tg    tagger
	tag   []uint32
	buf   []byte
}

func newStore(fsys fileSystem, dir string, p params) (*store, error) {
	sk, err := minhash.ForScheme(p.scheme)
	if err != nil {
		return nil, err
	}
	return &store{
		fsys:  fsys,
		dir:   dir,
		p:     p,
		sk:    sk,
		mem:   newTable(p.tags(), 0),
		tg:    tagger{p: p},
		saved: manifest{params: p},
	}, nil
}

// createStore makes an index without documents; number is the number of its log.
func createStore(fsys fileSystem, dir string, p params, number uint64) (*store, error) {
	st, err := newStore(fsys, dir, p)
	if err != nil {
		return nil, err
	}
	if st.log, err = createLog(fsys, dir, number, p); err != nil {
		return nil, err
	}
	st.saved.log, st.saved.next = number, number+1
	st.saved.indexed = st.log.pendingBase
	st.saved.durable = st.log.pendingBase
	return st, nil
}

// Recovery describes the bytes that [Open] found after the last whole frame of the
// log: a write that a killed process or a loss of power left unfinished and that was
// never acknowledged. A writer cuts them off; a reader ignores them, since a writer
// may still be writing them.
type Recovery struct {
	File   string
	Offset int64 // where the last whole frame ends
	Bytes  int64 // number of bytes after it; 0 if the log is whole
}

// openStore opens the store that the manifest describes.
func openStore(fsys fileSystem, dir string, m *manifest, readOnly bool) (*store, Recovery, error) {
	st, err := newStore(fsys, dir, m.params)
	if err != nil {
		return nil, Recovery{}, err
	}
	r, err := st.open(m, readOnly)
	if err != nil {
		_ = st.close()
		return nil, Recovery{}, err
	}
	return st, r, nil
}

func (st *store) open(m *manifest, readOnly bool) (Recovery, error) {
	st.saved = *m
	st.dead = slices.Clone(m.dead)
	lo := uint32(0)
	for _, ms := range m.segs {
		s := &segment{number: ms.number, lo: lo, hi: ms.hi, size: ms.size}
		if err := openSegment(st.fsys, filePath(st.dir, segmentName(ms.number)), s, ms.toc, st.p.tags()); err != nil {
			return Recovery{}, missing(err)
		}
		st.segs = append(st.segs, s)
		lo = ms.hi
	}
	st.rows = m.rows
	st.live = int(m.rows) - st.dead.count() // the bitmap has no bits beyond the rows
	st.mem = newTable(st.p.tags(), st.rows)
	var begin int64
	var err error
	if st.log, begin, err = openLog(st.fsys, st.dir, m.log, m.params, readOnly); err != nil {
		return Recovery{}, missing(err)
	}
	if m.indexed < begin {
		return Recovery{}, fmt.Errorf("%s: the tables cover the log up to offset %d, but it begins at %d: %w", manifestName, m.indexed, begin, ErrCorrupt)
	}
	return st.replay(readOnly)
}

// missing reports a missing file that the manifest names as damage.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
	return err
}

// replay applies the records that are not in segments.
func (st *store) replay(readOnly bool) (Recovery, error) {
	l, name := st.log, logName(st.log.number)
	size, err := l.f.Size()
	if err != nil {
		return Recovery{}, err
	}
	if size < st.saved.durable {
		return Recovery{}, fmt.Errorf("%s: the file has %d bytes, but %d were durable: %w", name, size, st.saved.durable, ErrCorrupt)
	}
	l.reset(size)
	end, stuck := st.saved.indexed, int64(-1)
	for {
		end, err = l.scan(end, size, func(r *record, off int64, _ []byte) error { return st.apply(r, off) })
		if err != nil {
			return Recovery{}, fmt.Errorf("%s: offset %d: %w", name, end, err)
		}
		if end == size {
			break
		}
		later, err := l.nextFrame(end, size)
		if err != nil {
			return Recovery{}, err
		}
		if later < 0 {
			break
		}
		// A frame is written once all before it are durable. So a frame that was incomplete
		// when a reader saw it is whole by now, or damaged.
		if !readOnly || end == stuck {
			return Recovery{}, fmt.Errorf("%s: damaged at offset %d, although there is a later frame at %d: %w", name, end, later, ErrCorrupt)
		}
		stuck = end
		if size, err = l.f.Size(); err != nil {
			return Recovery{}, err
		}
		l.reset(max(size, end))
	}
	if end < st.saved.durable {
		return Recovery{}, fmt.Errorf("%s: damaged at offset %d, before its durable end at %d: %w", name, end, st.saved.durable, ErrCorrupt)
	}
	l.reset(end)
	r := Recovery{}
	if end < size {
		r = Recovery{File: name, Offset: end, Bytes: size - end}
	}
	if readOnly {
		return r, nil
	}
	return r, st.settle(end, size)
}

// settle makes the records that replay read from the log durable, before anything is
// added to the log or acknowledged because of them. The process that wrote them may
// have been killed before it synced, or its sync may have failed: systems then treat
// the pages as clean, and sync them only if they are written again.
func (st *store) settle(end, size int64) error {
	l := st.log
	if end == st.saved.durable && end == size {
		return nil // the index was closed, which made everything durable
	}
	if err := l.rewrite(st.saved.durable, end); err != nil {
		return err
	}
	if end < size {
		if err := l.f.Truncate(end); err != nil {
			return err
		}
	}
	return l.f.Sync()
}

// apply adds a record of the log to the tables.
func (st *store) apply(r *record, off int64) error {
	switch {
	case r.kind == kindExpire:
		_, err := st.expire(r.time)
		return err
	case r.kind == kindRemove:
		row, err := st.findID(string(r.id))
		if err == nil && row != noRow {
			st.kill(row)
		}
		return err
	}
	row, err := st.findID(string(r.id))
	if err != nil {
		return err
	}
	if row != noRow {
		st.kill(row)
	}
	st.tg.reg = appendRegisters(st.tg.reg[:0], r.regs)
	st.tag = st.tg.bandTags(st.tag[:0], st.tg.reg)
	return st.addRow(off, r.time, st.tag, st.p.tagOf(string(r.id)))
}

// addRow adds a row whose record is at the offset.
func (st *store) addRow(off, ms int64, tags []uint32, id uint32) error {
	if st.rows >= maxRows {
		return errors.New("too many documents for 32-bit row numbers: see Compact")
	}
	st.mem.add(uint64(off), ms, tags, id)
	st.rows++
	st.live++
	return nil
}

func (st *store) kill(row uint32) {
	st.dead.set(row)
	st.live--
}

// expire kills the rows with a time before ms; after an error it has killed none.
func (st *store) expire(ms int64) (int, error) {
	var old []uint32
	for row := range st.rows {
		if st.dead.has(row) {
			continue
		}
		_, t, err := st.at(row)
		if err != nil {
			return 0, err
		}
		if t < ms {
			old = append(old, row)
		}
	}
	for _, row := range old {
		st.kill(row)
	}
	return len(old), nil
}

// at returns the offset and the time of a row.
func (st *store) at(row uint32) (off, ms int64, err error) {
	for _, t := range []*table{st.mem, st.frozen} {
		if t != nil && row >= t.base {
			return int64(t.offsets[row-t.base]), t.times[row-t.base], nil
		}
	}
	i, ok := st.segmentOf(row)
	if !ok {
		return 0, 0, fmt.Errorf("row %d of %d is in no segment: %w", row, st.rows, ErrCorrupt)
	}
	u, ms, err := st.segs[i].row(row)
	return int64(u), ms, err
}

// segmentOf returns the index of the segment that has a row, if there is one.
func (st *store) segmentOf(row uint32) (int, bool) {
	i, _ := slices.BinarySearchFunc(st.segs, row, func(s *segment, row uint32) int {
		if s.hi <= row {
			return -1
		}
		return 1
	})
	return i, i < len(st.segs)
}

// find appends the rows with a tag, in ascending order, at most n of them that
// are not dead.
func (st *store) find(dst []uint32, kind int, tag uint32, n int) ([]uint32, error) {
	from := len(dst)
	var err error
	for _, s := range st.segs {
		if dst, err = s.find(dst, kind, tag, n-(len(dst)-from), st.dead); err != nil {
			return dst, err
		}
	}
	if st.frozen != nil {
		dst = st.frozen.find(dst, kind, tag, n-(len(dst)-from), st.dead)
	}
	return st.mem.find(dst, kind, tag, n-(len(dst)-from), st.dead), nil
}

// findID returns the row of an id; noRow if there is none.
func (st *store) findID(id string) (uint32, error) {
	rows, err := st.find(nil, st.p.idTag(), st.p.tagOf(id), math.MaxInt)
	if err != nil {
		return noRow, err
	}
	for _, row := range rows {
		r, err := st.head(row, &st.buf)
		if err != nil {
			return noRow, err
		}
		if string(r.id) == id {
			return row, nil
		}
	}
	return noRow, nil
}

// head returns the record of a row without its set, using the memory of buf.
func (st *store) head(row uint32, buf *[]byte) (record, error) {
	off, _, err := st.at(row)
	if err != nil {
		return record{}, err
	}
	r, err := st.headAt(off, buf)
	if err == nil && !r.kind.adds() {
		err = fmt.Errorf("row %d is not a document: %w", row, ErrCorrupt)
	}
	if err != nil {
		return record{}, fmt.Errorf("%s: offset %d: %w", logName(st.log.number), off, err)
	}
	return r, nil
}

func (st *store) headAt(off int64, buf *[]byte) (record, error) {
	registers := st.p.scheme.K
	*buf = slices.Grow((*buf)[:0], recordLeast+4*registers+128)
	b := (*buf)[:recordLeast+4*registers+128]
	n, err := st.log.read(b, off)
	if err != nil {
		return record{}, err
	}
	b = b[:n]
	if n >= 4 {
		if want := headSize(b, registers); want > n {
			*buf = make([]byte, want)
			if n, err = st.log.read(*buf, off); err != nil {
				return record{}, err
			}
			b = (*buf)[:n]
		}
	}
	if len(b) < recordLeast {
		return record{}, fmt.Errorf("the log ends within a record, after %d bytes: %w", len(b), ErrCorrupt)
	}
	return decodeHead(b, registers)
}

// set returns the set of the record of a row, using the memory of buf and dst.
func (st *store) set(row uint32, r *record, dst []uint64, buf *[]byte) ([]uint64, error) {
	if r.kind != kindAddSet {
		return nil, nil
	}
	off, _, err := st.at(row)
	if err != nil {
		return nil, err
	}
	off += int64(r.head)
	// The head is complete, but its size may still exceed the bytes that are left.
	n := r.size() - int64(r.head)
	if left := st.log.end() - off; n > left || n > math.MaxInt {
		return nil, fmt.Errorf("%s: offset %d: set of %d bytes, but %d are left: %w", logName(st.log.number), off, n, left, ErrCorrupt)
	}
	*buf = slices.Grow((*buf)[:0], int(n))[:n]
	got, err := st.log.read(*buf, off)
	if err == nil && int64(got) < n {
		err = fmt.Errorf("set ends after %d bytes: %w", got, ErrCorrupt)
	}
	if err == nil {
		err = checkSet(*buf)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: offset %d: %w", logName(st.log.number), off, err)
	}
	return appendSet(slices.Grow(dst, r.set), *buf), nil
}

// tidy removes the files of an index that the manifest does not name.
func (st *store) tidy() {
	keep := map[string]bool{logName(st.saved.log): true}
	for _, s := range st.saved.segs {
		keep[segmentName(s.number)] = true
	}
	names, _ := st.fsys.names(st.dir)
	for _, name := range names {
		if isIndexFile(name) && !keep[name] {
			_ = st.fsys.remove(filePath(st.dir, name)) // some systems cannot remove it while a reader has it open
		}
	}
}

// isIndexFile reports whether a name belongs to a file that an index creates and
// removes.
func isIndexFile(name string) bool {
	_, isLog := numberOf(name, "documents-", ".log")
	_, isTables := numberOf(name, "tables-", ".idx")
	return isLog || isTables || name == manifestName+".new"
}

// numberOf returns the number in the name of a file.
func numberOf(name, prefix, suffix string) (uint64, bool) {
	s, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	if s, ok = strings.CutSuffix(s, suffix); !ok || len(s) < 6 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

func (st *store) close() error {
	var errs []error
	for _, s := range st.segs {
		errs = append(errs, s.close())
	}
	if st.log != nil {
		errs = append(errs, st.log.f.Close())
	}
	return errors.Join(errs...)
}
