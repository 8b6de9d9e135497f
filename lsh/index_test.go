package lsh_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

func TestReuters(t *testing.T) {
	docs := corpus.Docs(t, "reuters21578", "docs.jsonl")
	truth := corpus.Silver(t, "reuters21578", "silver_j5.tsv")
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{})
	sets := make([][]uint64, len(docs))
	var values []uint32
	for i, d := range docs {
		sets[i] = sh.Set(d.Text)
		values = mh.AppendValues(values, sets[i])
	}
	for _, threshold := range []float64{.3, .5, .7, .8, .9} {
		b := lsh.Batch{Threshold: threshold, Sets: func(i int) []uint64 { return sets[i] }}
		pairs, work, err := b.Pairs(t.Context(), lsh.Registers{Size: 128, Values: values})
		if err != nil {
			t.Fatal(err)
		}
		got := map[[2]string]float64{}
		for _, p := range pairs {
			got[[2]string{docs[p.A].ID, docs[p.B].ID}] = p.Similarity
			got[[2]string{docs[p.B].ID, docs[p.A].ID}] = p.Similarity
		}
		due, found := 0, 0
		for _, p := range truth {
			if p.Jaccard >= threshold+.05 {
				due++
				if _, ok := got[[2]string{p.A, p.B}]; ok {
					found++
				}
			}
		}
		t.Logf("%v: %d pairs, recall %d/%d, %+v", threshold, len(pairs), found, due, work)
		if recall := float64(found) / float64(due); recall < .985 {
			t.Errorf("recall %.4f at %v", recall, threshold)
		}

		ix := lsh.New(lsh.Options{Threshold: threshold})
		for i, d := range docs {
			sig, err := mh.Wrap(values[i*128 : (i+1)*128])
			if err != nil {
				t.Fatal(err)
			}
			ix.AddSet(d.ID, sig, sets[i])
		}
		i := 0
		for p := range ix.Pairs() {
			if diff := cmp.Diff(lsh.Pair{A: docs[pairs[i].A].ID, B: docs[pairs[i].B].ID, Score: pairs[i].Score}, p); diff != "" {
				t.Fatal(diff)
			}
			i++
		}
		c, work, err := b.Clusters(t.Context(), lsh.Registers{Size: 128, Values: values}, lsh.RowClusterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d clusters %+v", len(c), work)
	}
}
