package boilerplate

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A digest is what counting and judging know of a text. It lives in a pool: all
// its slices are reused.
type digest struct {
	tokens  []shingle.Token
	hashes  []uint64 // of the folded tokens, one for a run of numbers
	blocks  []block  // that have tokens
	narrow  []narrow // tokens, ascending
	special int      // offset of the next byte that is no plain letter
	grams   []uint64 // of the blocks that were asked for
	units   []int32  // scratch
	keys    []uint64 // to be counted: of blocks and anchors, distinct
	counted []uint64 // grams to be counted, distinct
	known   hashSet  // scratch
	judge   judge
}

// A block is a piece of a text in the form in which it is counted.
type block struct {
	shingle.Span
	key   uint64
	mass  int32    // half words
	toks  [2]int32 // of digest.hashes
	grams [2]int32 // of digest.grams, if there are any
	cut   bool     // grams are known
}

var digests = sync.Pool{New: func() any { return new(digest) }}

// shortMass is the mass in half words below which a block needs support.
const shortMass = 2 * 4

// read cuts the text of a page into blocks.
func (dg *digest) read(p *Page, seed uint64) {
	text := p.Text
	dg.tokens = shingle.Shingler{Size: 1}.AppendTokens(dg.tokens[:0], text)
	dg.hashes = slices.Grow(dg.hashes[:0], len(dg.tokens))
	dg.blocks, dg.narrow, dg.grams = dg.blocks[:0], dg.narrow[:0], dg.grams[:0]
	dg.special = nextSpecial(text, 0)
	next, start := 0, mix(seed^0x9E3779B97F4A7C15)
	if p.Blocks == nil {
		for span := range shingle.Paragraphs(text) {
			next = dg.add(text, span, next, start)
		}
		return
	}
	end := 0
	for _, span := range p.Blocks {
		if span.Start < end || span.End < span.Start || span.End > len(text) {
			panic("boilerplate: blocks are not ascending, disjoint spans of the text")
		}
		end = span.End
		next = dg.add(text, span, next, start)
	}
}

// count prepares the digest for counting: the distinct keys, of blocks and
// anchors, and the distinct grams, for what counts is in how many documents a
// block is, not how often.
func (dg *digest) count(o *options) {
	seed := o.seed
	dg.known.place = o.placing()
	dg.keys, dg.counted = dg.keys[:0], dg.counted[:0]
	dg.known.clear(len(dg.hashes)/(gramSample+1) + len(dg.blocks))
	for i := range dg.blocks {
		b := &dg.blocks[i]
		if dg.known.add(b.key) {
			continue // and so its grams were
		}
		dg.keys = append(dg.keys, b.key)
		for _, g := range dg.gramsOf(b, seed) {
			if g == 0 || dg.known.add(g) {
				continue
			}
			dg.counted = append(dg.counted, g)
			if g&anchorSample == 0 {
				dg.keys = append(dg.keys, anchorKey(g))
			}
		}
	}
}

// add appends the block at span, whose tokens begin at or after the next-th,
// and returns the index of the token after it. The key of a block is that of no
// tokens, start, with theirs folded in.
func (dg *digest) add(text string, span shingle.Span, next int, start uint64) int {
	toks, hashes := dg.tokens, dg.hashes
	for next < len(toks) && toks[next].Start < span.Start {
		next++
	}
	from, narrow := len(hashes), len(dg.narrow)
	special, key, number := dg.special, start, false
	for ; next < len(toks); next++ {
		for plain := min(special, span.End); toks[next].End <= plain; number = false {
			h := toks[next].Hash
			hashes = append(hashes, h)
			key = (key ^ h) * keyBase
			if next++; next == len(toks) {
				break
			}
		}
		if next == len(toks) {
			break
		}
		t := &toks[next]
		if t.Start >= span.End {
			break
		}
		h, numeric := t.Hash, false
		if t.End > special {
			h, numeric = dg.fold(text, t, int32(len(hashes)))
			special = dg.special
			if numeric && number {
				continue // 12 April 2013 and 2013 are one number
			}
		}
		number = numeric
		hashes = append(hashes, h)
		key = (key ^ h) * keyBase
	}
	if len(hashes) == from {
		return next
	}
	b := block{
		Span: span, key: max(mix(key), 1), mass: int32(2 * (len(hashes) - from)),
		toks: [2]int32{int32(from), int32(len(hashes))},
	}
	for _, n := range dg.narrow[narrow:] {
		b.mass -= 2 - min(2, n.units/letterUnits)
	}
	dg.hashes = hashes
	dg.blocks = append(dg.blocks, b)
	return next
}

// keyBase is the odd factor by which the key of a block grows.
const keyBase = 0xD6E8FEB86659FD93

// A narrow token weighs less than a word.
type narrow struct {
	token int32 // index into digest.hashes
	units int32
}

// mix scrambles x so that every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
	x = hi ^ lo
	return x ^ x>>32
}

// numberHash stands for every number.
const numberHash = 0x6E756D6265720000

// fold looks at the i-th token of the digest, which may hold bytes that are
// special. It returns the token's hash, in which every run of digits is the
// same, and whether there is nothing but digits; what has no digits keeps the
// hash that it has. Of a narrow token it takes note.
func (dg *digest) fold(text string, t *shingle.Token, i int32) (uint64, bool) {
	if t.Start > dg.special {
		dg.special = nextSpecial(text, t.Start)
		if t.End <= dg.special {
			return t.Hash, false
		}
	}
	tok := t.Of(text)
	if tok[0] > 0xE1 && tok[0] < 0xEF { // where no digits are
		dg.note(tok, i)
		if len(tok) == 3 {
			return t.Hash, false // an ideograph
		}
	}
	h, digits, letters, was := uint64(numberHash), false, false, false
	for _, r := range tok {
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
	if tok[0] >= 0xE0 && letters && (tok[0] <= 0xE1 || tok[0] >= 0xEF) {
		dg.note(tok, i)
	}
	if !digits {
		return t.Hash, false
	}
	return h, !letters
}

// note takes note of the i-th token if it is narrow.
func (dg *digest) note(tok string, i int32) {
	if w := spaceless(tok); w < wordUnits {
		dg.narrow = append(dg.narrow, narrow{i, w})
	}
}

// nextSpecial returns the offset of the first byte from i on that is a digit,
// may begin one or may begin a narrow token; len(text) if there is none.
func nextSpecial(text string, i int) int {
	for i < len(text) {
		switch {
		case i+32 <= len(text) && (maybeSpecial(text[i:])|maybeSpecial(text[i+8:])|
			maybeSpecial(text[i+16:])|maybeSpecial(text[i+24:]))&high == 0:
			i += 32
			continue
		case i+8 <= len(text) && maybeSpecial(text[i:])&high == 0:
			i += 8
			continue
		}
		for end := min(i+8, len(text)); i < end; i++ {
			if c := text[i]; c-'0' < 10 || c >= 0xE0 || digitLead[c] != 0 {
				return i
			}
		}
	}
	return len(text)
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// maybeSpecial sets the top bits of the first eight bytes of s that are digits
// or no ASCII.
func maybeSpecial(s string) uint64 {
	s = s[:8]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	// A byte is a digit if, '0' taken away bit by bit, it is below 10.
	y := x ^ '0'*ones
	return x | ^(y&^high + (128-10)*ones | y)
}

// digitLead tells the first bytes of the decimal digits beyond ASCII.
var digitLead = [256]byte{0xD9: 1, 0xDB: 1, 0xE0: 1, 0xE1: 1, 0xEF: 1}

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
