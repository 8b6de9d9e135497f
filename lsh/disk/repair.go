package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/neardup/neardup/internal/wire"
)

// Repaired describes the work of [Repair]. The zero Repaired describes an index
// without documents that lost nothing.
type Repaired struct {
	Log       string // the file that was read
	Records   int    // additions, removals and expiries that were saved
	Documents int    // documents in the new index
	Lost      []Loss // the lost parts, in the order of the file
}

// A Loss is a part of the log that [Repair] could not save.
type Loss struct {
	Offset, Bytes int64
	// ID is the id of a document that lost only its set: the new index has it
	// without one, and compares it by its signature. ID is "" if whole records are
	// lost, because their ids cannot be trusted.
	ID     string
	Reason string
}

// Repair reads the log of the index in a directory, whatever its state, and writes
// everything that is intact to a new index in another directory, which must be empty
// or absent. It never changes the first directory.
//
// Tables and manifest are not needed: tables are rebuilt, and the manifest only
// names the log. A flipped bit loses the record that contains it, and a missing or
// overwritten part of the file loses the records in it. If the lost record is a
// removal or a replacement, the earlier document comes back. The error wraps
// [ErrCorrupt] if there is no log, or if neither its header nor the manifest has the
// parameters of the index.
func Repair(ctx context.Context, dir, to string) (Repaired, error) {
	r, err := repair(ctx, osFS{}, dir, to)
	if err != nil {
		return Repaired{}, fmt.Errorf("disk: repairing %s: %w", dir, err)
	}
	return r, nil
}

func repair(ctx context.Context, fsys fileSystem, dir, to string) (_ Repaired, err error) {
	l, begin, err := findLog(fsys, dir)
	if err != nil {
		return Repaired{}, err
	}
	defer l.f.Close()
	if err := makeDir(fsys, to); err != nil {
		return Repaired{}, err
	}
	if names, err := fsys.names(to); err != nil {
		return Repaired{}, err
	} else if len(names) > 0 {
		return Repaired{}, fmt.Errorf("%s is not empty", to)
	}
	p := l.p
	out, err := openOn(fsys, to, Options{Scheme: p.scheme, Threshold: p.threshold, Banding: p.banding, Seed: p.seed})
	if err != nil {
		return Repaired{}, err
	}
	s := salvage{ctx: ctx, log: l, out: out}
	s.done.Log = logName(l.number)
	err = s.run(begin)
	s.done.Documents = out.Len()
	return s.done, errors.Join(err, out.Close())
}

// findLog opens the log of an index and returns the offset of its first frame. It
// takes the log that the manifest names or, without a manifest, the largest one.
func findLog(fsys fileSystem, dir string) (*log, int64, error) {
	m, merr := readManifest(fsys, dir)
	if merr == nil {
		if l, begin, err := openDamagedLog(fsys, dir, m.log, &m.params); !errors.Is(err, fs.ErrNotExist) {
			return l, begin, err
		}
	}
	names, err := fsys.names(dir)
	if err != nil {
		return nil, 0, err
	}
	var best *log
	var begin, largest int64
	for _, name := range names {
		number, ok := numberOf(name, "documents-", ".log")
		if !ok {
			continue
		}
		l, at, e := openDamagedLog(fsys, dir, number, nil)
		if e != nil {
			err = e
			continue
		}
		size, e := l.f.Size()
		if e != nil || best != nil && size <= largest {
			_ = l.f.Close()
			err = e
			continue
		}
		if best != nil {
			_ = best.f.Close()
		}
		best, begin, largest = l, at, size
	}
	if best == nil {
		if err == nil {
			err = errors.New("no document log was found")
		}
		return nil, 0, fmt.Errorf("%w; %w: the parameters cannot be read: %w", merr, err, ErrCorrupt)
	}
	return best, begin, nil
}

// openDamagedLog opens a log whose header may be damaged, if the parameters are
// known from another file.
func openDamagedLog(fsys fileSystem, dir string, number uint64, known *params) (*log, int64, error) {
	f, err := fsys.open(filePath(dir, logName(number)), false)
	if err != nil {
		return nil, 0, err
	}
	if known != nil {
		head, err := logHeader(number, *known)
		if err != nil {
			_ = f.Close()
			return nil, 0, err
		}
		return &log{f: f, number: number, p: *known}, int64(len(head)), nil
	}
	p, size, err := readLogHeader(f)
	if err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("%s: %w", logName(number), err)
	}
	return &log{f: f, number: number, p: p}, size, nil
}

// readLogHeader returns the parameters in the header of a log, and its size.
func readLogHeader(f file) (params, int64, error) {
	b := make([]byte, 1<<16)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return params{}, 0, err
	}
	if n < 7 {
		return params{}, 0, fmt.Errorf("the file ends within its header, after %d bytes: %w", n, ErrCorrupt)
	}
	size := int(binary.LittleEndian.Uint16(b[5:]))
	r, _, err := wire.Open(b[:min(n, size)], logMagic, formatVersion)
	if err != nil {
		return params{}, 0, err
	}
	_ = r.Bytes(2)
	_ = r.Uvarint()
	p := readParams(r)
	return p, int64(size), r.End()
}

// A salvage saves the records of a log.
type salvage struct {
	ctx  context.Context
	log  *log
	out  *Index
	buf  []byte
	done Repaired
}

func (s *salvage) run(at int64) error {
	size, err := s.log.f.Size()
	if err != nil {
		return err
	}
	for at < size {
		_, n, err := s.log.frameAt(at, size)
		if err != nil {
			return err
		}
		end := at + frameHead + n
		if n == 0 {
			// The header is damaged, or the frame is cut short: there may still be records
			// before the next frame.
			if end, err = s.log.nextFrame(at, size); err != nil {
				return err
			}
			if end < 0 {
				end = size
			}
		}
		if from := at + frameHead; from < end {
			if s.buf, err = s.log.frame(s.buf[:0], from, end-from); err != nil {
				return err
			}
			if err := s.records(s.buf, from); err != nil {
				return err
			}
		} else {
			s.lose(at, end, "", "incomplete frame header")
		}
		at = end
	}
	return nil
}

func (s *salvage) lose(from, to int64, id, reason string) {
	s.done.Lost = append(s.done.Lost, Loss{Offset: from, Bytes: to - from, ID: id, Reason: reason})
}

// records saves the records in b, which begins at offset off of the log.
func (s *salvage) records(b []byte, off int64) error {
	k := s.log.p.scheme.K
	for at := 0; at < len(b); {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		r, n := wholeHead(b[at:], k)
		if n == 0 {
			next := resume(b, at, k)
			s.lose(off+int64(at), off+int64(next), "", "damaged or unfinished")
			at = next
			continue
		}
		var set []uint64
		if r.kind == kindAddSet {
			raw := b[at+r.head : at+n]
			if checkSet(raw) == nil {
				set = appendSet(make([]uint64, 0, r.set), raw)
			} else {
				s.lose(off+int64(at+r.head), off+int64(at+n), string(r.id), "damaged set")
			}
		}
		if err := s.save(&r, set); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// save applies a record to the new index.
func (s *salvage) save(r *record, set []uint64) (err error) {
	s.done.Records++
	switch r.kind {
	case kindRemove:
		_, err = s.out.Remove(s.ctx, string(r.id))
	case kindExpire:
		_, err = s.out.Expire(s.ctx, time.UnixMilli(r.time))
	default:
		d := Document{ID: string(r.id), Set: set, Time: time.UnixMilli(r.time)}
		if d.Signature, err = s.out.st.sk.Wrap(appendRegisters(nil, r.regs)); err == nil {
			err = s.out.Add(s.ctx, d)
		}
	}
	return err
}

// wholeHead returns the record at the start of b and its size; 0 if its head is
// damaged or b is shorter than the record.
func wholeHead(b []byte, registers int) (record, int) {
	if len(b) < recordLeast {
		return record{}, 0
	}
	r, err := decodeHead(b, registers)
	if err != nil || r.size() > int64(len(b)) {
		return record{}, 0
	}
	return r, int(r.size())
}

// resume returns the offset at which records resume after a damaged one: the first
// offset from which one record follows another up to the end of b. So bytes within
// an id that look like records are not mistaken for records.
func resume(b []byte, damaged, registers int) int {
	bad := map[int]bool{} // offsets from which records do not continue to the end of b
	for at := damaged + 1; at+recordLeast <= len(b); at++ {
		if b[at+9]|b[at+10]|b[at+11] != 0 || b[at+8] < byte(kindAdd) || b[at+8] > byte(kindExpire) {
			continue
		}
		var passed []int
		end := at
		for end < len(b) && !bad[end] {
			_, n := wholeHead(b[end:], registers)
			if n == 0 {
				break
			}
			passed = append(passed, end)
			end += n
		}
		if end == len(b) {
			return at
		}
		for _, p := range passed {
			bad[p] = true
		}
	}
	return len(b)
}
