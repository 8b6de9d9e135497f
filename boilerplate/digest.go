package boilerplate

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A digest is the result of reading a text, for counting and judging.
type digest struct {
	blocks []block  // blocks with at least one token
	grams  []uint64 // sampled grams of the blocks
	keys   []uint64 // distinct keys of blocks and anchors to be counted
	fresh  []uint64 // distinct grams to be counted
}

// A reader makes digests. It lives in a pool: all its slices, and those of its
// digest, are reused.
type reader struct {
	digest
	tokens  []shingle.Token
	hashes  []uint64 // hashes of the folded tokens; a run of numbers has one hash
	narrow  []narrow // narrow tokens, by ascending index
	special int      // offset of the next byte that is not a plain letter
	units   []int32  // scratch
	known   hashSet  // scratch
	judge   judge
}

// A block is a piece of text in the form used for counting.
type block struct {
	shingle.Span
	key   uint64
	mass  int32    // in half words
	toks  [2]int32 // range in reader.hashes
	grams [2]int32 // range in digest.grams
	title bool     // the block is part of the title, provided that the first block is a title
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// shortMass is the mass in half words below which a block needs support from others.
const shortMass = 2 * 4

// digestOf returns the digest of a page, valid until the reader's next call. It is
// not prepared for counting.
func (r *reader) digestOf(p *Page, o *options) *digest {
	if q := p.ready(o.seed); q != nil {
		return &q.digest
	}
	r.read(p, o.seed)
	return &r.digest
}

// counted is like digestOf, but also prepares the digest for counting.
func (r *reader) counted(p *Page, o *options) *digest {
	if q := p.ready(o.seed); q != nil {
		return &q.digest
	}
	r.read(p, o.seed)
	r.count(o)
	return &r.digest
}

// read cuts the text of a page into blocks.
func (r *reader) read(p *Page, seed uint64) {
	text := p.Text
	r.tokens = shingle.Shingler{Size: 1}.AppendTokens(r.tokens[:0], text)
	r.hashes = slices.Grow(r.hashes[:0], len(r.tokens))
	r.blocks, r.narrow, r.grams = r.blocks[:0], r.narrow[:0], r.grams[:0]
	r.special = nextSpecial(text, 0)
	next := 0
	if p.Blocks == nil {
		for span := range shingle.Paragraphs(text) {
			next = r.add(text, span, next, seed)
		}
		r.findTitle()
		return
	}
	end := 0
	for _, span := range p.Blocks {
		if span.Start < end || span.End < span.Start || span.End > len(text) {
			panic("boilerplate: blocks are not ascending, disjoint spans of the text")
		}
		end = span.End
		next = r.add(text, span, next, seed)
	}
	r.findTitle()
}

// count prepares the digest for counting. It removes repeated keys and grams,
// because documents are counted, not occurrences.
func (r *reader) count(o *options) {
	r.known.place = o.placing()
	r.known.clear(len(r.grams) + len(r.blocks))
	r.keys, r.fresh = r.keys[:0], r.fresh[:0]
	for i := range r.blocks {
		b := &r.blocks[i]
		if r.known.add(b.key) {
			continue // the grams of a repeated block are repeated as well
		}
		r.keys = append(r.keys, b.key)
		from := len(r.fresh)
		r.fresh = r.known.appendNew(r.fresh, r.gramsOf(b))
		for _, g := range r.fresh[from:] {
			if g&anchorSample == 0 {
				r.keys = append(r.keys, anchorKey(g))
			}
		}
	}
}

// add appends the block at span, whose tokens begin at index next or later, and
// returns the index of the token after it.
func (r *reader) add(text string, span shingle.Span, next int, seed uint64) int {
	toks, hashes := r.tokens, r.hashes
	for next < len(toks) && toks[next].Start < span.Start {
		next++
	}
	from, narrow := len(hashes), len(r.narrow)
	special, number := r.special, false
	for ; next < len(toks); next++ {
		for plain := min(special, span.End); toks[next].End <= plain; number = false {
			hashes = append(hashes, toks[next].Hash)
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
			h, numeric = r.fold(text, t, int32(len(hashes)))
			special = r.special
			if numeric && number {
				continue // adjacent numbers count as one
			}
		}
		number = numeric
		hashes = append(hashes, h)
	}
	if len(hashes) == from {
		return next
	}
	r.hashes = hashes
	r.blocks = append(r.blocks, block{})
	b := &r.blocks[len(r.blocks)-1]
	b.Span, b.mass = span, int32(2*(len(hashes)-from))
	b.toks = [2]int32{int32(from), int32(len(hashes))}
	for _, n := range r.narrow[narrow:] {
		b.mass -= 2 - min(2, n.units/letterUnits)
	}
	r.hash(b, r.narrow[narrow:], seed)
	return next
}

// A narrow token weighs less than a word.
type narrow struct {
	token int32 // index into reader.hashes
	units int32
}

// mix scrambles x so that every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
	x = hi ^ lo
	return x ^ x>>32
}

// numberHash replaces the hash of every number.
const numberHash = 0x6E756D6265720000

// fold reads the i-th token of the digest, which may hold special bytes. It returns
// the token's hash, in which every run of digits is the same, and whether the token
// is all digits. The hash of a token without digits does not change. A narrow token
// is recorded.
func (r *reader) fold(text string, t *shingle.Token, i int32) (uint64, bool) {
	if t.Start > r.special {
		r.special = nextSpecial(text, t.Start)
		if t.End <= r.special {
			return t.Hash, false
		}
	}
	tok := t.Of(text)
	if tok[0] > 0xE1 && tok[0] < 0xEF { // no decimal digit begins with such a byte
		r.note(tok, i)
		if len(tok) == 3 {
			return t.Hash, false // an ideograph
		}
	}
	h, digits, letters, was := uint64(numberHash), false, false, false
	for _, c := range tok {
		is := '0' <= c && c <= '9' || c >= 0x660 && digitRune(c)
		if is && was {
			continue
		}
		was = is
		if is {
			c, digits = '0', true
		} else {
			letters = true
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
		}
		h = mix(h ^ uint64(c))
	}
	if tok[0] >= 0xE0 && letters && (tok[0] <= 0xE1 || tok[0] >= 0xEF) {
		r.note(tok, i)
	}
	if !digits {
		return t.Hash, false
	}
	return h, !letters
}

// note records the i-th token if it is narrow.
func (r *reader) note(tok string, i int32) {
	if w := spaceless(tok); w < wordUnits {
		r.narrow = append(r.narrow, narrow{i, w})
	}
}

// nextSpecial returns the offset of the first byte from i on that is an ASCII digit or
// may begin another digit or a narrow token; len(text) if there is none.
func nextSpecial(text string, i int) int {
	for i < len(text) {
		if i+32 <= len(text) {
			w := text[i : i+32]
			if (maybeSpecial(w[:8])|maybeSpecial(w[8:16])|
				maybeSpecial(w[16:24])|maybeSpecial(w[24:32]))&high == 0 {
				i += 32
				continue
			}
		}
		if i+8 <= len(text) && maybeSpecial(text[i:i+8])&high == 0 {
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

// maybeSpecial returns a word whose i-th byte has its top bit set if s[i] is a digit
// or not ASCII, for the first eight bytes of s. The bit may also be set if s[i]
// follows a byte that is not ASCII.
func maybeSpecial(s string) uint64 {
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return x | (x+(0x80-'0')*ones)&^(x+(0x80-'9'-1)*ones)
}

// digitLead marks the first bytes of the decimal digits beyond ASCII.
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
