package passage_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/passage"
)

// TestCommonPassageReachesEveryHolder gives a passage to more documents than the cap:
// each of them is still reported with the first holder, in time linear in their number.
func TestCommonPassageReachesEveryHolder(t *testing.T) {
	const docs, most = 400, 20
	r := rng(6)
	licence := strings.Join(r.words(40, 5000), " ")
	texts := make([]string, docs)
	for i := range texts {
		texts[i] = strings.Join(r.words(30, 5000), " ") + "\n\n" + licence + "\n\n" + strings.Join(r.words(30, 5000), " ")
	}
	ix := index(passage.Options{MaxDocuments: most}, texts)
	seen := map[string]int{}
	pairs := 0
	for p := range ix.Pairs(context.Background()) {
		pairs++
		seen[p.A]++
		seen[p.B]++
	}
	if len(seen) != docs {
		t.Errorf("%d documents are reported, want all %d", len(seen), docs)
	}
	if pairs > 10*docs {
		t.Errorf("%d pairs, want at most %d with the cap", pairs, 10*docs)
	}
	s := ix.Stats()
	if s.Common < 10 || s.Withheld == 0 {
		t.Errorf("Stats() = %+v, want at least 10 Common fingerprints and some Withheld", s)
	}
	groups := groupsOf(ix)
	if len(groups) == 0 || groups[0].Documents != docs || groups[0].Members[0].ID != id(0) {
		t.Fatalf("%d groups, want the first to be the licence in all %d documents, led by %s", len(groups), docs, id(0))
	}
	for i, m := range groups[0].Members {
		if text, _ := ix.Text(m.ID); m.Span.Of(text) != licence {
			t.Fatalf("member %d = %q, want the licence", i, m.Span.Of(text))
		}
	}
	all := index(passage.Options{MaxDocuments: -1}, texts)
	if s := all.Stats(); s.Common != 0 || s.Withheld != 0 {
		t.Errorf("Stats() without a cap = %+v, want 0 Common and 0 Withheld", s)
	}
	n := 0
	for range all.Pairs(context.Background()) {
		n++
	}
	if n != docs*(docs-1)/2 {
		t.Errorf("%d pairs without a cap, want %d", n, docs*(docs-1)/2)
	}
	if got := len(ix.Query(licence)); got < 8 || got > most {
		t.Errorf("Query(common passage) = %d documents, want 8 to %d", got, most)
	}
}

// TestFormulasAreReportedOrCounted gives a formula to more than 64 documents. Every pair
// of them is reported or counted as left out, and none is left out if the formula has at
// least 22 words.
func TestFormulasAreReportedOrCounted(t *testing.T) {
	const docs = 100
	r := rng(16)
	for _, n := range []int{12, 15, 18, 21, 22, 23, 24, 40} {
		formula := strings.Join(r.words(n, 5000), " ")
		texts := make([]string, docs)
		for i := range texts {
			texts[i] = strings.Join(r.words(20, 50000), " ") + " " + formula + " " + strings.Join(r.words(20, 50000), " ")
		}
		left := -1
		ix := index(passage.Options{Workers: 2, LeftOut: func(pairs int) { left = pairs }}, texts)
		found := 0
		for range ix.Pairs(context.Background()) {
			found++
		}
		if found+left != docs*(docs-1)/2 || n >= 22 && left > 0 || n < 16 && left == 0 {
			t.Errorf("formula of %d words: %d pairs found and %d left out, want %d together, some left out below 16 words and none from 22", n, found, left, docs*(docs-1)/2)
		}
		if least := 8 * (docs - 8); found < least {
			t.Errorf("formula of %d words: %d pairs found, want at least %d, those with the first holders", n, found, least)
		}
		if got := len(ix.Query(formula)); got != docs {
			t.Errorf("formula of %d words: Query = %d documents, want %d", n, got, docs)
		}
	}
}

// TestCommonPassageIsComparedWithFirstHolders queries a passage that very many documents
// hold, some of them removed: it is compared with the first remaining holders, however
// the index was built.
func TestCommonPassageIsComparedWithFirstHolders(t *testing.T) {
	r := rng(11)
	licence := strings.Join(r.words(40, 5000), " ")
	for _, every := range []int{1, 7, 1000} { // number of documents added between two queries; a query sorts the new ones
		ix := passage.New(passage.Options{MaxDocuments: 20})
		for i := range 100 {
			ix.Add(id(i), strings.Join(r.words(30, 5000), " ")+" "+licence)
			if i%every == 0 {
				ix.Query("nothing")
			}
		}
		for gone := range 3 {
			for i := range 30 * gone {
				ix.Remove(id(i))
			}
			var got, want []string
			for _, m := range ix.Query(licence) {
				got = append(got, m.ID)
			}
			for i := range 8 {
				want = append(want, id(30*gone+i))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("queries after every %d documents, %d gone (-want +got):\n%s", every, 30*gone, diff)
			}
		}
		// The twenty documents that remain are few enough to be compared with all.
		for i := range 80 {
			ix.Remove(id(i))
		}
		if got := len(ix.Query(licence)); got != 20 {
			t.Errorf("queries after every %d documents: %d of the last 20 are found, want 20", every, got)
		}
	}
}

// TestChangedIndexEqualsNewOne adds, replaces and removes documents at random, with queries in
// between, and compares the index with a new one of the remaining documents.
func TestChangedIndexEqualsNewOne(t *testing.T) {
	race.Alone(t)
	r := rng(14)
	texts := library(&r, 60, 400)
	for i := range texts { // some of the shared text is common
		texts[i] += "\n\n" + texts[i%4]
	}
	opts := passage.Options{MaxDocuments: 12, RareDocuments: 3}
	ix := passage.New(opts)
	var live []int // numbers of the documents in the order of addition; document i has texts[i]
	for step := range 3000 {
		i := r.n(len(texts))
		at := slices.Index(live, i)
		if at >= 0 {
			live = slices.Delete(live, at, at+1)
		}
		if r.n(3) == 0 {
			if ix.Remove(id(i)) != (at >= 0) {
				t.Fatalf("step %d: Remove(%s) = %v, want %v", step, id(i), at < 0, at >= 0)
			}
		} else {
			ix.Add(id(i), texts[i])
			live = append(live, i)
		}
		if r.n(4) == 0 {
			ix.Query(texts[i])
		}
		if step%250 != 249 {
			continue
		}
		fresh := passage.New(opts)
		for _, i := range live {
			fresh.Add(id(i), texts[i])
		}
		for _, q := range []int{0, 5, r.n(len(texts))} {
			if diff := cmp.Diff(fresh.Query(texts[q]), ix.Query(texts[q])); diff != "" {
				t.Fatalf("step %d: Query (-want of a new index +got):\n%s", step, diff)
			}
		}
		if step%1000 == 999 {
			if diff := cmp.Diff(collect(fresh), collect(ix)); diff != "" {
				t.Fatalf("step %d: Pairs (-want of a new index +got):\n%s", step, diff)
			}
		}
		if diff := cmp.Diff(fresh.Stats(), ix.Stats()); diff != "" {
			t.Fatalf("step %d: Stats (-want of a new index +got):\n%s", step, diff)
		}
	}
}
