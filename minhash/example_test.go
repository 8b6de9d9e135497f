package minhash_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

func Example() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Seed: 1, Elements: sh})

	const report = "The ferry to the northern islands was late again on Monday because of fog, " +
		"and the harbour master asked passengers to wait in the hall until the horn had sounded twice."
	monday := mh.Sketch(sh.Hashes(report))
	tuesday := mh.Sketch(sh.Hashes(strings.Replace(report, "Monday", "Tuesday", 1)))
	other := mh.Sketch(sh.Hashes("Nothing on the line to the coast was late at all."))

	fmt.Println(monday.Similarity(tuesday) > .5, monday.Similarity(other) < .1)
	// Output: true true
}

// One slice of hashes and one signature are reused for all documents.
func ExampleSketcher_SketchInto() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	var hashes []uint64
	var sig minhash.Signature
	for _, text := range []string{"one document after the other", "", "and so on"} {
		hashes = sh.AppendHashes(hashes[:0], text)
		mh.SketchInto(&sig, hashes)
		fmt.Println(sig.IsEmpty())
	}
	// Output:
	// false
	// true
	// false
}

// Any number of goroutines may run, each with its own memory.
func ExampleSketcher() {
	mh := minhash.New(minhash.Options{Elements: shingle.Shingler{}})
	texts := []string{"all the boats are in", "the boats are all in", "none of the boats is in", ""}
	sigs := make([]minhash.Signature, len(texts))
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			var sh shingle.Shingler
			var hashes []uint64
			for i := w; i < len(texts); i += 2 {
				hashes = sh.AppendHashes(hashes[:0], texts[i])
				mh.SketchInto(&sigs[i], hashes)
			}
		})
	}
	wg.Wait()
	fmt.Println(sigs[0].Similarity(sigs[0]), sigs[0].Similarity(sigs[1]), sigs[3].IsEmpty())
	// Output: 1 0 true
}

// The registers of many documents are in one slice, and their scheme is stored once.
func ExampleSketcher_AppendValues() {
	mh := minhash.New(minhash.Options{K: 64})
	var registers []uint32
	for _, set := range [][]uint64{{1, 2, 3}, {1, 2, 3}, {4, 5, 6}} {
		registers = mh.AppendValues(registers, set)
	}
	k := mh.Scheme().K
	fmt.Println(minhash.Agree(registers[:k], registers[k:2*k]), minhash.Agree(registers[:k], registers[2*k:]))
	// Output: 64 0
}

// The default algorithm and the reference estimate the similarity of the same sets.
func ExampleAlgorithm() {
	set := make([]uint64, 100)
	for i := range set {
		set[i] = uint64(i)
	}
	for _, a := range []minhash.Algorithm{minhash.Bucket, minhash.Classic} {
		mh := minhash.New(minhash.Options{Algorithm: a, K: 1024})
		j := mh.Sketch(set[:80]).Similarity(mh.Sketch(set[20:]))
		fmt.Println(a, math.Abs(j-.6) < .05)
	}
	// Output:
	// bucket true
	// classic true
}

// The shingler names the elements in the scheme.
func ExampleOptions() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{K: 256, Seed: 42, Elements: sh})
	fmt.Println(mh.Scheme())
	// Output: bucket k=256 rounds=2 seed=42 elements="words:5" version=1
}

// This estimates the Jaccard similarity of multisets: each occurrence of a hash
// becomes a separate element.
func ExampleSketcher_Sketch_multiset() {
	weighted := func(hashes []uint64) (elements []uint64) {
		seen := make(map[uint64]uint64)
		for _, h := range hashes {
			// Consecutive occurrences are far apart, so that sums do not collide.
			elements = append(elements, h+seen[h]*0x9E3779B97F4A7C15)
			seen[h]++
		}
		return elements
	}
	mh := minhash.New(minhash.Options{K: 1024})
	a := []uint64{1, 1, 1, 1, 2} // one element occurs four times, the other once
	b := []uint64{1, 1, 2, 2, 2}
	got := mh.Sketch(weighted(a)).Similarity(mh.Sketch(weighted(b)))
	exact := (2. + 1) / (4 + 3)
	fmt.Println(math.Abs(got-exact) < .06)
	// Output: true
}

// SketchSeq sketches the hashes of a text without ever holding all of them.
func ExampleSketcher_SketchSeq() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	text := "The keeper wrote every evening, and nobody ever read the book."
	fmt.Println(mh.SketchSeq(sh.HashesSeq(text)).Similarity(mh.Sketch(sh.Hashes(text))))
	// Output: 1
}

func ExampleSignature_Union() {
	mh := minhash.New(minhash.Options{})
	left, right := mh.Sketch([]uint64{1, 2, 3}), mh.Sketch([]uint64{3, 4})
	whole := mh.Sketch([]uint64{1, 2, 3, 4})
	fmt.Println(left.Union(right).Similarity(whole))
	// Output: 1
}

func ExampleSignature_Compatible() {
	words := minhash.New(minhash.Options{Elements: shingle.Shingler{Size: 5}}).Sketch([]uint64{1})
	other := minhash.New(minhash.Options{Elements: minhash.Name("sentences")}).Sketch([]uint64{1})
	fmt.Println(errors.Is(words.Compatible(other), minhash.ErrMismatch))
	// Output: true
}

// Band keys find similar sets in any database with an index on numbers: pairs
// that share a key are candidates.
func ExampleSignature_BandKeys() {
	mh := minhash.New(minhash.Options{})
	a, b := mh.Sketch([]uint64{1, 2, 3, 4, 5, 6}), mh.Sketch([]uint64{2, 3, 4, 5, 6, 7})
	keys := a.BandKeys(nil, 32, 4, 1)
	shared := 0
	for i, key := range b.BandKeys(nil, 32, 4, 1) {
		if key == keys[i] {
			shared++
		}
	}
	fmt.Println(len(keys), shared > 0)
	// Output: 32 true
}

func ExampleSignature_MarshalBinary() {
	sig := minhash.New(minhash.Options{Seed: 1, Elements: minhash.Name("words:5")}).Sketch([]uint64{1, 2, 3})
	data, err := sig.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var read minhash.Signature
	if err := read.UnmarshalBinary(data); err != nil {
		fmt.Println(err)
		return
	}
	data[40] ^= 1
	fmt.Println(len(data), read.Similarity(sig), errors.Is(read.UnmarshalBinary(data), minhash.ErrCorrupt))
	// Output: 547 1 true
}

// A signature in JSON is a string.
func ExampleSignature_MarshalText() {
	type page struct {
		URL       string
		Signature minhash.Signature `json:",omitzero"`
	}
	mh := minhash.New(minhash.Options{K: 16, Elements: minhash.Name("lines")})
	made := page{"https://example.org/ferry", mh.Sketch([]uint64{1, 2, 3})}
	data, err := json.Marshal(made)
	if err != nil {
		fmt.Println(err)
		return
	}
	var read page
	err = json.Unmarshal(data, &read)
	fmt.Println(read.Signature.Scheme(), read.Signature.Similarity(made.Signature), err)
	// Output: bucket k=16 rounds=2 seed=0 elements="lines" version=1 1 <nil>
}

func ExamplePacked() {
	mh := minhash.New(minhash.Options{})
	set := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	a, b := mh.Sketch(set).Pack(8), mh.Sketch(set[:4]).Pack(8)
	fmt.Println(a.Similarity(a), a.Similarity(b) > .3 && a.Similarity(b) < .7)
	// Output: 1 true
}

func ExampleContainment() {
	// An article of 400 shingles contains a quotation of 40.
	fmt.Printf("%.2f\n", minhash.Containment(40./400, 40, 400))
	// Output: 1.00
}

func ExampleScheme() {
	made := minhash.New(minhash.Options{K: 64}).Scheme()
	data, err := made.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var stored minhash.Scheme
	if err := stored.UnmarshalBinary(data); err != nil {
		fmt.Println(err)
		return
	}
	mh, err := minhash.ForScheme(stored)
	fmt.Println(stored == made, mh.Scheme() == made, err)
	// Output: true true <nil>
}

func ExampleSimHash64() {
	var sh shingle.Shingler
	sh.Size = 1
	a := minhash.SimHash64(sh.AppendHashes(nil, "the ferry to the northern islands was late again on monday"))
	b := minhash.SimHash64(sh.AppendHashes(nil, "the ferry to the northern islands was late again on tuesday"))
	fmt.Println(minhash.SimHashDistance(a, b) < 20)
	// Output: true
}
