package disk

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
)

const (
	segmentMagic = "NDix"
	pageSize     = 1024
	rowSize      = 16 // offset and time
)

// A segment has the tables of consecutive rows in a file that never changes:
// for each kind of tag the entries tag<<32|row in ascending order, with a
// directory by the leading bits of the tag; and the offset and the time of each
// row. The file is mapped into memory, and each page is checked when it is first
// looked at.
type segment struct {
	number uint64
	lo, hi uint32 // rows
	size   int64
	data   []byte // whole pages
	full   []byte // what was mapped
	sums   []uint64
	seen   []atomic.Uint64 // pages that were checked
	rows   uint64          // offset of the row table
	tables []segmentTable
}

type segmentTable struct {
	entries, count uint64 // offset and number
	dir            uint64 // offset
	dirBits        int
}

// bytes returns n bytes at off, checked.
func (s *segment) bytes(off, n uint64) ([]byte, error) {
	for p := off / pageSize; p*pageSize < off+n; p++ {
		if s.seen[p/64].Load()>>(p%64)&1 != 0 {
			continue
		}
		if xxhash.Sum64(s.data[p*pageSize:(p+1)*pageSize]) != s.sums[p] {
			return nil, fmt.Errorf("%s: page %d: checksum: %w", segmentName(s.number), p, ErrCorrupt)
		}
		s.seen[p/64].Or(1 << (p % 64))
	}
	return s.data[off : off+n], nil
}

// check checks every page.
func (s *segment) check() error {
	for i := range s.seen {
		s.seen[i].Store(0)
	}
	_, err := s.bytes(0, uint64(len(s.data)))
	return err
}

// row returns offset and time of a row of the segment.
func (s *segment) row(row uint32) (offset uint64, ms int64, err error) {
	b, err := s.bytes(s.rows+uint64(row-s.lo)*rowSize, rowSize)
	if err != nil {
		return 0, 0, err
	}
	return binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint64(b[8:])), nil
}

// find appends the rows with a tag, in ascending order, at most n of them that
// are not dead.
func (s *segment) find(dst []uint32, kind int, tag uint32, n int, dead bitmap) ([]uint32, error) {
	from, to, err := s.bucket(kind, tag)
	if err != nil {
		return dst, err
	}
	return s.scan(dst, kind, tag, from, to, n, dead)
}

// A span is the entries of a table that may have a tag.
type span struct{ from, to uint64 }

// findBands is find for the tags of all bands. left says how many rows of each
// are wanted, and is reduced by those that were found. Buckets are looked up for
// all bands before any is read, so that a processor waits for many of them at once.
func (s *segment) findBands(dst []uint32, tags []uint32, left []int, spans []span, dead bitmap) ([]uint32, error) {
	for k, tag := range tags {
		from, to, err := s.bucket(k, tag)
		if err != nil {
			return dst, err
		}
		spans[k] = span{from, to}
	}
	for k, tag := range tags {
		n := len(dst)
		var err error
		if dst, err = s.scan(dst, k, tag, spans[k].from, spans[k].to, left[k], dead); err != nil {
			return dst, err
		}
		left[k] -= len(dst) - n
	}
	return dst, nil
}

// bucket returns the entries of a table that begin like a tag.
func (s *segment) bucket(kind int, tag uint32) (from, to uint64, err error) {
	t := &s.tables[kind]
	b, err := s.bytes(t.dir+4*uint64(prefix(tag, t.dirBits)), 8)
	if err != nil {
		return 0, 0, err
	}
	from, to = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	if from > to || to > t.count {
		return 0, 0, fmt.Errorf("%s: directory of table %d: %w", segmentName(s.number), kind, ErrCorrupt)
	}
	return from, to, nil
}

// scan appends the rows with a tag among entries of a table.
func (s *segment) scan(dst []uint32, kind int, tag uint32, from, to uint64, n int, dead bitmap) ([]uint32, error) {
	t := &s.tables[kind]
	end := to
	// The tag begins at the first entry that is not below tag<<32.
	for to-from > 16 {
		mid := (from + to) / 2
		b, err := s.bytes(t.entries+8*mid, 8)
		if err != nil {
			return dst, err
		}
		if binary.LittleEndian.Uint64(b) < uint64(tag)<<32 {
			from = mid + 1
		} else {
			to = mid
		}
	}
	const step = 64
	for ; from < end && n > 0; from += step {
		b, err := s.bytes(t.entries+8*from, 8*min(step, end-from))
		if err != nil {
			return dst, err
		}
		for ; len(b) > 0 && n > 0; b = b[8:] {
			e := binary.LittleEndian.Uint64(b)
			if uint32(e>>32) > tag {
				return dst, nil
			}
			if row := uint32(e); uint32(e>>32) == tag && !dead.has(row) {
				if row < s.lo || row >= s.hi {
					return dst, fmt.Errorf("%s: row %d in table %d: %w", segmentName(s.number), row, kind, ErrCorrupt)
				}
				dst = append(dst, row)
				n--
			}
		}
	}
	return dst, nil
}

func prefix(tag uint32, dirBits int) uint32 { return uint32(uint64(tag) << dirBits >> 32) }

func segmentName(number uint64) string { return fmt.Sprintf("tables-%06d.idx", number) }

// openSegment opens the file of a segment that the manifest describes.
func openSegment(path string, s *segment, toc int64, width int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %w", segmentName(s.number), fmt.Sprintf(format, args...), ErrCorrupt)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != s.size || toc <= 0 || toc%pageSize != 0 || toc >= s.size {
		return fail("%d bytes, %d of them tables, should be %d", info.Size(), toc, s.size)
	}
	tail := make([]byte, s.size-toc)
	if _, err := f.ReadAt(tail, toc); err != nil {
		return err
	}
	r, _, err := wire.Open(tail, segmentMagic, formatVersion)
	if err != nil {
		return fmt.Errorf("%s: %w", segmentName(s.number), err)
	}
	number, lo, hi := r.Uvarint(), r.Uvarint(), r.Uvarint()
	s.rows = r.Uvarint()
	ok := number == s.number && lo == uint64(s.lo) && hi == uint64(s.hi) &&
		s.rows <= uint64(toc) && uint64(s.hi-s.lo) <= (uint64(toc)-s.rows)/rowSize
	s.tables = make([]segmentTable, width)
	for i := range s.tables {
		t := segmentTable{r.Uvarint(), r.Uvarint(), r.Uvarint(), int(r.Byte())}
		ok = ok && t.dirBits <= 31 && t.count <= uint64(toc)/8 && t.entries <= uint64(toc)-8*t.count &&
			4<<t.dirBits+4 <= toc && t.dir <= uint64(toc-4<<t.dirBits-4)
		s.tables[i] = t
	}
	pages := r.Count(8)
	s.sums = r.Uint64s(make([]uint64, 0, pages), pages)
	if err := r.End(); err != nil {
		return fmt.Errorf("%s: %w", segmentName(s.number), err)
	}
	if !ok || int64(pages) != toc/pageSize {
		return fail("tables out of their bounds")
	}
	s.seen = make([]atomic.Uint64, (pages+63)/64)
	if s.size > 1<<(bits.UintSize-2) {
		return fmt.Errorf("%s: %d bytes are too many for this processor to map", segmentName(s.number), s.size)
	}
	if s.full, err = mapFile(f, int(s.size)); err != nil {
		return fmt.Errorf("%s: %w", segmentName(s.number), err)
	}
	s.data = s.full[:toc]
	return nil
}

func (s *segment) close() error {
	full := s.full
	s.full, s.data = nil, nil
	if full == nil {
		return nil
	}
	return unmapFile(full)
}

// A segmentWriter writes the file of a segment from front to back.
type segmentWriter struct {
	f    *os.File
	w    *bufio.Writer
	off  uint64
	page []byte // not yet complete
	sums []uint64
	err  error

	s      *segment
	table  segmentTable
	dir    []uint32
	filled int // of dir
}

// newSegmentWriter starts the file of a segment of rows lo to hi.
func newSegmentWriter(dir string, number uint64, lo, hi uint32) (*segmentWriter, error) {
	f, err := os.Create(filePath(dir, segmentName(number)))
	if err != nil {
		return nil, err
	}
	return &segmentWriter{
		f:    f,
		w:    bufio.NewWriterSize(f, 1<<18),
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

// finish makes the file durable and returns the segment, not opened, and where
// its table of contents is.
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

// abandon removes what was written.
func (w *segmentWriter) abandon() {
	_ = w.f.Close()
	_ = os.Remove(w.f.Name())
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

// next returns the next entry, and io.EOF behind the last.
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
