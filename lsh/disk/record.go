package disk

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/minhash"
)

// A Document is a document as an index stores it.
type Document struct {
	ID        string // any bytes, at most 1 MiB
	Signature minhash.Signature

	// Set, if not nil, is the set from which Signature was made, in any order and with
	// or without repeats; an index returns it in ascending order without repeats. Pairs
	// of documents with sets are judged exactly. It takes 8 bytes per element on disk,
	// and is not needed after the call.
	Set []uint64

	// Time decides what [Index.Expire] removes, in milliseconds since 1970 (earlier
	// ones count as 1970); the zero Time means now. It need not come from a clock:
	// time.UnixMilli(generation) works too.
	Time time.Time
}

const (
	maxID  = 1 << 20
	maxSet = 1 << 28 // elements
)

// A record is one entry of the log:
//
//	bytes
//	4     size of the head: 32 + size of the id + 4*K for an add
//	4     number of elements of the set
//	1     kind
//	3     zeros
//	4     size of the id
//	8     time
//	      id
//	4*K   registers, for an add
//	8     XXH64 of the preceding bytes of the head
//	      for kindAddSet: the elements of the set, 8 bytes each, and their XXH64
type record struct {
	kind kind
	time int64
	id   []byte // shares memory with the decoded bytes, as regs does
	regs []byte // 4*K bytes
	set  int    // number of elements
	head int    // size of the head
}

type kind byte

const (
	kindAdd    kind = 1
	kindAddSet kind = 2
	kindRemove kind = 3
	kindExpire kind = 4 // expires the documents older than the time of the record
)

const (
	recordFixed = 24
	recordLeast = recordFixed + 8
)

func (k kind) adds() bool { return k == kindAdd || k == kindAddSet }

// size returns the size of the whole record.
func (r *record) size() int64 {
	if r.kind == kindAddSet {
		return int64(r.head) + 8*int64(r.set) + 8
	}
	return int64(r.head)
}

// appendRecord appends a record; regs and set are used only for an add.
func appendRecord(dst []byte, k kind, ms int64, id string, regs []uint32, set []uint64) []byte {
	start := len(dst)
	head := recordLeast + len(id) + 4*len(regs)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(head))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(set)))
	dst = append(dst, byte(k), 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(id)))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(ms))
	dst = append(dst, id...)
	for _, v := range regs {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
	if k == kindAddSet {
		start = len(dst)
		for _, v := range set {
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
		dst = binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
	}
	return dst
}

// headSize returns the size of the record head at the start of b, read from its
// first four bytes; 0 if no record with signatures of K registers has a head of that
// size.
func headSize(b []byte, registers int) int {
	n := int64(binary.LittleEndian.Uint32(b))
	if n < recordLeast || n > int64(recordLeast+maxID+4*registers) {
		return 0
	}
	return int(n)
}

// decodeHead decodes the record with the head b.
func decodeHead(b []byte, registers int) (record, error) {
	n := headSize(b, registers)
	if n == 0 || n > len(b) {
		return record{}, fmt.Errorf("record head of %d bytes, but %d are left: %w", n, len(b), ErrCorrupt)
	}
	b = b[:n]
	if xxhash.Sum64(b[:n-8]) != binary.LittleEndian.Uint64(b[n-8:]) {
		return record{}, fmt.Errorf("wrong checksum of a record: %w", ErrCorrupt)
	}
	r := record{
		kind: kind(b[8]),
		time: int64(binary.LittleEndian.Uint64(b[16:])),
		set:  int(min(binary.LittleEndian.Uint32(b[4:]), maxSet+1)),
		head: n,
	}
	ids := int(min(binary.LittleEndian.Uint32(b[12:]), maxID+1))
	want := recordLeast + ids
	if r.kind.adds() {
		want += 4 * registers
	}
	if r.kind < kindAdd || r.kind > kindExpire || want != n || r.set > maxSet || r.kind != kindAddSet && r.set != 0 || b[9]|b[10]|b[11] != 0 {
		return record{}, fmt.Errorf("inconsistent record: %w", ErrCorrupt)
	}
	r.id = b[recordFixed : recordFixed+ids]
	r.regs = b[recordFixed+ids : n-8]
	return r, nil
}

// checkSet verifies the checksum of the bytes of a set and its elements.
func checkSet(b []byte) error {
	n := len(b) - 8
	if n < 0 || xxhash.Sum64(b[:n]) != binary.LittleEndian.Uint64(b[n:]) {
		return fmt.Errorf("wrong checksum of a set: %w", ErrCorrupt)
	}
	return nil
}

// appendSet appends the elements of a set from its bytes with checksum.
func appendSet(dst []uint64, b []byte) []uint64 {
	for b = b[:len(b)-8]; len(b) > 0; b = b[8:] {
		dst = append(dst, binary.LittleEndian.Uint64(b))
	}
	return dst
}

// appendRegisters appends registers from their bytes.
func appendRegisters(dst []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, binary.LittleEndian.Uint32(b))
	}
	return dst
}
