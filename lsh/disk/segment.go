package disk

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
)

const (
	segmentMagic = "NDix"
	pageSize     = 1024
	rowSize      = 16 // bytes: the offset and the time of a row
)

// A segment holds the tables of consecutive rows in a file that never changes: for
// each kind of tag the entries tag<<32|row in ascending order, with a directory by
// the leading bits of the tag; and the offset and the time of each row. The file is
// mapped into memory, and each page is checked when it is first read.
type segment struct {
	number uint64
	lo, hi uint32 // rows lo to hi-1
	size   int64
	data   []byte // the pages of the file
	full   []byte // the mapped file
	unmap  func() error
	sums   []uint64
	seen   []atomic.Uint64 // a bit for each page that was checked
	rows   uint64          // offset of the row table
	tables []segmentTable
}

type segmentTable struct {
	entries, count uint64 // offset and number of the entries
	dir            uint64 // offset of the directory
	dirBits        int
}

// bytes returns n checked bytes at off.
func (s *segment) bytes(off, n uint64) ([]byte, error) {
	for p := off / pageSize; p*pageSize < off+n; p++ {
		if s.seen[p/64].Load()>>(p%64)&1 != 0 {
			continue
		}
		if xxhash.Sum64(s.data[p*pageSize:(p+1)*pageSize]) != s.sums[p] {
			return nil, fmt.Errorf("%s: wrong checksum of page %d: %w", segmentName(s.number), p, ErrCorrupt)
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

// row returns the offset and the time of a row of the segment.
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

// A span is a range of table entries that may have a tag.
type span struct{ from, to uint64 }

// findBands does the work of find for the tags of all bands. left is the number of
// rows wanted from each, and is reduced by the rows found. Buckets are looked up for
// all bands before any is read, so that their cache misses overlap.
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

// bucket returns the range of entries of a table whose tags begin with the same bits
// as tag.
func (s *segment) bucket(kind int, tag uint32) (from, to uint64, err error) {
	t := &s.tables[kind]
	b, err := s.bytes(t.dir+4*uint64(prefix(tag, t.dirBits)), 8)
	if err != nil {
		return 0, 0, err
	}
	from, to = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	if from > to || to > t.count {
		return 0, 0, fmt.Errorf("%s: the directory of table %d is out of range: %w", segmentName(s.number), kind, ErrCorrupt)
	}
	return from, to, nil
}

// has reports whether a table has an entry.
func (s *segment) has(kind int, entry uint64) (bool, error) {
	from, to, err := s.bucket(kind, uint32(entry>>32))
	if err != nil {
		return false, err
	}
	for from < to {
		mid := (from + to) / 2
		b, err := s.bytes(s.tables[kind].entries+8*mid, 8)
		if err != nil {
			return false, err
		}
		switch e := binary.LittleEndian.Uint64(b); {
		case e == entry:
			return true, nil
		case e < entry:
			from = mid + 1
		default:
			to = mid
		}
	}
	return false, nil
}

// scan appends the rows with a tag from the entries of a table.
func (s *segment) scan(dst []uint32, kind int, tag uint32, from, to uint64, n int, dead bitmap) ([]uint32, error) {
	t := &s.tables[kind]
	end := to
	// The tag begins at the first entry at or above tag<<32.
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
					return dst, fmt.Errorf("%s: row %d in table %d is outside the segment: %w", segmentName(s.number), row, kind, ErrCorrupt)
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
func openSegment(fsys fileSystem, path string, s *segment, toc int64, width int) error {
	f, err := fsys.open(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %w", segmentName(s.number), fmt.Sprintf(format, args...), ErrCorrupt)
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	if size != s.size || toc <= 0 || toc%pageSize != 0 || toc >= s.size {
		return fail("%d bytes with the table of contents at %d, want %d bytes", size, toc, s.size)
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
		return fail("the table of contents does not match the segment")
	}
	s.seen = make([]atomic.Uint64, (pages+63)/64)
	if s.size > 1<<(bits.UintSize-2) {
		return fmt.Errorf("%s: a file of %d bytes is too large to map on this processor", segmentName(s.number), s.size)
	}
	if s.full, s.unmap, err = f.mapped(int(s.size)); err != nil {
		return fmt.Errorf("%s: %w", segmentName(s.number), err)
	}
	s.data = s.full[:toc]
	return nil
}

func (s *segment) close() error {
	unmap := s.unmap
	s.full, s.data, s.unmap = nil, nil, nil
	if unmap == nil {
		return nil
	}
	return unmap()
}
