package seen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
)

// A journal file is a sequence of frames. A frame has a header of 24 bytes,
// little-endian: the magic "nsj1", the length of the payload (4 bytes), the number
// of the frame (8), the CRC-32C of the payload (4), the CRC-32C of the header up to
// there (4). Frames are numbered from 1 across all journals of a filter. The payload
// is one JSON object per line, each an [op]. A frame is written in one piece and
// flushed before any of its operations is acknowledged.
const (
	journalPrefix = "journal-"
	frameMagic    = "nsj1"
	frameHeader   = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends a frame to b.
func appendFrame(b []byte, number uint64, payload []byte) []byte {
	at := len(b)
	b = append(b, frameMagic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, number)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
	return append(b, payload...)
}

// parseFrame returns the number and the payload of the frame at the start of b, and
// whether there is one.
func parseFrame(b []byte) (number uint64, payload []byte, ok bool) {
	if len(b) < frameHeader || string(b[:4]) != frameMagic ||
		crc32.Checksum(b[:frameHeader-4], castagnoli) != binary.LittleEndian.Uint32(b[frameHeader-4:]) {
		return 0, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b[4:]))
	if n > uint64(len(b)-frameHeader) {
		return 0, nil, false
	}
	payload = b[frameHeader : frameHeader+int(n)]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint64(b[8:]), payload, true
}

// readJournal calls f with the payload of each frame. The first frame must have the
// given number. It returns the number of the next frame and the offset at which the
// complete frames end. Bytes after that offset were never acknowledged if no
// complete frame follows; otherwise the journal is damaged.
func readJournal(b []byte, number uint64, f func(payload []byte) error) (next uint64, end int64, err error) {
	at := 0
	for {
		n, payload, ok := parseFrame(b[at:])
		if !ok {
			break
		}
		if n != number {
			return number, int64(at), fmt.Errorf("offset %d: frame %d, want frame %d: %w", at, n, number, boilerplate.ErrCorrupt)
		}
		if err := f(payload); err != nil {
			return number, int64(at), err
		}
		at += frameHeader + len(payload)
		number++
	}
	for rest := at + 1; rest < len(b); rest++ {
		i := bytes.Index(b[rest:], []byte(frameMagic))
		if i < 0 {
			break
		}
		rest += i
		if n, _, ok := parseFrame(b[rest:]); ok && n >= number {
			return number, int64(at), fmt.Errorf("damaged at offset %d, before the intact frame %d at offset %d: %w", at, n, rest, boilerplate.ErrCorrupt)
		}
	}
	return number, int64(at), nil
}

// A journal is open for appending.
type journal struct {
	f      *os.File
	number uint64 // number of the file
	frame  uint64 // number of the next frame
	size   int64
	buf    []byte
}

func journalName(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s%016x", journalPrefix, number))
}

// createJournal makes an empty journal that survives a crash.
func createJournal(dir string, number, frame uint64) (*journal, error) {
	f, err := os.OpenFile(journalName(dir, number), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Sync(), texts.SyncDir(dir)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &journal{f: f, number: number, frame: frame}, nil
}

// openJournal replays a journal and opens it for appending, if it exists.
func openJournal(dir string, number, frame uint64, f func(payload []byte) error) (*journal, error) {
	file, err := os.OpenFile(journalName(dir, number), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	next, end, err := readJournal(b, frame, f)
	if err == nil && end < int64(len(b)) {
		err = errors.Join(file.Truncate(end), file.Sync())
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", journalName(dir, number), err), file.Close())
	}
	return &journal{f: file, number: number, frame: next, size: end}, nil
}

// write writes a frame; sync makes it durable.
func (j *journal) write(payload []byte) error {
	j.buf = appendFrame(j.buf[:0], j.frame, payload)
	n, err := j.f.Write(j.buf)
	j.size += int64(n)
	j.frame++
	return err
}

func (j *journal) sync() error { return j.f.Sync() }

// journals lists the numbers of the journals in a folder, ascending.
func journals(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []uint64
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), journalPrefix); ok {
			if n, err := strconv.ParseUint(digits, 16, 64); err == nil {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all, nil
}

// removeJournals removes the journals below a number.
func removeJournals(dir string, below uint64) error {
	all, err := journals(dir)
	for _, n := range all {
		if n < below {
			if e := os.Remove(journalName(dir, n)); !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}
