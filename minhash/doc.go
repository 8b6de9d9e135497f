// Package minhash condenses a set of 64-bit hashes into a signature of K 32-bit
// registers; the share of registers in which two signatures agree estimates the
// Jaccard similarity of the two sets, |A∩B| / |A∪B|.
//
// It never sees text: the elements come from package shingle, or from anywhere
// else, and the signatures go to package lsh, which finds the similar ones
// among many. A set is made of hashes, so repeats do not count:
//
//	sh := shingle.Shingler{}
//	mh := minhash.New(minhash.Options{Elements: sh})
//	a, b := mh.Sketch(sh.Hashes(text)), mh.Sketch(sh.Hashes(other))
//	fmt.Println(a.Similarity(b))
//
// For many documents reuse the memory of a slice of hashes and of a signature
// ([Sketcher.SketchInto]), or append bare registers to a slice of your own
// ([Sketcher.AppendValues]): neither allocates. A [Sketcher] may be used by any
// number of goroutines at once and starts none; it has no state that they would
// share, so sketching scales with processors.
//
// The signature of the union of sets is the elementwise minimum of theirs
// ([Signature.Union]), so a set may be sketched in parts. [Signature.Cardinality]
// and [Signature.Containment] estimate sizes and one-sided overlap.
// [Signature.Pack] keeps 8 or 16 bits of each register. [SimHash64] is the other
// classic sketch, of one word.
//
// The empty set, which is what a document without tokens is, matches nothing, not
// even itself; any other set has similarity 1 with itself.
//
// # Weighted sets
//
// For the Jaccard similarity of multisets, the sum of the least over the sum of
// the greatest counts, make an element of each pair of a hash and the number of
// its occurrence: the first h is one element, the second h another. The
// estimate is then as good as for sets, with any algorithm of this package. The
// shingles of a text come so from a shingle.Shingler with Multiset set; an example
// shows it for other hashes.
//
// # Choosing k
//
// K is the number of registers and of independent trials: the standard error of
// a similarity J is at most sqrt(J(1-J)/K), so .035 with K = 128 at J = .8 and
// half of that with K = 512. Memory is 4K bytes a document. With the default
// algorithm time does not depend on K as long as a set has many more elements
// than K; smaller sets pay for each register that lacks an element. 128 serves
// where candidates are verified against the sets themselves; take 256 or 512
// where the estimate has the last word, or for thresholds below .5.
//
// # Algorithms
//
// [Bucket], the default, belongs to the family of Fast Similarity Sketching
// (Dahlgaard, Knudsen and Thorup, FOCS 2017). In round 0 each element lies in
// one of K buckets, and a register keeps the least rank that its bucket has seen.
// If a bucket is empty, round 1 places all elements anew; a register that is
// still empty then takes part in the fallback, where every element competes for
// it, as in classic MinHash. Registers of a later round are larger, whatever
// their rank, so minima merge exactly. For n elements this takes n steps for a
// round and n for each register in the fallback, of which there are about
// K*exp(-2n/K): none for long texts. The K-fold work of classic MinHash falls
// away, and because a round draws registers without replacement the variance is
// lower than its.
//
// The number of rounds is part of the definition. It was chosen by cost times
// variance, nanoseconds a shingle (least of several interleaved runs) and the
// ratio of the variance to J(1-J)/K, for one, two and three rounds, K = 128, on a
// Xeon of the Sapphire Rapids generation:
//
//	            n=20             n=64             n=200            n=1000
//	rounds      1    2    3      1    2    3      1    2    3      1    2    3
//	AVX-512     7.1  5.7  9.0    4.4  4.0  4.5    2.6  2.6  3.4    1.0  1.0  1.0
//	AVX2        12.8 11.0 11.6   7.2  6.4  6.2    3.6  3.2  4.3    1.4  1.4  1.4
//	Go          76   67   59     40   28   19     16   7.9  9.3    1.9  1.9  1.9
//	variance    .87  .77  .70    .70  .58  .54    .59  .57  .57    .86  .86  .86
//
// Two rounds are the best or close to it everywhere: one costs twice the time in
// Go at 200 shingles, three a third more with vectors. (At n=20 two have a kernel
// of their own; without it they take 7.8 in AVX-512, still the least product.)
// On a processor of AMD's Zen 5 generation, with later kernels, one round would be
// cheaper by a quarter at 200 shingles with AVX2, and two are best again in the sum:
//
//	AVX-512     2.8  2.7  4.3    2.0  2.3  2.7    1.2  1.3  1.6    .52  .52  .52
//	AVX2        5.3  4.1  6.1    3.1  3.6  3.5    1.7  2.3  3.0    .86  .86  .86
//	Go          50   44   38     29   20   13     12   5.8  6.7    1.5  1.5  1.5
//
// To repeat it:
//
//	go test ./minhash -run '^$' -bench Rounds -benchtime 6x
//	go test ./minhash -run RoundsAccuracy -v -trials 4000
//
// [Classic] is MinHash as Broder (1997) has it, with K functions a*h + b modulo
// 2^32 of the mixed element: the reference. [Affine32] and [Legacy] make the
// signatures of the Python package datasketch bit for bit; package
// minhash/datasketch has its hash and its file format.
//
// All algorithms but the last two mix an element first, with a finaliser keyed by
// the seed: elements may be sequential numbers.
//
// # Accuracy
//
// The table shows the mean squared error of [Signature.Similarity] over what
// classic MinHash has in theory, J(1-J)/K, for K = 128 and unions of n elements:
// the mean over ten similarities from .1 to .95, and the least and greatest.
// Random elements, consecutive numbers, and the shingles of news articles:
//
//	n       random            sequential        shingles
//	5       .91  .89 -  .92   .94  .93 -  .94   .97  .95 - 1.00
//	20      .78  .73 -  .83   .78  .76 -  .80   .78  .75 -  .81
//	64      .59  .56 -  .62   .56  .54 -  .59   .58  .56 -  .60
//	200     .57  .56 -  .60   .56  .54 -  .59   .58  .55 -  .60
//	1000    .85  .82 -  .89   .89  .86 -  .91   .88  .83 -  .91
//	5000    .97  .91 - 1.01   .97  .94 -  .98  1.01  .97 - 1.02
//	20000   .99  .94 - 1.03  1.01  .97 - 1.04   .99  .94 - 1.03
//
// With 2,000 trials a cell is uncertain by 3 %. No bias was seen: the largest of
// 192 means was 3.4 standard errors off. To repeat it:
//
//	go test ./minhash -run TestAccuracy -v -trials 2000
//
// What no sketch can mend is in the elements: two shingles with one hash are one
// element, which with 64-bit hashes takes some billion shingles. Registers of sets
// of n elements tie by chance with a probability of about n/K/2^31, which is
// nothing to speak of below 10^9 elements, and of n/2^32 with the other
// algorithms, which is .002 at 10^7.
//
// # Speed
//
// Kernels for AVX-512, AVX2 and NEON are chosen when the program starts; others,
// and builds with the tag purego, run Go. All make the same registers.
// Nanoseconds a shingle for sets of n, K = 128, and classic MinHash with 64-bit
// hashes beside it, in hand-written AVX-512 and in Go (NEON was tested in
// emulation, and not measured). On a processor of AMD's Zen 5 generation:
//
//	n                  20    64   200  1000  5000  20000
//	AVX-512           2.7   2.3   1.3   .52   .38    .26
//	AVX2              4.0   3.5   2.3   .86   .88    .74
//	Go                 44    19   5.7   1.5   1.3    1.0
//	classic AVX-512   4.5   3.5   3.3   3.1   3.1    3.1
//	classic Go         60    62    66    63    61     60
//
// On a Xeon of the Sapphire Rapids generation, where vectors of 64-bit products and
// so classic MinHash are slow, with earlier kernels for AVX2 and for n = 200:
//
//	AVX-512           5.7   3.9   2.6   1.0    .8     .6
//	AVX2              9.7   6.2   3.2   1.4   1.3    1.2
//	Go                 67    27   7.9   1.9   1.5    1.2
//	classic AVX-512    16    14    14    13    13     13
//	classic Go        100    90    90    87    84     82
//
// To repeat it:
//
//	GOWORK=off go -C bench/speed test -run '^$' -bench Kernels -benchtime 6x
//
// Sets that repeat few elements many times take up to about four times as long as
// sets of as many distinct ones (BenchmarkRepetitive).
//
// # File format
//
// Signatures, packed signatures and schemes have a binary form, little-endian
// with version and checksum, and a text form for JSON and logs. FORMAT.md in the
// directory of the package describes both.
//
// # Stability
//
// Equal options give equal registers on every processor, operating system and
// version of Go, for ever: a change would be a new version of the [Scheme], and
// signatures of unlike schemes refuse to compare. The same holds for band keys,
// packed signatures, SimHashes and the binary form, which every later release of
// this major version reads. Golden files in testdata prove it.
//
// # Untrusted input
//
// Decoding takes memory in proportion to the bytes that are there, never to what
// they declare, and yields a valid value or an error.
//
// An author who knows the seed can make sets whose estimates are wrong, in either
// direction; choose a random seed and keep it secret where authors may be hostile.
// The mixing is fast, not cryptographic: a secret seed stops crafted registers, not an
// author who can have any number of signatures made. It cannot tell two texts apart
// that have equal element hashes, which is what Shingler.Seed in package shingle is
// for; and the seed of [Signature.BandKeys] keeps different registers out of one
// bucket, while equal ones always meet. No input costs more than the rounds and
// classic MinHash together.
package minhash
