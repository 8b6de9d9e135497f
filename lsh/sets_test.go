package lsh_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// shuffled returns the elements of a set in any order, some of them repeatedly.
func shuffled(r *rand.Rand, set []uint64) []uint64 {
	if set == nil {
		return nil
	}
	out := slices.Clone(set)
	for i := range set {
		if i%3 == 0 {
			out = append(out, set[i])
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestHashesInAnyOrder passes unsorted hashes with repeats to every function of the
// package, in a buffer that is overwritten after each call: all answers are those of
// sorted sets.
func TestHashesInAnyOrder(t *testing.T) {
	w := makeWorld(400, 64, 77)
	r := rand.New(rand.NewPCG(7, 7))
	const threshold = .5
	want := w.index(lsh.Options{Threshold: threshold}, true)
	wantPairs := pairsIn(t, want)
	if len(wantPairs) < 100 {
		t.Fatalf("%d pairs, want at least 100 (else nothing is tested)", len(wantPairs))
	}
	buffer := make([]uint64, 1000)
	given := func(row int) []uint64 { return append(buffer[:0], shuffled(r, w.sets[row])...) }

	added, inserted := lsh.New(lsh.Options{Threshold: threshold}), lsh.New(lsh.Options{Threshold: threshold})
	byFunc := lsh.New(lsh.Options{Threshold: threshold, Sets: func(id string) []uint64 {
		return shuffled(rand.New(rand.NewPCG(1, 2)), w.sets[slices.Index(w.ids, id)])
	}})
	for row, id := range w.ids {
		added.AddSet(id, w.sigs[row], given(row))
		m, ok := inserted.Insert(id, w.sigs[row], given(row))
		for i := range buffer {
			buffer[i] = uint64(i)
		}
		if ok != slices.ContainsFunc(wantPairs, func(p lsh.Pair[string]) bool { return p.B == id }) {
			t.Fatalf("Insert(%q) = %+v, %v, want a match: %v", id, m, ok, !ok)
		}
		byFunc.Add(id, w.sigs[row])
	}
	for name, ix := range map[string]*lsh.Index{"AddSet": added, "Insert": inserted, "Options.Sets": byFunc} {
		// Queries come first, so that they meet records that are not sorted yet.
		for row := range w.ids {
			o := lsh.SearchOptions{Set: w.sets[row], Limit: row % 3}
			due := want.Search(w.sigs[row], o)
			o.Set = given(row)
			before := slices.Clone(o.Set)
			if diff := gocmp.Diff(due, ix.Search(w.sigs[row], o)); diff != "" {
				t.Fatalf("%s: search for %d (-want +got):\n%s", name, row, diff)
			}
			if !slices.Equal(before, o.Set) {
				t.Fatal("Search changed the hashes of the query, want them as they were")
			}
		}
		if diff := gocmp.Diff(wantPairs, pairsIn(t, ix)); diff != "" {
			t.Errorf("%s: pairs (-want +got):\n%s", name, diff)
		}
		o := lsh.ClusterOptions[string]{Keep: lsh.Longest}
		if diff := gocmp.Diff(clustersIn(t, want, o), clustersIn(t, ix, o)); diff != "" {
			t.Errorf("%s: clusters (-want +got):\n%s", name, diff)
		}
	}

	sorted := lsh.Batch{Threshold: threshold, Sets: w.set}
	unsorted := lsh.Batch{Threshold: threshold, Sets: func(row int) []uint64 {
		return shuffled(rand.New(rand.NewPCG(3, uint64(row))), w.sets[row])
	}}
	type results struct {
		Pairs, Repeats, Contained []lsh.Pair[int]
		Clusters                  []lsh.Cluster[int]
	}
	all := func(b *lsh.Batch) (out results) {
		var errs [4]error
		out.Pairs, _, errs[0] = b.Pairs(t.Context(), w.source())
		out.Repeats, _, errs[1] = b.Repeats(t.Context(), w.source(), 100)
		out.Contained, _, errs[2] = b.Contained(t.Context(), len(w.ids), .7)
		out.Clusters, _, errs[3] = b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{Keep: lsh.Longest})
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	if diff := gocmp.Diff(all(&sorted), all(&unsorted)); diff != "" {
		t.Errorf("batch (-want of sorted sets +got of unsorted):\n%s", diff)
	}
}

// TestUnsortedSetsServeManyGoroutines searches for the same unsorted records from many
// goroutines while documents are replaced, so that records are sorted, copied and
// dropped at the same time.
func TestUnsortedSetsServeManyGoroutines(t *testing.T) {
	w := makeWorld(60, 64, 21)
	r := rand.New(rand.NewPCG(9, 9))
	unsorted := make([][]uint64, len(w.ids))
	ix := lsh.New(lsh.Options{Threshold: .5})
	for row, id := range w.ids {
		unsorted[row] = shuffled(r, w.sets[row])
		ix.AddSet(id, w.sigs[row], unsorted[row])
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 400 {
				row := (i*7 + g) % len(w.ids)
				if g == 0 {
					ix.AddSet(w.ids[row], w.sigs[row], unsorted[row])
				}
				for _, m := range ix.Search(w.sigs[row], lsh.SearchOptions{Set: unsorted[row]}) {
					j, a, b := jaccard(w.sets[row], w.sets[slices.Index(w.ids, m.ID)])
					if want := (lsh.Score{Similarity: j, ContainmentA: a, ContainmentB: b, Exact: true}); m.Score != want {
						t.Errorf("%q: %+v, want %+v", m.ID, m.Score, want)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestMemoryOfReplacedSetsIsFreed replaces documents with hashes repeatedly: the memory
// of old versions is freed, and small and large sets take little more than 8 bytes per
// hash.
func TestMemoryOfReplacedSetsIsFreed(t *testing.T) {
	sk := minhash.New(minhash.Options{K: 16})
	measure := func(docs, rounds, size int) float64 {
		hashes := make([]uint64, size)
		before := heapInUse()
		ix := lsh.New(lsh.Options{})
		for round := range rounds {
			for doc := range docs {
				for i := range hashes {
					hashes[i] = mix(uint64(round)<<40 | uint64(doc)<<20 | uint64(i))
				}
				ix.AddSet(fmt.Sprint(doc), sk.Sketch(hashes), hashes)
			}
		}
		used := heapInUse() - before
		runtime.KeepAlive(ix)
		return float64(used) / float64(docs*size)
	}
	for _, test := range []struct {
		docs, rounds, size int
		most               float64
	}{
		{4000, 1, 500, 10}, // includes the tables of the index
		{1000, 30, 500, 25},
		{20, 1, 100_000, 9},
		{20, 10, 100_000, 9},
	} {
		got := measure(test.docs, test.rounds, test.size)
		t.Logf("%d documents of %d hashes, replaced %d times: %.1f bytes per hash", test.docs, test.size, test.rounds-1, got)
		if got > test.most {
			t.Errorf("%d documents of %d hashes, replaced %d times: %.1f bytes per hash, want at most %v", test.docs, test.size, test.rounds-1, got, test.most)
		}
	}
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestZeroIndexIsEmpty uses an index that was not made by New.
func TestZeroIndexIsEmpty(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	sig := sk.Sketch(span(0, 50))
	var read lsh.Index
	if read.Search(sig, lsh.SearchOptions{}) != nil || read.Len() != 0 || read.Contains("") || read.Remove("") ||
		read.Banding() != (lsh.Banding{}) || read.Scheme() != (minhash.Scheme{}) ||
		len(pairsIn(t, &read)) != 0 || len(clustersIn(t, &read, lsh.ClusterOptions[string]{})) != 0 {
		t.Error("zero Index: a method finds something, want an empty index")
	}
	if diff := gocmp.Diff(lsh.Stats{}, read.Stats()); diff != "" {
		t.Errorf("Stats() (-want +got):\n%s", diff)
	}
	for name, add := range map[string]func(ix *lsh.Index, id string) bool{
		"Add":       func(ix *lsh.Index, id string) bool { ix.Add(id, sig); return false },
		"AddSet":    func(ix *lsh.Index, id string) bool { ix.AddSet(id, sig, span(0, 50)); return false },
		"Insert":    func(ix *lsh.Index, id string) bool { _, ok := ix.Insert(id, sig, span(0, 50)); return ok },
		"InsertNew": func(ix *lsh.Index, id string) bool { _, ok := ix.InsertNew(id, sig, span(0, 50)); return ok },
		"Merge": func(ix *lsh.Index, id string) bool {
			var other lsh.Index
			other.Add(id, sig)
			if err := ix.Merge(&other); err != nil {
				t.Error(err)
			}
			return false
		},
	} {
		var ix lsh.Index
		if add(&ix, "a") {
			t.Errorf("%s: the first document has a match, want none", name)
		}
		if m := ix.Search(sig, lsh.SearchOptions{Set: span(0, 50)}); len(m) != 1 || m[0].ID != "a" || m[0].Similarity != 1 {
			t.Errorf("%s: Search finds %+v, want a at similarity 1", name, m)
		}
		if b := ix.Banding(); b != lsh.Choose(128, lsh.DefaultThreshold, lsh.DefaultRecall) {
			t.Errorf("%s: Banding() = %v, want %v", name, b, lsh.Choose(128, lsh.DefaultThreshold, lsh.DefaultRecall))
		}
	}
}
