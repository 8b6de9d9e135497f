package lsh_test

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// FuzzIndex runs a program of additions, removals and queries, two bytes each,
// and compares the index with documents kept in a slice.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("\x00\x10\x01\x10\x02\x11\xc0\x10"), uint8(50))
	f.Add([]byte("\x00\x10\x00\x20\x40\x10\x80\x00\xc0\x20\x80\x05"), uint8(80))
	f.Add([]byte("\x00\xff\x01\xfe\x02\xfd\x03\xfc\x04\xfb\x05\xfa"), uint8(10))
	sk := minhash.New(minhash.Options{K: 32})
	f.Fuzz(func(t *testing.T, program []byte, percent uint8) {
		threshold := float64(1+percent%100) / 100
		program = program[:min(len(program), 400)]
		ix := lsh.New(lsh.Options{Threshold: threshold})
		type doc struct {
			id  string
			set []uint64
			sig minhash.Signature
		}
		var docs []doc
		// One of 32 texts: 8 families of growing sizes, each a fifth larger than the one
		// before.
		text := func(b byte) doc {
			set := span(uint64(b%8)*1000, uint64(b%8)*1000+uint64(b/8%4)*5+uint64(b>>5))
			return doc{set: set, sig: sk.Sketch(set)}
		}
		for ; len(program) >= 2; program = program[2:] {
			d := text(program[1])
			d.id = fmt.Sprint(program[0] % 16)
			at := slices.IndexFunc(docs, func(x doc) bool { return x.id == d.id })
			switch program[0] >> 6 {
			case 0, 1:
				if at >= 0 {
					docs = slices.Delete(docs, at, at+1)
				}
				docs = append(docs, d)
				if d.set == nil {
					ix.Add(d.id, d.sig)
				} else {
					ix.AddSet(d.id, d.sig, d.set)
				}
			case 2:
				if got := ix.Remove(d.id); got != (at >= 0) {
					t.Fatalf("Remove(%q) = %v, want %v", d.id, got, at >= 0)
				}
				if at >= 0 {
					docs = slices.Delete(docs, at, at+1)
				}
			case 3:
				for _, m := range ix.Search(d.sig, lsh.SearchOptions{Set: d.set}) {
					i := slices.IndexFunc(docs, func(x doc) bool { return x.id == m.ID })
					if i < 0 {
						t.Fatalf("Search finds %q, want ids of the index", m.ID)
					}
					j, ca, cb := jaccard(d.set, docs[i].set)
					want := lsh.Score{Similarity: j, ContainmentA: ca, ContainmentB: cb, Exact: true}
					if m.Score != want || j < threshold {
						t.Fatalf("%+v, want %+v", m, want)
					}
				}
			}
		}
		if ix.Len() != len(docs) {
			t.Fatalf("Len() = %d, want %d", ix.Len(), len(docs))
		}
		// Equal documents are always found, and nothing below the threshold is.
		want, got := map[[2]string]bool{}, map[[2]string]bool{}
		for b, y := range docs {
			for _, x := range docs[:b] {
				if j, _, _ := jaccard(x.set, y.set); j == 1 {
					want[[2]string{x.id, y.id}] = true
				}
			}
		}
		for _, p := range pairsIn(t, ix) {
			a := slices.IndexFunc(docs, func(x doc) bool { return x.id == p.A })
			b := slices.IndexFunc(docs, func(x doc) bool { return x.id == p.B })
			if a < 0 || b <= a {
				t.Fatalf("pair %+v, want two ids of the index in order", p)
			}
			j, _, _ := jaccard(docs[a].set, docs[b].set)
			if j < threshold || j != p.Similarity {
				t.Fatalf("pair %+v, want similarity %v, at the threshold %v or above", p, j, threshold)
			}
			if j == 1 {
				got[[2]string{p.A, p.B}] = true
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("equal documents (-want +got):\n%s", diff)
		}
	})
}

// FuzzContained compares the join with all pairs, one by one.
func FuzzContained(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x00\x02\x03\x00\x01\x02\x03\x00\x00\x09"), uint8(50))
	f.Add([]byte("\x01\x00\x01\x00\x01\x00\x02\x01"), uint8(99))
	f.Fuzz(func(t *testing.T, data []byte, percent uint8) {
		least := float64(1+percent%100) / 100
		sets := [][]uint64{nil}
		for _, b := range data[:min(len(data), 300)] { // 0 ends a set
			if b == 0 {
				sets = append(sets, nil)
				continue
			}
			last := &sets[len(sets)-1]
			*last = append(*last, uint64(b))
		}
		for i, s := range sets {
			slices.Sort(s)
			sets[i] = slices.Compact(s)
		}
		var want []lsh.Pair[int]
		for a, x := range sets {
			for b := a + 1; b < len(sets); b++ {
				if j, ca, cb := jaccard(x, sets[b]); max(ca, cb) >= least {
					want = append(want, lsh.Pair[int]{A: a, B: b, Score: lsh.Score{Similarity: j, ContainmentA: ca, ContainmentB: cb, Exact: true}})
				}
			}
		}
		b := lsh.Batch{Sets: func(row int) []uint64 { return sets[row] }}
		got, _, err := b.Contained(t.Context(), len(sets), least)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got, cmpopts()); diff != "" {
			t.Fatalf("Contained(%v) mismatch (-want +got):\n%s", least, diff)
		}
	})
}

// cmpopts treats nil and an empty slice of pairs as equal.
func cmpopts() gocmp.Option {
	return gocmp.Transformer("list", func(p []lsh.Pair[int]) map[int]lsh.Pair[int] {
		m := map[int]lsh.Pair[int]{}
		for i, x := range p {
			m[i] = x
		}
		return m
	})
}
