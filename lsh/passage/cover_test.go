package passage_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// framed returns pages of two sites in their frames, and the spans of the frames. Every
// other story is on both sites, with one word in thirty changed on each side.
func framed(r *rng, stories int) (texts []string, skip [][]shingle.Span) {
	frames := [2]string{strings.Join(r.words(120, 3000), " "), strings.Join(r.words(90, 3000), " ")}
	add := func(site int, story []string) {
		for i := range story {
			if r.n(30) == 0 {
				story[i] = r.words(1, 3000)[0]
			}
		}
		own := strings.Join(story, " ") + ". " + strings.Join(r.words(r.n(120), 3000), " ")
		texts = append(texts, frames[site]+"\n\n"+own)
		skip = append(skip, []shingle.Span{{Start: 0, End: len(frames[site])}})
	}
	for i := range stories {
		story := r.words(80+r.n(80), 3000)
		add(i%2, append([]string(nil), story...))
		if i%2 == 0 {
			add(1, append([]string(nil), story...))
		}
	}
	return texts, skip
}

// naiveCover counts token by token.
func naiveCover(t *shingle.Text, passages []shingle.Passage, side func(shingle.Passage) shingle.Span) float64 {
	sum := 0.0
	for i := range t.Len() {
		best := 0.0
		for _, p := range passages {
			if s := side(p); s.Start <= t.Token(i).Start && t.Token(i).End <= s.End {
				best = max(best, p.Similarity)
			}
		}
		sum += best
	}
	return sum / float64(max(1, t.Len()))
}

// TestCoveredAgreesWithAllPairs compares the pairs found with those from all pairs of
// documents, and their covers with a count token by token.
func TestCoveredAgreesWithAllPairs(t *testing.T) {
	texts, skip := framed(new(rng), 60)
	var al shingle.Aligner
	prepared := make([]*shingle.Text, len(texts))
	build := func(o passage.Options) *passage.Index {
		ix := passage.New(o)
		for i, text := range texts {
			ix.Add(id(i), text, skip[i]...)
		}
		return ix
	}
	for i, text := range texts {
		prepared[i] = al.Prepare(text, skip[i]...)
	}
	for _, share := range []float64{0.2, 0.3, 0.6, 1} {
		var want []passage.CoveredPair
		for i := range texts {
			for k := i + 1; k < len(texts); k++ {
				ps := al.AlignTexts(prepared[i], prepared[k])
				c := passage.Cover{
					TokensA: prepared[i].Len(), TokensB: prepared[k].Len(),
					A: naiveCover(prepared[i], ps, func(p shingle.Passage) shingle.Span { return p.A }),
					B: naiveCover(prepared[k], ps, func(p shingle.Passage) shingle.Span { return p.B }),
				}
				if c.Share() >= share {
					want = append(want, passage.CoveredPair{A: id(i), B: id(k), Cover: c, Passages: ps})
				}
			}
		}
		if share < .5 && len(want) < 25 {
			t.Fatalf("at %v only %d pairs, want more (else nothing is tested)", share, len(want))
		}
		near := cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-6 })
		for _, workers := range []int{1, 3, -1} {
			var got []passage.CoveredPair
			for p, err := range build(passage.Options{Workers: workers}).Covered(t.Context(), passage.CoverOptions{Share: share}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, p)
			}
			if diff := cmp.Diff(want, got, near); diff != "" {
				t.Errorf("at %v with %d workers (-want +got):\n%s", share, workers, diff)
			}
		}
	}
	wanted := 0
	for p, err := range build(passage.Options{}).Covered(t.Context(), passage.CoverOptions{Share: .2, Want: func(a, b string) bool { return a != id(0) && b != id(0) }}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.A == id(0) {
			t.Errorf("pair %s, %s, want no pair that Want rejects", p.A, p.B)
		}
		wanted++
	}
	if wanted == 0 {
		t.Error("0 pairs, want some that Want accepts")
	}
}

// TestSkippedFramesDoNotCover shows that pages of one site cover each other unless their
// frames are skipped.
func TestSkippedFramesDoNotCover(t *testing.T) {
	texts, skip := framed(new(rng), 30)
	count := func(skipped bool) (n int) {
		ix := passage.New(passage.Options{})
		for i, text := range texts {
			if skipped {
				ix.Add(id(i), text, skip[i]...)
			} else {
				ix.Add(id(i), text)
			}
		}
		for range ix.Covered(t.Context(), passage.CoverOptions{Share: .3}) {
			n++
		}
		return n
	}
	if n := count(true); n != 15 {
		t.Errorf("%d pairs, want the 15 stories that are on both sites", n)
	}
	if n := count(false); n < 100 {
		t.Errorf("%d pairs with the frames, want at least 100 (else the texts prove nothing)", n)
	}
}

// TestCommonStoryIsCoveredByFirstHolders gives a story to more documents than the cap:
// each is found with the first holders, in linear time.
func TestCommonStoryIsCoveredByFirstHolders(t *testing.T) {
	const docs = 300
	r := new(rng)
	story := strings.Join(r.words(100, 5000), " ")
	texts := make([]string, docs)
	for i := range texts {
		texts[i] = story + " " + strings.Join(r.words(20, 5000), " ")
	}
	ix := index(passage.Options{MaxDocuments: 20}, texts)
	seen, pairs := map[string]bool{}, 0
	for p, err := range ix.Covered(t.Context(), passage.CoverOptions{Share: .5}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[p.A], seen[p.B] = true, true
		pairs++
	}
	if len(seen) != docs || pairs > 10*docs {
		t.Errorf("%d documents in %d pairs, want all %d in at most %d", len(seen), pairs, docs, 10*docs)
	}
}

func TestCoveredStopsWithContext(t *testing.T) {
	texts, _ := framed(new(rng), 60)
	ix := index(passage.Options{}, texts)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, last = range ix.Covered(ctx, passage.CoverOptions{Share: .3}) {
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error %v, want %v", last, context.Canceled)
	}
	for range ix.Covered(t.Context(), passage.CoverOptions{Share: .3}) {
		break
	}
	for _, bad := range []float64{0, -1, 1.1, math.NaN()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Covered with Share %v did not panic, want a panic", bad)
				}
			}()
			ix.Covered(t.Context(), passage.CoverOptions{Share: bad})
		}()
	}
	for range new(passage.Index).Covered(t.Context(), passage.CoverOptions{Share: 1}) {
		t.Error("Covered of an empty index yields a pair, want none")
	}
}

func TestEmptyTextsCoverNothing(t *testing.T) {
	var al shingle.Aligner
	empty := al.Prepare("")
	if c := passage.Covered(empty, empty, nil); c != (passage.Cover{}) || c.Share() != 0 {
		t.Errorf("Covered of two empty texts = %+v, want zero", c)
	}
}

// Two pages share a story in different frames: their Jaccard similarity is low, but the
// story covers the shorter page's own text.
func ExampleCovered() {
	const story = "The night ferry between the two harbours will sail again from May, nine years after the last crossing. "
	a := story + "Write to the desk."
	b := story + "In other news, the bakers of the old town let their rye rest for two nights now, and their customers order ahead."
	var al shingle.Aligner
	x, y := al.Prepare(a), al.Prepare(b)
	c := passage.Covered(x, y, al.AlignTexts(x, y))
	fmt.Printf("%.2f of the first, %.2f of the second; the shorter one: %.2f\n", c.A, c.B, c.Share())
	// Output: 0.82 of the first, 0.45 of the second; the shorter one: 0.82
}

// Texts that are shorter than a passage cover each other if they are nearly equal, with
// and without an index.
func TestShortEqualTextsCoverEachOther(t *testing.T) {
	for _, c := range []struct {
		why, a, b string
		want      bool
	}{
		{"equal", "Northern bank leaves its rates unchanged, governor says", "NORTHERN BANK leaves its rates unchanged: governor says", true},
		{"one word more", "Northern bank leaves its rates unchanged, governor says", "Northern bank leaves its rates unchanged, governor says again", true},
		{"a part of a longer text", "Northern bank leaves its rates unchanged", "Northern bank leaves its rates unchanged, and so do the other three of the region this month", false},
		{"other words", "Northern bank leaves its rates unchanged, governor says", "Northern bank leaves its rates after the talks, minister says", false},
		{"equal, less than a fingerprint", "Talks fail", "Talks fail.", true},
		{"one word of two", "Talks fail", "Talks resume", false},
		{"equal, in ideographs", "北方银行维持利率不变", "北方银行维持利率不变。", true},
		{"nothing", "", "", false},
		{"marks", "...", "...", false},
	} {
		var al shingle.Aligner
		x, y := al.Prepare(c.a), al.Prepare(c.b)
		cover := passage.Covered(x, y, passage.Shared(al, x, y))
		if got := cover.Share() >= .7; got != c.want {
			t.Errorf("%s: cover %+v, want a share of 0.7 and above: %v", c.why, cover, c.want)
		}
		pairs := 0
		for p, err := range index(passage.Options{}, []string{c.a, c.b}).Covered(t.Context(), passage.CoverOptions{Share: .7}) {
			if err != nil || p.Cover != cover || len(p.Passages) != 1 {
				t.Errorf("%s: pair %+v, %v, want cover %+v and 1 passage", c.why, p, err, cover)
			}
			pairs++
		}
		if (pairs == 1) != c.want {
			t.Errorf("%s: %d pairs, want 1: %v", c.why, pairs, c.want)
		}
	}
}

// A thousand equal texts of two words are paired with the first few.
func TestShortCommonTextsArePairedWithFirst(t *testing.T) {
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = "Talks fail"
	}
	pairs, seen := 0, map[string]bool{}
	for p := range index(passage.Options{}, texts).Covered(t.Context(), passage.CoverOptions{Share: 1}) {
		pairs++
		seen[p.B] = true
	}
	if len(seen) != len(texts)-1 || pairs > 10*len(texts) {
		t.Errorf("%d pairs reach %d documents, want %d in at most %d", pairs, len(seen), len(texts)-1, 10*len(texts))
	}
}
