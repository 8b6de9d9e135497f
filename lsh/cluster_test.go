package lsh_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

func TestPoliciesChooseRepresentative(t *testing.T) {
	// b is the longest, d the newest; e is alone.
	sets := map[string][]uint64{
		"a": span(0, 90), "b": span(0, 100), "c": span(0, 90), "d": span(2, 95), "e": span(1000, 1100),
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	times := map[string]time.Time{"a": day, "b": day, "d": day.AddDate(0, 0, 1)} // document c has no time
	sk := minhash.New(minhash.Options{})
	ix := lsh.New(lsh.Options{})
	for _, id := range []string{"c", "b", "a", "e", "d"} {
		ix.AddSet(id, sk.Sketch(sets[id]), sets[id])
	}
	tests := []struct {
		name    string
		options lsh.ClusterOptions[string]
		want    []string
	}{
		{"first", lsh.ClusterOptions[string]{}, []string{"c", "b", "a", "d"}},
		{"newest", lsh.ClusterOptions[string]{Keep: lsh.Newest, Time: func(id string) time.Time { return times[id] }}, []string{"d", "a", "b", "c"}},
		{"longest", lsh.ClusterOptions[string]{Keep: lsh.Longest}, []string{"b", "d", "a", "c"}},
		{"caller's", lsh.ClusterOptions[string]{Before: func(a, b string) bool { return a > b }}, []string{"d", "c", "b", "a"}},
		{"caller's ties by id", lsh.ClusterOptions[string]{Before: func(a, b string) bool { return false }}, []string{"a", "b", "c", "d"}},
		{"connected", lsh.ClusterOptions[string]{Connected: true}, []string{"c", "b", "a", "d"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clusters := clustersIn(t, ix, test.options)
			if len(clusters) != 1 {
				t.Fatalf("%d clusters, want 1: %+v", len(clusters), clusters)
			}
			var got []string
			for i, m := range clusters[0].Members {
				got = append(got, m.ID)
				j, _, _ := jaccard(sets[m.ID], sets[clusters[0].Representative])
				if m.Similarity != j || i == 0 && (m.ID != clusters[0].Representative || j != 1) {
					t.Errorf("member %+v of %q, want similarity %v, the representative first", m, clusters[0].Representative, j)
				}
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConnectedByDefinition compares connected components with a search over all matches.
func TestConnectedByDefinition(t *testing.T) {
	for seed := range uint64(5) {
		w := makeWorld(400, 64, 20+seed)
		const threshold = .6
		banding := lsh.Choose(64, threshold, .99)
		root := rows(len(w.ids))
		var find func(int) int
		find = func(i int) int {
			if root[i] != i {
				root[i] = find(root[i])
			}
			return root[i]
		}
		for b := range w.ids {
			for a := range b {
				if _, ok := w.match(a, b, banding, threshold, true); ok {
					x, y := find(a), find(b)
					root[max(x, y)] = min(x, y)
				}
			}
		}
		want := map[int][]int{}
		for row := range w.ids {
			want[find(row)] = append(want[find(row)], row)
		}
		b := lsh.Batch{Threshold: threshold, Sets: w.set, Workers: 2}
		clusters, _, err := b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{Connected: true})
		if err != nil {
			t.Fatal(err)
		}
		got := map[int][]int{}
		for _, c := range clusters {
			for _, m := range c.Members {
				got[c.Representative] = append(got[c.Representative], m.ID)
			}
		}
		for r, m := range want {
			if len(m) < 2 {
				delete(want, r)
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("components (-want +got):\n%s", diff)
		}
	}
}

// TestSurvivorsCoverTheRemoved removes the documents that clusters drop: with every
// policy at least one document of each cluster stays, and every removed document matches
// one that stays at the threshold or above.
func TestSurvivorsCoverTheRemoved(t *testing.T) {
	for seed := range uint64(10) {
		w := makeWorld(300, 64, 60+seed)
		for _, o := range []lsh.ClusterOptions[string]{
			{}, {Keep: lsh.Longest},
			{Keep: lsh.Newest, Time: func(id string) time.Time { return time.Unix(int64(len(id)), 0) }},
			{Before: func(a, b string) bool { return a[1:] > b[1:] }},
		} {
			const threshold = .4
			ix := w.index(lsh.Options{Threshold: threshold}, true)
			row := map[string]int{}
			for i, id := range w.ids {
				row[id] = i
			}
			gone := map[string]bool{}
			clusters := clustersIn(t, ix, o)
			for _, c := range clusters {
				if len(c.Members) < 2 || c.Members[0] != (lsh.Member[string]{ID: c.Representative, Similarity: 1}) {
					t.Fatalf("cluster %+v, want 2 members and more, the representative first at similarity 1", c)
				}
				for _, m := range c.Members[1:] {
					if gone[m.ID] {
						t.Fatalf("%s is in two clusters, want one", m.ID)
					}
					gone[m.ID] = true
				}
			}
			for _, c := range clusters {
				if gone[c.Representative] {
					t.Errorf("representative %s is a member of another cluster, want it in one", c.Representative)
				}
				for _, m := range c.Members[1:] {
					if j, _, _ := jaccard(w.sets[row[m.ID]], w.sets[row[c.Representative]]); j < threshold || j != m.Similarity {
						t.Errorf("%s: similarity to %s = %v, want %v, at the threshold or above", m.ID, c.Representative, m.Similarity, j)
					}
				}
			}
			for id := range gone {
				ix.Remove(id)
			}
			if left := clustersIn(t, ix, o); len(left) != 0 {
				t.Errorf("clusters of the documents kept = %+v, want none", left)
			}
			if ix.Len() != len(w.ids)-len(gone) {
				t.Errorf("Len() = %d, want %d less %d", ix.Len(), len(w.ids), len(gone))
			}
		}
	}
}

// TestIndexStopsWithContext cancels long calls and counts their steps.
func TestIndexStopsWithContext(t *testing.T) {
	w := makeWorld(300, 64, 31)
	var steps, total int
	ix := w.index(lsh.Options{Threshold: .5, Progress: func(done, of int) {
		if done != steps+1 || done > of {
			t.Errorf("Progress(%d, %d) after step %d, want the next step", done, of, steps)
		}
		steps, total = done, of
	}}, true)
	pairsIn(t, ix)
	if steps == 0 || steps != total {
		t.Errorf("Pairs ends at step %d of %d, want the last step", steps, total)
	}
	steps = 0
	clustersIn(t, ix, lsh.ClusterOptions[string]{})
	if steps == 0 || steps != total {
		t.Errorf("Clusters ends at step %d of %d, want the last step", steps, total)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	steps = 0
	if _, err := ix.Pairs(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Pairs with a cancelled context = %v, want context.Canceled", err)
	}
	if _, err := ix.Clusters(ctx, lsh.ClusterOptions[string]{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Clusters with a cancelled context = %v, want context.Canceled", err)
	}
	var empty lsh.Index
	if _, err := empty.Pairs(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Pairs of an empty index with a cancelled context = %v, want context.Canceled", err)
	}
}

// TestBatchKeepsLikeIndex compares the policies of a batch with those of an index.
func TestBatchKeepsLikeIndex(t *testing.T) {
	w := makeWorld(300, 64, 33)
	for i := range w.ids {
		w.ids[i] = fmt.Sprintf("%04d", i) // the order of ids is the order of rows, so ties are decided alike
	}
	when := func(row int) time.Time {
		if row%7 == 0 {
			return time.Time{}
		}
		return time.Unix(int64(row*37%50), 0)
	}
	row := func(id string) int {
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, exact := range []bool{false, true} {
		ix := w.index(lsh.Options{Threshold: .4}, exact)
		b := lsh.Batch{Threshold: .4, Scheme: w.sk.Scheme()}
		if exact {
			b.Sets = w.set
		}
		for _, keep := range []lsh.Keep{lsh.First, lsh.Newest, lsh.Longest} {
			want := clustersIn(t, ix, lsh.ClusterOptions[string]{Keep: keep, Time: func(id string) time.Time { return when(row(id)) }})
			got, _, err := b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{Keep: keep, Time: when})
			if err != nil {
				t.Fatal(err)
			}
			named := make([]lsh.Cluster[string], len(got))
			for i, c := range got {
				named[i].Representative = w.ids[c.Representative]
				for _, m := range c.Members {
					named[i].Members = append(named[i].Members, lsh.Member[string]{ID: w.ids[m.ID], Similarity: m.Similarity})
				}
				if keep == lsh.Newest && when(c.Representative).IsZero() && slices.ContainsFunc(c.Members, func(m lsh.Member[int]) bool { return !when(m.ID).IsZero() }) {
					t.Errorf("cluster %+v: representative without a time, want one with a time", c)
				}
			}
			if diff := gocmp.Diff(want, named); diff != "" {
				t.Errorf("exact %v, policy %v: clusters (-want of the index +got of the batch):\n%s", exact, keep, diff)
			}
		}
	}
}
