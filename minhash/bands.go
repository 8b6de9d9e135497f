package minhash

import (
	"math/bits"
	"slices"

	"github.com/neardup/neardup/internal/splitmix"
)

// BandKeys appends a key for each of the first bands bands of rows registers to dst:
// two sets whose signatures agree in all registers of a band have the same key for
// it; other signatures share a key only by chance (2^-64). The key depends on the
// number of the band, so keys of all bands may share one table. Without a secret seed
// a hostile author can make texts whose keys collide; with one, the author would have
// to deduce it from the answers. The signature of an empty set has no keys: dst is
// returned unchanged.
//
// It panics if bands or rows is not positive or the signature has fewer than
// bands*rows registers.
func (s Signature) BandKeys(dst []uint64, bands, rows int, seed uint64) []uint64 {
	return BandKeys(dst, s.values, bands, rows, seed)
}

// BandKeys is [Signature.BandKeys] for registers that are stored without their
// scheme.
func BandKeys(dst []uint64, values []uint32, bands, rows int, seed uint64) []uint64 {
	if bands < 1 || rows < 1 || bands > len(values)/rows {
		panic("minhash: BandKeys: bands*rows exceeds the number of registers")
	}
	if isEmpty(values) {
		return dst
	}
	key := makeBandKey(seed)
	n := len(dst)
	dst = slices.Grow(dst, bands)[:n+bands]
	bandKeys(dst[n:], values, rows, &key)
	return dst
}

// A bandKey holds the parameters of the keys. The key of band b starts at start +
// b*0x9E3779B97F4A7C15. Then each pair of registers, the first in the lower half, a
// single remaining register if there is one, and end are xored in, and the result is
// folded each time.
type bandKey struct{ start, mul, end uint64 }

func makeBandKey(seed uint64) bandKey {
	rng := splitmix.Source(seed)
	return bandKey{rng.Next(), rng.Multiplier(), rng.Multiplier()}
}

func bandKeysGeneric(keys []uint64, values []uint32, rows int, key *bandKey) {
	start := key.start
	for i := range keys {
		h := start
		start += 0x9E3779B97F4A7C15
		v := values[i*rows : (i+1)*rows]
		for ; len(v) >= 2; v = v[2:] {
			h = fold(h^(uint64(v[0])|uint64(v[1])<<32), key.mul)
		}
		if len(v) == 1 {
			h = fold(h^uint64(v[0]), key.mul)
		}
		keys[i] = fold(h^key.end, key.mul)
	}
}

// fold multiplies to 128 bits and combines both halves, so that, unlike in the lower
// half alone, every bit of the result depends on every bit of x.
func fold(x, mul uint64) uint64 {
	hi, lo := bits.Mul64(x, mul)
	return hi ^ lo
}
