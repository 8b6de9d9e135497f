package disk

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
)

// A segmentWriter writes the file of a segment from front to back.
type segmentWriter struct {
	fsys fileSystem
	name string
	f    file
	w    *bufio.Writer
	off  uint64
	page []byte // the page that is being filled
	sums []uint64
	err  error

	s      *segment
	table  segmentTable
	dir    []uint32
	filled int // number of entries of dir that are set
}

// newSegmentWriter starts the file of a segment of rows lo to hi.
func newSegmentWriter(fsys fileSystem, dir string, number uint64, lo, hi uint32) (*segmentWriter, error) {
	name := filePath(dir, segmentName(number))
	f, err := fsys.create(name)
	if err != nil {
		return nil, err
	}
	return &segmentWriter{
		fsys: fsys,
		name: name,
		f:    f,
		w:    bufio.NewWriterSize(&offsetWriter{f: f}, 1<<18),
		page: make([]byte, 0, pageSize),
		s:    &segment{number: number, lo: lo, hi: hi},
	}, nil
}

func (w *segmentWriter) uint64(v uint64) {
	w.page = binary.LittleEndian.AppendUint64(w.page, v)
	w.off += 8
	if len(w.page) == pageSize {
		w.flushPage()
	}
}

func (w *segmentWriter) flushPage() {
	w.sums = append(w.sums, xxhash.Sum64(w.page))
	if _, err := w.w.Write(w.page); w.err == nil {
		w.err = err
	}
	w.page = w.page[:0]
}

// row writes the next row; all rows come before the tables.
func (w *segmentWriter) row(offset uint64, ms int64) {
	w.uint64(offset)
	w.uint64(uint64(ms))
}

// beginTable starts the next table, of about n entries.
func (w *segmentWriter) beginTable(n int) {
	w.table = segmentTable{entries: w.off, dirBits: max(0, bits.Len(uint(n))-3)}
	w.dir = append(w.dir[:0], make([]uint32, 1<<w.table.dirBits+1)...)
	w.filled = 0
}

// entry writes the next entry; they come in ascending order.
func (w *segmentWriter) entry(e uint64) {
	for p := int(prefix(uint32(e>>32), w.table.dirBits)); w.filled <= p; w.filled++ {
		w.dir[w.filled] = uint32(w.table.count)
	}
	w.uint64(e)
	w.table.count++
}

func (w *segmentWriter) endTable() {
	for ; w.filled < len(w.dir); w.filled++ {
		w.dir[w.filled] = uint32(w.table.count)
	}
	w.table.dir = w.off
	for i := 0; i < len(w.dir); i += 2 {
		v := uint64(w.dir[i])
		if i+1 < len(w.dir) {
			v |= uint64(w.dir[i+1]) << 32
		}
		w.uint64(v)
	}
	w.s.tables = append(w.s.tables, w.table)
}

// finish makes the file durable and returns the segment, not yet opened, and the
// location of its table of contents.
func (w *segmentWriter) finish() (*segment, int64, error) {
	for len(w.page) > 0 || w.off == 0 {
		w.uint64(0)
	}
	s := w.s
	toc := wire.AppendHeader(nil, segmentMagic, formatVersion)
	for _, v := range []uint64{s.number, uint64(s.lo), uint64(s.hi), s.rows} {
		toc = binary.AppendUvarint(toc, v)
	}
	for _, t := range s.tables {
		toc = binary.AppendUvarint(toc, t.entries)
		toc = binary.AppendUvarint(toc, t.count)
		toc = binary.AppendUvarint(toc, t.dir)
		toc = append(toc, byte(t.dirBits))
	}
	toc = binary.AppendUvarint(toc, uint64(len(w.sums)))
	toc = wire.AppendUint64s(toc, w.sums)
	toc = wire.AppendChecksum(toc, 0)
	if _, err := w.w.Write(toc); w.err == nil {
		w.err = err
	}
	if err := w.w.Flush(); w.err == nil {
		w.err = err
	}
	if w.err == nil {
		w.err = w.f.Sync()
	}
	if err := w.f.Close(); w.err == nil {
		w.err = err
	}
	s.size = int64(w.off) + int64(len(toc))
	return s, int64(w.off), w.err
}

// abandon removes the file.
func (w *segmentWriter) abandon() {
	_ = w.f.Close()
	_ = w.fsys.remove(w.name)
}

// A merger yields the entries of one kind of several segments in ascending order.
type merger struct {
	heads []uint64
	parts []mergePart
}

type mergePart struct {
	s        *segment
	at, left uint64
}

func newMerger(segs []*segment, kind int) (*merger, error) {
	m := &merger{}
	for _, s := range segs {
		t := s.tables[kind]
		m.parts = append(m.parts, mergePart{s, t.entries, t.count})
		m.heads = append(m.heads, 0)
		if err := m.advance(len(m.parts) - 1); err != nil && err != io.EOF {
			return nil, err
		}
	}
	return m, nil
}

const noEntry = ^uint64(0)

func (m *merger) advance(i int) error {
	p := &m.parts[i]
	if p.left == 0 {
		m.heads[i] = noEntry
		return io.EOF
	}
	b, err := p.s.bytes(p.at, 8)
	if err != nil {
		return err
	}
	m.heads[i] = binary.LittleEndian.Uint64(b)
	p.at += 8
	p.left--
	return nil
}

// next returns the next entry, and io.EOF after the last.
func (m *merger) next() (uint64, error) {
	best := -1
	for i, h := range m.heads {
		if (best < 0 || h < m.heads[best]) && (h != noEntry || m.parts[i].left > 0) {
			best = i
		}
	}
	if best < 0 {
		return 0, io.EOF
	}
	e := m.heads[best]
	if err := m.advance(best); err != nil && err != io.EOF {
		return 0, err
	}
	return e, nil
}
