package shingle

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// The multipliers of the token hash and of the shingle fold. They are odd, with
// about half their bits set and no pattern; all are frozen, see Stability.
const (
	mulLow   = 0x9E3779B97F4A7C15 // first eight bytes of a token
	mulHigh  = 0xD6E8FEB86659FD93 // next eight
	mulMix   = 0xBF58476D1CE4E5B9 // both together, and the finished shingle
	mulEnd   = 0x94D049BB133111EB // the token's last step
	mulStep  = 0xA0761D6478BD642D // from one token of a shingle to the next; 5 mod 8
	mulWidth = 0x8CB92BA72F3D8DD7 // by the number of tokens in a shingle
)

// lower has the bit that tells small ASCII letters from capital ones in every byte.
const lower = 0x2020202020202020

// keep[n] masks the first n of 16 bytes.
var keep [17][2]uint64

func init() {
	for n := range keep {
		for i := range n {
			keep[n][i/8] |= 0xff << (i % 8 * 8)
		}
	}
}

// mix16 hashes a token of n <= 16 bytes: x holds the first eight, y the others,
// little-endian, zeros behind the token. Every byte below 0x80 gets the bit
// that folds case; digits and apostrophes have it, and the zeros become spaces.
func mix16(x, y uint64, n int) uint64 {
	x |= lower &^ (x >> 2)
	y |= lower &^ (y >> 2)
	a := (x + uint64(n)) * mulLow
	b := y * mulHigh
	a ^= a >> 32
	b ^= b >> 29
	h := (a + (b<<19 | b>>45)) * mulMix
	h ^= h >> 32
	h *= mulEnd
	return h ^ h>>29
}

// hashToken hashes buf[start:end]; buf has 16 readable bytes from start.
func hashToken(buf []byte, start, end int) uint64 {
	n := end - start
	if n > 16 {
		return hashLong(buf, start, end)
	}
	b := buf[start : start+16]
	m := &keep[n]
	return mix16(binary.LittleEndian.Uint64(b)&m[0], binary.LittleEndian.Uint64(b[8:])&m[1], n)
}

// hashLong hashes buf[start:end], a token of more than 16 bytes. It folds the
// case of ASCII in place, eight bytes at a time, and so perhaps behind the token.
func hashLong(buf []byte, start, end int) uint64 {
	if b := buf[start:end]; len(b) > 32 || !beyondASCII(b) {
		lowerASCII(buf[start:], end-start)
	}
	return xxhash.Sum64(buf[start:end])
}

// beyondASCII reports whether all of the 16 to 32 bytes of b are from 0x80.
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

// finish turns the sum over n tokens into the hash of their shingle.
func finish(sum uint64, n int) uint64 {
	sum ^= uint64(n) * mulWidth
	sum ^= sum >> 32
	sum *= mulMix
	return sum ^ sum>>29
}

// foldGeneric writes the hashes of the len(toks)-w+1 shingles of w tokens.
// The hash of a shingle is a polynomial in mulStep over the hashes of its
// tokens, modulo 2^64, finished: it rolls from one shingle to the next.
func foldGeneric(dst, toks []uint64, w int) {
	var sum uint64
	first := uint64(1) // mulStep to the power of w
	for _, t := range toks[:w-1] {
		sum = sum*mulStep + t
		first *= mulStep
	}
	first *= mulStep
	dst = dst[:len(toks)-w+1]
	last := toks[w-1:][:len(dst)]
	var gone uint64
	for i := range dst {
		sum = sum*mulStep + last[i] - gone*first
		gone = toks[i]
		dst[i] = finish(sum, w)
	}
}

// occurrence returns the hash of the n-th occurrence, from 0, of a shingle.
func occurrence(h, n uint64) uint64 {
	if n == 0 {
		return h
	}
	h = (h ^ h>>32 + n*mulWidth) * mulEnd
	h ^= h >> 29
	h *= mulMix
	return h ^ h>>32
}
