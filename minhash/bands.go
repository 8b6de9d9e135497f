package minhash

import "math/bits"

// BandKeys appends a key for each of the first bands bands of rows registers to
// dst: two sets whose signatures agree in all registers of a band have the same
// key for it, others by chance only (2^-64). The key depends on the number of
// the band, so keys of all bands may share one table. Without a secret seed a
// hostile author can make texts whose keys collide; with one, he would have to
// learn it from the answers. The signature of an empty set has no keys: dst
// comes back as it was.
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
		panic("minhash: BandKeys of more registers than there are")
	}
	if isEmpty(values) {
		return dst
	}
	rng := splitMix(seed)
	start, mul, end := rng.next(), rng.multiplier(), rng.multiplier()
	for band := range bands {
		h := start + uint64(band)*0x9E3779B97F4A7C15
		v := values[band*rows : (band+1)*rows]
		for ; len(v) >= 2; v = v[2:] {
			h = fold(h^(uint64(v[0])|uint64(v[1])<<32), mul)
		}
		if len(v) == 1 {
			h = fold(h^uint64(v[0]), mul)
		}
		dst = append(dst, fold(h^end, mul))
	}
	return dst
}

// fold multiplies to 128 bits and returns both halves combined, so that unlike
// the lower half alone every bit of the result hangs on every bit of x.
func fold(x, mul uint64) uint64 {
	hi, lo := bits.Mul64(x, mul)
	return hi ^ lo
}
