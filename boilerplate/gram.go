package boilerplate

import (
	"math/bits"
	"slices"
)

// Widths of grams: a word weighs wordUnits, a letter of a script without
// spaces letterUnits, and a gram is the shortest run of tokens that weighs
// gramUnits: five words or fifteen letters. Runs of three words find a little
// more on hosts of a dozen pages, but among ten thousand pages half of all
// prose is made of runs of three words that recur.
const (
	wordUnits   = 6
	letterUnits = 2
	gramUnits   = 5 * wordUnits
)

// One gram in four is counted: a gram whose hash has no bit in common with this mask.
const gramSample = 3

// Counted grams whose hash also has no bit in common with this longer mask are
// anchors: like blocks, they have counters that name documents. Anchors reveal a copy
// of the page even if every paragraph was edited.
const anchorSample = 31

// anchorKey returns the key under which an anchor is counted.
func anchorKey(gram uint64) uint64 { return max(mix(gram), 1) }

// gramsOf returns the sampled grams of a block.
func (dg *digest) gramsOf(b *block) []uint64 { return dg.grams[b.grams[0]:b.grams[1]] }

// hash computes the key of a block and its sampled grams; narrow lists its narrow
// tokens.
//
// The key folds the tokens' hashes into the key of the empty block. The hash of a
// gram is the hash of its last token, xor the hash of the token before it rotated by
// gramTurn, and so on (cyclic polynomials: Cohen 1997). Both are computed in one
// loop: each multiplication for the key waits for the one before, which leaves time
// for the grams.
func (r *reader) hash(b *block, narrow []narrow, seed uint64) {
	const width = gramUnits / wordUnits
	hashes := r.hashes[b.toks[0]:b.toks[1]]
	key, roll := mix(seed^0x9E3779B97F4A7C15), uint64(0)
	first := hashes[:min(width-1, len(hashes))]
	for _, h := range first {
		key = (key ^ h) * keyBase
		roll = bits.RotateLeft64(roll, gramTurn) ^ h
	}
	last := hashes[len(first):]
	from := len(r.grams)
	n := from
	grams := slices.Grow(r.grams, len(last))[:n+len(last)]
	for i, old := range hashes[:len(last)] {
		h := last[i]
		key = (key ^ h) * keyBase
		roll = bits.RotateLeft64(roll, gramTurn) ^ h
		g := roll ^ seed
		grams[n] = g
		// No branch predictor can guess which grams are sampled, hence no branch.
		n += int((g&gramSample - 1) >> 63)
		roll ^= bits.RotateLeft64(old, (width-1)*gramTurn)
	}
	b.key, r.grams = max(mix(key), 1), grams[:n]
	if len(narrow) > 0 {
		r.grams = r.appendNarrow(grams[:from], hashes, narrow, b.toks[0], seed)
	}
	b.grams = [2]int32{int32(from), int32(len(r.grams))}
}

// keyBase is the odd factor by which the key of a block is multiplied per token.
const keyBase = 0xD6E8FEB86659FD93

// gramTurn is the number of bits by which the hash of a token is rotated for each
// token that follows it. It is odd, so that the rotation repeats only after 64
// tokens.
const gramTurn = 13

// appendNarrow appends the sampled grams of a block with narrow tokens. Their
// indices are in list, counted from token start.
func (r *reader) appendNarrow(dst, hashes []uint64, list []narrow, start int32, seed uint64) []uint64 {
	units := r.units[:0]
	for i := range hashes {
		w := int32(wordUnits)
		if len(list) > 0 && list[0].token == start+int32(i) {
			w = list[0].units
			list = list[1:]
		}
		units = append(units, w)
	}
	r.units = units
	var (
		roll uint64
		wide int32
		head int
	)
	for i, h := range hashes {
		roll = bits.RotateLeft64(roll, gramTurn) ^ h
		wide += units[i]
		for wide-units[head] >= gramUnits {
			// The gram without its first token is wide enough too.
			roll ^= bits.RotateLeft64(hashes[head], (i-head)*gramTurn)
			wide -= units[head]
			head++
		}
		if g := roll ^ seed; wide >= gramUnits && g&gramSample == 0 && g != 0 {
			dst = append(dst, g)
		}
	}
	return dst
}

// spaceless returns the weight of a token in gram units. In scripts without spaces
// between words (Thai, Lao, Burmese, Khmer, ideographs and Kana) it is less than the
// weight of a word.
func spaceless(tok string) int32 {
	w := int32(0)
	for _, r := range tok {
		switch {
		case r >= 0xE00 && r < 0xF00, r >= 0x1000 && r < 0x10A0,
			r >= 0x1780 && r < 0x1800, r >= 0x2E80 && r < 0xA000,
			r >= 0xF900 && r < 0xFB00, r >= 0x20000 && r < 0x40000:
			w += letterUnits
		default:
			return wordUnits
		}
	}
	return min(w, wordUnits)
}
