package passage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// TestMergedIndexEqualsOne compares indexes that were built separately, changed and
// merged with one to which all documents were added.
func TestMergedIndexEqualsOne(t *testing.T) {
	r := rng(41)
	texts := library(&r, 90, 500)
	opts := passage.Options{MaxDocuments: 12}
	for range 12 {
		want := passage.New(opts)
		parts := make([]*passage.Index, 1+r.n(4))
		var added [][]int
		for p := range parts {
			parts[p] = passage.New(opts)
			live := []int{}
			for range r.n(60) {
				i := r.n(len(texts)) // some documents are in several parts, or twice in one part
				parts[p].AddAt(id(i), time.Unix(int64(i), 0), texts[i], shingle.Span{Start: 0, End: i % 3})
				live = without(live, i)
				if live = append(live, i); r.n(5) == 0 {
					parts[p].Remove(id(i))
					live = live[:len(live)-1]
				}
			}
			if r.n(2) == 0 {
				parts[p].Query(texts[0])
			}
			added = append(added, live)
		}
		for _, live := range added {
			for _, i := range live {
				want.AddAt(id(i), time.Unix(int64(i), 0), texts[i], shingle.Span{Start: 0, End: i % 3})
			}
		}
		before := parts[len(parts)-1].Stats()
		got := passage.New(opts)
		got.Merge(parts...)
		got.Merge(got)
		if diff := cmp.Diff(collect(want), collect(got)); diff != "" {
			t.Fatalf("Pairs (-want of one index +got merged):\n%s", diff)
		}
		if diff := cmp.Diff(groupsOf(want), groupsOf(got)); diff != "" {
			t.Fatalf("Groups (-want of one index +got merged):\n%s", diff)
		}
		if diff := cmp.Diff(want.Query(texts[3]), got.Query(texts[3])); diff != "" {
			t.Fatalf("Query (-want of one index +got merged):\n%s", diff)
		}
		if diff := cmp.Diff(want.Stats(), got.Stats()); diff != "" {
			t.Fatalf("Stats (-want of one index +got merged):\n%s", diff)
		}
		if diff := cmp.Diff(before, parts[len(parts)-1].Stats()); diff != "" {
			t.Fatalf("Stats of a part (-want as before Merge +got):\n%s", diff)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Merge of indexes with other fingerprints did not panic, want a panic")
		}
	}()
	passage.New(passage.Options{}).Merge(passage.New(passage.Options{Run: 9}))
}

func without(list []int, i int) []int {
	out := list[:0]
	for _, x := range list {
		if x != i {
			out = append(out, x)
		}
	}
	return out
}
