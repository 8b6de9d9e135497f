package pages_test

import (
	"bufio"
	"encoding/json"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/pages"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
)

var word = regexp.MustCompile(`[\p{L}\p{N}_]+`)

// grams returns the multiset of runs of four words; a shorter text is one run.
func grams(text string) map[string]int {
	words := word.FindAllString(strings.ToLower(text), -1)
	m := map[string]int{}
	if len(words) > 0 && len(words) < 4 {
		m[strings.Join(words, " ")]++
	}
	for i := 0; i+4 <= len(words); i++ {
		m[strings.Join(words[i:i+4], " ")]++
	}
	return m
}

func total(m map[string]int) (n int) {
	for _, c := range m {
		n += c
	}
	return n
}

// TestExtractionKeepsArticles compares the text extracted from raw pages with articles
// that people cut out of them (CleanPortalEval): precision and recall of runs of four
// words, averaged over the pages.
func TestExtractionKeepsArticles(t *testing.T) {
	race.Alone(t)
	f, err := os.Open(corpus.Shared(t, "data", "html_cleanportaleval", "pages.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type page struct {
		boilerplate.Page
		gold string
	}
	var all []page
	d := boilerplate.New(boilerplate.Options{})
	tags := regexp.MustCompile(`(?m)^URL:.*$|<[^>]*>`)
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); dec.More(); {
		var r struct{ ID, Host, Gold, Text string }
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		p := parse(t, r.Text, pages.Options{ContentType: "text/html; charset=utf-8"})
		check(t, p)
		all = append(all, page{
			boilerplate.Page{ID: r.ID, Host: r.Host, Text: p.Text, Blocks: p.Blocks},
			html.UnescapeString(tags.ReplaceAllString(r.Gold, " ")),
		})
		d.Observe(all[len(all)-1].Page)
	}
	score := func(text func(p page) string) (p, r, f1 float64) {
		n := 0.0
		for _, page := range all {
			gold, got := grams(page.gold), grams(text(page))
			if len(gold) == 0 {
				continue
			}
			both := 0
			for g, c := range got {
				both += min(c, gold[g])
			}
			if len(got) > 0 {
				p += float64(both) / float64(total(got))
			}
			r += float64(both) / float64(total(gold))
			n++
		}
		p, r = p/n, r/n
		return p, r, 2 * p * r / (p + r)
	}
	p0, r0, plain := score(func(p page) string { return p.Text })
	p, r, f1 := score(func(p page) string { return boilerplate.Cut(p.Text, d.Mask(p.Page)) })
	t.Logf("whole text: precision %.3f, recall %.3f, F1 %.3f; stripped: %.3f, %.3f, %.3f", p0, r0, plain, p, r, f1)
	if f1 < 0.88 || r < r0-0.03 {
		t.Errorf("F1 %.3f, want 0.88; recall %.3f, want no more than 0.03 below %.3f", f1, r, r0)
	}
}
