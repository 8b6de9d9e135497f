package passage

import (
	"slices"

	"github.com/neardup/neardup/shingle"
)

// gram is the number of words in a fingerprint.
const gram = 5

// A fingerprint is the hash of a gram and the number of its first token.
type fingerprint struct {
	hash uint64
	pos  uint32
}

// gramHash mixes the tokens of a gram. It is stored in files, see FORMAT.md.
func gramHash(ids []uint32) uint64 {
	_ = ids[gram-1]
	h := uint64(ids[0])*0x9E3779B97F4A7C15 + uint64(ids[1])*0xC2B2AE3D27D4EB4F +
		uint64(ids[2])*0xD6E8FEB86659FD93 + uint64(ids[3])*0x165667B19E3779F9 + uint64(ids[4])*0xFF51AFD7ED558CCD
	h = (h ^ h>>32) * 0x94D049BB133111EB
	return h ^ h>>29
}

// appendFingerprints appends the winnowed fingerprints of a text: the smallest hash in
// every window of consecutive grams; of equal hashes, the last. A text with fewer
// grams than a window has one fingerprint, the smallest hash of all. Where tokens are
// shorter than words, grams and windows have as many tokens as add up to the same
// weight.
func appendFingerprints(dst []fingerprint, t *shingle.Text, window int) []fingerprint {
	if w := t.Weights(); w != nil {
		return appendWeighted(dst, t.Tokens(), w, window)
	}
	return appendTokens(dst, t.Tokens(), window)
}

// word is the weight of a word, see [shingle.Text.Weights].
const word = 100

// appendWeighted is appendFingerprints for tokens with the given weights.
func appendWeighted(dst []fingerprint, ids []uint32, weights []uint8, window int) []fingerprint {
	hashes := make([]uint64, 0, len(ids)) // hash of the gram that begins at each token, up to the last gram
	end, sum := 0, 0                      // the gram of the current token ends before end
	for i := range ids {
		for ; end < len(ids) && sum < gram*word; end++ {
			sum += int(weights[end])
		}
		if sum < gram*word {
			break
		}
		h := gramHash(ids[i:])
		for _, id := range ids[i+gram : end] {
			h = (h ^ uint64(id)) * 0x9E3779B97F4A7C15
			h ^= h >> 32
		}
		hashes = append(hashes, h)
		sum -= int(weights[i])
	}
	end, sum = 0, 0
	last := -1
	for i := range hashes {
		for ; end < len(hashes) && sum < window*word; end++ {
			sum += int(weights[end])
		}
		if sum < window*word && i > 0 {
			break
		}
		at := i
		for k := i; k < end; k++ {
			if hashes[k] <= hashes[at] {
				at = k
			}
		}
		if at != last {
			dst = append(dst, fingerprint{hashes[at], uint32(at)})
			last = at
		}
		sum -= int(weights[i])
	}
	return dst
}

// appendTokens is appendFingerprints for a text whose tokens are words.
func appendTokens(dst []fingerprint, ids []uint32, window int) []fingerprint {
	switch n := len(ids) - gram + 1; {
	case n < 1:
		return dst
	case window == 3 && n >= window:
		return appendByThree(dst, ids)
	case n < window:
		return appendWindows(dst, ids, n)
	}
	return appendWindows(dst, ids, window)
}

// appendWindows is appendFingerprints for a text of at least one window.
func appendWindows(dst []fingerprint, ids []uint32, window int) []fingerprint {
	n := len(ids) - gram + 1
	dst = slices.Grow(dst, n*2/(window+1)+n/16)
	// Hashes are computed one stretch at a time, keeping the end of the previous
	// stretch.
	var hashes [512]uint64
	size := max(len(hashes), 2*window)
	recent := hashes[:]
	if size > len(hashes) {
		recent = make([]uint64, size)
	}
	first := 0                  // recent[0] is the hash of this gram
	least, at := ^uint64(0), -1 // the smallest hash of the window and its position
	for i := range n {
		if i-first == size {
			copy(recent, recent[size-window:])
			first = i - window
		}
		h := gramHash(ids[i:])
		recent[i-first] = h
		switch {
		case h <= least:
			least, at = h, i
		case at > i-window:
			if i != window-1 {
				continue // nothing new, unless the first window has not reported its smallest hash yet
			}
		default:
			least = ^uint64(0)
			for k, v := range recent[i-window+1-first : i-first+1] {
				if v <= least {
					least, at = v, i-window+1+k
				}
			}
		}
		if i >= window-1 {
			dst = append(dst, fingerprint{least, uint32(at)})
		}
	}
	return dst
}

// appendByThree is appendFingerprints for windows of three, the usual size, without
// branches that depend on the hashes.
func appendByThree(dst []fingerprint, ids []uint32) []fingerprint {
	n := len(ids) - gram + 1
	old := len(dst)
	dst = slices.Grow(dst, n)[:old+n]
	out := dst[old:]
	h0, h1 := gramHash(ids), gramHash(ids[1:])
	k, last := 0, -1
	for i := 2; i < n; i++ {
		h2 := gramHash(ids[i:])
		h, at := h0, i-2
		if h1 <= h {
			h, at = h1, i-1
		}
		if h2 <= h {
			h, at = h2, i
		}
		next := k
		if at != last {
			next = k + 1
		}
		out[k] = fingerprint{h, uint32(at)}
		k, last = next, at
		h0, h1 = h1, h2
	}
	return dst[:old+k]
}
