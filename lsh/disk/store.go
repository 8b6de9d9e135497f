package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// maxRows bounds the number of rows, counting those that are dead until
// [Index.Compact] takes them away.
const maxRows = math.MaxUint32

const noRow = math.MaxUint32

// A store is the content of an index: a log of records, each document of which
// is a row; tables by which rows are found, in segments and, of the newest rows,
// in memory; and which rows are dead. It has no lock of its own.
type store struct {
	dir string
	p   params
	sk  *minhash.Sketcher
	log *log

	segs   []*segment // of consecutive rows
	frozen *table     // rows behind, on their way to a segment; or nil
	mem    *table     // rows behind
	dead   bitmap
	rows   uint32
	live   int

	// What the manifest is to say once frozen is a segment.
	frozenDead bitmap
	frozenEnd  int64

	saved manifest // as it was last written
	tg    tagger
	tag   []uint32
	buf   []byte
}

func newStore(dir string, p params) (*store, error) {
	sk, err := minhash.ForScheme(p.scheme)
	if err != nil {
		return nil, err
	}
	return &store{
		dir:   dir,
		p:     p,
		sk:    sk,
		mem:   newTable(p.tags(), 0),
		tg:    tagger{p: p},
		saved: manifest{params: p},
	}, nil
}

// createStore makes an index without documents, whose log has the number.
func createStore(dir string, p params, number uint64) (*store, error) {
	st, err := newStore(dir, p)
	if err != nil {
		return nil, err
	}
	if st.log, err = createLog(dir, number, p); err != nil {
		return nil, err
	}
	st.saved.log, st.saved.next = number, number+1
	st.saved.indexed = st.log.pendingBase
	st.saved.durable = st.log.pendingBase
	return st, nil
}

// Recovery says what [Index] found behind the last whole record when it was
// opened, and cut off: what a writer that was killed, or a machine that lost
// its power, had begun to write and never acknowledged.
type Recovery struct {
	File   string
	Offset int64 // where the file was cut
	Bytes  int64 // that were cut off; 0 if nothing was
}

// openStore opens what the manifest describes.
func openStore(dir string, m *manifest, readOnly bool) (*store, Recovery, error) {
	st, err := newStore(dir, m.params)
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
		if err := openSegment(filePath(st.dir, segmentName(ms.number)), s, ms.toc, st.p.tags()); err != nil {
			return Recovery{}, missing(err)
		}
		st.segs = append(st.segs, s)
		lo = ms.hi
	}
	st.rows = m.rows
	st.live = int(m.rows)
	for _, w := range st.dead { // which has no bit beyond the rows
		st.live -= bits.OnesCount64(w)
	}
	st.mem = newTable(st.p.tags(), st.rows)
	var begin int64
	var err error
	if st.log, begin, err = openLog(st.dir, m.log, m.params, readOnly); err != nil {
		return Recovery{}, missing(err)
	}
	if m.indexed < begin {
		return Recovery{}, fmt.Errorf("%s: tables up to %d, the log begins at %d: %w", manifestName, m.indexed, begin, ErrCorrupt)
	}
	return st.replay(readOnly)
}

// missing says that a file which the manifest names is gone.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", err, ErrCorrupt)
	}
	return err
}

// replay applies the records behind those in segments.
func (st *store) replay(readOnly bool) (Recovery, error) {
	name := logName(st.log.number)
	info, err := st.log.f.Stat()
	if err != nil {
		return Recovery{}, err
	}
	size := info.Size()
	st.log.reset(size)
	end, err := st.log.scan(st.saved.indexed, size, func(r *record, off int64, _ []byte) error {
		return st.apply(r, off)
	})
	if err != nil {
		return Recovery{}, fmt.Errorf("%s: offset %d: %w", name, end, err)
	}
	if end < st.saved.durable {
		return Recovery{}, fmt.Errorf("%s: damaged at offset %d, before its durable end at %d: %w", name, end, st.saved.durable, ErrCorrupt)
	}
	if end == size {
		return Recovery{}, nil
	}
	if more, err := st.log.hasFrame(end+1, size); err != nil {
		return Recovery{}, err
	} else if more && !readOnly {
		return Recovery{}, fmt.Errorf("%s: damaged at offset %d, records behind are whole: %w", name, end, ErrCorrupt)
	}
	st.log.reset(end)
	if readOnly {
		return Recovery{}, nil // a writer may be at it
	}
	if err := st.log.f.Truncate(end); err != nil {
		return Recovery{}, err
	}
	return Recovery{File: name, Offset: end, Bytes: size - end}, st.log.f.Sync()
}

// apply does to the tables what a record of the log says.
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
		return errors.New("more documents than 32 bits can number: see Compact")
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

// expire kills the rows with a time before ms.
func (st *store) expire(ms int64) (int, error) {
	n := 0
	for row := range st.rows {
		if st.dead.has(row) {
			continue
		}
		_, t, err := st.at(row)
		if err != nil {
			return n, err
		}
		if t < ms {
			st.kill(row)
			n++
		}
	}
	return n, nil
}

// at returns offset and time of a row.
func (st *store) at(row uint32) (off, ms int64, err error) {
	for _, t := range []*table{st.mem, st.frozen} {
		if t != nil && row >= t.base {
			return int64(t.offsets[row-t.base]), t.times[row-t.base], nil
		}
	}
	i, _ := slices.BinarySearchFunc(st.segs, row, func(s *segment, row uint32) int {
		if s.hi <= row {
			return -1
		}
		return 1
	})
	u, ms, err := st.segs[i].row(row)
	return int64(u), ms, err
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

// head returns the record of a row without its set, in memory of buf.
func (st *store) head(row uint32, buf *[]byte) (record, error) {
	off, _, err := st.at(row)
	if err != nil {
		return record{}, err
	}
	r, err := st.headAt(off, buf)
	if err == nil && !r.kind.adds() {
		err = fmt.Errorf("row %d is no document: %w", row, ErrCorrupt)
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
		return record{}, fmt.Errorf("%d bytes: %w", len(b), ErrCorrupt)
	}
	return decodeHead(b, registers)
}

// set returns the set of the record of a row, in memory of buf and dst.
func (st *store) set(row uint32, r *record, dst []uint64, buf *[]byte) ([]uint64, error) {
	if r.kind != kindAddSet {
		return nil, nil
	}
	off, _, err := st.at(row)
	if err != nil {
		return nil, err
	}
	off += int64(r.head)
	n := 8*r.set + 8
	*buf = slices.Grow((*buf)[:0], n)[:n]
	got, err := st.log.read(*buf, off)
	if err == nil && got < n {
		err = fmt.Errorf("%d bytes of a set: %w", got, ErrCorrupt)
	}
	if err == nil {
		err = checkSet(*buf)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: offset %d: %w", logName(st.log.number), off, err)
	}
	return appendSet(dst, *buf), nil
}

// tidy removes the files of a directory that the manifest does not name.
func (st *store) tidy() {
	keep := map[string]bool{logName(st.saved.log): true}
	for _, s := range st.saved.segs {
		keep[segmentName(s.number)] = true
	}
	for _, pattern := range []string{"documents-*.log", "tables-*.idx", manifestName + ".new"} {
		names, _ := filepath.Glob(filePath(globQuote(st.dir), pattern))
		for _, name := range names {
			if !keep[filepath.Base(name)] {
				_ = os.Remove(name) // on some systems not while a reader has it open
			}
		}
	}
}

// globQuote escapes what filepath.Glob would take for a pattern.
func globQuote(dir string) string {
	var b []byte
	for i := range len(dir) {
		switch c := dir[i]; c {
		case '*', '?', '[':
			b = append(b, '[', c, ']')
		default:
			b = append(b, c)
		}
	}
	return string(b)
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
