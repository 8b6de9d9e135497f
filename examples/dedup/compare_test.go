package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// words returns n words, the same for the same numbers.
func words(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "w%dx ", i*7919%10007)
	}
	return b.String()
}

// Of a chain the third document is apart from the second, which it matches: compare
// names the representative and says why.
func TestCompareInCorpus(t *testing.T) {
	corpus := docLine("a", words(0, 100)) + docLine("b", words(8, 108)) + docLine("c", words(16, 116)) + docLine("d", words(500, 600)) + docLine("b2", words(8, 108))
	compare := func(a, b string) show.Placement {
		t.Helper()
		stdout, stderr, status := dedup(t, corpus, "compare", "-json", "-threshold", ".8", a, b, "-")
		var c show.Comparison
		if err := json.Unmarshal([]byte(stdout), &c); err != nil || status != cli.ExitDone || c.Clusters == nil {
			t.Fatalf("%v, exit status %d: %s%s", err, status, stdout, stderr)
		}
		return *c.Clusters
	}
	p := compare("b", "c")
	if p.Together || p.A.Representative != "a" || p.A.Documents != 3 || p.A.Similarity < .8 || p.B.Representative != "c" || p.B.Documents != 1 || p.B.Other >= .8 ||
		!strings.Contains(p.Why, "B is only 0.714 like a, which represents the other; a member must match its representative") {
		t.Errorf("b, c: %+v", p)
	}
	if p := compare("a", "b"); !p.Together || p.Why != "one represents the other" {
		t.Errorf("a, b: %+v", p)
	}
	if p := compare("b", "b2"); !p.Together || !strings.HasPrefix(p.Why, "both match their representative") {
		t.Errorf("b, b2: %+v", p)
	}
	if p := compare("a", "d"); p.Together || !strings.HasPrefix(p.Why, "they do not match: 0.000 is below 0.8") {
		t.Errorf("a, d: %+v", p)
	}
	stdout, _, _ := dedup(t, corpus, "compare", "c", "b", "-")
	if !strings.Contains(stdout, "A is alone and kept\n") || !strings.Contains(stdout, "like a, which represents 3 documents\n") || !strings.Contains(stdout, "They are apart: they match (0.846), but A is only") {
		t.Error(stdout)
	}
}
