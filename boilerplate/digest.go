package boilerplate

import (
	"math/bits"
	"sync"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// A digest is what counting and judging know of a text. It lives in a pool: all
// its slices are reused.
type digest struct {
	tokens []shingle.Token
	hashes []uint64 // of the folded tokens, one for a run of numbers
	blocks []block
	grams  []uint64 // of all blocks, one after the other
	keys   []uint64 // scratch
	judge  judge
}

// A block is a piece of a text in the form in which it is counted.
type block struct {
	shingle.Span
	key    uint64 // 0: no token
	mass   int32  // half words
	toks   [2]int32
	grams  [2]int32
	letter int32 // tokens that are not numbers
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

// read cuts the text of a page into blocks.
func (dg *digest) read(p *Page, seed uint64) {
	text := p.Text
	dg.tokens = shingle.Shingler{Size: 1}.AppendTokens(dg.tokens[:0], text)
	dg.hashes, dg.blocks, dg.grams = dg.hashes[:0], dg.blocks[:0], dg.grams[:0]
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

// add appends the block at span, whose tokens begin at or after the next-th,
// and returns the index of the token after it.
func (dg *digest) add(text string, span shingle.Span, next int, seed uint64) int {
	toks := dg.tokens
	for next < len(toks) && toks[next].Start < span.Start {
		next++
	}
	b := block{Span: span}
	b.toks[0], b.grams[0] = int32(len(dg.hashes)), int32(len(dg.grams))
	key := mix(seed ^ 0x9E3779B97F4A7C15)
	var (
		ring   [gramUnits]gramToken // a gram has at most gramUnits/letterUnits tokens
		head   int
		tail   int
		units  int32
		roll   uint64 // sum of hash * base^(distance from the newest token)
		number bool
	)
	for ; next < len(toks) && toks[next].Start < span.End; next++ {
		t := toks[next]
		h, numeric := foldDigits(text[t.Start:t.End], t.Hash)
		if numeric && number {
			continue // 12 April 2013 and 2013 are one number
		}
		number = numeric
		w := int32(wordUnits)
		if c := text[t.Start]; c >= 0xE0 {
			w = spaceless(text[t.Start:t.End])
		}
		b.mass += min(2, w/letterUnits)
		if !numeric {
			b.letter++
		}
		dg.hashes = append(dg.hashes, h)
		key = mix(key ^ h)

		roll = roll*gramBase + h
		ring[tail%len(ring)] = gramToken{h, w}
		tail++
		units += w
		for units-ring[head%len(ring)].units >= gramUnits {
			// The gram without its first token is wide enough too.
			old := ring[head%len(ring)]
			roll -= old.hash * gramPowers[tail-1-head]
			units -= old.units
			head++
		}
		if units >= gramUnits {
			if g := mix(roll ^ seed); g&gramSample == 0 {
				dg.grams = append(dg.grams, g)
			}
		}
	}
	if b.toks[1] = int32(len(dg.hashes)); b.toks[1] > b.toks[0] {
		b.key = max(key, 1)
	}
	b.grams[1] = int32(len(dg.grams))
	dg.blocks = append(dg.blocks, b)
	return next
}

type gramToken struct {
	hash  uint64
	units int32
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
func foldDigits(tok string, hash uint64) (uint64, bool) {
	digits := 0
	for i := 0; i < len(tok); i++ {
		if c := tok[i]; c-'0' < 10 || digitLead[c] && isDigit(tok[i:]) {
			digits++
		}
	}
	if digits == 0 {
		return hash, false
	}
	h, letters, was := uint64(numberHash), false, false
	for _, r := range tok {
		is := r-'0' < 10 && r >= '0' || r >= 0x660 && digitRune(r)
		if is && was {
			continue
		}
		was = is
		if is {
			r = '0'
		} else {
			letters = true
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
		}
		h = mix(h ^ uint64(r))
	}
	return h, !letters
}

// digitLead tells the first bytes of the decimal digits beyond ASCII.
var digitLead = [256]bool{0xD9: true, 0xDB: true, 0xE0: true, 0xE1: true, 0xEF: true}

// isDigit reports whether s begins with a decimal digit beyond ASCII.
func isDigit(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return digitRune(r)
}

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
