package minhash

import "math/bits"

// SimHash64 returns the 64-bit SimHash of a set of hashes (Charikar 2002): bit i is
// set if it is set in more than half of the elements after mixing. The share of bits
// in which two SimHashes differ estimates the angle, divided by pi, between the sets
// as vectors of element counts: unlike in a signature, an element that repeats has
// more weight. See [SimHashDistance].
//
// It takes one pass and eight bytes, and is a much rougher measure than a signature.
// For near-duplicates a distance of up to 3 bits is usual (Manku, Jain and Das Sarma
// 2007). The SimHash of no elements is 0; the caller should make sure that it
// matches nothing.
func SimHash64(hashes []uint64) uint64 {
	// There is a counter for each of the 64 bits, and bit i of planes[j] is bit j of
	// the counter of bit i. So a word is added to all counters at once.
	var planes [64]uint64
	rest := hashes
	for ; len(rest) >= 8; rest = rest[8:] {
		h := rest[:8]
		ones, twoA := add3(planes[0], finalize(h[0]), finalize(h[1]))
		ones, twoB := add3(ones, finalize(h[2]), finalize(h[3]))
		twos, fourA := add3(planes[1], twoA, twoB)
		ones, twoA = add3(ones, finalize(h[4]), finalize(h[5]))
		ones, twoB = add3(ones, finalize(h[6]), finalize(h[7]))
		twos, fourB := add3(twos, twoA, twoB)
		fours, eight := add3(planes[2], fourA, fourB)
		planes[0], planes[1], planes[2] = ones, twos, fours
		for j := 3; eight != 0; j++ {
			planes[j], eight = planes[j]^eight, planes[j]&eight
		}
	}
	for _, h := range rest {
		carry := finalize(h)
		for j := 0; carry != 0; j++ {
			planes[j], carry = planes[j]^carry, planes[j]&carry
		}
	}
	// Compare all counters with half the number of elements, highest bit first.
	half := uint64(len(hashes)) / 2
	var above uint64
	equal := ^uint64(0)
	for j := bits.Len(uint(len(hashes))); j >= 0; j-- {
		if half>>j&1 == 0 {
			above |= equal & planes[j]
			equal &^= planes[j]
		} else {
			equal &= planes[j]
		}
	}
	return above
}

// add3 adds three bits in each of 64 positions.
func add3(a, b, c uint64) (sum, carry uint64) {
	ab := a ^ b
	return ab ^ c, a&b | ab&c
}

// finalize is the 64-bit finaliser of MurmurHash3. With it, elements need not be
// well-mixed hashes.
func finalize(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xFF51AFD7ED558CCD
	h ^= h >> 33
	h *= 0xC4CEB9FE1A85EC53
	return h ^ h>>33
}

// SimHashDistance returns the number of bits in which two SimHashes differ, from
// 0 to 64.
func SimHashDistance(a, b uint64) int { return bits.OnesCount64(a ^ b) }
