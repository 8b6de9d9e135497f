package passage

import "math/bits"

// gram is the number of tokens in a fingerprint.
const gram = 5

// A fingerprint is the hash of a gram and the token that it begins with.
type fingerprint struct {
	hash uint64
	pos  uint32
}

// gramHash mixes the tokens of a gram. It is part of no file format.
func gramHash(ids []uint32) uint64 {
	h := uint64(0)
	for _, id := range ids[:gram] {
		h = (bits.RotateLeft64(h, 23) ^ uint64(id)) * 0x9E3779B97F4A7C15
	}
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// appendFingerprints appends the winnowed fingerprints of a text: the least hash
// of every window of consecutive grams, the last of equal ones; of a text with
// fewer grams than a window, the least of all.
func appendFingerprints(dst []fingerprint, ids []uint32, window int) []fingerprint {
	n := len(ids) - gram + 1
	if n < 1 {
		return dst
	}
	window = min(window, n)
	ring := make([]uint64, max(window, 8))[:window]
	least, at := ^uint64(0), -1 // the least of the window and where it stands
	for i := range n {
		h := gramHash(ids[i:])
		ring[i%window] = h
		switch {
		case h <= least:
			least, at = h, i
		case at <= i-window:
			least, at = ^uint64(0), -1
			for k := max(i-window+1, 0); k <= i; k++ {
				if v := ring[k%window]; v <= least {
					least, at = v, k
				}
			}
		}
		if i >= window-1 {
			if k := len(dst); k == 0 || dst[k-1].pos != uint32(at) {
				dst = append(dst, fingerprint{least, uint32(at)})
			}
		}
	}
	return dst
}
