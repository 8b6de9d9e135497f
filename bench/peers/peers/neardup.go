package peers

import (
	"context"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// neardupSets is the usage shown in the README: sets are kept, and similarity is
// counted from them.
func neardupSets(texts []string, threshold float64) Found {
	var sh shingle.Shingler
	return neardupIndex(texts, threshold, func(text string) shingle.Set { return sh.Set(text) })
}

// neardupCommon uses the shingles of the other peers instead of its own, so that
// only the sketch, the index and the verification differ.
func neardupCommon(texts []string, threshold float64) Found {
	return neardupIndex(texts, threshold, func(text string) shingle.Set {
		var hashes []uint64
		for _, s := range shingles(text) {
			hashes = append(hashes, xxhash.Sum64String(s))
		}
		return shingle.MakeSet(hashes)
	})
}

func neardupIndex(texts []string, threshold float64, set func(string) shingle.Set) Found {
	mh := minhash.New(minhash.Options{})
	ix := lsh.New(lsh.Options{Threshold: threshold})
	for i, text := range texts {
		s := set(text)
		ix.AddSet(strconv.Itoa(i), mh.Sketch(s), s)
	}
	f := Found{Index: ix, Banding: ix.Banding().String()}
	pairs, err := ix.Pairs(context.Background())
	if err != nil {
		panic(err) // impossible: the context never ends
	}
	for _, p := range pairs {
		a, _ := strconv.Atoi(p.A)
		b, _ := strconv.Atoi(p.B)
		f.Pairs = append(f.Pairs, [2]int{a, b})
	}
	return f
}

// neardupSignatures keeps only signatures and judges by them, like the other peers
// that estimate.
func neardupSignatures(texts []string, threshold float64) Found {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	values := make([]uint32, 0, len(texts)*Registers)
	var hashes []uint64
	for _, text := range texts {
		hashes = sh.AppendHashes(hashes[:0], text)
		values = mh.AppendValues(values, hashes)
	}
	src := lsh.Registers{Size: Registers, Values: values}
	b := lsh.Batch{Threshold: threshold}
	pairs, _, err := b.Pairs(context.Background(), src)
	if err != nil {
		panic(err) // impossible: reading from memory cannot fail
	}
	f := Found{Index: src, Banding: lsh.Choose(Registers, threshold, .99).String()}
	for _, p := range pairs {
		f.Pairs = append(f.Pairs, [2]int{p.A, p.B})
	}
	return f
}
