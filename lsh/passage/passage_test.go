package passage_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// rng is SplitMix64.
type rng uint64

func (r *rng) n(n int) int {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

func (r *rng) words(n, vocabulary int) []string {
	w := make([]string, n)
	for i := range w {
		w[i] = fmt.Sprintf("w%d", r.n(vocabulary))
	}
	return w
}

// library returns documents, some of which share stretches of words.
func library(r *rng, docs, vocabulary int) []string {
	var stock [][]string
	for range docs / 2 {
		stock = append(stock, r.words(8+r.n(40), vocabulary))
	}
	texts := make([]string, docs)
	for i := range texts {
		var w []string
		for range 1 + r.n(4) {
			w = append(w, r.words(r.n(60), vocabulary)...)
			w = append(w, stock[r.n(len(stock))]...)
		}
		texts[i] = strings.Join(w, " ")
	}
	return texts
}

func id(i int) string { return fmt.Sprintf("d%03d", i) }

func index(opts passage.Options, texts []string) *passage.Index {
	ix := passage.New(opts)
	for i, text := range texts {
		ix.Add(id(i), text)
	}
	return ix
}

// sharedRun is a quadratic oracle that returns the longest run of equal words.
func sharedRun(a, b string) int {
	x, y := strings.Fields(a), strings.Fields(b)
	best := 0
	prev := make([]int, len(y)+1)
	for i := range x {
		next := make([]int, len(y)+1)
		for j := range y {
			if x[i] == y[j] {
				next[j+1] = prev[j] + 1
				best = max(best, next[j+1])
			}
		}
		prev = next
	}
	return best
}

// TestPairsFindsRuns compares Pairs with the oracle: two documents that share a run of at
// least 12 words are reported, and two that share no word are not.
func TestPairsFindsRuns(t *testing.T) {
	r := rng(1)
	for _, vocabulary := range []int{60, 500, 5000} {
		texts := library(&r, 60, vocabulary)
		texts = append(texts, "", "few words", strings.Repeat("again ", 300), strings.Repeat("again ", 400))
		got := map[[2]string]bool{}
		for p := range index(passage.Options{}, texts).Pairs(context.Background()) {
			got[[2]string{p.A, p.B}] = true
			if p.A >= p.B {
				t.Fatalf("pair %s, %s, want the order of the documents", p.A, p.B)
			}
		}
		found := 0
		for i := range texts {
			for j := range i {
				run := sharedRun(texts[i], texts[j])
				key := [2]string{id(j), id(i)}
				if run >= 12 && !got[key] {
					t.Errorf("vocabulary %d: %v share a run of %d words, want the pair reported", vocabulary, key, run)
				}
				if run == 0 && got[key] {
					t.Errorf("vocabulary %d: %v share no word, want no pair", vocabulary, key)
				}
				if got[key] {
					found++
				}
			}
		}
		if found < 20 || found != len(got) {
			t.Errorf("vocabulary %d: %d pairs, want the %d known ones, at least 20", vocabulary, len(got), found)
		}
	}
}

// TestPairsAgreesWithAlign checks that the passages are those of the aligner.
func TestPairsAgreesWithAlign(t *testing.T) {
	r := rng(2)
	texts := library(&r, 40, 2000)
	ix := index(passage.Options{}, texts)
	n := 0
	for p := range ix.Pairs(context.Background()) {
		a, okA := ix.Text(p.A)
		b, okB := ix.Text(p.B)
		if !okA || !okB {
			t.Fatalf("Text(%s) or Text(%s) = false, want both texts", p.A, p.B)
		}
		if diff := cmp.Diff(shingle.Aligner{}.Align(a, b), p.Passages); diff != "" {
			t.Errorf("%s, %s: passages (-want by Align +got):\n%s", p.A, p.B, diff)
		}
		n++
	}
	if n < 20 {
		t.Errorf("%d pairs, want at least 20", n)
	}
}

// TestWorkersChangeNothing checks that the findings depend neither on workers nor on how
// the index was filled.
func TestWorkersChangeNothing(t *testing.T) {
	r := rng(3)
	texts := library(&r, 80, 300)
	want := collect(index(passage.Options{}, texts))
	for _, workers := range []int{-1, 1, 2, 7} {
		got := collect(index(passage.Options{Workers: workers}, texts))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers: Pairs (-want +got):\n%s", workers, diff)
		}
	}
	ix := passage.New(passage.Options{})
	for i, text := range texts {
		ix.Add(id(i), texts[(i+1)%len(texts)])
		ix.Query(texts[i]) // seals the added documents
		if i%3 == 0 {
			ix.Remove(id(i))
		}
		ix.Add(id(i), text)
	}
	if diff := cmp.Diff(want, collect(ix)); diff != "" {
		t.Errorf("documents replaced one by one: Pairs (-want +got):\n%s", diff)
	}
	for range ix.Pairs(context.Background()) {
		break // stopping early must do no harm
	}
}

// TestQueryFindsWhatPairsDoes checks that a query finds what Pairs does.
func TestQueryFindsWhatPairsDoes(t *testing.T) {
	r := rng(4)
	texts := library(&r, 50, 300)
	ix := index(passage.Options{}, texts)
	pairs := map[[2]string][]shingle.Passage{}
	for p := range ix.Pairs(context.Background()) {
		pairs[[2]string{p.A, p.B}] = p.Passages
	}
	n := 0
	for i, text := range texts {
		self := false
		last := ""
		for _, m := range ix.Query(text) {
			if m.ID <= last {
				t.Fatalf("match %s follows %s, want ascending ids", m.ID, last)
			}
			last = m.ID
			switch {
			case m.ID == id(i):
				self = true
			case m.ID > id(i):
				if diff := cmp.Diff(pairs[[2]string{id(i), m.ID}], m.Passages); diff != "" {
					t.Errorf("%s, %s: passages (-want by Pairs +got by Query):\n%s", id(i), m.ID, diff)
				}
				n++
			}
		}
		if !self {
			t.Errorf("Query(text of %s) does not return the document itself", id(i))
		}
	}
	if n != len(pairs) {
		t.Errorf("%d pairs by Query, want %d as by Pairs", n, len(pairs))
	}
	if got := ix.Query(""); got != nil {
		t.Errorf("Query(empty text) = %v, want nil", got)
	}
}

// TestRemovedDocumentsAreNotFound removes and adds documents many times.
func TestRemovedDocumentsAreNotFound(t *testing.T) {
	r := rng(5)
	texts := library(&r, 150, 300)
	ix := index(passage.Options{}, texts)
	if ix.Remove("unknown") {
		t.Error("Remove(unknown) = true, want false")
	}
	for i := range 140 {
		if !ix.Remove(id(i)) {
			t.Fatalf("Remove(%s) = false, want true", id(i))
		}
		if i%50 == 0 {
			ix.Query(texts[i])
		}
	}
	want := passage.New(passage.Options{})
	for i := 140; i < 150; i++ {
		want.Add(id(i), texts[i])
	}
	for i := range 30 {
		ix.Add(id(i), texts[i])
		want.Add(id(i), texts[i])
	}
	if ix.Len() != 40 {
		t.Errorf("Len() = %d, want 40", ix.Len())
	}
	if diff := cmp.Diff(collect(want), collect(ix)); diff != "" {
		t.Errorf("Pairs (-want of an index that never held the removed +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Stats(), ix.Stats()); diff != "" {
		t.Errorf("Stats (-want of an index that never held the removed +got):\n%s", diff)
	}
	if _, ok := ix.Text(id(139)); ok {
		t.Error("Text(removed document) = true, want false")
	}
}

// TestEachOptionChangesFindings shows that each option changes the findings of an index.
func TestEachOptionChangesFindings(t *testing.T) {
	r := rng(7)
	// Thirty documents share one paragraph; two of them share another one, with every
	// fourth word changed.
	shared, edited := r.words(30, 5000), r.words(60, 5000)
	texts := make([]string, 30)
	for i := range texts {
		texts[i] = strings.Join(slices.Concat(r.words(40, 5000), shared, r.words(40, 5000)), " ")
	}
	quote := r.words(30, 5000)
	for i := range 2 {
		for k := i; k < len(edited); k += 4 {
			if i > 0 {
				edited[k] = r.words(1, 5000)[0]
			}
		}
		texts[i] += "\n\n" + strings.Join(edited, " ") + "\n\n" + strings.Join(slices.Concat(r.words(40, 5000), quote), " ")
	}
	count := func(o passage.Options) (pairs, passages int, s passage.Stats) {
		ix := index(o, texts)
		for p := range ix.Pairs(context.Background()) {
			pairs++
			passages += len(p.Passages)
		}
		return pairs, passages, ix.Stats()
	}
	pairs, passages, stats := count(passage.Options{})
	if _, _, s := count(passage.Options{Run: 5}); s.Fingerprints <= stats.Fingerprints {
		t.Errorf("Run 5: %d fingerprints, want more than the %d by default", s.Fingerprints, stats.Fingerprints)
	} else if _, _, least := count(passage.Options{Aligner: shingle.Aligner{MinTokens: 4}}); least != s {
		t.Errorf("MinTokens 4: %+v, want %+v as with Run 5", least, s)
	}
	if p, _, s := count(passage.Options{MaxDocuments: 2}); p >= pairs || s.Common == 0 {
		t.Errorf("MaxDocuments 2: %d pairs, %d Common, want fewer than the %d pairs by default and some Common", p, s.Common, pairs)
	}
	if _, p, _ := count(passage.Options{RareDocuments: -1}); p >= passages {
		t.Errorf("RareDocuments -1: %d passages, want fewer than the %d by default", p, passages)
	}
	if _, p, _ := count(passage.Options{Aligner: shingle.Aligner{MinTokens: 31}}); p >= passages {
		t.Errorf("MinTokens 31: %d passages, want fewer than the %d by default", p, passages)
	}
	defer func() {
		if recover() == nil {
			t.Error("Run 4 did not panic, want a panic")
		}
	}()
	passage.New(passage.Options{Run: 4})
}

// TestSkippedSpansMatchNothing skips text that the caller knows to be boilerplate.
func TestSkippedSpansMatchNothing(t *testing.T) {
	r := rng(8)
	footer := strings.Join(r.words(30, 5000), " ")
	a := strings.Join(r.words(30, 5000), " ") + " " + footer
	b := strings.Join(r.words(30, 5000), " ") + " " + footer
	mask := shingle.Span{Start: strings.Index(a, footer), End: len(a)}
	var ix passage.Index
	ix.Add("a", a, mask)
	ix.Add("b", b)
	if got := collect(&ix); got != nil {
		t.Errorf("Pairs with the footer skipped = %+v, want none", got)
	}
	if got := ix.Query(a, mask); len(got) != 1 || got[0].ID != "a" {
		t.Errorf("Query that skips the footer = %+v, want only a", got)
	}
	if got := ix.Query(a); len(got) != 2 {
		t.Errorf("Query that does not skip = %+v, want 2 documents", got)
	}
	for _, bad := range [][]shingle.Span{
		{{Start: 9, End: 12}, {Start: 2, End: 5}}, {{Start: 2, End: 9}, {Start: 5, End: 12}},
		{{Start: 5, End: 3}}, {{Start: -1, End: 3}}, {{Start: 0, End: len(a) + 1}},
	} {
		for name, call := range map[string]func(){
			"Add": func() { ix.Add("a", a, bad...) }, "Query": func() { ix.Query(a, bad...) },
		} {
			func() {
				defer func() {
					if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "passage: ") {
						t.Errorf("%s, skipping %v: panic %v, want a message that begins with %q", name, bad, r, "passage: ")
					}
				}()
				call()
			}()
		}
	}
}

// TestManyGoroutinesShareAnIndex uses an index from many goroutines; run it with -race.
func TestManyGoroutinesShareAnIndex(t *testing.T) {
	r := rng(9)
	texts := library(&r, 40, 300)
	ix := passage.New(passage.Options{Workers: 2})
	done := make(chan bool)
	for w := range 4 {
		go func() {
			defer func() { done <- true }()
			for i := w; i < len(texts); i += 4 {
				ix.Add(id(i), texts[i])
				ix.Query(texts[i])
				if i%5 == 0 {
					for range ix.Pairs(context.Background()) {
					}
					ix.Remove(id(i))
				}
				ix.Stats()
			}
		}()
	}
	for range 4 {
		<-done
	}
	if ix.Len() != 32 {
		t.Errorf("Len() = %d, want 32", ix.Len())
	}
}

// pairsOf returns the pairs of an index whose search is not interrupted.
func pairsOf(ix *passage.Index) iter.Seq[passage.Pair] {
	return func(yield func(passage.Pair) bool) {
		for p, err := range ix.Pairs(context.Background()) {
			if err != nil {
				panic(err)
			}
			if !yield(p) {
				return
			}
		}
	}
}

func collect(ix *passage.Index) []passage.Pair { return slices.Collect(pairsOf(ix)) }

// TestPairsStopWithContext checks that the search ends with its context and returns the
// context's error.
func TestPairsStopWithContext(t *testing.T) {
	text := "the quick grey fox of the northern woods lives by the brook and hunts at night"
	var texts []string
	for range 100 {
		texts = append(texts, text)
	}
	ix := index(passage.Options{}, texts)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range ix.Pairs(ctx) {
		if n++; n == 10 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) || n > 100*99/2 {
		t.Errorf("%d pairs, error %v; want fewer and context.Canceled", n, last)
	}
}

// TestProgressCountsDocuments counts up to the number of documents.
func TestProgressCountsDocuments(t *testing.T) {
	var texts []string
	for range 100 {
		texts = append(texts, "too short")
	}
	last := 0
	ix := index(passage.Options{Workers: 2, Progress: func(done, total int) {
		if done <= last || total != 100 {
			t.Errorf("Progress(%d, %d) after %d, want ascending steps of 100", done, total, last)
		}
		last = done
	}}, texts)
	if collect(ix); last != 100 {
		t.Errorf("Progress ends at %d, want 100", last)
	}
}

func groupsOf(ix *passage.Index) []passage.Group {
	groups, err := ix.Groups(context.Background())
	if err != nil {
		panic(err)
	}
	return groups
}

// TestShortRunsAreFoundWhenAsked finds every shared run of ten and eleven words if
// Options ask for them, and none otherwise.
func TestShortRunsAreFoundWhenAsked(t *testing.T) {
	r := rng(51)
	for _, n := range []int{10, 11} {
		var texts []string
		for range 150 {
			run := strings.Join(r.words(n, 50000), " ")
			for range 2 {
				before, after := r.words(r.n(60), 50000), r.words(r.n(60), 50000)
				texts = append(texts, strings.Join(before, " ")+"; "+run+"; "+strings.Join(after, " "))
			}
		}
		for least, want := range map[int]int{n: 150, 12: 0} {
			opts := passage.Options{}
			opts.Aligner.MinTokens = least
			ix := index(opts, texts)
			if got := len(collect(ix)); got != want {
				t.Errorf("runs of %d words, least %d: %d pairs, want %d", n, least, got, want)
			}
			if got := len(groupsOf(ix)); got != want {
				t.Errorf("runs of %d words, least %d: %d groups, want %d", n, least, got, want)
			}
		}
	}
}
