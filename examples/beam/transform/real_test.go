package transform_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/neardup/neardup/examples/beam/transform"
)

// real reads a data set of the folder shared beside the repository.
func real(t *testing.T, set string) []transform.Document {
	t.Helper()
	f, err := os.Open("../../../../shared/data/" + set + "/docs.jsonl")
	if err != nil {
		t.Skipf("no real data: %v", err)
	}
	defer f.Close()
	var docs []transform.Document
	d := json.NewDecoder(bufio.NewReader(f))
	for d.More() {
		var x struct{ ID, Text string }
		if err := d.Decode(&x); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, transform.Document{ID: x.ID, Text: x.Text, Order: transform.Order{Offset: int64(len(docs))}})
	}
	return docs
}

func TestReal(t *testing.T) {
	for set, threshold := range map[string]float64{"reuters21578": .5, "terms_versions": .6} {
		docs := real(t, set)
		compare(t, "direct", docs, 2, transform.Options{Threshold: threshold, Keep: transform.Longest})
	}
}
