package boilerplate_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
)

func date(day int) time.Time { return time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC) }

// judgeAll returns the verdicts on all pages.
func judgeAll(d *boilerplate.Detector, pages []boilerplate.Page) [][]boilerplate.Block {
	var out [][]boilerplate.Block
	for _, p := range pages {
		out = append(out, d.Judge(p))
	}
	return out
}

func observeAll(d *boilerplate.Detector, pages []boilerplate.Page) *boilerplate.Detector {
	for _, p := range pages {
		d.Observe(p)
	}
	return d
}

// newsroom returns the pages of three hosts over twelve days, with all kinds of recycled
// text, and the reason expected for each block.
func newsroom() (pages []boilerplate.Page, want map[string]boilerplate.Reason) {
	w := writer(3)
	want = map[string]boilerplate.Reason{}
	signOff := "Reporting by the Example Agency; to contact the desk write to desk@agency.example."
	background := w.paragraph(60)
	bulletin := w.paragraph(50)
	want[signOff] = boilerplate.SignOff
	want[background] = boilerplate.Background
	want[bulletin] = boilerplate.SameDay
	for h := range 3 {
		host := fmt.Sprintf("host%d.example", h)
		tmpl := newTemplate(&w, 150)
		sports := "Fixtures, results and tables of " + w.words(6)
		for _, b := range slices.Concat(tmpl.top, tmpl.bottom) {
			want[b] = boilerplate.Furniture
			if len(strings.Fields(b)) <= 4 {
				want[b] = boilerplate.Navigation
			}
		}
		want[sports] = boilerplate.Furniture
		for i := range 12 {
			story := w.story(250)
			for _, b := range story {
				want[b] = boilerplate.Own
			}
			p := boilerplate.Page{
				ID: fmt.Sprintf("%s/%d", host, i), Host: host, Section: "news", Time: date(i + 1),
			}
			if i%4 == 1 {
				story = slices.Insert(story, 2, background)
			}
			if h == 0 && 6 <= i && i < 9 {
				story = slices.Insert(story, 2, bulletin)
				p.Time = date(7)
			}
			if i%3 == 0 {
				story = append(story, signOff)
			}
			page := tmpl.page(story...)
			if i >= 8 {
				p.Section = "sports"
				page = sports + "\n\n" + page
			}
			p.Text = page
			pages = append(pages, p)
		}
	}
	return pages, want
}

func TestBlocksHaveExpectedReasons(t *testing.T) {
	pages, want := newsroom()
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	for _, p := range pages {
		for _, b := range d.Judge(p) {
			text := b.Of(p.Text)
			if diff := cmp.Diff(want[text].String(), b.Reason.String()); diff != "" {
				t.Errorf("%s: %.60q (-want +got):\n%s", p.ID, text, diff)
			}
			flagged := b.Reason != boilerplate.Own && b.Reason != boilerplate.SameDay
			if b.Flagged != flagged {
				t.Errorf("%s: %.60q: Flagged = %v with reason %v, want %v", p.ID, text, b.Flagged, b.Reason, flagged)
			}
			if b.Flagged != (b.Confidence > 0) || b.Confidence > 1 {
				t.Errorf("%s: %.60q: Confidence = %v with Flagged = %v, want more than 0 and at most 1 if flagged, else 0", p.ID, text, b.Confidence, b.Flagged)
			}
		}
	}
}

// TestEvidenceNamesCountsAndHosts checks the numbers in verdicts against known ones.
func TestEvidenceNamesCountsAndHosts(t *testing.T) {
	pages, _ := newsroom()
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	type evidence struct {
		Scope            string
		Documents, Hosts int
	}
	for _, c := range []struct {
		page int
		text string
		want evidence
		why  string
	}{
		{0, "Reporting by", evidence{"host", 4, 1}, "four of the host's pages are signed off"},
		{8, "Fixtures, results", evidence{"section", 4, 1}, "only the sports pages have it"},
	} {
		p := pages[c.page]
		for _, b := range d.Judge(p) {
			if strings.HasPrefix(b.Of(p.Text), c.text) {
				got := evidence{b.Scope.String(), b.Documents, b.Hosts}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", c.text, c.why, diff)
				}
			}
		}
	}
	// On a new host the sign-off is known from the other hosts.
	p := boilerplate.Page{Host: "new.example", Text: "A story of its own that nobody else has printed so far.\n\n" +
		"Reporting by the Example Agency; to contact the desk write to desk@agency.example."}
	blocks := d.Judge(p)
	got := blocks[1]
	want := boilerplate.Block{
		Span: blocks[1].Span, Flagged: true, Masked: true, Reason: boilerplate.SignOff,
		Scope: boilerplate.Global, Documents: 13, Hosts: 4, Confidence: 12.0 / 13,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sign-off on a new host (-want +got):\n%s", diff)
	}
	if blocks[0].Flagged {
		t.Errorf("block of the page's own story: got %+v, want Flagged = false", blocks[0])
	}
}

// TestGroupCountsAsOneScope checks that documents are also counted within the group that
// the caller names.
func TestGroupCountsAsOneScope(t *testing.T) {
	w := writer(5)
	notice := "Terms of the agency apply to this text in full."
	d := boilerplate.New(boilerplate.Options{HostOnly: true})
	for i := range 2 {
		d.Observe(boilerplate.Page{
			ID: fmt.Sprint(i), Host: fmt.Sprint("host", i), Group: "agency",
			Text: strings.Join(append(w.story(100), notice), "\n\n"),
		})
	}
	p := boilerplate.Page{Host: "elsewhere", Text: strings.Join(append(w.story(100), notice), "\n\n")}
	last := func(p boilerplate.Page) boilerplate.Block {
		blocks := d.Judge(p)
		return blocks[len(blocks)-1]
	}
	if b := last(p); b.Flagged {
		t.Errorf("page without a group: got %+v, want Flagged = false", b)
	}
	p.Group = "agency"
	if b := last(p); !b.Flagged || b.Scope != boilerplate.Group || b.Documents != 3 || b.Hosts != 3 {
		t.Errorf("page of the group: got %+v, want flagged in scope Group, 3 documents, 3 hosts", b)
	}
}

// TestTemplateWithExchangedWordsIsVariant checks that a template with exchanged words is
// found as far as Coverage allows, and no further.
func TestTemplateWithExchangedWordsIsVariant(t *testing.T) {
	w := writer(9)
	frame := strings.Fields(w.words(60))
	var pages []boilerplate.Page
	for i := range 6 {
		words := slices.Clone(frame)
		words[10+i], words[40+i] = w.word()+"x", w.word()+"y"
		pages = append(pages, boilerplate.Page{ID: fmt.Sprint(i), Host: "h",
			Text: strings.Join(append(w.story(200), strings.Join(words, " ")), "\n\n")})
	}
	for _, c := range []struct {
		coverage float64
		want     bool
	}{{0, true}, {0.3, true}, {0.99, false}, {-1, false}} {
		d := observeAll(boilerplate.New(boilerplate.Options{Coverage: c.coverage}), pages)
		for _, p := range pages {
			blocks := d.Judge(p)
			b := blocks[len(blocks)-1]
			if b.Flagged != c.want || c.want && b.Reason != boilerplate.Variant {
				t.Errorf("coverage %v: page %s: got %+v, want Flagged = %v, as a Variant if flagged", c.coverage, p.ID, b, c.want)
			}
			for _, b := range blocks[:len(blocks)-1] {
				if b.Flagged {
					t.Errorf("coverage %v: page %s: block of its own text: got %+v, want Flagged = false", c.coverage, p.ID, b)
				}
			}
		}
	}
}

// TestShortBlocksNeedRecycledNeighbour checks that a recurring block of one or two words
// is flagged only next to a recycled block, and which gaps are masked.
func TestShortBlocksNeedRecycledNeighbour(t *testing.T) {
	w := writer(13)
	menu := "Read the latest stories from the harbour"
	foot := "All rights reserved by the people who run this site"
	page := func(name string) boilerplate.Page {
		s := w.story(200)
		return boilerplate.Page{ID: name, Host: "h", Text: strings.Join([]string{
			menu, "Search", "12 March", name + " of the day", foot,
			s[0], s[1], "Background", s[2], s[3], foot,
		}, "\n\n")}
	}
	p, q := page("first"), page("second")
	d := observeAll(boilerplate.New(boilerplate.Options{}), []boilerplate.Page{p, q})
	want := map[string]boilerplate.Reason{
		menu: boilerplate.Furniture, "Search": boilerplate.Navigation,
		"12 March": boilerplate.Navigation, "first of the day": boilerplate.Between,
		"Background": boilerplate.Unsupported,
		foot:         boilerplate.Furniture,
	}
	for _, b := range d.Judge(p) {
		if got, want := b.Reason, want[b.Of(p.Text)]; got != want {
			t.Errorf("%.40q: %v, want %v", b.Of(p.Text), got, want)
		}
	}
	d = observeAll(boilerplate.New(boilerplate.Options{Gap: -1}), []boilerplate.Page{p, q})
	for _, b := range d.Judge(p) {
		if b.Reason == boilerplate.Between {
			t.Errorf("with Gap -1: Reason of %q = %v, want any but Between", b.Of(p.Text), b.Reason)
		}
	}
}

// TestPagesWithoutWordsMatchNothing checks that pages without words match nothing.
func TestPagesWithoutWordsMatchNothing(t *testing.T) {
	d := boilerplate.New(boilerplate.Options{})
	for i, text := range []string{"", " \n\n ", "...", "\xff\xfe", "!!\n\n??"} {
		for k := range 5 {
			p := boilerplate.Page{ID: fmt.Sprint(i, k), Host: "h", Text: text}
			if got := d.Next(p); len(got) > 0 {
				t.Errorf("Next(page with text %q) = %+v, want no blocks", text, got)
			}
		}
	}
}

// TestEachOptionChangesVerdicts checks that each option changes the verdicts, and that
// invalid options panic.
func TestEachOptionChangesVerdicts(t *testing.T) {
	pages, _ := newsroom()
	verdicts := func(o boilerplate.Options) [][]boilerplate.Block {
		return judgeAll(observeAll(boilerplate.New(o), pages), pages)
	}
	base := verdicts(boilerplate.Options{})
	for name, o := range map[string]boilerplate.Options{
		"MinDocuments": {MinDocuments: 6},
		"HostOnly":     {HostOnly: true},
	} {
		if cmp.Equal(base, verdicts(o)) {
			t.Errorf("option %s: verdicts equal those of the defaults, want other verdicts", name)
		}
	}
	for name, o := range map[string]boilerplate.Options{
		"Seed": {Seed: 1}, "MaxBytes": {MaxBytes: 1 << 25},
	} {
		if diff := cmp.Diff(base, verdicts(o)); diff != "" {
			t.Errorf("%s changes verdicts (-want +got):\n%s", name, diff)
		}
	}
	p := boilerplate.Page{Host: "new", Text: "Something that is new here, and longer than a menu would be.\n\n" +
		"Reporting by the Example Agency; to contact the desk write to desk@agency.example."}
	few := observeAll(boilerplate.New(boilerplate.Options{MinGlobal: 8}), pages[:4])
	many := observeAll(boilerplate.New(boilerplate.Options{MinGlobal: 2}), pages[:4])
	if few.Judge(p)[1].Flagged || !many.Judge(p)[1].Flagged {
		t.Errorf("sign-off known from 4 pages: Flagged = %v with MinGlobal 8 and %v with MinGlobal 2, want false and true", few.Judge(p)[1].Flagged, many.Judge(p)[1].Flagged)
	}
	for _, o := range []boilerplate.Options{
		{MinDocuments: 1}, {MinDocuments: 9}, {MinGlobal: 1}, {MinGlobal: -2},
		{Coverage: 1}, {Coverage: math.NaN()}, {MaxBytes: 100},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%+v) did not panic, want a panic", o)
				}
			}()
			boilerplate.New(o)
		}()
	}
}
