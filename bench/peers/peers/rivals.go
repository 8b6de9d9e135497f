package peers

import (
	"fmt"

	"github.com/cespare/xxhash/v2"
	metro "github.com/dgryski/go-metro"
	"github.com/dgryski/go-minhash"
	minhashlsh "github.com/ekzhu/minhash-lsh"
	"github.com/mfonda/simhash"
)

// ekzhu is ekzhu/minhash-lsh, used as in its all-pairs program: signatures, an index
// that chooses its parameters for the threshold, and a query for each document.
func ekzhu(texts []string, threshold float64) Found {
	return inEkzhu(texts, threshold, func(text string) []uint64 {
		m := minhashlsh.NewMinhash(1, Registers)
		for _, s := range shingles(text) {
			m.Push([]byte(s))
		}
		return m.Signature()
	})
}

// dgryski is dgryski/go-minhash, which makes signatures but has no index: they go into
// the index of ekzhu, which makes its own signatures with this module too, but with
// different hashes. The first hash is the one that the module's tests use, the second
// is xxhash.
func dgryski(texts []string, threshold float64) Found {
	first := func(b []byte) uint64 { return metro.Hash64(b, 0) }
	return inEkzhu(texts, threshold, func(text string) []uint64 {
		m := minhash.NewMinWise(first, xxhash.Sum64, Registers)
		for _, s := range shingles(text) {
			m.Push([]byte(s))
		}
		return m.Signature()
	})
}

func inEkzhu(texts []string, threshold float64, sketch func(string) []uint64) Found {
	ix := minhashlsh.NewMinhashLSH32(Registers, threshold)
	sigs := make([][]uint64, len(texts))
	for i, text := range texts {
		sigs[i] = sketch(text)
		ix.Add(i, sigs[i])
	}
	ix.Index()
	rows, bands := ix.Params()
	f := Found{Banding: fmt.Sprintf("%dx%d", bands, rows), Index: []any{ix, sigs}}
	for i, sig := range sigs {
		for _, other := range ix.Query(sig) {
			if j := other.(int); i < j {
				f.Pairs = append(f.Pairs, [2]int{i, j})
			}
		}
	}
	return f
}

// mfonda is mfonda/simhash over shingles. Near-duplicates are at most three bits
// apart, the distance of Manku, Jain and Das Sarma (2007). It has no index, and no
// threshold of Jaccard similarity.
func mfonda(texts []string, _ float64) Found {
	hashes := make([]uint64, len(texts))
	for i, text := range texts {
		ss := shingles(text)
		bs := make([][]byte, len(ss))
		for j, s := range ss {
			bs[j] = []byte(s)
		}
		hashes[i] = simhash.SimhashBytes(bs)
	}
	f := Found{Banding: "3 of 64 bits", Index: hashes}
	for i, a := range hashes {
		for j := i + 1; j < len(hashes); j++ {
			if simhash.Compare(a, hashes[j]) <= 3 {
				f.Pairs = append(f.Pairs, [2]int{i, j})
			}
		}
	}
	return f
}

// mapOfSets is the program that people write without a library: a map from each
// shingle to the documents that hold it, and a count of the shared ones. It is
// exact.
func mapOfSets(texts []string, threshold float64) Found {
	holders := map[string][]int32{}
	sizes := make([]int, len(texts))
	f := Found{Banding: "exact"}
	common := map[int32]int{}
	for i, text := range texts {
		set := map[string]bool{}
		for _, s := range shingles(text) {
			set[s] = true
		}
		sizes[i] = len(set)
		clear(common)
		for s := range set {
			for _, j := range holders[s] {
				common[j]++
			}
			holders[s] = append(holders[s], int32(i))
		}
		for j, n := range common {
			if float64(n) >= threshold*float64(sizes[i]+sizes[j]-n) {
				f.Pairs = append(f.Pairs, [2]int{int(j), i})
			}
		}
	}
	f.Index = []any{holders, sizes}
	return f
}

// shinglesAlone makes the shingles with which all others here begin, and discards
// them.
func shinglesAlone(texts []string, _ float64) Found {
	n := 0
	for _, text := range texts {
		n += len(shingles(text))
	}
	return Found{Banding: "none", Index: n}
}
