package repeat

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
)

var all = flag.Bool("all", false, "TestRealRepeatsAreCutOnce cuts every corpus at every border")

// TestRealRepeatsAreCutOnce cuts real documents: every part that it cuts is in the
// remaining texts, and a second run finds nothing in these.
func TestRealRepeatsAreCutOnce(t *testing.T) {
	for i, source := range []string{
		"docs_versions_reactnative/docs.jsonl", "reuters21578/docs.jsonl", "laws_zh/docs.jsonl", "terms_versions/docs.jsonl",
		"licensecheck_spans/docs.jsonl", "clough_stevenson/docs.jsonl", "minhash_articles/articles_1000.jsonl",
		"throughput/english_rfc.jsonl", "throughput/help_7_languages.jsonl", "throughput/japanese_books.jsonl", "throughput/russian_docs.jsonl",
	} {
		for _, o := range []Options{{}, {Border: Sentences}, {Border: Paragraphs, MinTokens: 8}} {
			if !*all && (i > 0 || testing.Short()) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", source, o.Border), func(t *testing.T) {
				var texts []string
				bytes, gone, cuts := 0, 0, 0
				for _, d := range corpus.Docs(t, strings.Split(source, "/")...) {
					texts = append(texts, d.Text)
					bytes += len(d.Text)
				}
				r := cutAll(o, texts)
				r.check(t, o)
				for _, k := range r.cuts {
					for _, f := range k {
						gone += f.Len()
						cuts++
					}
				}
				if cuts == 0 && source != "minhash_articles/articles_1000.jsonl" { // each document of that corpus is one paragraph
					t.Error("0 cuts, want at least 1")
				}
				t.Logf("%d documents: %d cuts of %.1f %%", len(texts), cuts, 100*float64(gone)/float64(bytes))
			})
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	docs := corpus.Docs(b, "docs_versions_reactnative", "docs.jsonl")
	bytes := 0
	for _, d := range docs {
		bytes += len(d.Text)
	}
	for _, border := range []Border{Tokens, Sentences, Paragraphs} {
		b.Run(border.String(), func(b *testing.B) {
			b.SetBytes(int64(bytes))
			for b.Loop() {
				c := New(Options{Border: border})
				for _, d := range docs {
					c.Add(c.Prepare(d.Text))
				}
			}
		})
	}
}
