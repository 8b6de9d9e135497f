package lsh_test

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

func TestFullSizeBoundsWork(t *testing.T) {
	for _, c := range []struct {
		sizes            []int
		documents, bands int
		want             int
	}{
		{nil, 1000, 16, lsh.FullBucket},
		{[]int{129, 700}, 1000, 16, 700}, // 253,000 comparisons of 262,144
		{[]int{129, 725}, 1000, 16, 129},
		{[]int{129, 300, 725}, 1 << 20, 16, 725}, // 16 comparisons per document
		{[]int{600, 600}, 1000, 16, lsh.FullBucket},
	} {
		if got := lsh.FullSize(c.sizes, c.documents, c.bands); got != c.want {
			t.Errorf("FullSize(%v, %d, %d) = %d, want %d", c.sizes, c.documents, c.bands, got, c.want)
		}
	}
}

func TestRuleDecidesByKindOfScore(t *testing.T) {
	r := lsh.NewRule(128, .8)
	if want := (lsh.Rule{K: 128, Threshold: .8, Floor: 85, Accept: 103}); r != want {
		t.Errorf("NewRule(128, .8) = %+v, want %+v", r, want)
	}
	a := []uint64{1, 2, 3, 4}
	alike := []uint64{9, 4, 3, 2, 1, 3, 4, 9} // of similarity .8, unsorted, with repeats
	unlike := []uint64{1, 2, 3, 7}
	exact := func(b []uint64) func() ([]uint64, []uint64, bool) {
		return func() ([]uint64, []uint64, bool) { return a, b, true }
	}
	unknown := func() ([]uint64, []uint64, bool) { return nil, nil, false }
	sizes := func() (float64, float64) { return 100, 120 }
	for _, tt := range []struct {
		name  string
		agree int
		sets  func() ([]uint64, []uint64, bool)
		sizes func() (float64, float64)
		want  lsh.Score
		match bool
	}{
		{"below the floor, sets are not asked for", 84, func() ([]uint64, []uint64, bool) { panic("asked") }, nil, lsh.Score{}, false},
		{"sets at the threshold", 85, exact(alike), nil, lsh.Score{Similarity: .8, ContainmentA: 1, ContainmentB: .8, Exact: true}, true},
		{"sets below the threshold", 128, exact(unlike), nil, lsh.Score{Similarity: .6, ContainmentA: .75, ContainmentB: .75, Exact: true}, false},
		{"unknown sets below the threshold", 102, unknown, sizes, lsh.Score{}, false},
		{"unknown sets at the threshold", 104, unknown, nil, lsh.Score{Similarity: .8125}, true},
		{"no sets, with sizes", 104, nil, sizes, lsh.Score{Similarity: .8125, ContainmentA: minhash.Containment(.8125, 100, 120), ContainmentB: minhash.Containment(.8125, 120, 100)}, true},
		{"equal signatures", 128, nil, nil, lsh.Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1}, true},
	} {
		got, ok := r.Judge(tt.agree, tt.sets, tt.sizes)
		if ok != tt.match || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.match)
		}
	}
}

// TestClustersFollowFromPairs has bounded buckets: clusters are greedy over the pairs
// that are listed, however many buckets a second pass over fewer documents would compare
// in full.
func TestClustersFollowFromPairs(t *testing.T) {
	w := crowdWorld(t, 4000, 70, 100)
	b := lsh.Batch{Threshold: .5, Banding: lsh.Banding{Bands: 8, Rows: 1}, Sets: w.set}
	pairs, work, err := b.Pairs(t.Context(), w.source())
	if err != nil {
		t.Fatal(err)
	}
	if work.Bounded == 0 {
		t.Fatalf("Work = %+v, want bounded buckets (else nothing is tested)", work)
	}
	earlier := map[int][]lsh.Pair[int]{}
	for _, p := range pairs {
		earlier[p.B] = append(earlier[p.B], p)
	}
	members := map[int][]lsh.Member[int]{}
	joined := map[int]bool{}
next:
	for row := range w.ids {
		for _, p := range earlier[row] { // ascending
			if !joined[p.A] {
				joined[row] = true
				members[p.A] = append(members[p.A], lsh.Member[int]{ID: row, Similarity: p.Similarity})
				continue next
			}
		}
	}
	var want []lsh.Cluster[int]
	for row := range w.ids {
		if m := members[row]; m != nil {
			want = append(want, lsh.Cluster[int]{Representative: row, Members: append([]lsh.Member[int]{{ID: row, Similarity: 1}}, m...)})
		}
	}
	got, _, err := b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("clusters (-want by the pairs +got):\n%.2000s", diff)
	}
}

// crowdWorld returns n documents of the given size; their first `shared` elements are
// drawn from a small stock, so that many documents share them.
func crowdWorld(t *testing.T, n, shared, size int) *world {
	t.Helper()
	w := makeWorld(1, 64, 1)
	w.ids, w.sets, w.sigs, w.values = nil, nil, nil, nil
	for i := range uint64(n) {
		var set []uint64
		for j := range uint64(size) {
			x := j * 0x9E3779B97F4A7C15
			if int(j) >= shared || (i+j)%5 == 0 && i%3 > 0 {
				x = (i%700*1000 + j + 1) * 0xD1342543DE82EF95
				if j%2 == 0 {
					x = (i*1000 + j + 1) * 0xA24BAED4963EE407
				}
			}
			set = append(set, x)
		}
		slices.Sort(set)
		w.add(fmt.Sprint("t", i), slices.Compact(set))
	}
	return w
}

func TestExactScoreCountsSets(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []uint64
		want lsh.Score
	}{
		{"empty", nil, nil, lsh.Score{Exact: true}},
		{"one empty", []uint64{1}, nil, lsh.Score{Exact: true}},
		{"nothing in common", []uint64{1, 3}, []uint64{2, 4, 5}, lsh.Score{Exact: true}},
		{"equal", []uint64{1, 1 << 63}, []uint64{1, 1 << 63}, lsh.Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1, Exact: true}},
		{"unsorted with repeats", []uint64{3, 2, 3}, []uint64{9, 1, 2, 3, 1}, lsh.Score{Similarity: .5, ContainmentA: 1, ContainmentB: .5, Exact: true}},
		{"contained", []uint64{2, 3}, []uint64{1, 2, 3, 9}, lsh.Score{Similarity: .5, ContainmentA: 1, ContainmentB: .5, Exact: true}},
	} {
		if got := lsh.ExactScore(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
