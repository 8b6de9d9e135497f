package boilerplate_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
)

// TestIdempotent observes one page a hundred times, and everything twice.
func TestIdempotent(t *testing.T) {
	pages, _ := newsroom()
	once := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	twice := observeAll(observeAll(boilerplate.New(boilerplate.Options{}), pages), pages)
	for range 100 {
		if twice.Observe(pages[3]) {
			t.Fatal("Observe: a document that is known passes for new")
		}
	}
	if diff := cmp.Diff(judgeAll(once, pages), judgeAll(twice, pages)); diff != "" {
		t.Errorf("verdicts after observing again (-once +again):\n%s", diff)
	}
	if diff := cmp.Diff(once.Stats(), twice.Stats()); diff != "" {
		t.Errorf("Stats() after observing again (-once +again):\n%s", diff)
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
				t.Errorf("a page observed a hundred times speaks against itself: %+v", b)
			}
		}
	}
}

// TestOrder observes pages in many orders, and by several goroutines at once.
func TestOrder(t *testing.T) {
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

// TestStreaming checks that Next is Judge, then Observe, and that verdicts are
// revised by judging again.
func TestStreaming(t *testing.T) {
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
			t.Errorf("flagged on the first page of all: %+v", b)
		}
	}
	both := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	if diff := cmp.Diff(judgeAll(both, pages), judgeAll(next, pages)); diff != "" {
		t.Errorf("revised verdicts are not those of two passes (-want +got):\n%s", diff)
	}
	if flagged := len(next.Mask("host0.example", pages[0].Text)); flagged == 0 {
		t.Error("the first page's verdicts are not revised")
	}
}
