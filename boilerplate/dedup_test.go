package boilerplate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// edited returns a story with the same title in which about one word in a hundred is
// replaced, at least one in every paragraph.
func (w *writer) edited(story []string) []string {
	out := make([]string, len(story))
	for i, p := range story {
		if i == 0 {
			out[i] = p
			continue
		}
		words := strings.Fields(p)
		for n := max(1, len(words)/100); n > 0; n-- {
			words[w.below(len(words))] = w.word()
		}
		out[i] = strings.Join(words, " ")
	}
	return out
}

// TestTemplateHeavySiteKeepsStoriesApart covers a site on which deduplication fails
// without masks: seven tenths of each page are template, and all stories differ except fifty that were
// edited and printed again.
func TestTemplateHeavySiteKeepsStoriesApart(t *testing.T) {
	race.Alone(t)
	w := writer(7)
	tmpl := newTemplate(&w, 1000)
	var pages []boilerplate.Page
	var copyOf []int // the page that each page copies, or -1
	var stories [][]string
	for i := range 950 {
		stories = append(stories, w.story(400))
		pages = append(pages, boilerplate.Page{
			ID: fmt.Sprint(i), Host: "site.example", Text: tmpl.page(stories[i]...),
		})
		copyOf = append(copyOf, -1)
	}
	for i := range 50 {
		k := 19 * i
		copyOf[k] = len(pages)
		copyOf = append(copyOf, k)
		pages = append(pages, boilerplate.Page{
			ID: fmt.Sprint(len(pages)), Host: "site.example", Text: tmpl.page(w.edited(stories[k])...),
		})
	}
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range pages {
		d.Observe(p)
	}

	var sh shingle.Shingler
	plain, masked := make([]shingle.Set, len(pages)), make([]shingle.Set, len(pages))
	for i, p := range pages {
		plain[i] = sh.Set(p.Text)
		masked[i] = sh.Set(p.Text, d.Mask(p)...)
	}
	// With masks only the copies are alike; without masks nearly everything is.
	alike, copies := 0, 0
	for i, a := range masked {
		for k, b := range masked[:i] {
			switch j := a.Jaccard(b); {
			case copyOf[i] == k && j >= 0.8:
				copies++
			case copyOf[i] != k && j >= 0.1:
				alike++
			}
		}
	}
	if alike != 0 || copies != 50 {
		t.Errorf("masked texts: %d pairs of unlike pages and %d pairs of copies merge, want 0 and 50", alike, copies)
	}
	merges, pairs := 0, 0
	for i, a := range plain {
		for k := max(0, i-5); k < i; k++ {
			if copyOf[i] != k {
				pairs++
				if a.Jaccard(plain[k]) >= 0.5 {
					merges++
				}
			}
		}
	}
	t.Logf("plain: %d of %d pairs of unlike pages are at 0.5 and above; masked none is at 0.1", merges, pairs)
	if 10*merges < 9*pairs {
		t.Errorf("whole texts: %d of %d pairs of unlike pages merge, want nine tenths (else this site proves nothing about masks)", merges, pairs)
	}
	for i, p := range pages {
		own := sh.Set(strings.Join(storyOf(tmpl, p.Text), "\n\n"))
		if got := own.Containment(masked[i]); got < 0.95 {
			t.Errorf("page %d: the masked text keeps %.2f of its story, want at least 0.95", i, got)
		}
	}
}

// storyOf returns the paragraphs of a page between those of the template.
func storyOf(t template, page string) []string {
	all := strings.Split(page, "\n\n")
	return all[len(t.top) : len(all)-len(t.bottom)]
}

// TestCopiesOfOneStoryAreNotFlagged prints a story several times on one site: masking by
// the number of pages alone would delete it everywhere.
func TestCopiesOfOneStoryAreNotFlagged(t *testing.T) {
	for _, c := range []struct {
		name   string
		copies int
		edit   bool
		mode   string
	}{
		{"two", 2, false, "two passes"},
		{"three", 3, false, "two passes"},
		{"three", 3, false, "streaming"},
		{"thirty", 30, false, "two passes"},
		{"two", 2, true, "two passes"},
		{"three", 3, true, "two passes"},
		{"three", 3, true, "streaming"},
		{"twelve", 12, true, "two passes"},
	} {
		name := fmt.Sprintf("%s/edited=%v/%s", c.name, c.edit, c.mode)
		t.Run(name, func(t *testing.T) {
			w := writer(11)
			tmpl := newTemplate(&w, 300)
			d := boilerplate.New(boilerplate.Options{})
			var pages []boilerplate.Page
			for i := range 100 {
				pages = append(pages, boilerplate.Page{
					ID: fmt.Sprint(i), Host: "site.example", Text: tmpl.page(w.story(400)...),
				})
			}
			story := w.story(400)
			for i := range c.copies {
				s := story
				if c.edit {
					s = w.edited(story)
				}
				pages = append(pages, boilerplate.Page{
					ID: fmt.Sprint(100 + i), Host: "site.example", Text: tmpl.page(s...),
				})
			}
			judge := d.Next
			if c.mode != "streaming" {
				for _, p := range pages {
					d.Observe(p)
				}
				judge = d.Judge
			}
			for i, p := range pages {
				flagged, template := 0, 0
				from := len(strings.Join(tmpl.top, "\n\n"))
				to := len(p.Text) - len(strings.Join(tmpl.bottom, "\n\n"))
				for _, b := range judge(p) {
					if b.Reason == boilerplate.Copy && b.Scope != boilerplate.Host {
						t.Errorf("page %d: copy on the same host: Scope = %v, want Host", i, b.Scope)
					}
					switch in := b.Start > from && b.End < to; {
					case in && b.Flagged:
						flagged += b.Len()
					case !in && !b.Flagged:
						template += b.Len()
					}
				}
				if flagged > 0 {
					t.Errorf("page %d: %d of %d bytes of its story are flagged, want 0", i, flagged, to-from)
				}
				if template > 0 && i > 1 {
					t.Errorf("page %d: %d bytes of the template are not flagged, want 0", i, template)
				}
			}
		})
	}
}
