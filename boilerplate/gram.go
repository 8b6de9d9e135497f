package boilerplate

import (
	"cmp"
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

// Of all grams those whose hash ends in zeros are counted, one in four.
const gramSample = 3

// Of the grams that are counted, those with three more zeros are anchors: of
// them it is also known which documents hold them, as of blocks. That tells the
// copies of a page of which every paragraph was edited.
const anchorSample = 31

// anchorKey returns the key under which an anchor is counted.
func anchorKey(gram uint64) uint64 { return max(mix(gram), 1) }

// gramsOf returns the sampled grams of a block, which the digest keeps.
func (dg *digest) gramsOf(b *block, seed uint64) []uint64 {
	if !b.cut {
		from := len(dg.grams)
		dg.grams = dg.appendGrams(dg.grams, b, seed)
		b.grams = [2]int32{int32(from), int32(len(dg.grams))}
		b.cut = true
	}
	return dg.grams[b.grams[0]:b.grams[1]]
}

// appendGrams appends the sampled grams of a block to dst. The hash of a gram
// is that of its last token, xor that of the one before rotated by gramTurn,
// and so on (cyclic polynomials: Cohen 1997).
func (dg *digest) appendGrams(dst []uint64, b *block, seed uint64) []uint64 {
	hashes := dg.hashes[b.toks[0]:b.toks[1]]
	if len(dg.narrow) > 0 {
		at, _ := slices.BinarySearchFunc(dg.narrow, b.toks[0], func(n narrow, token int32) int {
			return cmp.Compare(n.token, token)
		})
		if at < len(dg.narrow) && dg.narrow[at].token < b.toks[1] {
			return dg.appendNarrow(dst, hashes, dg.narrow[at:], b.toks[0], seed)
		}
	}
	const width = gramUnits / wordUnits
	if len(hashes) < width {
		return dst
	}
	var roll uint64
	for _, h := range hashes[:width-1] {
		roll = bits.RotateLeft64(roll, gramTurn) ^ h
	}
	last := hashes[width-1:]
	n := len(dst)
	dst = slices.Grow(dst, len(last))[:n+len(last)]
	for i, old := range hashes[:len(last)] {
		roll = bits.RotateLeft64(roll, gramTurn) ^ last[i]
		g := roll ^ seed
		dst[n] = g
		// Which grams are sampled no processor foretells: no branch.
		n += int((g&gramSample - 1) >> 63)
		roll ^= bits.RotateLeft64(old, (width-1)*gramTurn)
	}
	return dst[:n]
}

// gramTurn is by how many bits the hash of a token is rotated for each that
// follows it. It is odd, so that 64 tokens pass before one comes round.
const gramTurn = 13

// appendNarrow is appendGrams for a block of which some tokens are narrow: those
// of list, which count from token start.
func (dg *digest) appendNarrow(dst, hashes []uint64, list []narrow, start int32, seed uint64) []uint64 {
	units := dg.units[:0]
	for i := range hashes {
		w := int32(wordUnits)
		if len(list) > 0 && list[0].token == start+int32(i) {
			w = list[0].units
			list = list[1:]
		}
		units = append(units, w)
	}
	dg.units = units
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

// spaceless returns the weight of a token in the units of a gram, which is
// less than a word's in scripts without spaces between words: Thai, Lao,
// Burmese, Khmer, the ideographs and Kana.
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
