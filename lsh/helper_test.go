package lsh_test

import (
	"testing"

	"github.com/neardup/neardup/lsh"
)

// pairsIn returns the pairs of an index.
func pairsIn(t *testing.T, ix *lsh.Index) []lsh.Pair[string] {
	t.Helper()
	pairs, err := ix.Pairs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// clustersIn returns the clusters of an index.
func clustersIn(t *testing.T, ix *lsh.Index, o lsh.ClusterOptions[string]) []lsh.Cluster[string] {
	t.Helper()
	clusters, err := ix.Clusters(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return clusters
}
