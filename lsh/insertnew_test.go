package lsh_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// TestInsertNewLeavesOutOnlyMatches inserts families of texts that drift from version to
// version: every document left out is at or above the threshold to a kept one. The test
// also shows that this does not hold for Insert.
func TestInsertNewLeavesOutOnlyMatches(t *testing.T) {
	race.Alone(t)
	const families, versions, size = 20, 40, 300
	r := rand.New(rand.NewPCG(20, 40))
	sk := minhash.New(minhash.Options{})
	kept, stored := lsh.New(lsh.Options{}), lsh.New(lsh.Options{})
	sets := map[string][]uint64{}
	var left, chained []string // ids left out by InsertNew, and ids for which Insert found a match
	for f := range families {
		var text []uint64
		for range size {
			text = append(text, r.Uint64())
		}
		for v := range versions {
			for range 6 { // 6 of 300 elements: each version has a similarity of about .96 to the one before
				text[r.IntN(size)] = r.Uint64()
			}
			id, set := fmt.Sprint(f, "/", v), slices.Sorted(slices.Values(text))
			sets[id] = set
			sig := sk.Sketch(text)
			if m, found := kept.InsertNew(id, sig, text); found {
				if j, _, _ := jaccard(set, sets[m.ID]); j != m.Similarity || !m.Exact || !kept.Contains(m.ID) {
					t.Fatalf("InsertNew(%q) = %+v, want an exact match at %v that is kept", id, m, j)
				}
				left = append(left, id)
			}
			if _, found := stored.Insert(id, sig, text); found {
				chained = append(chained, id)
			}
		}
	}
	below := func(out []string, isKept func(id string) bool) (n int) {
		for _, id := range out {
			if !slices.ContainsFunc(keys(sets), func(other string) bool {
				if !isKept(other) {
					return false
				}
				j, _, _ := jaccard(sets[id], sets[other])
				return j >= lsh.DefaultThreshold
			}) {
				n++
			}
		}
		return n
	}
	if kept.Len()+len(left) != families*versions {
		t.Errorf("%d kept and %d left out, want %d together", kept.Len(), len(left), families*versions)
	}
	if n := below(left, kept.Contains); n != 0 {
		t.Errorf("InsertNew left out %d documents without a match among those kept, want 0", n)
	}
	if n := below(chained, func(id string) bool { return !slices.Contains(chained, id) }); n < families*versions/4 {
		t.Errorf("Insert left out %d documents without a match among those kept, want at least %d (else the texts do not drift)", n, families*versions/4)
	}
	t.Logf("%d kept, %d left out", kept.Len(), len(left))
}

func keys(m map[string][]uint64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// TestInsertNewReplacesItsID inserts ids that are already present.
func TestInsertNewReplacesItsID(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	for _, exact := range []bool{false, true} {
		var ix lsh.Index
		insert := func(id string, set []uint64) (lsh.Match[string], bool) {
			sig := sk.Sketch(set)
			if !exact {
				set = nil
			}
			return ix.InsertNew(id, sig, set)
		}
		holds := func(set []uint64) (ids []string) {
			for _, m := range ix.Search(sk.Sketch(set), lsh.SearchOptions{Threshold: 1}) {
				ids = append(ids, m.ID)
			}
			return ids
		}
		a, a2, b := span(0, 100), span(5, 105), span(1000, 1100)
		for _, step := range []struct {
			id    string
			set   []uint64
			match string // id of the match, which is another document; "" for none
		}{
			{"a", a, ""}, {"a", a, ""}, {"a", a2, ""}, {"b", a2, "a"}, {"b", b, ""}, {"b", a, "a"}, {"a", b, "b"},
		} {
			m, found := insert(step.id, step.set)
			if m.ID != step.match || found != (step.match != "") {
				t.Fatalf("exact %v, %+v: match %+v, %v, want %q, %v", exact, step, m, found, step.match, step.match != "")
			}
		}
		if ix.Len() != 2 || !slices.Equal(holds(a2), []string{"a"}) || !slices.Equal(holds(b), []string{"b"}) {
			t.Errorf("exact %v: after a document was left out: Len() = %d, %q hold a2, %q hold b, want 2, a, b", exact, ix.Len(), holds(a2), holds(b))
		}
		// Two copies of one document, one of them with the id that is inserted again.
		ix.Add("first", sk.Sketch(span(5000, 5100)))
		ix.Add("second", sk.Sketch(span(5000, 5100)))
		if m, found := insert("first", span(5000, 5100)); !found || m.ID != "second" {
			t.Errorf("exact %v: InsertNew(first) = %+v, %v, want a match with second", exact, m, found)
		}
	}
}
