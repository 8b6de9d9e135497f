// Package shingle turns text into shingles: the 64-bit hashes of every run of a few
// consecutive tokens. Near-duplicate detection compares these hashes.
//
// Package minhash condenses the shingles of a text into a signature, package lsh
// finds similar signatures, package boilerplate finds the blocks that pages share
// and returns the spans to skip. This package also compares two texts exactly, and
// finds their paragraphs and the passages that they share.
//
//	var sh shingle.Shingler // five words
//	a, b := sh.Set(textA), sh.Set(textB)
//	fmt.Println(a.Jaccard(b))
//
// [Shingler.Hashes] returns the hashes in the order of the text, for a signature;
// [Shingler.AppendHashes] allocates nothing once its buffer is large enough.
//
// # Tokens
//
// A token is a run of letters, digits and marks; an ideograph; a run of kana of one
// kind; or a cluster, about a syllable, of the scripts of South-East Asia that are
// written without spaces. Everything else separates tokens. A token is hashed in
// folded form: case, accents on Latin, Greek and Cyrillic letters, compatibility
// forms, typography and invisible characters make no difference. [Token] has the
// rules.
//
// # Hashes
//
// Without a seed, a token of up to 16 bytes of folded UTF-8 is hashed by multiplying
// and mixing, a longer one by xxhash. The hash of a shingle is a polynomial modulo
// 2^64 whose coefficients are the hashes of its tokens; their number is mixed in, and
// a final step makes every bit depend on every other. So the order of the tokens
// counts, and so does the place where each ends. Each half of a hash collides as
// rarely as a random 32-bit number, and 100 million distinct shingles of near-equal
// words gave no collision.
//
// # Seeds
//
// Those hashes are public: anyone can compute two tokens with the same hash, and so
// a text that has every shingle of another but shares no word with it. Such a pair
// has an exact similarity of 1, and no seed of package minhash, lsh or boilerplate
// changes that.
//
// [Shingler.Seed] does. With a random 64-bit seed that authors do not know, two
// tokens of up to eight bytes of folded UTF-8 never have the same hash, and any two
// longer ones of n bytes have the same hash with a probability of about n/7/2^61. As
// far as is known, though not proved, a short and a long token, and whole shingles,
// collide as rarely as random numbers. To confirm what public hashes found, hash both
// texts again with a seed drawn for the run. A seed does not protect against an
// author who learns it or sees hashes, and texts that are equal after normalization
// stay equal. There are three seeds with three purposes:
//
//   - Shingler.Seed: no one can make different shingles with equal hashes.
//   - The Seed of a minhash.Sketcher: no one can choose words that make the registers
//     of two texts agree more, or less, often than their shingles do.
//   - The Seed of an index of package lsh: no one can make different registers
//     that share a bucket. Equal registers share it with any seed.
//
// # Stability
//
// The tables are those of [UnicodeVersion] and do not change with the Go release. The
// same text has the same hashes on every platform and with every set of instructions,
// in one piece or read from a stream, and in every later release of the same major
// version; golden files in testdata prove it.
//
// Kernels for AVX-512 and AVX2 are chosen when the program starts; other machines,
// and builds with the tag purego, run Go. docs/benchmarks.md lists their speed for
// every script.
package shingle
