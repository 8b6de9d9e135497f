package corpus_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/corpus"
)

func TestSilverPairsAreRead(t *testing.T) {
	pairs := corpus.Silver(t, "minhash_articles", "silver_1000_j5.tsv")
	docs := corpus.Docs(t, "minhash_articles", "articles_1000.jsonl")
	if diff := cmp.Diff(1000, len(docs)); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	known := map[string]bool{}
	for _, d := range docs {
		known[d.ID] = true
	}
	for _, p := range pairs {
		if !known[p.A] || !known[p.B] || p.Jaccard <= 0 || p.Jaccard > 1 {
			t.Errorf("pair %+v, want known ids and a similarity above 0 and at most 1", p)
		}
	}
}
