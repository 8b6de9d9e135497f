package boilerplate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/shingle"
)

// TestTitleIsKept checks that the gap between two menus is not closed over the title or
// the headline that repeats it.
func TestTitleIsKept(t *testing.T) {
	w := writer(17)
	tmpl := newTemplate(&w, 100)
	var pages []boilerplate.Page
	var titles []string
	for i := range 5 {
		title := w.words(6)
		titles = append(titles, title)
		pages = append(pages, boilerplate.Page{ID: fmt.Sprint(i), Host: "h",
			Text: title + " - The Site\n\n" + tmpl.page(title, "Share this with everyone you know now", w.paragraph(80))})
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for i, p := range pages {
		kept := d.Strip(p)
		if strings.Count(kept, titles[i]) != 2 || strings.Contains(kept, "Share this") {
			t.Errorf("page %d: Strip() = %q, want %q twice and no %q", i, kept, titles[i], "Share this")
		}
	}
}

// TestMaskAndStripAgree checks the spans that Mask returns and Strip removes.
func TestMaskAndStripAgree(t *testing.T) {
	pages, _ := newsroom()
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for _, p := range pages {
		var masked []shingle.Span
		blocks := d.Judge(p)
		for _, b := range blocks {
			if b.Masked {
				masked = append(masked, b.Span)
			}
			if b.Masked && !b.Flagged {
				t.Errorf("%s: got %+v, want every masked block flagged", p.ID, b)
			}
		}
		mask := d.Mask(p)
		if diff := cmp.Diff(masked, mask); diff != "" || len(mask) == 0 {
			t.Errorf("%s: Detector.Mask() mismatch (-want +got):\n%s", p.ID, diff)
		}
		if diff := cmp.Diff(masked, boilerplate.Mask(blocks)); diff != "" {
			t.Errorf("%s: Mask() mismatch (-want +got):\n%s", p.ID, diff)
		}
		stripped := d.Strip(p)
		var sh shingle.Shingler
		if diff := cmp.Diff(sh.Set(stripped), sh.Set(p.Text, mask...)); diff != "" {
			t.Errorf("%s: shingles (-got of Strip() +want of the masked text):\n%s", p.ID, diff)
		}
	}
	if got := boilerplate.Cut("keep  drop\n\nkeep", []shingle.Span{{Start: 6, End: 10}}); got != "keep  keep" {
		t.Errorf("Cut() = %q, want %q", got, "keep  keep")
	}
}

// TestCallersBlocksAreJudged judges spans that are not paragraphs.
func TestCallersBlocksAreJudged(t *testing.T) {
	d := boilerplate.New(boilerplate.Options{Gap: -1})
	page := func(id, own string) boilerplate.Page {
		text := "home news sport about the site " + own
		return boilerplate.Page{ID: id, Host: "h", Text: text,
			Blocks: []shingle.Span{{Start: 0, End: 30}, {Start: 31, End: len(text)}}}
	}
	a, b := page("a", "one story that is all its own here"), page("b", "another story which nobody else tells")
	observeAll(d, []boilerplate.Page{a, b})
	if diff := cmp.Diff([]shingle.Span{{Start: 0, End: 30}}, d.Mask(a)); diff != "" {
		t.Errorf("Mask() mismatch (-want +got):\n%s", diff)
	}
	for _, bad := range [][]shingle.Span{
		{{Start: 5, End: 3}}, {{Start: 0, End: 9}, {Start: 8, End: 12}}, {{Start: 0, End: 1 << 20}}, {{Start: -1, End: 2}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Judge with blocks %v did not panic, want a panic", bad)
				}
			}()
			a.Blocks = bad
			d.Judge(a)
		}()
	}
}
