package boilerplate_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// A labelled page is a text with spans that are marked as content or not.
type labelled struct {
	boilerplate.Page
	spans   []shingle.Span
	content []bool
}

// readLabelled reads pages that people labelled block by block. The text is the blocks
// joined by blank lines.
func readLabelled(tb testing.TB, elem ...string) []labelled {
	tb.Helper()
	f, err := os.Open(corpus.Shared(tb, append([]string{"data"}, elem...)...))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var pages []labelled
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); dec.More(); {
		var r struct {
			ID, Host string
			Blocks   []struct {
				Text    string
				Content int
			}
		}
		if err := dec.Decode(&r); err != nil {
			tb.Fatal(err)
		}
		p := labelled{Page: boilerplate.Page{ID: r.ID, Host: r.Host}}
		var text strings.Builder
		for _, b := range r.Blocks {
			t := strings.TrimSpace(b.Text)
			if t == "" {
				continue
			}
			p.spans = append(p.spans, shingle.Span{Start: text.Len(), End: text.Len() + len(t)})
			p.content = append(p.content, b.Content != 0)
			text.WriteString(t + "\n\n")
		}
		if p.Text = text.String(); p.Text != "" {
			pages = append(pages, p)
		}
	}
	return pages
}

// score returns precision, recall and F1 of the content that is left when the blocks
// that judge masks are removed, over the bytes of the labelled spans.
func score(pages []labelled, judge func(boilerplate.Page) []boilerplate.Block) (p, r, f1 float64) {
	var kept, content, both float64
	for _, page := range pages {
		dead := make([]bool, len(page.Text))
		for _, b := range judge(page.Page) {
			if b.Masked {
				for i := b.Start; i < b.End; i++ {
					dead[i] = true
				}
			}
		}
		for i, s := range page.spans {
			k := 0.0
			for _, d := range dead[s.Start:s.End] {
				if !d {
					k++
				}
			}
			kept += k
			if page.content[i] {
				content += float64(s.Len())
				both += k
			}
		}
	}
	p, r = both/kept, both/content
	return p, r, 2 * p * r / (p + r)
}

// TestCleanPortalEval scores the default settings on 71 pages of five portals
// (CleanPortalEval, ppke-nlpg): once with all pages observed before the first is judged,
// and once with each page judged by the pages before it.
func TestCleanPortalEval(t *testing.T) {
	pages := readLabelled(t, "html_cleanportaleval", "blocks.jsonl")
	two, stream := boilerplate.New(boilerplate.Options{}), boilerplate.New(boilerplate.Options{})
	for _, p := range pages {
		two.Observe(p.Page)
	}
	for _, c := range []struct {
		mode       string
		judge      func(boilerplate.Page) []boilerplate.Block
		f1, recall float64
	}{
		{"two passes", two.Judge, 0.905, 0.95},
		{"streaming", stream.Next, 0.855, 0.95},
	} {
		p, r, f1 := score(pages, c.judge)
		t.Logf("%s: precision %.4f, recall %.4f, F1 %.4f", c.mode, p, r, f1)
		if f1 < c.f1 || r < c.recall {
			t.Errorf("%s: F1 %.4f, want %.3f; recall %.4f, want %.2f", c.mode, f1, c.f1, r, c.recall)
		}
	}
}

// TestContentWithoutHostsIsKept checks that content is kept on 967 pages without hosts.
func TestContentWithoutHostsIsKept(t *testing.T) {
	race.Alone(t)
	pages := readLabelled(t, "boilerplate_blocks", "pages.jsonl")
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range pages {
		d.Observe(p.Page)
	}
	p, r, f1 := score(pages, d.Judge)
	t.Logf("precision %.4f, recall %.4f, F1 %.4f", p, r, f1)
	if r < 0.98 {
		t.Errorf("recall of content %.4f, want 0.98", r)
	}
}
