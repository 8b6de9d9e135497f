// Package minhash condenses a set of 64-bit hashes into a signature of K 32-bit
// registers; the share of registers in which two signatures agree estimates the
// Jaccard similarity of the two sets, |A∩B| / |A∪B|.
//
// The elements come from package shingle or any other source. Package lsh finds the
// similar signatures among many. Repeated elements do not count:
//
//	var sh shingle.Shingler
//	mh := minhash.New(minhash.Options{Elements: sh})
//	a, b := mh.SketchSeq(sh.HashesSeq(text)), mh.SketchSeq(sh.HashesSeq(other))
//	fmt.Println(a.Similarity(b))
//
// For many documents, reuse the memory of a slice of hashes and of a signature
// ([Sketcher.SketchInto]), or append registers to a slice of your own
// ([Sketcher.AppendValues]): neither allocates. A [Sketcher] may be used by any
// number of goroutines and starts none.
//
// The signature of a union is the elementwise minimum ([Signature.Union]), so a set
// may be sketched in parts. [Signature.Cardinality] and [Signature.Containment]
// estimate sizes and one-sided overlap. [Signature.Pack] keeps 8 or 16 bits of each
// register. [SimHash64] is another classic sketch, a single 64-bit word.
//
// The empty set matches nothing, not even itself; any other set has similarity 1 with
// itself. To compare multisets, make one element from each pair of a hash and its
// occurrence number, as a shingle.Shingler with Multiset does.
//
// # Choosing K
//
// The standard error of a similarity J is at most sqrt(J(1-J)/K): .035 with K = 128
// at J = .8, half of that with K = 512. A signature takes 4K bytes. With the default
// algorithm time hardly depends on K for sets of many more elements than K; smaller
// sets pay for each register that lacks an element. 128 is enough where candidates
// are verified against the sets; use 256 or 512 where the estimate decides, or for
// thresholds below .5.
//
// # Algorithms
//
// [Bucket], the default, belongs to the family of Fast Similarity Sketching
// (Dahlgaard, Knudsen and Thorup, FOCS 2017). Each element falls into one of K
// buckets, in two rounds; every element competes for a register that is still empty,
// as in classic MinHash. FORMAT.md has the definition. The estimate has no bias, and
// its variance is that of classic MinHash or, for sets not much larger than K, less.
//
// [Classic] is MinHash as defined by Broder (1997), and serves as the reference.
// [Affine32] and [Legacy] make the signatures of the Python package datasketch bit
// for bit; package minhash/datasketch has its hash and its file format.
//
// All algorithms but the last two first mix each element with a finaliser keyed by
// the seed, so elements may be sequential numbers. Two elements with the same hash
// are one element. Registers of sets of n elements tie by chance with a probability
// of about n/K/2^31 for Bucket, and n/2^32 for the other algorithms.
//
// Kernels for AVX-512, AVX2 and NEON are chosen when the program starts; other
// machines, and builds with the tag purego, run Go. docs/benchmarks.md lists their
// speed and the accuracy by size of set, and explains how the number of rounds was
// chosen.
//
// # Stability
//
// Equal options give equal registers, and equal signatures the same estimates to the
// last bit, on every processor, operating system and version of Go. If registers ever
// changed, the [Scheme] would get a new version, and signatures of different schemes
// refuse to compare. Later releases of this major version read what earlier ones
// wrote: FORMAT.md describes the binary form, with version and checksum, and the text
// form for JSON. Golden files in testdata prove it.
//
// # Untrusted input
//
// Decoding takes memory in proportion to the bytes present, not to declared lengths,
// and returns a valid value or an error.
//
// An author who knows the seed can make sets whose estimates are wrong, in either
// direction: where authors may be hostile, choose a random seed and keep it secret.
// No seed of this package distinguishes two texts with equal element hashes: see
// Shingler.Seed in package shingle. SECURITY.md has the details.
package minhash
