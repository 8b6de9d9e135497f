package neardup_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// word returns one of about 17,000 words of letters; package boilerplate treats all
// numbers as equal.
func word(rng *rand.Rand) string {
	return fmt.Sprintf("%c%c%cer", 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26))
}

// words returns n random words.
func words(rng *rand.Rand, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = word(rng)
	}
	return out
}

// edited returns a copy of a text in which n words were replaced.
func edited(rng *rand.Rand, text []string, n int) []string {
	text = slices.Clone(text)
	for range n {
		text[rng.IntN(len(text))] = "un" + word(rng)
	}
	return text
}

// families returns documents, every third of which is an edited copy of an
// earlier one.
func families(seed uint64, n int) []neardup.Document {
	rng := rand.New(rand.NewPCG(seed, 1))
	var texts [][]string
	var docs []neardup.Document
	for i := range n {
		text := words(rng, 60+rng.IntN(60))
		if i%3 == 2 {
			text = edited(rng, texts[rng.IntN(len(texts))], rng.IntN(4))
		}
		texts = append(texts, text)
		docs = append(docs, neardup.Document{ID: fmt.Sprint("doc", i), Text: strings.Join(text, " ")})
	}
	return docs
}

// The figures of Compare are computed from the sets of five-word shingles.
func TestCompareCountsShingles(t *testing.T) {
	set := func(text string) map[string]bool {
		m := map[string]bool{}
		w := strings.Fields(text)
		for i := 0; i+5 <= len(w); i++ {
			m[strings.Join(w[i:i+5], " ")] = true
		}
		return m
	}
	docs := families(1, 30)
	similar := 0
	for _, x := range docs {
		for _, y := range docs {
			a, b := set(x.Text), set(y.Text)
			common := 0
			for s := range a {
				if b[s] {
					common++
				}
			}
			c := neardup.Compare(x.Text, y.Text)
			got := [3]float64{c.Jaccard, c.ContainmentA, c.ContainmentB}
			want := [3]float64{float64(common) / float64(len(a)+len(b)-common), float64(common) / float64(len(a)), float64(common) / float64(len(b))}
			if got != want {
				t.Fatalf("%s and %s: Jaccard and containments %v, want %v", x.ID, y.ID, got, want)
			}
			if x.ID != y.ID && common > 0 {
				similar++
			}
			if e := neardup.Compare(y.Text, x.Text); x.ID == y.ID && (c.CoveredA != 1 || c.CoveredB != 1) ||
				c.CoveredA > 1 || (c.CoveredA > 0) != (len(c.Passages) > 0) || (e.CoveredA > 0) != (c.CoveredB > 0) {
				t.Errorf("%s and %s: covered %v and %v, with the texts exchanged %v and %v, want 1 and 1 for a text and itself, and shares above 0 only with passages", x.ID, y.ID, c.CoveredA, c.CoveredB, e.CoveredA, e.CoveredB)
			}
			for _, p := range c.Passages {
				if p.Exact && !strings.EqualFold(p.A.Of(x.Text), p.B.Of(y.Text)) {
					t.Errorf("%s and %s: exact passage with sides %q and %q, want equal ones", x.ID, y.ID, p.A.Of(x.Text), p.B.Of(y.Text))
				}
			}
		}
	}
	if similar < 10 {
		t.Errorf("%d pairs have anything in common, want at least 10", similar)
	}
}

func TestCompareHandlesShortTexts(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		jaccard    float64
		passages   int
		words      string
	}{
		{"both empty", "", "", 0, 0, "Jaccard 0.00; 0 % of A is in B, 0 % of B is in A"},
		{"one empty", "", "word", 0, 0, "Jaccard 0.00; 0 % of A is in B, 0 % of B is in A"},
		{
			"one word", "Word!", "word", 1, 1,
			"Jaccard 1.00; 100 % of A is in B, 100 % of B is in A; passages cover 100 % of A, 100 % of B\n1 word, exact, bytes 0 to 5 of A and 0 to 4 of B:\n\t\"Word!\"",
		},
		{"two words", "one", "two", 0, 0, "Jaccard 0.00; 0 % of A is in B, 0 % of B is in A"},
		{"bytes that are not text", "\xff\x00", "\xff", 0, 0, "Jaccard 0.00; 0 % of A is in B, 0 % of B is in A"},
		{
			"control bytes in a passage", "a \x1b[31m b c d e f g h i j k l m n", "a 31m b c d e f g h i j k l m n", 1, 1,
			"Jaccard 1.00; 100 % of A is in B, 100 % of B is in A; passages cover 100 % of A, 100 % of B\n15 words, exact, bytes 0 to 33 of A and 0 to 31 of B:\n\t\"a \\x1b[31m b c d e f g h i j k l m n\"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := neardup.Compare(c.a, c.b)
			if got.Jaccard != c.jaccard || len(got.Passages) != c.passages {
				t.Errorf("Jaccard %v and %d passages, want %v and %d", got.Jaccard, len(got.Passages), c.jaccard, c.passages)
			}
			if d := cmp.Diff(c.words, got.String()); d != "" {
				t.Errorf("Compare(%q, %q).String() (-want +got):\n%s", c.a, c.b, d)
			}
		})
	}
}

// A corpus finds the same pairs as comparing every two documents.
func TestCorpusFindsWhatEveryPairFinds(t *testing.T) {
	docs := families(2, 120)
	var c neardup.Corpus
	for _, d := range docs {
		c.Add(d)
	}
	if c.Len() != len(docs) {
		t.Fatalf("%d documents, want %d", c.Len(), len(docs))
	}
	type pair struct {
		A, B    string
		Jaccard float64
	}
	var want []pair
	passages := 0
	for i, x := range docs {
		for _, y := range docs[i+1:] {
			m := neardup.Compare(x.Text, y.Text)
			if m.Jaccard >= .8 {
				want = append(want, pair{x.ID, y.ID, m.Jaccard})
			}
			if len(m.Passages) > 0 {
				passages++
			}
		}
	}
	if len(want) < 10 {
		t.Fatalf("%d near-duplicate pairs, want at least 10 (else too little is tested)", len(want))
	}
	pairs, err := c.Pairs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []pair
	for _, p := range pairs {
		if !p.Exact {
			t.Errorf("pair %s, %s: Exact = false, want true", p.A, p.B)
		}
		got = append(got, pair{p.A, p.B, p.Similarity})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pairs (-want by comparing every two +got):\n%s", d)
	}
	clusters, err := c.Clusters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(clusters) == 0 {
		t.Error("0 clusters, want at least 1")
	}
	text := map[string]string{}
	for _, d := range docs {
		text[d.ID] = d.Text
	}
	for _, k := range clusters {
		for _, m := range k.Members {
			if s := neardup.Compare(text[k.Representative], text[m.ID]).Jaccard; s != m.Similarity || s < .8 {
				t.Errorf("%s in the cluster of %s: %v, want %v", m.ID, k.Representative, m.Similarity, s)
			}
		}
	}
	found := 0
	for p, err := range c.Passages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(neardup.Compare(text[p.A], text[p.B]).Passages, p.Passages); d != "" {
			t.Errorf("passages of %s and %s (-want by Compare +got):\n%s", p.A, p.B, d)
		}
		found++
	}
	if found < passages {
		t.Errorf("%d pairs share passages, want %d", found, passages)
	}
}

// site returns pages of a host, in a frame of a hundred words, with the stories.
func site(host string, stories ...string) []neardup.Document {
	rng := rand.New(rand.NewPCG(uint64(len(host)), uint64(host[0])))
	menu, foot := strings.Join(words(rng, 60), " "), strings.Join(words(rng, 40), " ")
	var pages []neardup.Document
	for i, s := range stories {
		pages = append(pages, neardup.Document{ID: fmt.Sprintf("%s/%d", host, i), Host: host, Text: menu + "\n\n" + s + "\n\n" + foot})
	}
	return pages
}

// Pages are compared without the blocks that their site recycles, in any order of
// arrival; documents without a host are compared whole.
func TestCorpusMasksFrames(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	story := make([]string, 5)
	for i := range story {
		story[i] = strings.Join(words(rng, 70), " ")
	}
	docs := append(site("post", story[0], story[1], story[2]), site("wire", story[3], story[4], story[0])...)
	want := map[string]bool{"post/0 wire/2": true}
	for _, hosts := range []bool{true, false} {
		for range 4 {
			rng.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
			var c neardup.Corpus
			for _, d := range docs {
				if !hosts {
					d.Host = ""
				}
				c.Add(d)
			}
			pairs, err := c.Pairs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, p := range pairs {
				got[min(p.A, p.B)+" "+max(p.A, p.B)] = true
			}
			if hosts && !cmp.Equal(got, want) {
				t.Errorf("pairs %v, want %v", got, want)
			}
			if !hosts && got["post/0 wire/2"] {
				t.Errorf("without hosts: pairs %v hold post/0 and wire/2, want them apart: a frame has %d words", got, 100)
			}
			if hosts {
				for p, err := range c.Passages(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					if pair := min(p.A, p.B) + " " + max(p.A, p.B); !want[pair] {
						t.Errorf("%s share a passage of their frame, want none", pair)
					}
				}
				if n := len(c.Recycled("post/1")); n != 2 {
					t.Errorf("%d recycled blocks, want 2: menu and footer", n)
				}
			}
		}
	}
}

// Each version differs a little from the one before. Every document that AddNew leaves out
// must still reach the threshold with a kept one, and no two kept documents may be
// near-duplicates.
func TestAddNewDoesNotChain(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var c neardup.Corpus
	kept := map[string]string{}
	left := 0
	for family := range 8 {
		text := words(rng, 100)
		for version := range 40 {
			d := neardup.Document{ID: fmt.Sprintf("%d-%d", family, version), Text: strings.Join(text, " ")}
			m, seen := c.AddNew(d)
			if seen {
				left++
				if s := neardup.Compare(d.Text, kept[m.ID]).Jaccard; s < .8 || s != m.Similarity {
					t.Errorf("%s was left out as a match of %s at %v, want the exact similarity %v, at least 0.8", d.ID, m.ID, m.Similarity, s)
				}
			} else {
				kept[d.ID] = d.Text
			}
			text = edited(rng, text, 1)
		}
	}
	if len(kept) != c.Len() || left < 100 || len(kept) < 20 {
		t.Errorf("%d kept, %d left out, Len() = %d; want Len() equal to kept, at least 20 kept and at least 100 left out", len(kept), left, c.Len())
	}
	pairs, err := c.Pairs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) > 0 {
		t.Errorf("%d pairs of near-duplicates were kept, want 0", len(pairs))
	}
}

func TestSameIDReplacesDocument(t *testing.T) {
	docs := families(5, 8)
	var c neardup.Corpus
	for round := range 50 { // so that the space of replaced documents is reused
		for _, d := range docs[:2] {
			c.Add(d)
			if m, seen := c.Seen(d); seen {
				t.Fatalf("round %d: Seen(%s) = %s, want no match with itself", round, d.ID, m.ID)
			}
		}
	}
	if m, seen := c.Seen(neardup.Document{ID: "other", Text: docs[1].Text}); !seen || m.ID != docs[1].ID || m.Similarity != 1 {
		t.Errorf("Seen(copy of %s) = %v, %v, want it at similarity 1", docs[1].ID, m, seen)
	}
	// Adding a copy of another document does not replace the document of the same ID.
	if m, seen := c.AddNew(neardup.Document{ID: docs[0].ID, Text: docs[1].Text}); !seen || m.ID != docs[1].ID {
		t.Errorf("AddNew(copy of %s) = %v, %v, want a match with it", docs[1].ID, m, seen)
	}
	if m, seen := c.Seen(neardup.Document{ID: "other", Text: docs[0].Text}); !seen || m.ID != docs[0].ID {
		t.Errorf("Seen(copy of %s) = %v, %v, want a match: the document of the same ID stays", docs[0].ID, m, seen)
	}
	if c.Len() != 2 {
		t.Errorf("%d documents, want 2", c.Len())
	}
	if c.Recycled("absent") != nil {
		t.Errorf("Recycled(absent) = %v, want nil", c.Recycled("absent"))
	}
}

func TestZeroCorpusIsEmpty(t *testing.T) {
	ctx := t.Context()
	var a, b, c, d, e neardup.Corpus
	if p, err := a.Pairs(ctx); len(p) > 0 || err != nil {
		t.Errorf("Pairs of the zero Corpus = %v, %v, want none, nil", p, err)
	}
	if k, err := b.Clusters(ctx); len(k) > 0 || err != nil {
		t.Errorf("Clusters of the zero Corpus = %v, %v, want none, nil", k, err)
	}
	for p, err := range c.Passages(ctx) {
		t.Errorf("Passages of the zero Corpus yields %v, %v, want nothing", p, err)
	}
	if d.Len() != 0 || d.Recycled("") != nil {
		t.Errorf("zero Corpus: Len() = %d, Recycled = %v, want 0, nil", d.Len(), d.Recycled(""))
	}
	if m, seen := e.Seen(neardup.Document{Text: "one"}); seen {
		t.Errorf("Seen of the zero Corpus = %v, want no match", m)
	}
	// Empty documents match nothing.
	for _, id := range []string{"x", "y"} {
		if m, seen := e.AddNew(neardup.Document{ID: id}); seen {
			t.Errorf("AddNew(empty document) = %v, want no match", m)
		}
	}
}

func TestCorpusStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var c neardup.Corpus
	for _, d := range families(6, 30) {
		d.Host = "host"
		c.Add(d)
	}
	if _, err := c.Pairs(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Pairs with a cancelled context = %v, want context.Canceled", err)
	}
	if _, err := c.Clusters(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Clusters with a cancelled context = %v, want context.Canceled", err)
	}
	n := 0
	for _, err := range c.Passages(ctx) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("Passages with a cancelled context = %v, want context.Canceled", err)
		}
	}
	if n != 1 {
		t.Errorf("%d elements, want the error alone", n)
	}
	// A stopped call works later.
	if p, err := c.Pairs(t.Context()); len(p) == 0 || err != nil {
		t.Errorf("Pairs after a stopped call = %d pairs, %v, want some, nil", len(p), err)
	}
}

func TestCorpusServesManyGoroutines(t *testing.T) {
	docs := families(7, 60)
	var c neardup.Corpus
	var wg sync.WaitGroup
	for part := range slices.Chunk(docs, 15) {
		wg.Go(func() {
			for _, d := range part {
				d.Host = d.ID[:4]
				c.Add(d)
				c.Seen(d)
			}
			if _, err := c.Pairs(context.Background()); err != nil {
				t.Error(err)
			}
			for _, err := range c.Passages(context.Background()) {
				if err != nil {
					t.Error(err)
				}
			}
			c.Recycled(part[0].ID)
		})
	}
	wg.Wait()
	if c.Len() != len(docs) {
		t.Errorf("%d documents, want %d", c.Len(), len(docs))
	}
}

func TestThresholdOutOfRangePanics(t *testing.T) {
	defer func() {
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "lsh: ") {
			t.Errorf("panic %q, want a message that begins with %q", s, "lsh: ")
		}
	}()
	c := neardup.Corpus{Threshold: 1.5}
	c.Add(neardup.Document{ID: "a", Text: "one two three"})
	t.Error("Add with Threshold 1.5 did not panic, want a panic")
}

var (
	_ fmt.Stringer      = neardup.Comparison{}
	_ []shingle.Passage = neardup.Comparison{}.Passages
	_                   = lsh.Match[string]{}
)
