package disk_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// benchSignatures returns signatures; every fourth is a near-duplicate of an earlier one.
func benchSignatures(n int) []minhash.Signature {
	sigs := make([]minhash.Signature, n)
	r := rand.New(rand.NewPCG(1, 1))
	set := make([]uint64, 60)
	for i := range sigs {
		base := rand.New(rand.NewPCG(uint64(i), 2))
		if i%4 == 3 {
			base = rand.New(rand.NewPCG(uint64(r.IntN(i)/4*4), 2))
		}
		for j := range set {
			set[j] = base.Uint64()
		}
		if i%4 == 3 {
			set[0], set[1] = r.Uint64(), r.Uint64()
		}
		sigs[i] = sketcher.Sketch(set)
	}
	return sigs
}

func fill(b *testing.B, ix *disk.Index, sigs []minhash.Signature) {
	ctx := context.Background()
	for i, sig := range sigs {
		check(b, ix.Add(ctx, disk.Document{ID: strconv.Itoa(i), Signature: sig}))
		if i%1000 == 999 {
			check(b, ix.Sync(ctx))
		}
	}
	check(b, ix.Sync(ctx))
}

// BenchmarkAdd adds documents, with a sync after every 1,000 or after each one.
func BenchmarkAdd(b *testing.B) {
	for _, every := range []int{1, 1000} {
		b.Run(fmt.Sprintf("sync=%d", every), func(b *testing.B) {
			sigs := benchSignatures(5000)
			ix := open(b, b.TempDir(), options)
			ctx := context.Background()
			i := 0
			for b.Loop() {
				check(b, ix.Add(ctx, disk.Document{ID: strconv.Itoa(i), Signature: sigs[i%len(sigs)]}))
				if i++; i%every == 0 {
					check(b, ix.Sync(ctx))
				}
			}
		})
	}
}

// BenchmarkQuery searches an index of 100,000 documents, a third of them in memory, and
// for comparison an index of package lsh.
func BenchmarkQuery(b *testing.B) {
	sigs := benchSignatures(100_000)
	b.Run("disk", func(b *testing.B) {
		ix := open(b, b.TempDir(), options)
		fill(b, ix, sigs)
		ctx := context.Background()
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if _, err := ix.Search(ctx, sigs[i*7919%len(sigs)], lsh.SearchOptions{}); err != nil {
				b.Fatal(err)
			}
			i++
		}
		s := must(ix.Stats(ctx))(b)
		b.ReportMetric(float64(s.Segments), "segments")
		b.ReportMetric(float64(s.LogBytes+s.TableBytes)/float64(s.Documents), "B/doc")
	})
	b.Run("memory", func(b *testing.B) {
		ix := lsh.New(lsh.Options{})
		for i, sig := range sigs {
			ix.Add(strconv.Itoa(i), sig)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			ix.Search(sigs[i*7919%len(sigs)], lsh.SearchOptions{})
			i++
		}
	})
}

// BenchmarkOpen opens an index of 100,000 documents.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	ix := open(b, dir, options)
	fill(b, ix, benchSignatures(100_000))
	check(b, ix.Close())
	for b.Loop() {
		ix, err := disk.Open(dir, options)
		check(b, err)
		check(b, ix.Close())
	}
}
