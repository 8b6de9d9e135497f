package passage

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestNumberingFindsDocuments looks up tokens in documents of many lengths, among
// them long runs of empty ones.
func TestNumberingFindsDocuments(t *testing.T) {
	r := rng(11)
	var numbers numbering
	var want []uint32 // document of each token
	for doc := range uint32(3000) {
		tokens := 0
		if r.n(4) == 0 {
			tokens = r.n([]int{3, 65, 500}[r.n(3)])
		}
		numbers.add(tokens)
		for range tokens {
			want = append(want, doc)
		}
		if doc%1000 != 999 {
			continue
		}
		first := uint32(0)
		for at, doc := range want {
			if at == 0 || doc != want[at-1] {
				first = uint32(at)
			}
			if got := numbers.doc(uint32(at)); got != doc || numbers.first[got] != first {
				t.Fatalf("token %d of %d: document %d from %d, want %d from %d", at, len(want), got, numbers.first[got], doc, first)
			}
		}
	}
}

// TestNumbersOfRemovedDocumentsAreReused adds to an index whose removed documents
// have almost all numbers of tokens.
func TestNumbersOfRemovedDocumentsAreReused(t *testing.T) {
	r := rng(12)
	words := func(n int) string {
		w := make([]string, n)
		for i := range w {
			w[i] = fmt.Sprint("w", r.n(10_000))
		}
		return strings.Join(w, " ")
	}
	page := words(200)
	full := func() *Index {
		ix := New(Options{})
		ix.Add("a", page)
		ix.Add("gone", words(50))
		ix.Query(page) // computes the fingerprints
		ix.Remove("gone")
		ix.store.numbers.first[2] = math.MaxUint32 - 100
		return ix
	}
	added, merged, other := full(), full(), New(Options{})
	added.Add("b", page)
	other.Add("b", page)
	merged.Merge(other)
	for name, ix := range map[string]*Index{"Add": added, "Merge": merged} {
		got := ix.Query(page)
		if len(got) != 2 || got[0].ID != "a" || got[1].ID != "b" || got[1].Passages[0].Matched != 200 {
			t.Errorf("%s: Query() = %+v, want a and b with 200 tokens", name, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic, want one if the documents in use have too many tokens")
		}
	}()
	numbers := numbering{first: []uint32{0, math.MaxUint32 - 100}}
	numbers.add(101)
}
