package disk

import (
	"encoding/binary"
	"fmt"
	"path/filepath"

	"github.com/neardup/neardup/internal/wire"
)

const (
	formatVersion = 1
	manifestMagic = "NDmf"
	manifestName  = "MANIFEST"
	lockName      = "LOCK"
)

// A manifest names the files of the index and states how much of the log is in the
// tables of segments. It is replaced as a whole.
type manifest struct {
	params
	log     uint64 // number of the log
	next    uint64 // next unused file number
	rows    uint32 // number of rows in segments
	indexed int64  // offset up to which the log is in segments
	durable int64  // offset up to which the log was durable when the manifest was written
	segs    []manifestSegment
	dead    bitmap // rows of segments that are dead as of indexed
}

type manifestSegment struct {
	number uint64
	hi     uint32 // row after its last; its first is the hi of the previous segment
	size   int64
	toc    int64
}

func (m *manifest) marshal() ([]byte, error) {
	b := wire.AppendHeader(nil, manifestMagic, formatVersion)
	b, err := m.params.append(b)
	if err != nil {
		return nil, err
	}
	for _, v := range []uint64{m.log, m.next, uint64(m.rows), uint64(m.indexed), uint64(m.durable), uint64(len(m.segs))} {
		b = binary.AppendUvarint(b, v)
	}
	for _, s := range m.segs {
		for _, v := range []uint64{s.number, uint64(s.hi), uint64(s.size), uint64(s.toc)} {
			b = binary.AppendUvarint(b, v)
		}
	}
	words := (int(m.rows) + 63) / 64
	dead := append(m.dead[:min(words, len(m.dead)):min(words, len(m.dead))], make(bitmap, words-min(words, len(m.dead)))...)
	b = wire.AppendUint64s(b, dead)
	return wire.AppendChecksum(b, 0), nil
}

func (m *manifest) unmarshal(b []byte) error {
	r, _, err := wire.Open(b, manifestMagic, formatVersion)
	if err != nil {
		return err
	}
	m.params = readParams(r)
	m.log, m.next = r.Uvarint(), r.Uvarint()
	rows, indexed, durable := r.Uvarint(), r.Uvarint(), r.Uvarint()
	if rows >= maxRows || indexed > durable || durable > 1<<62 {
		r.Failf("out of range: %d rows, tables up to offset %d, durable up to offset %d", rows, indexed, durable)
	}
	m.rows, m.indexed, m.durable = uint32(rows), int64(indexed), int64(durable)
	lo := uint64(0)
	for range r.Count(4) {
		number, hi, size, toc := r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Uvarint()
		if hi <= lo || hi > rows || size > 1<<62 || toc >= size || number >= m.next {
			r.Failf("out of range: segment %d with rows up to %d and %d bytes", number, hi, size)
			break
		}
		m.segs = append(m.segs, manifestSegment{number, uint32(hi), int64(size), int64(toc)})
		lo = hi
	}
	if lo != rows && r.Err() == nil {
		r.Failf("segments cover %d rows, want %d", lo, rows)
	}
	words := int((rows + 63) / 64)
	m.dead = r.Uint64s(nil, words)
	if n := len(m.dead); n > 0 && rows%64 != 0 && m.dead[n-1]>>(rows%64) != 0 {
		r.Failf("removed rows follow the last row")
	}
	return r.End()
}

func filePath(dir, name string) string { return filepath.Join(dir, name) }

// writeManifest durably replaces the manifest of a directory. After an error, placed
// reports that the new one may still be in place; then every file that either
// manifest names must stay.
func writeManifest(fsys fileSystem, dir string, m *manifest) (placed bool, err error) {
	b, err := m.marshal()
	if err != nil {
		return false, err
	}
	tmp := filePath(dir, manifestName+".new")
	if err := writeFile(fsys, tmp, b); err != nil {
		return false, err
	}
	// The names of the files in the manifest must be durable before the manifest is.
	if err := fsys.syncDir(dir); err != nil {
		return false, err
	}
	if err := fsys.rename(tmp, filePath(dir, manifestName)); err != nil {
		return true, err
	}
	return true, fsys.syncDir(dir)
}

func readManifest(fsys fileSystem, dir string) (*manifest, error) {
	b, err := readFile(fsys, filePath(dir, manifestName))
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if err := m.unmarshal(b); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	return m, nil
}
