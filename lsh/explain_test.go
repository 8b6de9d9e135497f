package lsh_test

import (
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
)

// TestExplainByDefinition compares explanations with the pairs that are found, in a
// corpus with oversized buckets and exact duplicates.
func TestExplainByDefinition(t *testing.T) {
	race.Alone(t)
	w := crowdWorld(t, 3000, 70, 100)
	for i := range 20 {
		w.add("copy", w.sets[i*7])
	}
	w.add("empty", nil)
	b := lsh.Batch{Threshold: .5, Banding: lsh.Banding{Bands: 4, Rows: 1}, Sets: w.set}
	newest := lsh.ClusterOptions[int]{Before: func(a, b int) bool { return a > b }}
	pairs, work, err := b.Pairs(t.Context(), w.source())
	if err != nil {
		t.Fatal(err)
	}
	if work.Bounded == 0 || work.ExactDuplicates == 0 {
		t.Fatalf("Work = %+v, want bounded buckets and exact duplicates (else nothing is tested)", work)
	}
	found := map[[2]int]lsh.Score{}
	for _, p := range pairs {
		found[[2]int{p.A, p.B}] = p.Score
	}
	matches, apart := 0, 0
	last := len(w.ids) - 1
	state := uint64(1)
	for range 150 {
		state = mix(state)
		x, y := int(state%uint64(last)), int(state>>32%uint64(last))
		if state%3 == 0 {
			p := pairs[state>>8%uint64(len(pairs))]
			x, y = p.A, p.B
		}
		x, y = min(x, y), max(x, y)
		if x == y {
			continue
		}
		e, err := b.Explain(t.Context(), w.source(), x, y, lsh.ClusterOptions[int]{})
		if err != nil {
			t.Fatal(err)
		}
		s, ok := found[[2]int{x, y}]
		if e.Match() != ok || ok && e.Score != s {
			t.Fatalf("Explain(%d, %d) = %+v, want a match: %v, score %+v", x, y, e, ok, s)
		}
		if j, _, _ := jaccard(w.sets[x], w.sets[y]); e.Score.Similarity != j || !e.Score.Exact {
			t.Fatalf("Explain(%d, %d) = %+v, want the exact similarity %v", x, y, e, j)
		}
		if ok {
			matches++
		} else if e.Similar && len(e.Oversized) > 0 {
			apart++
		}
		if _, err := b.Explain(t.Context(), w.source(), x, y, newest); err != nil {
			t.Fatal(err)
		}
	}
	if matches < 20 || apart < 1 {
		t.Errorf("%d matches and %d pairs kept apart by oversized buckets, want at least 20 and 1 (else nothing is tested)", matches, apart)
	}
	if e, err := b.Explain(t.Context(), w.source(), 0, last, lsh.ClusterOptions[int]{}); err != nil || e.Match() || len(e.Bands) > 0 {
		t.Errorf("Explain of an empty document = %+v, %v, want no match, no bands, nil", e, err)
	}
}

func TestLocateFindsClusterAndMember(t *testing.T) {
	clusters := []lsh.Cluster[string]{
		{Representative: "a", Members: []lsh.Member[string]{{ID: "a", Similarity: 1}, {ID: "b", Similarity: .9}}},
		{Representative: "c", Members: []lsh.Member[string]{{ID: "c", Similarity: 1}, {ID: "d", Similarity: .8}}},
	}
	for id, want := range map[string]struct {
		representative string
		similarity     float64
	}{"a": {"a", 1}, "d": {"c", .8}, "e": {}} {
		c, s, ok := lsh.Locate(clusters, id)
		if c.Representative != want.representative || s != want.similarity || ok != (want.similarity > 0) {
			t.Errorf("Locate(%q) = %+v, %v, %v, want representative %q at %v", id, c, s, ok, want.representative, want.similarity)
		}
	}
}
