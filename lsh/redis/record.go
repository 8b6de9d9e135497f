package redis

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/shingle"
)

// A record is a document as stored in the server: 1 byte of flags, the time in
// milliseconds since 1970 if there is one (8 bytes), the registers, a uvarint with the
// number of elements, the elements, the id, and 8 bytes of checksum.
type record struct {
	number int64
	until  int64 // number of the document that has just replaced it, if any
	id     string
	regs   []uint32
	set    shingle.Set
	hasSet bool
	ms     int64 // the time; negative if it is not known, as in old records without times
}

// The flags of a record.
const (
	flagSet  = 1
	flagTime = 2
)

func (r *record) marshal() []byte {
	b := []byte{0}
	if r.hasSet {
		b[0] |= flagSet
	}
	if r.ms >= 0 {
		b[0] |= flagTime
		b = binary.LittleEndian.AppendUint64(b, uint64(r.ms))
	}
	for _, v := range r.regs {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.AppendUvarint(b, uint64(len(r.set)))
	for _, v := range r.set {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(b, r.id...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func unmarshalRecord(s string, k int) (*record, error) {
	b := []byte(s)
	if len(b) < 1+4*k+1+8 || xxhash.Sum64(b[:len(b)-8]) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return nil, fmt.Errorf("record of %d bytes is damaged: %w", len(b), disk.ErrCorrupt)
	}
	r := &record{hasSet: b[0]&flagSet != 0, ms: -1}
	timed := b[0]&flagTime != 0
	b = b[1 : len(b)-8]
	if timed && len(b) >= 8+4*k+1 {
		r.ms = int64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	} else if timed {
		return nil, fmt.Errorf("record of %d bytes is too short for a time: %w", len(s), disk.ErrCorrupt)
	}
	for range k {
		r.regs = append(r.regs, binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)/8 {
		return nil, fmt.Errorf("record declares a set of %d elements, more than it holds: %w", n, disk.ErrCorrupt)
	}
	for b = b[size:]; n > 0; n-- {
		r.set = append(r.set, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	r.id = string(b)
	return r, nil
}
