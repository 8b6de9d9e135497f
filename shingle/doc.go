// Package shingle turns text into shingles: the 64-bit hashes of every run of a
// few consecutive tokens, which is what near-duplicate detection compares.
//
// Package minhash condenses the shingles of a text into a signature, package
// lsh finds similar signatures, package boilerplate finds the blocks that pages share
// and returns the spans to skip. This package also compares two texts exactly, and
// finds their paragraphs and the passages that they share.
//
//	var sh shingle.Shingler // five words
//	a, b := sh.Set(textA), sh.Set(textB)
//	fmt.Println(a.Jaccard(b))
//
// [Shingler.Hashes] returns the hashes in the order of the text, which is what a
// signature is made of; [Shingler.AppendHashes] allocates nothing once its buffer is
// large enough.
//
// # Tokens
//
// A token is a run of letters, digits and marks. Everything else separates
// tokens: space, punctuation, symbols, emoji, controls, and bytes that are not
// valid UTF-8. These rules depart from Unicode Standard Annex 29 (whose
// conformance data the rest is tested against) or add to it:
//
//   - An apostrophe joins two letters, so don't is one token, and joins nothing
//     else. Points, commas, colons, underscores, hyphens and double quotes
//     always separate, also within numbers and between Hebrew letters.
//   - An ideograph is a token by itself: Han, Tangut, Khitan, Nushu, Yi,
//     cuneiform and hieroglyphs. Five of them say about what two or three words
//     do.
//   - A run of Hiragana is a token, and a run of Katakana is, each with its sound
//     and length marks. Single kana would make a shingle of a mere verb ending,
//     which any two Japanese texts have in common.
//   - In Thai, Lao, Khmer, Myanmar, Tai Le, New Tai Lue, Tai Tham, Tai Viet,
//     Javanese and Balinese a token is a cluster, about a syllable: a consonant
//     with the vowel written before it, the consonants stacked below it, and
//     all vowels and marks behind it. It needs no dictionary, and a changed
//     letter changes one token only.
//   - Hangul, Devanagari and the other Indic scripts, Arabic and Hebrew are
//     written with spaces, and Tibetan with marks between syllables: their
//     tokens are runs as in Latin. Tokens of two scripts with different rules
//     part where they meet; digits join the letters of ordinary scripts.
//
// With [Chars] every folded letter, digit or mark is a token; what separates
// words counts for nothing.
//
// # Normalization
//
// A token is hashed in folded form. Texts that differ only in the following have
// the same shingles:
//
//   - Case, by full case folding: Straße is STRASSE.
//   - Composed and decomposed letters, with up to 30 marks of the Basic
//     Multilingual Plane in any canonical order, a subscript iota last.
//   - Compatibility forms: full and half width, ligatures, circled numbers,
//     letters of mathematics, Arabic presentation forms. Decimal digits of any
//     script are those of ASCII. Vulgar fractions stay one number, half-width and
//     compatibility jamo stay what they are, and ™ and ℠ are symbols.
//   - Accents and other marks on Latin, Greek and Cyrillic letters, unless
//     KeepAccents is set; й is и then, as ё is е. So are letters with a stroke
//     (đ ħ ł ø ŧ) and dotless ı, and æ œ þ are two letters.
//   - The points of Hebrew, the vowel signs of Arabic and Syriac, and tatweel, in
//     any case.
//   - Straight, curly and modifier apostrophes and the geresh of Hebrew, but no
//     accent typed for one (don`t); any quotes, dashes and spaces.
//   - What is invisible: soft hyphens, zero-width characters, joiners, variation
//     selectors, direction marks. They do not separate either, not even U+200B,
//     at which the annex has a word end.
//
// Traditional and simplified Chinese, kana of different kinds, the yeh and kaf of
// Arabic and of Persian, and numerals written in ideographs stay different.
//
// # Hashes
//
// Without a seed, a token of up to 16 bytes of folded UTF-8 is hashed by multiplying
// and mixing, a longer one by xxhash. The hash of a shingle is the polynomial whose
// coefficients are the hashes of its tokens, modulo 2^64, with their number mixed in,
// finished so that every bit depends on every bit: the order of tokens counts, and
// where each ends. Halves of hashes collide as those of random numbers do, and 100
// million distinct shingles of near-equal words gave no collision.
//
// # Seeds
//
// Those hashes are public: anyone can compute two tokens with one hash, and so a text
// that has every shingle of another and shares no word with it. Such a pair has the
// exact similarity 1, and no seed of package minhash, lsh or boilerplate changes that.
//
// [Shingler.Seed] does. With a random seed of 64 bits that authors do not know,
// tokens of up to eight bytes of folded UTF-8 never have one hash, and two longer ones
// of n bytes do with a probability of about n/7/2^61, whatever they are; a short and a
// long token, and whole shingles, collide as random numbers do as far as is known,
// which is no proof. To confirm what public hashes found, hash both texts again with a
// seed drawn for the run. It does not protect against an author who learns it or sees
// hashes, and texts that normalization makes equal stay equal. Three seeds do three
// things:
//
//   - Shingler.Seed: no one can make different shingles with equal hashes.
//   - The Seed of a minhash.Sketcher: no one can choose words so that the registers of a
//     text agree with those of another more, or less, often than their shingles do.
//   - The Seed of an index of package lsh: no one can make different registers
//     that share a bucket. Equal registers share it with any seed.
//
// # Stability
//
// The tables are those of [UnicodeVersion] and do not change with the Go
// release. The same text has the same hashes on every platform and with every
// set of instructions, in one piece or read from a stream, and in every later
// version with the same major number: golden files in testdata prove it.
//
// Kernels for AVX-512 and AVX2 are chosen when the program starts; other machines, and
// builds with the tag purego, run Go. docs/benchmarks.md has their speed, for every
// script.
package shingle
