package minhash

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/neardup/neardup/internal/wire"
)

var (
	_ encoding.BinaryAppender    = Packed{}
	_ encoding.BinaryMarshaler   = Packed{}
	_ encoding.BinaryUnmarshaler = (*Packed)(nil)
)

// A Packed signature keeps 8 or 16 bits of each register, a quarter or half of the
// memory. It only estimates similarities: it has no band keys or cardinality and
// cannot be merged. The zero Packed belongs to no scheme and compares with nothing.
//
// Different registers agree in b bits with probability 2^-b; the estimate corrects
// for that (b-bit minwise hashing: Li and König 2010). With P = 2^-b + (1-2^-b)J its
// standard error is at most sqrt(P(1-P)/K)/(1-2^-b): with 16 bits it equals the error
// of whole registers; with 8 bits it is larger by .002 at J = 0 and K = 128, and
// hardly larger for J of .1 and above.
type Packed struct {
	scheme *Scheme
	bits   int
	values []byte // packed registers; empty for the empty set
}

// Pack returns s with 8 or 16 bits per register; it panics if bits is anything
// else. The result shares no memory with s.
func (s Signature) Pack(bits int) Packed {
	if bits != 8 && bits != 16 {
		panic("minhash: Pack: bits must be 8 or 16")
	}
	p := Packed{scheme: s.scheme, bits: bits}
	if s.IsEmpty() {
		return p
	}
	p.values = make([]byte, 0, len(s.values)*bits/8)
	for _, v := range s.values {
		// Neither end of a register is good enough alone: the low bits depend on few
		// bits of the element, and the high ones are seldom set. So all bits are mixed.
		v ^= v >> 15
		v *= 0x2C1B3C6D
		v ^= v >> 12
		v *= 0x297A2D39
		if bits == 8 {
			p.values = append(p.values, byte(v>>24))
		} else {
			p.values = binary.LittleEndian.AppendUint16(p.values, uint16(v>>16))
		}
	}
	return p
}

// Bits returns the number of bits kept per register, 8 or 16.
func (p Packed) Bits() int { return p.bits }

// Scheme returns the scheme of the signature before packing.
func (p Packed) Scheme() Scheme {
	if p.scheme == nil {
		return Scheme{}
	}
	return *p.scheme
}

// IsEmpty reports whether p comes from the empty set.
func (p Packed) IsEmpty() bool { return len(p.values) == 0 }

// Compatible returns nil if the two have the same scheme and number of bits, and
// otherwise an error that wraps [ErrMismatch].
func (p Packed) Compatible(q Packed) error {
	if p.bits == q.bits && (p.scheme == q.scheme || p.Scheme() == q.Scheme()) {
		return nil
	}
	return fmt.Errorf("minhash: %d-bit registers of %v and %d-bit registers of %v: %w", p.bits, p.Scheme(), q.bits, q.Scheme(), ErrMismatch)
}

// Similarity estimates the Jaccard similarity of the two sets; it is 0 when
// either is empty, and 0 where the estimate would be negative. It panics if the
// schemes or the numbers of bits differ: see [Packed.Compatible].
func (p Packed) Similarity(q Packed) float64 {
	if err := p.Compatible(q); err != nil {
		panic(err.Error())
	}
	if p.IsEmpty() || q.IsEmpty() {
		return 0
	}
	var same int
	if p.bits == 8 {
		same = agreeBytes(p.values, q.values)
	} else {
		same = agreePairs(p.values, q.values)
	}
	chance := 1 / float64(uint(1)<<p.bits)
	share := float64(same) / float64(p.scheme.K)
	return max(0, (share-chance)/(1-chance))
}

// agreeBytes counts equal bytes, eight at a time. A byte of x is zero if both agree,
// and its top bit remains set only then.
func agreeBytes(a, b []byte) int {
	const low = 0x7F7F7F7F7F7F7F7F
	n := 0
	for len(a) >= 8 && len(b) >= 8 {
		x := binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b)
		n += bits.OnesCount64(^((x&low + low) | x | low))
		a, b = a[8:], b[8:]
	}
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// agreePairs counts equal pairs of bytes, four at a time.
func agreePairs(a, b []byte) int {
	const low = 0x7FFF7FFF7FFF7FFF
	n := 0
	for len(a) >= 8 && len(b) >= 8 {
		x := binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b)
		n += bits.OnesCount64(^((x&low + low) | x | low))
		a, b = a[8:], b[8:]
	}
	for i := 0; i+1 < len(a); i += 2 {
		if a[i] == b[i] && a[i+1] == b[i+1] {
			n++
		}
	}
	return n
}

// AppendBinary appends the packed signature with its scheme to dst, in the format
// that FORMAT.md describes. It fails only for the zero Packed, with an error that
// wraps [ErrScheme].
func (p Packed) AppendBinary(dst []byte) ([]byte, error) {
	if p.scheme == nil {
		return dst, fmt.Errorf("minhash: the zero Packed has no encoded form: %w", ErrScheme)
	}
	start := len(dst)
	dst = appendHeader(dst, kindPacked, *p.scheme)
	dst = append(append(dst, byte(p.bits)), p.values...)
	return wire.AppendChecksum(dst, start), nil
}

// MarshalBinary returns what [Packed.AppendBinary] appends.
func (p Packed) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary sets p to the encoded packed signature, without keeping data. The
// error wraps [ErrFormat], [ErrVersion] or [ErrCorrupt]; p is then unchanged.
func (p *Packed) UnmarshalBinary(data []byte) error {
	sc, r, err := open(data, kindPacked)
	if err != nil {
		return err
	}
	width := int(r.Byte())
	if r.Err() == nil && width != 8 && width != 16 {
		r.Failf("registers of %d bits, want 8 or 16", width)
	}
	if n := r.Len(); r.Err() == nil && n != 0 && n != sc.K*width/8 {
		r.Failf("%d bytes for %d registers of %d bits", n, sc.K, width)
	}
	values := r.Bytes(r.Len())
	if err := r.End(); err != nil {
		return fmt.Errorf("minhash: %w", err)
	}
	*p = Packed{scheme: &sc, bits: width}
	if len(values) > 0 {
		p.values = append([]byte(nil), values...)
	}
	return nil
}
