package disk

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
)

const (
	logMagic  = "NDlg"
	frameHead = 32
	// maxFrame is the largest number of bytes that wait in memory to be synced.
	maxFrame = 8 << 20
)

var frameMagic = [4]byte{'N', 'D', 'f', 'r'}

func logName(number uint64) string { return fmt.Sprintf("documents-%06d.log", number) }

// A log is the file that holds all records. It begins with an envelope that holds
// the parameters of the index. Frames follow, each written and synced as one:
//
//	4 bytes  "NDfr"
//	4 bytes  number of records
//	8 bytes  size of the records
//	8 bytes  offset of the frame in the file
//	8 bytes  checksum: XXH64 of the 24 bytes before, seeded by the seed of the index
//	         the records
//
// A frame is written when all frames before it are durable. So a frame that is not
// whole is the last one, or the file is damaged.
type log struct {
	f      file
	number uint64
	p      params

	// Bytes from base on are in memory: writing is on its way to the file, and pending
	// will be synced later. Each begins with room for the head of a frame.
	writing, pending         []byte
	writingBase, pendingBase int64
	records                  uint32 // number of records in pending
	spare                    []byte
}

// logHeader returns the envelope of a log; the payload begins with the size of the
// whole envelope, as two bytes.
func logHeader(number uint64, p params) ([]byte, error) {
	b := wire.AppendHeader(nil, logMagic, formatVersion)
	at := len(b)
	b = append(b, 0, 0)
	b = binary.AppendUvarint(b, number)
	b, err := p.append(b)
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint16(b[at:], uint16(len(b)+8))
	return wire.AppendChecksum(b, 0), nil
}

// createLog creates a log; its content is durable, but not its name.
func createLog(fsys fileSystem, dir string, number uint64, p params) (*log, error) {
	b, err := logHeader(number, p)
	if err != nil {
		return nil, err
	}
	f, err := fsys.create(filePath(dir, logName(number)))
	if err != nil {
		return nil, err
	}
	if _, err = f.WriteAt(b, 0); err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	l := &log{f: f, number: number, p: p}
	l.reset(int64(len(b)))
	return l, nil
}

// openLog opens a log and returns the offset of its first frame.
func openLog(fsys fileSystem, dir string, number uint64, p params, readOnly bool) (*log, int64, error) {
	f, err := fsys.open(filePath(dir, logName(number)), !readOnly)
	if err != nil {
		return nil, 0, err
	}
	want, err := logHeader(number, p)
	if err == nil {
		err = checkLogHeader(f, want)
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("%s: %w", logName(number), err)
	}
	return &log{f: f, number: number, p: p}, int64(len(want)), nil
}

// checkLogHeader checks that the header of a log is the one in the manifest.
func checkLogHeader(f file, want []byte) error {
	got := make([]byte, len(want))
	if n, err := f.ReadAt(got, 0); err != nil && err != io.EOF {
		return err
	} else if n < len(want) {
		return fmt.Errorf("the file ends within its header, after %d bytes: %w", n, ErrCorrupt)
	}
	if string(got) == string(want) {
		return nil
	}
	if _, _, err := wire.Open(got, logMagic, formatVersion); err != nil {
		return err
	}
	return fmt.Errorf("the log belongs to a different index than the manifest: %w", ErrCorrupt)
}

// reset sets the end of the log to end, with no record pending.
func (l *log) reset(end int64) {
	l.writing, l.pendingBase, l.records = nil, end, 0
	l.pending = append(l.pending[:0], make([]byte, frameHead)...)
}

// end returns the offset of the next record.
func (l *log) end() int64 { return l.pendingBase + int64(len(l.pending)) }

// cut takes the pending records as a frame and returns it with the offset to write
// it at, or nil if no record is pending. Pass the frame to written.
func (l *log) cut() ([]byte, int64) {
	if l.records == 0 {
		return nil, l.pendingBase
	}
	frame := l.pending
	copy(frame, frameHeader(l.records, len(frame)-frameHead, l.pendingBase, l.p.seed))
	l.writing, l.writingBase = frame, l.pendingBase
	l.pendingBase += int64(len(frame))
	l.pending = append(l.spare[:0], make([]byte, frameHead)...)
	l.spare = nil
	l.records = 0
	return frame, l.writingBase
}

// written notes that a frame that cut returned is in the file.
func (l *log) written(frame []byte) {
	if cap(frame) <= 2*maxFrame {
		l.spare = frame
	}
	l.writing = nil
}

func frameHeader(records uint32, size int, at int64, seed uint64) []byte {
	b := append(make([]byte, 0, frameHead), frameMagic[:]...)
	b = binary.LittleEndian.AppendUint32(b, records)
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	return binary.LittleEndian.AppendUint64(b, frameSum(b, seed))
}

func frameSum(b []byte, seed uint64) uint64 {
	var d xxhash.Digest
	d.ResetWithSeed(seed)
	_, _ = d.Write(b[:24]) // never fails
	return d.Sum64()
}

// parseFrame returns the figures in the header of a frame, if b begins with one for
// the given offset.
func parseFrame(b []byte, at int64, seed uint64) (records uint32, size int64, ok bool) {
	if len(b) < frameHead || [4]byte(b) != frameMagic || frameSum(b, seed) != binary.LittleEndian.Uint64(b[24:]) {
		return 0, 0, false
	}
	size = int64(binary.LittleEndian.Uint64(b[8:]))
	if int64(binary.LittleEndian.Uint64(b[16:])) != at || size <= 0 {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint32(b[4:]), size, true
}

// read fills b from the offset, from memory if the bytes are there, and returns the
// number of bytes read.
func (l *log) read(b []byte, off int64) (int, error) {
	switch {
	case off >= l.pendingBase:
		return copy(b, l.pending[min(int64(len(l.pending)), off-l.pendingBase):]), nil
	case l.writing != nil && off >= l.writingBase:
		return copy(b, l.writing[off-l.writingBase:]), nil
	}
	end := l.pendingBase
	if l.writing != nil {
		end = l.writingBase
	}
	if off < 0 || off >= end {
		return 0, fmt.Errorf("offset %d is outside the log, which ends at %d: %w", off, end, ErrCorrupt)
	}
	n, err := l.f.ReadAt(b[:min(int64(len(b)), end-off)], off)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// scan calls visit for every record of the whole frames between two offsets, and
// returns the end of the last frame.
func (l *log) scan(from, to int64, visit func(r *record, off int64, raw []byte) error) (int64, error) {
	var buf []byte
	for from < to {
		records, size, err := l.frameAt(from, to)
		if err != nil || size == 0 {
			return from, err
		}
		if buf, err = l.frame(buf[:0], from+frameHead, size); err == io.EOF {
			return from, nil
		} else if err != nil {
			return from, err
		}
		if err := checkFrame(buf, records, l.p.scheme.K); err != nil {
			return from, nil
		}
		if err := eachRecord(buf, from+frameHead, l.p.scheme.K, visit); err != nil {
			return from, err
		}
		from += frameHead + size
	}
	return from, nil
}

// frameAt returns the number of records and the size of the frame at an offset; size
// is 0 if no frame there ends at or before to.
func (l *log) frameAt(from, to int64) (records uint32, size int64, err error) {
	var head [frameHead]byte
	n, err := l.f.ReadAt(head[:], from)
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	records, size, ok := parseFrame(head[:n], from, l.p.seed)
	if !ok || size > to-from-frameHead || size > math.MaxInt {
		return 0, 0, nil
	}
	return records, size, nil
}

// frame appends size bytes at the offset to buf, and returns io.EOF if there are
// fewer. It allocates as it reads, not by the declared size.
func (l *log) frame(buf []byte, off, size int64) ([]byte, error) {
	for n := int64(0); n < size; {
		step := min(size-n, max(2<<20, n))
		buf = slices.Grow(buf, int(step))
		got, err := l.f.ReadAt(buf[n:n+step], off+n)
		if int64(got) < step {
			if err == nil {
				err = io.EOF
			}
			return buf, err
		}
		n += step
		buf = buf[:n]
	}
	return buf, nil
}

// checkFrame checks that every record of a frame is whole.
func checkFrame(b []byte, records uint32, registers int) error {
	n := uint32(0)
	err := eachRecord(b, 0, registers, func(r *record, _ int64, raw []byte) error {
		n++
		if r.kind == kindAddSet {
			return checkSet(raw[r.head:])
		}
		return nil
	})
	if err == nil && n != records {
		err = fmt.Errorf("frame has %d records, want %d: %w", n, records, ErrCorrupt)
	}
	return err
}

func eachRecord(b []byte, off int64, registers int, visit func(*record, int64, []byte) error) error {
	for len(b) > 0 {
		if len(b) < recordLeast {
			return fmt.Errorf("%d stray bytes after the last record: %w", len(b), ErrCorrupt)
		}
		r, err := decodeHead(b, registers)
		if err != nil {
			return err
		}
		if r.size() > int64(len(b)) {
			return fmt.Errorf("record of %d bytes, but only %d are left: %w", r.size(), len(b), ErrCorrupt)
		}
		if err := visit(&r, off, b[:r.size()]); err != nil {
			return err
		}
		off += r.size()
		b = b[r.size():]
	}
	return nil
}

// nextFrame returns the offset of the next frame header after the header of a broken
// frame and before another offset, or -1 if there is none. If the header of the
// broken frame is whole, its records are skipped: ids and sets may hold any bytes,
// even bytes that look like a header.
func (l *log) nextFrame(from, to int64) (int64, error) {
	if _, size, err := l.frameAt(from, math.MaxInt64); err != nil {
		return -1, err
	} else if size > 0 {
		if size > to-from-frameHead {
			return -1, nil
		}
		from += frameHead + size
	} else {
		from++
	}
	const step = 1 << 20
	buf := make([]byte, min(step+frameHead, max(0, to-from)))
	for ; from < to; from += step {
		n, err := l.f.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
		if err != nil && err != io.EOF {
			return -1, err
		}
		for i := 0; i+frameHead <= n; i++ {
			if buf[i] == frameMagic[0] {
				if _, _, ok := parseFrame(buf[i:n], from+int64(i), l.p.seed); ok {
					return from + int64(i), nil
				}
			}
		}
	}
	return -1, nil
}

// rewrite writes the bytes between two offsets again, unchanged.
func (l *log) rewrite(from, to int64) error {
	const step = 1 << 20
	buf := make([]byte, min(step, max(0, to-from)))
	for from < to {
		b := buf[:min(int64(len(buf)), to-from)]
		n, err := l.f.ReadAt(b, from)
		if n < len(b) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := l.f.WriteAt(b, from); err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// append adds a record to the pending ones.
func (l *log) append(k kind, ms int64, id string, regs []uint32, set []uint64) {
	l.pending = appendRecord(l.pending, k, ms, id, regs, set)
	l.records++
}
