package boilerplate_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
)

// TestObservingTwiceChangesNothing observes one page a hundred times, and all pages
// twice.
func TestObservingTwiceChangesNothing(t *testing.T) {
	pages, _ := newsroom()
	once := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	twice := observeAll(observeAll(boilerplate.New(boilerplate.Options{}), pages), pages)
	for range 100 {
		if twice.Observe(pages[3]) {
			t.Fatal("Observe(known page) = true, want false")
		}
	}
	if diff := cmp.Diff(judgeAll(once, pages), judgeAll(twice, pages)); diff != "" {
		t.Errorf("verdicts after observing every page twice (-want as after once +got):\n%s", diff)
	}
	if diff := cmp.Diff(once.Stats(), twice.Stats()); diff != "" {
		t.Errorf("Stats() after observing every page twice (-want as after once +got):\n%s", diff)
	}

	alone := boilerplate.New(boilerplate.Options{})
	for range 100 {
		alone.Observe(pages[0])
	}
	for range 100 {
		alone.Observe(boilerplate.Page{Host: "no id", Text: pages[0].Text})
	}
	for _, p := range []boilerplate.Page{pages[0], {Host: "no id", Text: pages[0].Text}} {
		for _, b := range alone.Judge(p) {
			if b.Flagged {
				t.Errorf("page observed a hundred times: got %+v, want Flagged = false: a page does not count against itself", b)
			}
		}
	}
}

// TestOrderDoesNotMatter observes pages in many orders, and by several goroutines at once.
func TestOrderDoesNotMatter(t *testing.T) {
	pages, _ := newsroom()
	pages = append(pages, site(40, 0.7, 2)...)
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	want := judgeAll(d, pages)
	bytes, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []writer{1, 2, 3} {
		mixed := slices.Clone(pages)
		for i := range mixed {
			k := seed.below(i + 1)
			mixed[i], mixed[k] = mixed[k], mixed[i]
		}
		d := observeAll(boilerplate.New(boilerplate.Options{}), mixed)
		if diff := cmp.Diff(want, judgeAll(d, pages)); diff != "" {
			t.Errorf("verdicts in another order (-want +got):\n%s", diff)
		}
	}
	d = boilerplate.New(boilerplate.Options{})
	var wg sync.WaitGroup
	for part := range slices.Chunk(pages, 10) {
		wg.Go(func() {
			for _, p := range part {
				d.Observe(p)
				d.Judge(p)
				d.Stats()
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, judgeAll(d, pages)); diff != "" {
		t.Errorf("verdicts after concurrent observation (-want +got):\n%s", diff)
	}
	var back boilerplate.Detector
	if err := back.UnmarshalBinary(bytes); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, judgeAll(&back, pages)); diff != "" {
		t.Errorf("verdicts after saving and loading (-want +got):\n%s", diff)
	}
}

// TestNextIsJudgeThenObserve checks that Next equals Judge followed by Observe, and that
// judging again revises verdicts.
func TestNextIsJudgeThenObserve(t *testing.T) {
	pages, _ := newsroom()
	next, apart := boilerplate.New(boilerplate.Options{}), boilerplate.New(boilerplate.Options{})
	var first [][]boilerplate.Block
	for _, p := range pages {
		want := apart.Judge(p)
		apart.Observe(p)
		got := next.Next(p)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: Next() mismatch (-want +got):\n%s", p.ID, diff)
		}
		first = append(first, got)
	}
	for _, b := range first[0] {
		if b.Flagged {
			t.Errorf("first page of all: got %+v, want Flagged = false", b)
		}
	}
	both := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	if diff := cmp.Diff(judgeAll(both, pages), judgeAll(next, pages)); diff != "" {
		t.Errorf("revised verdicts are not those of two passes (-want +got):\n%s", diff)
	}
	if flagged := len(next.Mask(pages[0])); flagged == 0 {
		t.Error("Mask(first page) after all pages = no spans, want its template masked: verdicts are revised")
	}
}

// TestChangedPageIsNotHeldAgainstItself judges pages under the ID of their older text.
// Text kept from the older version does not count against them, however little it is, and
// text of other pages counts as if the older version had never existed.
func TestChangedPageIsNotHeldAgainstItself(t *testing.T) {
	w := writer(31)
	tmpl := newTemplate(&w, 150)
	others := observeAll(boilerplate.New(boilerplate.Options{}), site(30, 0.7, 3))
	shared := w.paragraph(40)
	page := func(id string, story ...string) boilerplate.Page {
		return boilerplate.Page{ID: id, Host: "site.example", Text: tmpl.page(story...)}
	}
	for i := range 12 {
		story := w.story(200)
		if i < 3 {
			story = append(story, shared)
		}
		others.Observe(page(fmt.Sprint("other", i), story...))
	}
	var d, loaded boilerplate.Detector
	if err := d.UnmarshalBinary(marshal(t, others)); err != nil {
		t.Fatal(err)
	}
	older := append(w.story(400), shared)
	d.Observe(page("page", older...))
	if err := loaded.UnmarshalBinary(marshal(t, &d)); err != nil {
		t.Fatal(err)
	}
	merged := boilerplate.New(boilerplate.Options{})
	for _, from := range []*boilerplate.Detector{&d, others} {
		if err := merged.Merge(from); err != nil {
			t.Fatal(err)
		}
	}
	for kept := range len(older) {
		story := append(slices.Clone(older[:kept]), w.story(500)...)
		now := page("page", append(story, shared)...)
		want := others.Judge(now)
		for name, d := range map[string]*boilerplate.Detector{"observed": &d, "loaded": &loaded, "merged": merged} {
			got := d.Judge(now)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d paragraphs kept: blocks (-want without the older text +got with it):\n%s", name, kept, diff)
			}
			if next := d.Next(now); !cmp.Equal(got, next) || d.Observe(now) {
				t.Errorf("%s, %d paragraphs kept: Next differs from Judge, or Observe = true; want the same verdicts, and false for a known page", name, kept)
			}
		}
	}
}
