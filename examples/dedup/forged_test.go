package main

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/shingle"
)

// An article, and a text forged to have the same shingle hashes: each of its words was
// computed from the public hash of a word of the article (see
// TestForgedTokensNeedThePublicHash of package shingle).
const (
	article = "counterclockwise responsibilities interoperability characteristical electromagnetics misunderstanding institutionalize indiscriminately incomprehensible disqualification extraterrestrial autobiographical"
	forgery = "om03pnqb06mii03v lbeg1i23f725vsrp civc2ooq8qers613 qck5l3jd4kcvrnfw ihtrmvuwg8n7sr41 fljvafsrji8t3xku gg2n2ekeul0cqevr ysla5xbc0xu5b6u3 1j5jwkibd0es7pwh bsumghrvbq9qnj59 ix3k0x24qi5487bn h42uyze3izr1p29f"
)

// A text forged for the public hash does not remove an article, because exact figures are
// confirmed under a secret key. Estimates are not confirmed, which shows that the forgery
// works.
func TestForgedTextRemovesNoArticle(t *testing.T) {
	var public shingle.Shingler
	if j := public.Set(article).Jaccard(public.Set(forgery)); j != 1 {
		t.Fatalf("similarity of text and forgery under the public hash = %v, want 1 (else the forgery failed and nothing is tested)", j)
	}
	corpus := docLine("forgery", forgery) + docLine("article", article) + docLine("copy", strings.ToUpper(article))
	for _, args := range []string{"", "-strip", "-containment .5"} {
		stdout, stderr, status := dedup(t, corpus, append([]string{"pairs", "-json"}, append(strings.Fields(args), "-")...)...)
		if strings.Count(stdout, "\n") != 1 || !strings.Contains(stdout, `{"a":"article","b":"copy","jaccard":1,`) || status != cli.ExitDone {
			t.Errorf("pairs %s: %s%s, want article and copy alone", args, stdout, stderr)
		}
	}
	for _, args := range []string{"", "-exact"} {
		stdout, stderr, _ := dedup(t, corpus, append([]string{"clean", "-out", "-"}, append(strings.Fields(args), "-")...)...)
		if stdout != docLine("forgery", forgery)+docLine("article", article) {
			t.Errorf("clean %s: %s%s, want forgery and article kept", args, stdout, stderr)
		}
	}
	stdout, _, _ := dedup(t, corpus, "clusters", "-json", "-")
	if stdout != `{"representative":"article","members":[{"id":"article","similarity":1},{"id":"copy","similarity":1}]}`+"\n" {
		t.Errorf("clusters = %s, want article and copy alone", stdout)
	}
	t.Chdir(t.TempDir())
	put(t, map[string]string{"old.jsonl": docLine("forgery", forgery), "new.jsonl": docLine("article", article)})
	if stdout, _, _ := dedup(t, "", "pairs", "-json", "-against", "old.jsonl", "new.jsonl"); stdout != "" {
		t.Errorf("pairs -against = %s, want none", stdout)
	}
	if stdout, _, _ := dedup(t, corpus, "pairs", "-json", "-estimate", "-"); !strings.Contains(stdout, `"a":"forgery","b":"article"`) {
		t.Errorf("pairs -estimate = %s, want the forgery matched (else it is not a forgery)", stdout)
	}
}
