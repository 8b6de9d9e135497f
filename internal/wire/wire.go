// Package wire holds the few primitives that the file formats of this module
// share: an appender and a reader of little-endian integers, counted bytes and
// a checksummed envelope. The reader knows how many bytes remain, so a declared
// length is checked before anything is allocated for it.
//
// An envelope is
//
//	magic     4 bytes
//	version   uvarint
//	payload   as the format defines
//	checksum  8 bytes, little-endian: XXH64 with seed 0 of all the bytes before it
//
// A uvarint is the varint of encoding/binary in its shortest form; a longer
// form is refused, so that a value has one encoding.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// The errors that the packages of this module export under their own names
// (minhash.ErrFormat is wire.ErrFormat), always wrapped.
var (
	// ErrFormat is the error for bytes in an entirely different format.
	ErrFormat = errors.New("not in this format")
	// ErrVersion is the error for a version that this code cannot read.
	ErrVersion = errors.New("unknown format version")
	// ErrCorrupt is the error for bytes that are damaged, cut short or inconsistent.
	ErrCorrupt = errors.New("corrupt data")
	// ErrMismatch is the error for two things that cannot be compared because of how
	// they were made.
	ErrMismatch = errors.New("schemes do not match")
)

// sumSize is the length of the checksum that ends an envelope.
const sumSize = 8

// AppendHeader appends the start of an envelope to dst. It panics unless magic
// has four bytes.
func AppendHeader(dst []byte, magic string, version uint64) []byte {
	if len(magic) != 4 {
		panic("wire: the magic must have four bytes")
	}
	return binary.AppendUvarint(append(dst, magic...), version)
}

// AppendChecksum ends the envelope that began at dst[start].
func AppendChecksum(dst []byte, start int) []byte {
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
}

// AppendString appends the length of s as a uvarint, then s.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendUint32s appends v, four little-endian bytes each, without a count.
func AppendUint32s(dst []byte, v []uint32) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint32(dst, x)
	}
	return dst
}

// AppendUint64s appends v, eight little-endian bytes each, without a count.
func AppendUint64s(dst []byte, v []uint64) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint64(dst, x)
	}
	return dst
}

// Open checks magic, version and checksum of the envelope in data, which must be all
// of data, and returns a Reader of the payload and the version. A version that is 0
// or above newest gives an ErrVersion, even if the checksum is wrong, because a later
// version may end differently.
func Open(data []byte, magic string, newest uint64) (*Reader, uint64, error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, 0, fmt.Errorf("no %q at the start: %w", magic, ErrFormat)
	}
	r := &Reader{rest: data[len(magic):]}
	version := r.Uvarint()
	switch {
	case r.err != nil:
		return nil, 0, r.err
	case version == 0 || version > newest:
		return nil, 0, fmt.Errorf("version %d, but the newest known version is %d: %w", version, newest, ErrVersion)
	case len(r.rest) < sumSize:
		return nil, 0, fmt.Errorf("only %d bytes are left for the checksum: %w", len(r.rest), ErrCorrupt)
	}
	body := data[:len(data)-sumSize]
	if got, want := xxhash.Sum64(body), binary.LittleEndian.Uint64(data[len(body):]); got != want {
		return nil, 0, fmt.Errorf("the checksum is %016x, but %016x is stored: %w", got, want, ErrCorrupt)
	}
	r.rest = r.rest[:len(r.rest)-sumSize]
	return r, version, nil
}

// A Reader takes values from the front of a slice of bytes. After the first failure
// every read returns the zero value and [Reader.Err] returns the error, so a decoder
// may read on and check once. A Reader never allocates more than a fixed multiple of
// the bytes present.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a Reader of data, which it does not copy.
func NewReader(data []byte) *Reader { return &Reader{rest: data} }

// Err returns the first failure, which wraps [ErrCorrupt], or nil.
func (r *Reader) Err() error { return r.err }

// Len returns the number of bytes not yet read.
func (r *Reader) Len() int { return len(r.rest) }

// Rest returns the bytes not yet read, without consuming them; it is empty after a
// failure.
func (r *Reader) Rest() []byte {
	if r.err != nil {
		return nil
	}
	return r.rest
}

// Fail records an error that the caller supplies, unless there already is one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
		r.rest = nil
	}
}

// Failf records an inconsistency that the caller found; it wraps [ErrCorrupt].
func (r *Reader) Failf(format string, args ...any) {
	r.Fail(fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrCorrupt))
}

// Bytes returns the next n bytes, not a copy.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.rest) {
		r.Failf("%d bytes expected, but only %d are left", n, len(r.rest))
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Byte returns the next byte.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint32 returns the next four bytes as a little-endian number.
func (r *Reader) Uint32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 returns the next eight bytes as a little-endian number.
func (r *Reader) Uint64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Uvarint returns the next uvarint; one that is truncated, too large for 64 bits or
// longer than necessary is a failure.
func (r *Reader) Uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.Failf("malformed number")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Count returns the next uvarint as the number of items that follow, each of at
// least size bytes; a count that the remaining bytes cannot hold is a failure.
// It panics if size is below 1.
func (r *Reader) Count(size int) int {
	if size < 1 {
		panic("wire: Count: the size must be at least 1")
	}
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Failf("%d items of %d bytes declared, but only %d bytes are left", n, size, len(r.rest))
		return 0
	}
	return int(n)
}

// String returns the next counted string.
func (r *Reader) String() string { return string(r.Bytes(r.Count(1))) }

// Uint32s appends the next n little-endian 32-bit numbers to dst.
func (r *Reader) Uint32s(dst []uint32, n int) []uint32 {
	if n < 0 || n > len(r.rest)/4 {
		r.Failf("%d numbers of 4 bytes expected, but only %d bytes are left", n, len(r.rest))
		return dst
	}
	for b := r.Bytes(4 * n); len(b) > 0; b = b[4:] {
		dst = append(dst, binary.LittleEndian.Uint32(b))
	}
	return dst
}

// Uint64s appends the next n little-endian 64-bit numbers to dst.
func (r *Reader) Uint64s(dst []uint64, n int) []uint64 {
	if n < 0 || n > len(r.rest)/8 {
		r.Failf("%d numbers of 8 bytes expected, but only %d bytes are left", n, len(r.rest))
		return dst
	}
	for b := r.Bytes(8 * n); len(b) > 0; b = b[8:] {
		dst = append(dst, binary.LittleEndian.Uint64(b))
	}
	return dst
}

// End returns [Reader.Err], or a failure if bytes are left over.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		r.Failf("%d stray bytes at the end", len(r.rest))
	}
	return r.err
}
