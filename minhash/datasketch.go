package minhash

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/neardup/neardup/internal/wire"
)

// DatasketchHash returns the hash that the Python package datasketch gives to a
// token by default (sha1_hash32: the first four bytes of the SHA-1 digest, in
// little-endian order). The algorithms Affine32 and Legacy make its signatures
// out of these hashes; they look at the low 32 bits of an element alone.
func DatasketchHash(token []byte) uint64 {
	sum := sha1.Sum(token)
	return uint64(binary.LittleEndian.Uint32(sum[:4]))
}

// affine32 sets the parameters that numpy.random.RandomState(seed) draws for
// the scheme "affine32": first all multipliers, then all addends.
func (p *params) affine32(seed uint32) {
	p.fmix32 = true
	p.a, p.b = make([]uint32, p.lanes()), make([]uint32, p.lanes())
	rng := newTwister(seed)
	for i := range p.k {
		p.a[i] = rng.next()<<1 | 1
	}
	for i := range p.k {
		p.b[i] = rng.next()
	}
}

// mixAffine32 is the 32-bit finaliser of MurmurHash3, which datasketch applies
// to a hash before it permutes it.
func mixAffine32(xs, hashes []uint64) {
	xs = xs[:len(hashes)]
	for i, h := range hashes {
		x := uint32(h)
		x ^= x >> 16
		x *= 0x85EBCA6B
		x ^= x >> 13
		x *= 0xC2B2AE35
		xs[i] = uint64(x ^ x>>16)
	}
}

const mersenne61 = 1<<61 - 1

// A legacyPermutation maps h to (a*h + b) mod 2^64 mod 2^61-1 mod 2^32. The
// first modulus is an overflow in datasketch, not intention, and the reason for
// its bias; it is kept to give the same values.
type legacyPermutation struct{ a, b uint64 }

func legacyPermutations(k int, seed uint32) []legacyPermutation {
	rng := newTwister(seed)
	// numpy draws a number up to n by masked rejection.
	draw := func(n uint64) uint64 {
		mask := ^uint64(0) >> bits.LeadingZeros64(n)
		for {
			hi := uint64(rng.next())
			if v := (hi<<32 | uint64(rng.next())) & mask; v <= n {
				return v
			}
		}
	}
	ps := make([]legacyPermutation, k)
	for i := range ps {
		ps[i].a = 1 + draw(mersenne61-2)
		ps[i].b = draw(mersenne61 - 1)
	}
	return ps
}

func updateLegacy(regs []uint32, hashes []uint64, ps []legacyPermutation) {
	for _, h := range hashes {
		h &= 1<<32 - 1
		for i, p := range ps {
			regs[i] = min(regs[i], uint32((p.a*h+p.b)%mersenne61))
		}
	}
}

// twister is MT19937 (Matsumoto and Nishimura 1998), of which numpy's
// RandomState draws.
type twister struct {
	state [624]uint32
	at    int
}

func newTwister(seed uint32) *twister {
	t := &twister{at: 624}
	t.state[0] = seed
	for i := 1; i < len(t.state); i++ {
		prev := t.state[i-1]
		t.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	return t
}

func (t *twister) next() uint32 {
	if t.at == len(t.state) {
		for i := range t.state {
			y := t.state[i]&(1<<31) | t.state[(i+1)%624]&(1<<31-1)
			t.state[i] = t.state[(i+397)%624] ^ y>>1 ^ y&1*0x9908B0DF
		}
		t.at = 0
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9D2C5680
	y ^= y << 15 & 0xEFC60000
	return y ^ y>>18
}

// leanAffine32 is the code of the scheme in the bytes of a LeanMinHash; legacy
// has none, and affine64 another.
const leanAffine32 = 1

// AppendDatasketch appends the bytes that LeanMinHash.serialize of datasketch
// 2.0 writes on a little-endian machine, and that its deserialize reads there.
// They carry neither checksum nor shingling. The error wraps [ErrMismatch]
// unless the algorithm is Affine32 or Legacy.
func (s Signature) AppendDatasketch(dst []byte) ([]byte, error) {
	sc := s.Scheme()
	if sc.Algorithm != Affine32 && sc.Algorithm != Legacy {
		return dst, fmt.Errorf("minhash: datasketch cannot read a signature of %v: %w", sc, ErrMismatch)
	}
	dst = binary.LittleEndian.AppendUint64(dst, sc.Seed)
	if sc.Algorithm == Legacy {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(sc.K))
	} else {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(-sc.K))
		dst = append(dst, leanAffine32, 0, 0, 0)
	}
	return wire.AppendUint32s(dst, s.values), nil
}

// ReadDatasketch returns the signature in the bytes of a LeanMinHash, of scheme
// affine32 or legacy, as serialize writes them on a little-endian machine or
// anywhere with byteorder "<". They do not say what the elements are: shingling
// becomes part of the scheme. The error wraps [ErrVersion] if the scheme is
// another one, and otherwise [ErrCorrupt]; damage to the values goes unseen, as
// there is no checksum.
func ReadDatasketch(data []byte, shingling string) (Signature, error) {
	r := wire.NewReader(data)
	sc := Scheme{Seed: r.Uint64(), Shingling: shingling, Version: schemeVersion}
	switch k := int64(int32(r.Uint32())); {
	case k >= 0:
		sc.Algorithm, sc.K = Legacy, int(k)
	default:
		code := r.Byte()
		if r.Err() == nil && code != leanAffine32 {
			return Signature{}, fmt.Errorf("minhash: LeanMinHash of scheme %d: %w", code, ErrVersion)
		}
		sc.Algorithm, sc.K = Affine32, int(min(-k, maxK+1))
		// In native order the values are aligned; the length tells.
		if r.Len() == 4*sc.K+3 {
			for range 3 {
				if r.Byte() != 0 {
					r.Failf("padding is not zero")
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return Signature{}, fmt.Errorf("minhash: LeanMinHash: %w", err)
	}
	if err := sc.check(); err != nil {
		return Signature{}, fmt.Errorf("minhash: LeanMinHash: %w", err)
	}
	values, err := readValues(r, sc)
	if err != nil {
		return Signature{}, err
	}
	return Signature{&sc, values}, nil
}
