package shingle

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// A mixer holds the constants of the token hash and of the shingle fold. The kernels
// access its fields by name.
type mixer struct {
	low   uint64 // multiplies the first eight bytes of a token
	high  uint64 // multiplies the next eight bytes
	mix   uint64 // multiplies the combination of both, and the sum of a shingle
	end   uint64 // multiplies in the last step of the token hash
	step  uint64 // the point at which the polynomial of a shingle is evaluated; 5 mod 8
	width uint64 // multiplies the number of tokens in a shingle
	short uint64 // the longest token, in bytes, that is hashed by multiplying and mixing
	point uint64 // the point at which the polynomial of a longer token is evaluated; 0 selects xxhash
}

// public is the mixer of Shinglers without a seed. The multipliers are odd, with
// about half their bits set and no pattern; all are frozen, see Stability.
var public = mixer{
	low:   0x9E3779B97F4A7C15,
	high:  0xD6E8FEB86659FD93,
	mix:   0xBF58476D1CE4E5B9,
	end:   0x94D049BB133111EB,
	step:  0xA0761D6478BD642D,
	width: 0x8CB92BA72F3D8DD7,
	short: 16,
}

// lower has, in every byte, the bit that distinguishes lower-case ASCII letters from
// capitals.
const lower = 0x2020202020202020

// keep[n] masks the first n of 16 bytes. It has room for any index of five bits.
var keep [32][2]uint64

func init() {
	for n := range 17 {
		for i := range n {
			keep[n][i/8] |= 0xff << (i % 8 * 8)
		}
	}
}

// hash16 hashes a token of n <= 16 bytes: x holds the first eight and y the others,
// little-endian, with zeros after the token. Case is folded by setting a bit in every
// byte below 0x80; digits and apostrophes already have it, and the zeros become
// spaces. The multipliers are those of a mixer, as arguments, so that loops keep them in
// registers.
func hash16(x, y uint64, n uint, low, tail, mix, end uint64) uint64 {
	if (x|y)&high == 0 { // this branch is only for speed
		x |= lower
		y |= lower
	} else {
		x |= lower &^ (x >> 2)
		y |= lower &^ (y >> 2)
	}
	x = (x + uint64(n)) * low
	x ^= x >> 32
	y *= tail
	y ^= y >> 29
	x = (x + (y<<19 | y>>45)) * mix
	x ^= x >> 32
	x *= end
	return x ^ x>>29
}

// hashLong hashes buf[start:end], a token of more than m.short bytes. It folds the
// case of ASCII in place, eight bytes at a time, so it may change bytes after the
// token.
func (m *mixer) hashLong(buf []byte, start, end int) uint64 {
	if b := buf[start:end]; len(b) < 16 || len(b) > 32 || !beyondASCII(b) {
		lowerASCII(buf[start:], end-start)
	}
	if m.point != 0 {
		return m.polynomial(buf[start:end])
	}
	return xxhash.Sum64(buf[start:end])
}

// beyondASCII reports whether all of the 16 to 32 bytes of b are 0x80 or above.
func beyondASCII(b []byte) bool {
	n := len(b)
	w := binary.LittleEndian.Uint64(b) & binary.LittleEndian.Uint64(b[8:]) &
		binary.LittleEndian.Uint64(b[n-16:]) & binary.LittleEndian.Uint64(b[n-8:])
	return w&high == high
}

// lowerASCII folds the case of ASCII in the first n bytes of b and perhaps in
// up to seven more.
func lowerASCII(b []byte, n int) {
	for i := 0; i < n; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		c := w &^ high
		capital := (c + ones*(0x80-'A')) &^ (c + ones*(0x80-'Z'-1)) &^ w & high
		binary.LittleEndian.PutUint64(b[i:], w|capital>>2)
	}
}

// shinglesGeneric writes the hashes of the len(toks)-w+1 shingles of w tokens. The
// hash of a shingle is a polynomial in m.step, modulo 2^64, whose coefficients are
// the hashes of its tokens. It rolls from one shingle to the next. Then the number of
// tokens is added and all bits are mixed.
func shinglesGeneric(dst, toks []uint64, w int, m *mixer) {
	var sum uint64
	step, mix, width := m.step, m.mix, uint64(w)*m.width
	first := uint64(1) // step to the power of w
	for _, t := range toks[:w-1] {
		sum = sum*step + t
		first *= step
	}
	first *= step
	dst = dst[:len(toks)-w+1]
	last := toks[w-1:][:len(dst)]
	toks = toks[:len(dst)]
	var gone uint64
	for i := range dst {
		sum = sum*step + (last[i] - gone)
		gone = toks[i] * first
		h := sum ^ width
		h ^= h >> 32
		h *= mix
		dst[i] = h ^ h>>29
	}
}

// occurrence returns the hash of the n-th occurrence, from 0, of a shingle.
func (m *mixer) occurrence(h, n uint64) uint64 {
	if n == 0 {
		return h
	}
	h = (h ^ h>>32 + n*m.width) * m.end
	h ^= h >> 29
	h *= m.mix
	return h ^ h>>32
}

// A counter gives every occurrence of a shingle its own hash; the zero counter
// leaves hashes unchanged.
type counter struct {
	seen map[uint64]uint64
	mul  *mixer
}

// all replaces each hash by the hash of its occurrence: see element.
func (c counter) all(hashes []uint64) {
	if c.seen == nil {
		return
	}
	for i, h := range hashes {
		hashes[i] = c.element(h)
	}
}

// element counts an occurrence of the shingle with hash h and returns the hash of the
// occurrence.
func (c counter) element(h uint64) uint64 {
	if c.seen == nil {
		return h
	}
	n := c.seen[h]
	c.seen[h] = n + 1
	return c.mul.occurrence(h, n)
}
