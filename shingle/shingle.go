package shingle

import (
	"iter"
	"slices"

	"github.com/neardup/neardup/internal/unidata"
)

// A Span is a half-open range of byte offsets into a text: text[Start:End]. The
// zero Span is empty.
type Span struct{ Start, End int }

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Of returns the part of text that the span covers.
func (s Span) Of(text string) string { return text[s.Start:s.End] }

// A Unit is a kind of token. The zero Unit is Words.
type Unit uint8

const (
	// Words makes a token of every word, ideograph or cluster.
	Words Unit = iota
	// Chars makes a token of every letter, digit or mark after folding.
	Chars
)

// UnicodeVersion is the version of the Unicode Character Database that defines
// letters and their folding.
const UnicodeVersion = unidata.Version

// A Shingler describes how text becomes shingles. The zero value is ready to use:
// five-word shingles, case and accents folded. A Shingler is a plain value: it may
// be compared, copied and used by any number of goroutines.
//
// Its methods panic if Size is negative or Unit is not one of the constants.
type Shingler struct {
	// Unit is the unit of tokens: Words unless set.
	Unit Unit

	// Size is the number of tokens in a shingle; 0 means 5 words or 12
	// characters. Any size works, but beyond 16 each shingle costs a
	// little more where vector instructions are used.
	Size int

	// KeepAccents keeps accented letters different from plain ones.
	KeepAccents bool

	// Seed selects the hash functions. 0 selects the public functions, which are the
	// same everywhere and never change; with any other seed, hashes compare only with
	// hashes of the same seed. Use a random seed and keep it secret if authors may be
	// hostile: see Seeds in the package documentation. Names contain a fingerprint of
	// the seed, never the seed. With a seed, tokens of more than eight bytes take
	// longer to hash.
	Seed uint64

	// Multiset makes repeats count: the second occurrence of a shingle in a text has a
	// different hash than the first, and so on, so that the Jaccard similarity of two
	// sets equals the similarity of the multisets of shingles. Each text then needs a
	// map of its distinct shingles.
	Multiset bool
}

// A Token is one token: the hash of its folded form and its place in the text. The
// span covers marks and invisible characters that folding drops.
//
// # Tokens
//
// A token is a run of letters, digits and marks. Everything else separates tokens:
// space, punctuation, symbols, emoji, controls, and bytes that are not valid UTF-8.
// The following rules differ from Unicode Standard Annex 29 or add to it; the rest
// is tested with its conformance data:
//
//   - An apostrophe joins two letters, so don't is one token, and joins nothing
//     else. Full stops, commas, colons, underscores, hyphens and double quotes
//     always separate, also within numbers and between Hebrew letters.
//   - An ideograph is a separate token: Han, Tangut, Khitan, Nushu, Yi,
//     cuneiform and hieroglyphs. Five of them mean about as much as two or three
//     words.
//   - A run of Hiragana is a token, and so is a run of Katakana, each with its sound
//     and length marks. If every kana were a token, a mere verb ending would make a
//     shingle, and any two Japanese texts have those in common.
//   - In Thai, Lao, Khmer, Myanmar, Tai Le, New Tai Lue, Tai Tham, Tai Viet,
//     Javanese and Balinese a token is a cluster, about a syllable: a consonant
//     with the vowel written before it, the consonants stacked below it, and
//     all vowels and marks after it. It needs no dictionary, and a changed
//     letter changes one token only.
//   - Hangul, Devanagari and the other Indic scripts, Arabic and Hebrew are written
//     with spaces, and Tibetan with marks between syllables: their tokens are runs as
//     in Latin. Where scripts with different rules meet, a token ends and another
//     begins; digits join the letters of ordinary scripts.
//
// With [Chars] every folded letter, digit or mark is a token; separators are
// ignored.
//
// # Normalization
//
// A token is hashed in folded form. Texts that differ only in the following have the
// same shingles:
//
//   - Case, by full case folding: Straße is STRASSE.
//   - Composed and decomposed letters, with up to 30 marks of the Basic Multilingual
//     Plane in any canonical order, and a subscript iota last.
//   - Compatibility forms: full and half width, ligatures, circled numbers, letters
//     of mathematics, Arabic presentation forms. Decimal digits of any script become
//     ASCII digits. Vulgar fractions stay one number, half-width and compatibility
//     jamo remain jamo, and ™ and ℠ are symbols.
//   - Accents and other marks on Latin, Greek and Cyrillic letters, unless
//     KeepAccents is set: й becomes и, ё becomes е, đ ħ ł ø ŧ lose their stroke, ı
//     becomes i, and æ œ þ become two letters.
//   - The points of Hebrew, the vowel signs of Arabic and Syriac, and tatweel, in
//     any case.
//   - Straight, curly and modifier apostrophes and the geresh of Hebrew, but not an
//     accent typed in place of one (don`t); any quotes, dashes and spaces.
//   - Invisible code points: soft hyphens, zero-width characters, joiners, variation
//     selectors, direction marks. They do not separate tokens, not even U+200B, which
//     ends a word in the annex.
//
// Traditional and simplified Chinese, kana of different kinds, Arabic and Persian yeh
// and kaf, and numerals written in ideographs stay different.
type Token struct {
	Hash uint64
	Span
}

// A Shingle is a run of Size consecutive tokens: its hash and its place in the text.
type Shingle struct {
	Hash uint64
	Span
}

func (s Shingler) size() int { return sizeOf(s.Unit, s.Size) }

// sizeOf returns the number of tokens in a shingle.
func sizeOf(unit Unit, size int) int {
	switch {
	case unit > Chars:
		panic("shingle: unknown unit")
	case size < 0:
		panic("shingle: Size must not be negative")
	case size > 0:
		return size
	case unit == Chars:
		return 12
	}
	return 5
}

// AppendTokens appends the tokens of text to dst, in order.
//
// Tokens that share a byte with a span of skip are left out, as if the text had
// never held them: shingles run across the gap. The spans are in ascending order of
// Start. They may overlap, be empty, or reach beyond the text; an empty span leaves
// out nothing. Every method with such spans treats them in this way, and panics if
// they are out of order or end before they start.
func (s Shingler) AppendTokens(dst []Token, text string, skip ...Span) []Token {
	t := s.read(text, skip, true)
	for t.more() {
		dst = t.tokens(dst)
		t.hashes = t.hashes[:0]
	}
	t.release()
	return dst
}

// tokens appends all tokens of the last step to dst.
func (t *tokenizer) tokens(dst []Token) []Token {
	n := len(dst)
	dst = slices.Grow(dst, len(t.hashes))[:n+len(t.hashes)]
	out := dst[n:]
	if t.mixed {
		for i, h := range t.hashes {
			out[i] = Token{h, t.span(i)}
		}
		return dst
	}
	// The folded bytes have the same offsets as the text.
	base, hashes, bounds := t.base, t.hashes, t.bounds
	for i := 0; i < len(out) && i < len(hashes) && 2*i+1 < len(bounds); i++ {
		p := &out[i]
		p.Hash = hashes[i]
		p.Start, p.End = base+int(bounds[2*i]), base+int(bounds[2*i+1])
	}
	if t.longFirst && len(out) > 0 {
		out[0].Start = t.firstAt
	}
	return dst
}

// All yields the shingles of text in order, each with the span from its first token
// to its last. A text of fewer tokens than Size yields a single shingle of all its
// tokens, so that equal short texts are found and different ones never match. A text
// without tokens yields none, and matches nothing.
func (s Shingler) All(text string, skip ...Span) iter.Seq[Shingle] {
	w := s.size()
	checkSpans(skip)
	return func(yield func(Shingle) bool) {
		var (
			t     = s.read(text, skip, true)
			spans []Span
			out   []uint64
			count = t.counter()
		)
		for t.more() {
			for i := range t.hashes[t.first:] {
				spans = append(spans, t.span(i))
			}
			out = t.shingles(out[:0], w, t.last())
			width := min(w, len(spans))
			for i, h := range out {
				if !yield(Shingle{count.element(h), Span{spans[i].Start, spans[i+width-1].End}}) {
					t.release()
					return
				}
			}
			spans = append(spans[:0], spans[len(spans)-len(t.hashes):]...)
		}
		t.release()
	}
}

// Hashes returns the hashes of the shingles of text, in order, repeats included, as
// input for a minhash.Sketcher. It is nil for a text without tokens.
//
// It allocates nothing if the text has at most 512 bytes and 64 shingles and the
// compiler sees that the caller does not keep the hashes, as in
//
//	sig := mh.Sketch(sh.Hashes(text))
//
// If the caller keeps them, those of a text of at most 512 bytes take at least that
// much memory. [Shingler.AppendHashes] with nil takes no more than necessary, and with
// the memory of an earlier text it allocates nothing.
func (s Shingler) Hashes(text string, skip ...Span) (hashes []uint64) {
	// This function has to be cheap enough to be inlined: then the memory for few hashes
	// is on the stack of a caller that does not keep them.
	if len(text) <= 512 {
		hashes = make([]uint64, fewHashes)
	}
	return s.hashes(hashes, text, skip)
}

// fewHashes is the number of hashes for which Hashes has memory on the stack.
const fewHashes = 64

// hashes returns the hashes of the shingles of text: in few, if that is not nil and
// large enough, and otherwise in a new slice.
func (s Shingler) hashes(few []uint64, text string, skip []Span) []uint64 {
	t := s.read(text, skip, false)
	t.out = t.appendHashes(t.out[:0])
	var out []uint64
	if n := len(t.out); 0 < n && n <= len(few) {
		out = few[:copy(few, t.out)]
	} else {
		out = t.handOut()
	}
	t.release()
	return out
}

// handOut returns t.out as a new slice: a copy of the right size, or t.out itself if
// it is too large to keep.
func (t *tokenizer) handOut() (out []uint64) {
	if len(t.out) > keepOut {
		out, t.out = t.out, nil
		return out
	}
	return append(out, t.out...)
}

// HashesSeq yields the hashes that [Shingler.Hashes] returns, in blocks of up to a
// few thousand, as input for a minhash.Sketcher. They are never all in memory at
// once: each block overwrites the one before. No block is empty.
func (s Shingler) HashesSeq(text string, skip ...Span) iter.Seq[[]uint64] {
	s.check(skip)
	return func(yield func([]uint64) bool) { s.pushHashes(text, skip, yield) }
}

// check panics if a call with these spans to skip would panic.
//
//go:noinline
func (s Shingler) check(skip []Span) {
	s.size()
	checkSpans(skip)
}

// enough is the number of hashes from which HashesSeq yields a block. Sketching costs
// less per hash in larger blocks.
const enough = 2048

// pushHashes is separate from HashesSeq so that callers inline the latter and no
// closure is allocated.
func (s Shingler) pushHashes(text string, skip []Span, yield func([]uint64) bool) {
	t := s.read(text, skip, false)
	count := t.counter()
	t.out = t.out[:0]
	for t.more() {
		n := len(t.out)
		t.out = t.shingles(t.out, t.size, t.last())
		count.all(t.out[n:])
		if len(t.out) < enough && !t.last() {
			continue
		}
		if len(t.out) > 0 && !yield(t.out) {
			break
		}
		t.out = t.out[:0]
	}
	t.release()
}

// AppendHashes appends the hashes that [Shingler.Hashes] returns to dst. It is the
// fastest way to get them, and allocates nothing once dst is large enough.
func (s Shingler) AppendHashes(dst []uint64, text string, skip ...Span) []uint64 {
	t := s.read(text, skip, false)
	dst = t.appendHashes(dst)
	t.release()
	return dst
}

// appendHashes appends the hashes of the shingles of the text that t reads.
func (t *tokenizer) appendHashes(dst []uint64) []uint64 {
	from := len(dst)
	for t.more() {
		if n := len(t.hashes); cap(dst)-len(dst) < n {
			dst = slices.Grow(dst, t.expect(len(dst)-from+n)-(len(dst)-from))
		}
		dst = t.shingles(dst, t.size, t.last())
	}
	if t.multiset {
		t.counter().all(dst[from:])
	}
	return dst
}

// expect returns the number of hashes to make room for, given that the text before t.at
// has n. It assumes that the rest has as many for its length, or a few more. The result
// is at most about 18 times n, in case the rest has far fewer.
func (t *tokenizer) expect(n int) int {
	if len(t.rest) == 0 {
		return n
	}
	more := int(min(uint64(n)*uint64(len(t.rest))/uint64(t.at), 16*uint64(n)))
	return n + more + more/32 + 16
}

// Set returns the set of the shingles of text.
func (s Shingler) Set(text string, skip ...Span) Set {
	t := s.read(text, skip, false)
	t.out = MakeSet(t.appendHashes(t.out[:0]))
	out := t.handOut()
	t.release()
	return out
}

// checkSpans panics if spans to skip break the rules of AppendTokens. Without this
// check, spans out of order would silently be ignored.
func checkSpans(spans []Span) {
	for i, sp := range spans {
		if sp.Start > sp.End || i > 0 && sp.Start < spans[i-1].Start {
			panic("shingle: the spans to skip are out of order")
		}
	}
}

// skip removes the tokens of the last step that touch a span, and returns the spans
// that are still ahead.
func (t *tokenizer) skip(spans []Span) []Span {
	if len(spans) == 0 {
		return nil
	}
	kept := 0
	for i, h := range t.hashes[t.first:] {
		sp := t.span(i)
		for len(spans) > 0 && (spans[0].End <= sp.Start || spans[0].Len() == 0) {
			spans = spans[1:]
		}
		if len(spans) > 0 && spans[0].Start < sp.End {
			continue
		}
		t.longFirst = t.longFirst && i == kept
		t.hashes[t.first+kept] = h
		t.bounds[2*kept], t.bounds[2*kept+1] = t.bounds[2*i], t.bounds[2*i+1]
		kept++
	}
	t.hashes = t.hashes[:t.first+kept]
	return spans
}

// shingles appends the hashes of the shingles of w tokens in t.hashes to dst, and
// keeps the tokens that begin later shingles.
func (t *tokenizer) shingles(dst []uint64, w int, last bool) []uint64 {
	n := len(t.hashes)
	switch {
	case n >= w:
	case last && n > 0 && !t.begun:
		w = n
	default:
		return dst
	}
	t.begun = true
	m := n - w + 1
	dst = slices.Grow(dst, m)
	hashShingles(dst[len(dst):len(dst)+m], t.hashes, w, &t.mixer)
	copy(t.hashes, t.hashes[m:])
	t.hashes = t.hashes[:n-m]
	return dst[:len(dst)+m]
}

// counter returns the counter of occurrences for the text that t reads. It is valid
// as long as t is.
func (t *tokenizer) counter() counter {
	if !t.multiset {
		return counter{}
	}
	return counter{make(map[uint64]uint64), &t.mixer}
}
