package boilerplate

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A digest is what counting and judging know of a text. It lives in a pool: all
// its slices are reused.
type digest struct {
	tokens []shingle.Token
	hashes []uint64 // of the folded tokens, one for a run of numbers
	blocks []block
	narrow []narrow // tokens, ascending
	digit  int      // where the next digit after the last one looked at is
	keys   []uint64 // distinct, once counted
	grams  []uint64 // distinct, once counted; scratch before
	units  []int32  // scratch
	judge  judge
}

// A block is a piece of a text in the form in which it is counted.
type block struct {
	shingle.Span
	key  uint64   // 0: no token
	mass int32    // half words
	toks [2]int32 // of digest.hashes
}

var digests = sync.Pool{New: func() any { return new(digest) }}

// shortMass is the mass in half words below which a block needs support.
const shortMass = 2 * 4

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

// read cuts the text of a page into blocks.
func (dg *digest) read(p *Page, seed uint64) {
	text := p.Text
	dg.tokens = shingle.Shingler{Size: 1}.AppendTokens(dg.tokens[:0], text)
	dg.hashes, dg.blocks, dg.narrow = dg.hashes[:0], dg.blocks[:0], dg.narrow[:0]
	dg.digit = nextDigit(text, 0)
	next := 0
	if p.Blocks == nil {
		for span := range shingle.Paragraphs(text) {
			next = dg.add(text, span, next, seed)
		}
		return
	}
	end := 0
	for _, span := range p.Blocks {
		if span.Start < end || span.End < span.Start || span.End > len(text) {
			panic("boilerplate: blocks are not ascending, disjoint spans of the text")
		}
		end = span.End
		next = dg.add(text, span, next, seed)
	}
}

// count prepares the digest for counting: the distinct keys, of
// blocks and anchors, and the distinct grams, for what counts is in how many documents a block is, not how often.
func (dg *digest) count(seed uint64) {
	dg.keys, dg.grams = dg.keys[:0], dg.grams[:0]
	for i := range dg.blocks {
		if b := &dg.blocks[i]; b.key != 0 {
			dg.keys = append(dg.keys, b.key)
			dg.grams = dg.appendGrams(dg.grams, b, seed)
		}
	}
	for _, g := range dg.grams {
		if g&anchorSample == 0 {
			dg.keys = append(dg.keys, anchorKey(g))
		}
	}
	slices.Sort(dg.keys)
	dg.keys = slices.Compact(dg.keys)
	slices.Sort(dg.grams)
	dg.grams = slices.Compact(dg.grams)
}

// add appends the block at span, whose tokens begin at or after the next-th,
// and returns the index of the token after it.
func (dg *digest) add(text string, span shingle.Span, next int, seed uint64) int {
	toks := dg.tokens
	for next < len(toks) && toks[next].Start < span.Start {
		next++
	}
	b := block{Span: span}
	b.toks[0] = int32(len(dg.hashes))
	key := mix(seed ^ 0x9E3779B97F4A7C15)
	number := false
	for ; next < len(toks) && toks[next].Start < span.End; next++ {
		t := &toks[next]
		h := t.Hash
		if t.End > dg.digit {
			var numeric bool
			h, numeric = dg.foldDigits(text, t)
			if numeric && number {
				continue // 12 April 2013 and 2013 are one number
			}
			number = numeric
		} else {
			number = false
		}
		b.mass += 2
		if text[t.Start] >= 0xE0 {
			if w := spaceless(t.Of(text)); w < wordUnits {
				b.mass -= 2 - min(2, w/letterUnits)
				dg.narrow = append(dg.narrow, narrow{int32(len(dg.hashes)), w})
			}
		}
		dg.hashes = append(dg.hashes, h)
		key = mix(key ^ h)
	}
	if b.toks[1] = int32(len(dg.hashes)); b.toks[1] > b.toks[0] {
		b.key = max(key, 1)
	}
	dg.blocks = append(dg.blocks, b)
	return next
}

// A narrow token weighs less than a word.
type narrow struct {
	token int32 // index into digest.hashes
	units int32
}

// appendGrams appends the sampled grams of a block to dst.
func (dg *digest) appendGrams(dst []uint64, b *block, seed uint64) []uint64 {
	hashes := dg.hashes[b.toks[0]:b.toks[1]]
	at, _ := slices.BinarySearchFunc(dg.narrow, b.toks[0], func(n narrow, token int32) int {
		return cmp.Compare(n.token, token)
	})
	if at < len(dg.narrow) && dg.narrow[at].token < b.toks[1] {
		return dg.appendNarrow(dst, hashes, dg.narrow[at:], b.toks[0], seed)
	}
	const width = gramUnits / wordUnits
	if len(hashes) < width {
		return dst
	}
	var roll uint64 // sum of hash * base^(distance from the newest token)
	for _, h := range hashes[:width-1] {
		roll = roll*gramBase + h
	}
	for i, h := range hashes[width-1:] {
		roll = roll*gramBase + h
		if g := mix(roll ^ seed); g&gramSample == 0 {
			dst = append(dst, g)
		}
		roll -= hashes[i] * gramPowers[width-1]
	}
	return dst
}

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
		roll = roll*gramBase + h
		wide += units[i]
		for wide-units[head] >= gramUnits {
			// The gram without its first token is wide enough too.
			roll -= hashes[head] * gramPowers[i-head]
			wide -= units[head]
			head++
		}
		if wide >= gramUnits {
			if g := mix(roll ^ seed); g&gramSample == 0 {
				dst = append(dst, g)
			}
		}
	}
	return dst
}

const gramBase = 0xD6E8FEB86659FD93

var gramPowers = func() (p [gramUnits + 1]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = p[i] * gramBase
	}
	return p
}()

// mix scrambles x so that every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
	x = hi ^ lo
	return x ^ x>>32
}

// numberHash stands for every number.
const numberHash = 0x6E756D6265720000

// foldDigits returns the hash of a token in which every run of digits is the
// same, and whether there is nothing but digits. What has no digits keeps the
// hash that it has.
func (dg *digest) foldDigits(text string, t *shingle.Token) (uint64, bool) {
	if t.Start > dg.digit {
		dg.digit = nextDigit(text, t.Start)
	}
	if t.End <= dg.digit {
		return t.Hash, false
	}
	h, digits, letters, was := uint64(numberHash), false, false, false
	for _, r := range t.Of(text) {
		is := '0' <= r && r <= '9' || r >= 0x660 && digitRune(r)
		if is && was {
			continue
		}
		was = is
		if is {
			r, digits = '0', true
		} else {
			letters = true
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
		}
		h = mix(h ^ uint64(r))
	}
	if !digits {
		return t.Hash, false
	}
	return h, !letters
}

// nextDigit returns the offset of the first byte from i on that is a digit or
// may begin one, and len(text) if there is none.
func nextDigit(text string, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for i < len(text) {
		if i+8 <= len(text) {
			s := text[i : i+8]
			x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
				uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
			// A byte is a digit if, '0' taken away bit by bit, it is below 10.
			y := x ^ '0'*ones
			if digits := ^(y&^high + (128-10)*ones | y) & high; digits|x&high == 0 {
				i += 8
				continue
			}
		}
		for end := min(i+8, len(text)); i < end; i++ {
			if c := text[i]; c-'0' < 10 || digitLead[c] {
				return i
			}
		}
	}
	return len(text)
}

// digitLead tells the first bytes of the decimal digits beyond ASCII.
var digitLead = [256]bool{0xD9: true, 0xDB: true, 0xE0: true, 0xE1: true, 0xEF: true}

// digitRune reports whether r is a decimal digit beyond ASCII of a script in
// wide use. The list is frozen.
func digitRune(r rune) bool {
	for _, zero := range [...]rune{
		0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6,
		0xD66, 0xE50, 0xED0, 0x1040, 0x17E0, 0xFF10,
	} {
		if zero <= r && r < zero+10 {
			return true
		}
	}
	return false
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
