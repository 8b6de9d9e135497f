package boilerplate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
)

// A verdict is the verdict on one paragraph of a page.
type verdict struct {
	flagged, masked bool
	reason          boilerplate.Reason
	documents       int
}

// verdicts returns the verdicts on the paragraphs of a page, by their text.
func verdicts(t *testing.T, d *boilerplate.Detector, p boilerplate.Page) map[string]verdict {
	t.Helper()
	all := map[string]verdict{}
	for _, b := range d.Judge(p) {
		all[b.Of(p.Text)] = verdict{b.Flagged, b.Masked, b.Reason, b.Documents}
		if b.Hosts > b.Documents {
			t.Errorf("%s: %.40q: %d hosts of %d documents, want at most as many hosts as documents", p.ID, b.Of(p.Text), b.Hosts, b.Documents)
		}
		if b.Masked && !b.Flagged && b.Reason != boilerplate.Between {
			t.Errorf("%s: got masked block %+v, want every masked block flagged or between masked blocks", p.ID, b)
		}
	}
	return all
}

// A frame is the text that a site puts around its stories, some of it prose.
type frame struct{ top, bottom []string }

func newFrame(w *writer) frame {
	return frame{
		top:    []string{"Home", w.words(3), w.words(2), w.words(9)},
		bottom: []string{w.words(2), w.words(6), w.paragraph(40), w.words(3), "Imprint"},
	}
}

func (f frame) page(host, id string, day int, story ...string) boilerplate.Page {
	return boilerplate.Page{
		ID: host + "/" + id, Host: host, Time: date(day),
		Text: strings.Join(slices.Concat(f.top, story, f.bottom), "\n\n"),
	}
}

// TestTwoPagesDecideNothingAboutProse checks that two pages of a site decide nothing about
// prose, and that a third revises the verdicts on the first two.
func TestTwoPagesDecideNothingAboutProse(t *testing.T) {
	w := writer(41)
	f := newFrame(&w)
	shared := []string{w.paragraph(30), w.paragraph(40), w.paragraph(35)}
	notice := f.bottom[2]
	a := f.page("h", "a", 1, append([]string{w.words(7), w.paragraph(60)}, shared...)...)
	b := f.page("h", "b", 2, append(append([]string{w.words(7)}, shared...), w.paragraph(60))...)
	d := observeAll(boilerplate.New(boilerplate.Options{}), []boilerplate.Page{a, b})
	for _, p := range []boilerplate.Page{a, b} {
		v := verdicts(t, d, p)
		for _, s := range append([]string{notice}, shared...) {
			if v[s].flagged || v[s].masked {
				t.Errorf("after two pages: %s: %.30q: got %+v, want neither flagged nor masked", p.ID, s, v[s])
			}
		}
		if !v[f.top[1]].masked {
			t.Errorf("after two pages: %s: menu: got %+v, want masked", p.ID, v[f.top[1]])
		}
	}
	d.Observe(f.page("h", "c", 3, w.story(120)...))
	for _, p := range []boilerplate.Page{a, b} {
		v := verdicts(t, d, p)
		if !v[notice].masked || v[notice].reason != boilerplate.Furniture {
			t.Errorf("after three pages: %s: notice: got %+v, want masked as Furniture", p.ID, v[notice])
		}
		for _, s := range shared {
			if v[s].masked {
				t.Errorf("after three pages: %s: %.30q: got %+v, want not masked", p.ID, s, v[s])
			}
		}
	}
}

// TestReusedParagraphsAreFlaggedNotMasked puts one paragraph into several of twenty
// stories of a site: at the beginning, in the middle and at the end. It is flagged in
// each of them and masked in none, with equal verdicts.
func TestReusedParagraphsAreFlaggedNotMasked(t *testing.T) {
	for _, at := range []string{"first", "within", "last"} {
		for _, n := range []int{3, 5, 9} {
			w := writer(43)
			f := newFrame(&w)
			reused := w.paragraph(45)
			var pages []boilerplate.Page
			for i := range 20 {
				story := w.story(200)
				if i < n {
					k := map[string]int{"first": 1, "within": len(story) / 2, "last": len(story)}[at]
					story = slices.Insert(story, k, reused)
				}
				pages = append(pages, f.page("h", fmt.Sprint(i), i+1, story...))
			}
			d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
			for _, p := range pages[:n] {
				want := verdict{true, false, boilerplate.Background, n}
				if v := verdicts(t, d, p)[reused]; v != want {
					t.Errorf("%s of %d stories: %s: %+v, want %+v", at, n, p.ID, v, want)
				}
			}
		}
	}
}

// TestSyndicatedStoriesAreNotMasked prints stories on several sites, in full and in part,
// each site with its own frame. No story is masked; sign-offs are.
func TestSyndicatedStoriesAreNotMasked(t *testing.T) {
	w := writer(47)
	frames := map[string]frame{}
	for i := range 12 {
		frames[fmt.Sprint("host", i)] = newFrame(&w)
	}
	const signOff = "Reporting by the Example Agency; to contact the desk write to desk@agency.example."
	var pages []boilerplate.Page
	var own []map[string]bool // paragraphs of the story on each page
	for s := range 14 {
		story := w.story(260)
		for k := range 9 {
			host := fmt.Sprint("host", (s+k)%12)
			text := slices.Clone(story)
			if (s+k)%3 == 0 { // half of the story, with other text
				text = append(text[:len(text)/2], w.story(120)[1:]...)
			}
			mine := map[string]bool{}
			for _, p := range text {
				mine[p] = true
			}
			own = append(own, mine)
			pages = append(pages, frames[host].page(host, fmt.Sprint(s), s+1, append(text, signOff)...))
		}
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	signed := 0
	for i, p := range pages {
		for text, v := range verdicts(t, d, p) {
			if v.masked && own[i][text] {
				t.Errorf("%s: %.50q of its own story is masked (%v), want it kept", p.ID, text, v.reason)
			}
		}
		if v := verdicts(t, d, p)[signOff]; v.flagged && v.masked {
			signed++
		}
	}
	if signed != len(pages) {
		t.Errorf("the sign-off is masked on %d pages, want all %d", signed, len(pages))
	}
}

// TestHeavyFrameIsMaskedAlone has a site of forty pages whose frame is nineteen
// twentieths of each: the frame is masked and nothing else.
func TestHeavyFrameIsMaskedAlone(t *testing.T) {
	w := writer(53)
	var f frame
	for range 40 {
		f.top, f.bottom = append(f.top, w.paragraph(60)), append(f.bottom, w.paragraph(60))
	}
	var pages []boilerplate.Page
	for i := range 40 {
		pages = append(pages, f.page("h", fmt.Sprint(i), i%28+1, w.story(250)...))
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for _, p := range pages {
		kept := len(d.Strip(p))
		frame := len(strings.Join(f.top, "\n\n")) + len(strings.Join(f.bottom, "\n\n"))
		if own := len(p.Text) - frame; kept < own-8 || kept > own+8 {
			t.Errorf("%s: %d bytes are kept of %d, want %d", p.ID, kept, len(p.Text), own)
		}
	}
}

// TestPageOfProseIsKept checks that a page whose prose would be masked keeps it, with the
// reason Kept.
func TestPageOfProseIsKept(t *testing.T) {
	w := writer(59)
	f := frame{top: []string{"Home", w.words(3)}, bottom: []string{w.words(3), "Imprint"}}
	story := w.story(300)
	var pages []boilerplate.Page
	for i := range 4 { // one story at four addresses is all the site has
		pages = append(pages, f.page("h", fmt.Sprint(i), i+1, append([]string{w.words(5)}, story...)...))
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for _, p := range pages {
		for text, v := range verdicts(t, d, p) {
			if slices.Contains(story[1:], text) && (v.masked || v.flagged && v.reason != boilerplate.Kept) {
				t.Errorf("%s: %.40q: got %+v, want not masked, and reason Kept if flagged", p.ID, text, v)
			}
		}
	}
}

// TestClosingSentenceNeedsManySites checks that a sentence that closes stories on three
// sites is not masked, since it may be a quotation, and that one that closes stories on
// seven sites is masked.
func TestClosingSentenceNeedsManySites(t *testing.T) {
	const sentence = "The keeper, who had not slept, counted eleven lamps along the quay before the ferry left, the Harbour Gazette said."
	for _, tt := range []struct {
		sites int
		want  bool
	}{{3, false}, {7, true}} {
		w := writer(67)
		var pages []boilerplate.Page
		for i := range tt.sites {
			host := fmt.Sprint("host", i)
			pages = append(pages, frame{}.page(host, "a", i+1, append(w.story(200), sentence)...))
		}
		d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
		for _, p := range pages {
			if v := verdicts(t, d, p)[sentence]; !v.flagged || v.masked != tt.want {
				t.Errorf("%d sites: %s: verdict %+v, want it flagged, and masked = %v", tt.sites, p.ID, v, tt.want)
			}
		}
	}
}

// TestAdvertisementsAreNotSignOffs checks that labels of advertisements do not count as
// sign-offs.
func TestAdvertisementsAreNotSignOffs(t *testing.T) {
	w := writer(61)
	var pages []boilerplate.Page
	for h := range 4 {
		f := newFrame(&w)
		for i := range 4 {
			host := fmt.Sprint("host", h)
			pages = append(pages, f.page(host, fmt.Sprint(i), i+1, slices.Insert(w.story(200), 3, "Advertisement")...))
		}
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for _, p := range pages {
		if v := verdicts(t, d, p)["Advertisement"]; !v.flagged || v.reason != boilerplate.Advertisement {
			t.Errorf("%s: label %q: got %+v, want flagged with reason Advertisement", p.ID, "Advertisement", v)
		}
	}
}
