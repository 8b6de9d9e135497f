package lsh_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// span returns the integers from lo up to hi, spread over 64 bits, ascending.
func span(lo, hi uint64) []uint64 {
	var s []uint64
	for i := lo; i < hi; i++ {
		s = append(s, i<<40|mix(i)>>24)
	}
	return s
}

func TestMergedIndexEqualsOneIndex(t *testing.T) {
	w := makeWorld(200, 64, 5)
	all := w.index(lsh.Options{Threshold: .5}, true)
	a, b := lsh.New(lsh.Options{Threshold: .5}), lsh.New(lsh.Options{})
	for i, id := range w.ids {
		ix := a
		if i >= 120 {
			ix = b
		}
		ix.AddSet(id, w.sigs[i], w.sets[i])
	}
	b.Add("gone", w.sigs[0])
	b.Remove("gone")
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(pairsIn(t, all), pairsIn(t, a)); diff != "" {
		t.Errorf("pairs of the merged index (-want +got):\n%s", diff)
	}
	if a.Len() != len(w.ids) || a.Contains("gone") {
		t.Errorf("after Merge: Len() = %d, Contains(gone) = %v, want %d, false", a.Len(), a.Contains("gone"), len(w.ids))
	}
	if err := a.Merge(lsh.New(lsh.Options{})); err != nil {
		t.Errorf("Merge of an empty index = %v, want nil", err)
	}
	other := lsh.New(lsh.Options{})
	other.Add("x", minhash.New(minhash.Options{K: 64, Elements: minhash.Name("something else")}).Sketch(w.sets[0]))
	if err := a.Merge(other); !errors.Is(err, lsh.ErrMismatch) {
		t.Errorf("Merge of another scheme = %v, want ErrMismatch", err)
	}
	if a.Contains("x") {
		t.Error("after a failed Merge: Contains(x) = true, want false")
	}
	if err := a.Merge(a); err == nil {
		t.Error("Merge of an index with itself = nil error, want an error")
	}
}

// TestReplacedIDHoldsLastVersion adds an id repeatedly: the index holds the last version,
// and its size is bounded.
func TestReplacedIDHoldsLastVersion(t *testing.T) {
	sk := minhash.New(minhash.Options{K: 16})
	ix := lsh.New(lsh.Options{})
	ix.Add("b", sk.Sketch(span(0, 50)))
	for i := range uint64(5000) {
		ix.Add("a", sk.Sketch(span(i*100, i*100+50)))
	}
	if ix.Len() != 2 {
		t.Errorf("Len() = %d, want 2", ix.Len())
	}
	if got := ix.Search(sk.Sketch(span(0, 50)), lsh.SearchOptions{}); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("Search(first version) = %+v, want only b", got)
	}
	if got := ix.Search(sk.Sketch(span(499900, 499950)), lsh.SearchOptions{}); len(got) != 1 || got[0].ID != "a" {
		t.Errorf("Search(last version) = %+v, want only a", got)
	}
	if s := ix.Stats(); s.Removed > 2000 || s.Documents != 2 || s.Signatures != 2 {
		t.Errorf("Stats() = %+v, want 2 documents, 2 signatures, at most 2000 removed", s)
	}
}

func TestEmptyDocumentsMatchNothing(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	ix := lsh.New(lsh.Options{Threshold: .1})
	if ix.Search(sk.Sketch(nil), lsh.SearchOptions{}) != nil || clustersIn(t, ix, lsh.ClusterOptions[string]{}) != nil || ix.Remove("") || ix.Contains("x") {
		t.Error("Search, Clusters, Remove or Contains of an empty index finds something, want nothing")
	}
	for range pairsIn(t, ix) {
		t.Error("Pairs of an empty index yields a pair, want none")
	}
	if diff := gocmp.Diff(lsh.Stats{}, ix.Stats()); diff != "" {
		t.Errorf("Stats() of an empty index (-want +got):\n%s", diff)
	}
	ids := []string{"", "\x00", "\xff\xfe", "\n", "\u00e9", "e\u0301", string(make([]byte, 10_000))}
	for i, id := range ids {
		ix.Add(id, sk.Sketch(span(uint64(i)*1000, uint64(i)*1000+20)))
	}
	ix.Add("empty", sk.Sketch(nil))
	ix.Add("empty too", sk.Sketch(nil))
	for i, id := range ids {
		got := ix.Search(sk.Sketch(span(uint64(i)*1000, uint64(i)*1000+20)), lsh.SearchOptions{})
		if len(got) != 1 || got[0].ID != id || got[0].Similarity != 1 || !ix.Contains(id) {
			t.Errorf("Search(signature of %q) = %+v, Contains = %v, want itself at similarity 1, true", id, got, ix.Contains(id))
		}
	}
	if got := ix.Search(sk.Sketch(nil), lsh.SearchOptions{}); got != nil {
		t.Errorf("Search(empty signature) = %+v, want nil", got)
	}
	if got := clustersIn(t, ix, lsh.ClusterOptions[string]{}); len(got) != 0 {
		t.Errorf("Clusters() = %+v, want none", got)
	}
	if _, ok := ix.Insert("empty three", sk.Sketch(nil), nil); ok {
		t.Error("Insert of an empty document = a match, want none")
	}
	if ix.Len() != len(ids)+3 || !ix.Contains("empty") {
		t.Errorf("Len() = %d, Contains(empty) = %v, want %d, true", ix.Len(), ix.Contains("empty"), len(ids)+3)
	}
	var batch lsh.Batch
	pairs, work, err := batch.Pairs(t.Context(), lsh.Registers{Size: 128})
	if err != nil || len(pairs) > 0 || work != (lsh.Work{}) {
		t.Errorf("Pairs of no documents = %v, %+v, %v, want none", pairs, work, err)
	}
}

func TestProgrammerErrorsPanic(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	sig := sk.Sketch([]uint64{1})
	other := minhash.New(minhash.Options{Seed: 5}).Sketch([]uint64{1})
	ix := lsh.New(lsh.Options{})
	ix.Add("a", sig)
	for name, f := range map[string]func(){
		"threshold above 1":        func() { lsh.New(lsh.Options{Threshold: 1.1}) },
		"negative threshold":       func() { lsh.New(lsh.Options{Threshold: -1}) },
		"recall of 1":              func() { lsh.New(lsh.Options{Recall: 1}) },
		"negative capacity":        func() { lsh.New(lsh.Options{Capacity: -1}) },
		"banding too large":        func() { lsh.New(lsh.Options{Banding: lsh.Banding{Bands: 17, Rows: 8}}).Add("a", sig) },
		"half a banding":           func() { lsh.New(lsh.Options{Banding: lsh.Banding{Bands: 17}}).Add("a", sig) },
		"no scheme":                func() { lsh.New(lsh.Options{}).Add("a", minhash.Signature{}) },
		"another scheme":           func() { ix.Add("b", other) },
		"insert of another scheme": func() { ix.Insert("b", other, nil) },
		"query of another scheme":  func() { ix.Search(other, lsh.SearchOptions{}) },
		"negative limit":           func() { ix.Search(sig, lsh.SearchOptions{Limit: -1}) },
		"search threshold":         func() { ix.Search(sig, lsh.SearchOptions{Threshold: 2}) },
		"newest, no time":          func() { clustersIn(t, ix, lsh.ClusterOptions[string]{Keep: lsh.Newest}) },
		"longest, no sizes": func() {
			_, _, _ = (&lsh.Batch{}).Clusters(context.Background(), lsh.Registers{Size: 128, Values: sig.Values()}, lsh.ClusterOptions[int]{Keep: lsh.Longest})
		},
		"zero rule":          func() { lsh.Rule{}.Judge(3, nil, nil) },
		"rule, no registers": func() { lsh.NewRule(0, .8) },
		"registers, no size": func() { lsh.Registers{Values: []uint32{1}}.Len() },
		"explain, row out of range": func() {
			_, _ = (&lsh.Batch{}).Explain(context.Background(), lsh.Registers{Size: 128, Values: sig.Values()}, 0, 1, lsh.ClusterOptions[int]{})
		},
		"unknown policy":       func() { clustersIn(t, ix, lsh.ClusterOptions[string]{Keep: 9}) },
		"choose, no registers": func() { lsh.Choose(0, .8, .99) },
		"choose, threshold 0":  func() { lsh.Choose(128, 0, .99) },
		"no rows":              func() { lsh.NeededK(.8, .99, 0) },
		"containment, no sets": func() { _, _, _ = (&lsh.Batch{}).Contained(context.Background(), 3, .5) },
		"half a signature": func() {
			_, _, _ = (&lsh.Batch{}).Pairs(context.Background(), lsh.Registers{Size: 128, Values: make([]uint32, 200)})
		},
		"no registers": func() { _, _, _ = (&lsh.Batch{}).Pairs(context.Background(), lsh.Registers{}) },
		"negative number of documents": func() {
			_, _, _ = (&lsh.Batch{}).Pairs(context.Background(), lsh.File{Docs: -1, Size: 128})
		},
		"too many known rows": func() { _, _, _ = (&lsh.Batch{}).Repeats(context.Background(), lsh.Registers{Size: 128}, 1) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil {
					t.Errorf("%s did not panic, want a panic", name)
				} else if s := fmt.Sprint(r); len(s) < 5 || s[:5] != "lsh: " {
					t.Errorf("%s panics with %q, want a message that begins with %q", name, s, "lsh: ")
				}
			}()
			f()
		}()
	}
	if ix.Len() != 1 {
		t.Errorf("after panics: Len() = %d, want 1", ix.Len())
	}
	ix.Add("b", sig) // would block if a panic had left the lock held
}

// TestIndexServesManyGoroutines uses an index from many goroutines.
func TestIndexServesManyGoroutines(t *testing.T) {
	w := makeWorld(200, 32, 2)
	ix := lsh.New(lsh.Options{Threshold: .5})
	other := w.index(lsh.Options{Threshold: .5}, true)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 300 {
				row := r.IntN(len(w.ids))
				switch r.IntN(12) {
				case 0, 1, 2:
					ix.AddSet(w.ids[row], w.sigs[row], shuffled(r, w.sets[row]))
				case 3:
					if m, ok := ix.InsertNew(w.ids[row], w.sigs[row], shuffled(r, w.sets[row])); ok && m.ID == w.ids[row] {
						t.Errorf("InsertNew(%q) matches itself, want another document", m.ID)
					}
				case 4:
					if m, ok := ix.Insert(w.ids[row], w.sigs[row], w.sets[row]); ok && m.ID == w.ids[row] {
						t.Errorf("Insert(%q) matches itself, want another document", m.ID)
					}
				case 5, 6:
					ix.Remove(w.ids[row])
				case 7, 8, 9:
					for _, m := range ix.Search(w.sigs[row], lsh.SearchOptions{Set: w.sets[row], Limit: r.IntN(3)}) {
						if m.Similarity < .5 {
							t.Errorf("match %+v, want similarity 0.5 and above", m)
						}
					}
				case 10:
					for _, p := range pairsIn(t, ix) {
						if p.Similarity < .5 {
							t.Errorf("pair %+v, want similarity 0.5 and above", p)
						}
					}
				case 11:
					clustersIn(t, ix, lsh.ClusterOptions[string]{Keep: lsh.Longest})
					ix.Stats()
					ix.Len()
					if r.IntN(8) == 0 {
						if err := ix.Merge(other); err != nil {
							t.Error(err)
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestConcurrentInsertKeepsOneCopy inserts copies at the same time: all but one have a
// match, but only InsertNew leaves them out.
func TestConcurrentInsertKeepsOneCopy(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	for round := range uint64(60) {
		ix := lsh.New(lsh.Options{})
		insert := ix.Insert
		if round%2 == 1 {
			insert = ix.InsertNew
		}
		set := span(round*100, round*100+40)
		sig := sk.Sketch(set)
		var wg sync.WaitGroup
		found := make([]bool, 8)
		for i := range found {
			wg.Go(func() { _, found[i] = insert(fmt.Sprint(i), sig, set) })
		}
		wg.Wait()
		n := 0
		for _, ok := range found {
			if ok {
				n++
			}
		}
		if n != len(found)-1 {
			t.Fatalf("%d of %d copies had a match, want all but one", n, len(found))
		}
		if want := len(found); round%2 == 0 && ix.Len() != want || round%2 == 1 && ix.Len() != 1 {
			t.Fatalf("round %d: Len() = %d, want %d copies after Insert, 1 after InsertNew", round, ix.Len(), want)
		}
	}
}

// TestSetsComeFromFunction gives the index a function instead of sets.
func TestSetsComeFromFunction(t *testing.T) {
	w := makeWorld(300, 64, 8)
	row := map[string]int{}
	for i, id := range w.ids {
		row[id] = i
	}
	given := w.index(lsh.Options{Threshold: .4}, true)
	asked := w.index(lsh.Options{Threshold: .4, Workers: 2, Sets: func(id string) []uint64 { return w.sets[row[id]] }}, false)
	if diff := gocmp.Diff(pairsIn(t, given), pairsIn(t, asked)); diff != "" {
		t.Errorf("pairs (-want with sets given +got with a function):\n%s", diff)
	}
	for _, keep := range []lsh.Keep{lsh.First, lsh.Newest, lsh.Longest} {
		o := lsh.ClusterOptions[string]{Keep: keep, Time: func(id string) time.Time { return time.Unix(int64(row[id]/3), 0) }}
		if diff := gocmp.Diff(clustersIn(t, given, o), clustersIn(t, asked, o)); diff != "" {
			t.Errorf("clusters (-want with sets given +got with a function):\n%s", diff)
		}
	}
	for i, sig := range w.sigs {
		o := lsh.SearchOptions{Set: w.sets[i], Limit: 5}
		if diff := gocmp.Diff(given.Search(sig, o), asked.Search(sig, o)); diff != "" {
			t.Fatalf("search (-want with sets given +got with a function):\n%s", diff)
		}
	}
}

// TestMergeKeepsSets merges an index whose sets come from the caller: an index without
// such a function keeps the sets, one with a function does not ask for them. The function
// may look into either index.
func TestMergeKeepsSets(t *testing.T) {
	w := makeWorld(200, 64, 12)
	row := map[string]int{}
	for i, id := range w.ids {
		row[id] = i
	}
	sets := func(id string) []uint64 { return w.sets[row[id]] }
	want := pairsIn(t, w.index(lsh.Options{Threshold: .4}, true))
	for _, own := range []bool{false, true} {
		o := lsh.Options{Threshold: .4}
		if own {
			o.Sets = sets
		}
		ix, asked := lsh.New(o), 0
		other := w.index(lsh.Options{Sets: func(id string) []uint64 {
			asked++
			ix.Contains(id)
			return sets(id)
		}}, false)
		if err := ix.Merge(other); err != nil {
			t.Fatal(err)
		}
		if own != (asked == 0) {
			t.Errorf("own function: %v; the other's was called %d times, want 0 with its own function and more without", own, asked)
		}
		if diff := gocmp.Diff(want, pairsIn(t, ix)); diff != "" {
			t.Errorf("with its own function: %v; pairs (-want +got):\n%s", own, diff)
		}
	}
}

// TestSearchHonoursThreshold searches below and above the threshold of the index.
func TestSearchHonoursThreshold(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	ix := lsh.New(lsh.Options{Threshold: .3})
	ix.AddSet("half", sk.Sketch(span(0, 50)), span(0, 50))
	ix.AddSet("whole", sk.Sketch(span(0, 100)), span(0, 100))
	q := span(0, 100)
	for _, test := range []struct {
		threshold float64
		want      []string
	}{{0, []string{"whole", "half"}}, {.5, []string{"whole", "half"}}, {.51, []string{"whole"}}} {
		var got []string
		for _, m := range ix.Search(sk.Sketch(q), lsh.SearchOptions{Set: q, Threshold: test.threshold}) {
			got = append(got, m.ID)
		}
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("threshold %v (-want +got):\n%s", test.threshold, diff)
		}
	}
}

// TestMismatchNamesElements has signatures of different elements: the message contains
// both names, or reports the signature without a name.
func TestMismatchNamesElements(t *testing.T) {
	sketch := func(o minhash.Options) minhash.Signature { return minhash.New(o).Sketch([]uint64{1, 2, 3}) }
	unnamed := sketch(minhash.Options{})
	words, chars := sketch(minhash.Options{Elements: minhash.Name("words:5")}), sketch(minhash.Options{Elements: minhash.Name("chars:9")})
	for _, test := range []struct {
		index, other minhash.Signature
		want         string
	}{
		{unnamed, words, `the signatures in the index do not name their elements, but this one names "words:5"`},
		{words, unnamed, `the signature does not name its elements, but those in the index name "words:5"`},
		{words, chars, `signature of the elements "chars:9", but the index has "words:5"`},
		{words, sketch(minhash.Options{K: 64}), "the scheme of the signature is"},
	} {
		var ix, other lsh.Index
		ix.Add("a", test.index)
		for name, f := range map[string]func(){
			"Add":       func() { ix.Add("b", test.other) },
			"InsertNew": func() { ix.InsertNew("b", test.other, nil) },
			"Search":    func() { ix.Search(test.other, lsh.SearchOptions{}) },
		} {
			func() {
				defer func() {
					if s := fmt.Sprint(recover()); !strings.Contains(s, test.want) {
						t.Errorf("%s: %q, want %q", name, s, test.want)
					}
				}()
				f()
			}()
		}
		other.Add("b", test.other)
		if err := ix.Merge(&other); !errors.Is(err, lsh.ErrMismatch) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Merge: %v, want %q", err, test.want)
		}
	}
}
