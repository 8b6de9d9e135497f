package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
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

// The third document of a chain matches the second but is not in its cluster: compare
// names the representative and the reason.
func TestCompareExplainsChain(t *testing.T) {
	corpus := docLine("a", words(0, 100)) + docLine("b", words(8, 108)) + docLine("c", words(16, 116)) + docLine("d", words(500, 600)) + docLine("b2", words(8, 108))
	compare := func(a, b string) show.Placement {
		t.Helper()
		stdout, stderr, status := dedup(t, corpus, "compare", "-json", "-threshold", ".8", a, b, "-")
		var c show.Comparison
		if err := json.Unmarshal([]byte(stdout), &c); err != nil || status != cli.ExitDone || c.Clusters == nil {
			t.Fatalf("compare %s %s: %v, status %d, %s%s, want a placement in clusters", a, b, err, status, stdout, stderr)
		}
		return *c.Clusters
	}
	p := compare("b", "c")
	if p.Together || p.A.Representative != "a" || p.A.Documents != 3 || p.A.Similarity < .8 || p.B.Representative != "c" || p.B.Documents != 1 || p.B.Other >= .8 ||
		!strings.Contains(p.Why, "B has a similarity of only 0.714 to a, which represents the other; a member must match its representative") {
		t.Errorf("placement of b and c = %+v, want apart: b with a of 3 documents, c alone", p)
	}
	if p := compare("a", "b"); !p.Together || p.Why != "one represents the other" {
		t.Errorf("placement of a and b = %+v, want together: one represents the other", p)
	}
	if p := compare("b", "b2"); !p.Together || !strings.HasPrefix(p.Why, "both match their representative") {
		t.Errorf("placement of b and b2 = %+v, want together: both match their representative", p)
	}
	if p := compare("a", "d"); p.Together || !strings.HasPrefix(p.Why, "they do not match: 0.000 is below 0.8") {
		t.Errorf("placement of a and d = %+v, want apart: they do not match", p)
	}
	stdout, _, _ := dedup(t, corpus, "compare", "c", "b", "-")
	if !strings.Contains(stdout, "A is alone and kept\n") || !strings.Contains(stdout, "to a, which represents 3 documents\n") || !strings.Contains(stdout, "They are apart: they match (0.846), but A has a similarity of only") {
		t.Errorf("compare c b prints %s, want that A is alone and that both match", stdout)
	}
}

// TestCompareExplainsMissedPair compares two documents that match although the search
// does not find them: their signatures share no band.
func TestCompareExplainsMissedPair(t *testing.T) {
	t.Chdir(t.TempDir())
	r := rand.New(rand.NewPCG(3, 3))
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	const pairs = 1500
	for i := range pairs {
		var common, x, y []string
		for range 40 {
			common = append(common, fmt.Sprint("c", r.IntN(1_000_000)))
		}
		for range 35 {
			x, y = append(x, fmt.Sprint("x", r.IntN(1_000_000))), append(y, fmt.Sprint("y", r.IntN(1_000_000)))
		}
		for _, d := range []struct {
			id    string
			words []string
		}{{"x", append(x, common...)}, {"y", append(y, common...)}} {
			if err := e.Encode(map[string]string{"id": fmt.Sprint(d.id, i), "text": strings.Join(d.words, " ")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile("docs.jsonl", b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"-threshold", "0.3", "-k", "16"}
	found, stderr, status := dedup(t, "", append([]string{"pairs", "-json", "docs.jsonl"}, flags...)...)
	if status != cli.ExitDone {
		t.Fatal(stderr)
	}
	for i := range pairs {
		x, y := fmt.Sprint("x", i), fmt.Sprint("y", i)
		if strings.Contains(found, fmt.Sprintf(`{"a":%q,"b":%q`, x, y)) {
			continue
		}
		stdout, stderr, status := dedup(t, "", append([]string{"compare", x, y, "docs.jsonl"}, flags...)...)
		if text := strings.Join(strings.Fields(stdout), " "); status != cli.ExitDone || !strings.Contains(text, "have no band of 13x1 in common") {
			t.Errorf("compare %s %s: %s%s, want that they have no band of 13x1 in common", x, y, stdout, stderr)
		}
		return
	}
	t.Error("no pair is missed, want at least 1 (else nothing is tested)")
}
