package lsh_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// randomSignatures returns signatures of random sets; every fifth is a near-duplicate of
// an earlier one.
func randomSignatures(n int) (*minhash.Sketcher, []uint32) {
	sk := minhash.New(minhash.Options{})
	const k = 128
	values := make([]uint32, 0, n*k)
	hashes := make([]uint64, 60)
	for row := range n {
		if row%5 == 4 {
			at := int(mix(uint64(row))%uint64(row)) * k
			values = append(values, values[at:at+k]...)
			for i := range 10 {
				values[len(values)-1-i*12] = uint32(mix(uint64(row)<<8|uint64(i))) >> 1
			}
			continue
		}
		for i := range hashes {
			hashes[i] = mix(uint64(row)<<8 | uint64(i))
		}
		values = sk.AppendValues(values, hashes)
	}
	return sk, values
}

func wrap(tb testing.TB, sk *minhash.Sketcher, values []uint32, row int) minhash.Signature {
	sig, err := sk.Wrap(values[row*128 : row*128+128])
	if err != nil {
		tb.Fatal(err)
	}
	return sig
}

// BenchmarkIndex adds documents to an index of 16 bands and searches for each of them,
// including band keys, tables, verification and results.
func BenchmarkIndex(b *testing.B) {
	const n = 100_000
	sk, values := randomSignatures(n)
	ids := make([]string, n)
	sigs := make([]minhash.Signature, n)
	for i := range ids {
		ids[i], sigs[i] = fmt.Sprint("document-", i), wrap(b, sk, values, i)
	}
	fill := func(capacity int) *lsh.Index {
		ix := lsh.New(lsh.Options{Capacity: capacity})
		for i, id := range ids {
			ix.Add(id, sigs[i])
		}
		return ix
	}
	perDoc := func(b *testing.B, docs int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(docs), "ns/doc")
	}
	b.Run("add/growing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fill(0)
		}
		perDoc(b, n)
	})
	b.Run("add/presized", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fill(n)
		}
		perDoc(b, n)
	})
	ix := fill(n)
	const queries = 10_000
	for _, limit := range []int{0, 1} {
		b.Run(fmt.Sprintf("search/limit=%d", limit), func(b *testing.B) {
			b.ReportAllocs()
			matches := 0
			for b.Loop() {
				matches = 0
				for i := range queries {
					matches += len(ix.Search(sigs[i*(n/queries)], lsh.SearchOptions{Limit: limit}))
				}
			}
			perDoc(b, queries)
			b.ReportMetric(float64(matches)/queries, "matches/query")
		})
	}
}

// BenchmarkBatch finds pairs and clusters of signatures in memory.
func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		_, values := randomSignatures(n)
		src := lsh.Registers{Size: 128, Values: values}
		var batch lsh.Batch
		run := func(name string, f func() (int, error)) {
			b.Run(fmt.Sprintf("%s/docs=%d", name, n), func(b *testing.B) {
				found := 0
				for b.Loop() {
					var err error
					if found, err = f(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/doc")
				b.ReportMetric(float64(found)/float64(n), "found/doc")
			})
		}
		run("pairs", func() (int, error) {
			pairs, _, err := batch.Pairs(context.Background(), src)
			return len(pairs), err
		})
		run("clusters", func() (int, error) {
			clusters, _, err := batch.Clusters(context.Background(), src, lsh.ClusterOptions[int]{})
			return len(clusters), err
		})
	}
}

// BenchmarkContained joins documents of 100 elements; every fifth is a part of an earlier
// one.
func BenchmarkContained(b *testing.B) {
	const n = 50_000
	sets := make([][]uint64, n)
	for row := range sets {
		sets[row] = span(uint64(row)*100, uint64(row)*100+100)
		if row%5 == 4 {
			sets[row] = sets[mix(uint64(row))%uint64(row)]
			sets[row] = sets[row][:1+len(sets[row])/3]
		}
	}
	batch := lsh.Batch{Sets: func(row int) []uint64 { return sets[row] }}
	found := 0
	for b.Loop() {
		pairs, _, err := batch.Contained(context.Background(), n, .5)
		if err != nil {
			b.Fatal(err)
		}
		found = len(pairs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/doc")
	b.ReportMetric(float64(found)/float64(n), "found/doc")
}

// BenchmarkAddSet adds documents with their hashes, sorted and unsorted: the difference
// to Add is the cost of the copy.
func BenchmarkAddSet(b *testing.B) {
	const n, size = 20_000, 500
	sk := minhash.New(minhash.Options{})
	ids := make([]string, n)
	sigs := make([]minhash.Signature, n)
	unsorted, sorted := make([]uint64, n*size), make([]uint64, n*size)
	for row := range n {
		of := unsorted[row*size : (row+1)*size]
		for i := range of {
			of[i] = mix(uint64(row)<<20 | uint64(i))
		}
		ids[row], sigs[row] = fmt.Sprint("document-", row), sk.Sketch(of)
		copy(sorted[row*size:], of)
		slices.Sort(sorted[row*size : (row+1)*size])
	}
	for _, test := range []struct {
		name   string
		hashes []uint64
	}{{"without", nil}, {"sorted", sorted}, {"unsorted", unsorted}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ix := lsh.New(lsh.Options{})
				for row, id := range ids {
					if test.hashes == nil {
						ix.Add(id, sigs[row])
					} else {
						ix.AddSet(id, sigs[row], test.hashes[row*size:(row+1)*size])
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/doc")
		})
	}
}
