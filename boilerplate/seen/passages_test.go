package seen_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

// shared describes the result of Passages: the pages and, for each passage, the text on
// both sides.
func shared(t *testing.T, s seen.Shares, err error) (got []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Pages {
		for _, x := range p.Passages {
			a, b := x.A.Of(s.Text), x.B.Of(p.Text)
			if x.Exact && a != b {
				t.Errorf("%s: exact passage with sides %q and %q, want equal ones", p.ID, a, b)
			}
			got = append(got, p.ID+": "+b)
		}
	}
	return got
}

// The paragraphs that a page shares with kept pages are found to the byte, without the
// frame, before and after a save, a kill and a restart, until those pages are removed,
// replaced or forgotten.
func TestPassagesFindsSharedParagraphs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := seen.DurableOptions{Options: seen.Options{Passages: true, Settle: 4}}
	d := openDurable(t, dir, o)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for n := range 12 {
		p := page("p", n, fmt.Sprintf("s%c", 'a'+n))
		p.Time = day.Add(time.Duration(n) * time.Hour)
		verdicts(t, d, p)
	}
	taken := words("sk", 120)[20*6 : 60*6-1]
	asked := seen.Page{ID: "q", Text: "Our own words begin here. " + taken + " And end here."}
	framed := seen.Page{ID: "p/99", Host: "p", Text: page("p", 0, "new").Text + "\n\n" + taken}
	want := []string{"p/10: " + taken}
	check := func(when string) {
		t.Helper()
		for _, p := range []seen.Page{asked, framed} {
			s, err := d.Passages(t.Context(), p, 0)
			if got := shared(t, s, err); !slices.Equal(got, want) {
				t.Errorf("%s: %s shares %q, want %q", when, p.ID, got, want)
			}
		}
	}
	check("in memory")
	for _, checkpoint := range []int64{0, 1} {
		o.Checkpoint = checkpoint
		dir = killed(t, dir)
		d = openDurable(t, dir, o)
		check("after a kill")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDurable(t, dir, o)
	check("after a stop")

	s, err := d.PassagesOf(t.Context(), "p/10", 0)
	if got := shared(t, s, err); len(got) > 0 || s.Text != page("p", 10, "sk").Text {
		t.Errorf("PassagesOf(p/10) = %q in %.40q, want none in its own text", got, s.Text)
	}
	quoting := seen.Page{ID: "quoting", Text: words("own", 100) + "\n\n" + taken, Time: day}
	verdicts(t, d, quoting)
	s, err = d.PassagesOf(t.Context(), "quoting", 0)
	if got := shared(t, s, err); !slices.Equal(got, want) {
		t.Errorf("PassagesOf(quoting) = %q, want %q", got, want)
	}
	if len(s.Pages) == 1 {
		if c := s.Pages[0].Cover; c.A < .27 || c.A > .3 || c.B < .3 || c.B > .35 {
			t.Errorf("Cover = %+v, want 40 words of 140 and of 120", c)
		}
	}
	if s, err := d.Passages(t.Context(), asked, 1); err != nil || len(s.Pages) != 1 || s.LeftOut != 1 {
		t.Errorf("Passages with limit 1 = %d pages, %d left out, %v; want 1 and 1", len(s.Pages), s.LeftOut, err)
	}
	if _, err := d.PassagesOf(t.Context(), "unknown", 0); !errors.Is(err, seen.ErrNoText) {
		t.Errorf("PassagesOf(unknown page) = %v, want ErrNoText", err)
	}

	if _, err := d.Remove(t.Context(), "quoting"); err != nil {
		t.Fatal(err)
	}
	check("after a removal")
	changed := page("p", 10, "other")
	changed.Time = day.Add(30 * time.Hour)
	verdicts(t, d, changed)
	want = nil
	check("after a change")
	changed.Text, changed.Time = page("p", 10, "sk").Text, day.Add(40*time.Hour)
	verdicts(t, d, changed)
	want = []string{"p/10: " + taken}
	check("after it was changed back")
}

// Passages returns an error if texts are not stored.
func TestPassagesFailWithoutTexts(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{})
	if _, err := f.Passages(t.Context(), seen.Page{ID: "a", Text: words("a", 30)}, 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Passages without the option = %v, want ErrUnsupported", err)
	}
	if _, err := f.PassagesOf(t.Context(), "a", 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("PassagesOf without the option = %v, want ErrUnsupported", err)
	}
}

// A text that is kept under the name of its better copy keeps its passages.
func TestPassagesNameBetterCopy(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{Passages: true, Prefer: seen.BetterAddress})
	text := words("a", 100)
	judge(t, f, true, seen.Page{ID: "http://a/1?sid=1", Text: text}, seen.Page{ID: "http://a/1", Text: text + " more"})
	asked := seen.Page{ID: "q", Text: words("own", 40) + " " + text}
	s, err := f.Passages(t.Context(), asked, 0)
	if got := shared(t, s, err); !slices.Equal(got, []string{"http://a/1?sid=1: " + text}) || s.Pages[0].Better != "http://a/1" {
		t.Errorf("Passages = %q of %+v, want the text, under its first name, with Better http://a/1", got, s.Pages)
	}
	judge(t, f, true, seen.Page{ID: "http://a/1?sid=1", Text: words("other", 100)})
	s, err = f.Passages(t.Context(), asked, 0)
	if got := shared(t, s, err); !slices.Equal(got, []string{"http://a/1: " + text}) || s.Pages[0].Better != "" {
		t.Errorf("Passages after the first name changed = %q of %+v, want the text under http://a/1", got, s.Pages)
	}
}

// Passages finds every excerpt of at least twelve words of random pages, and nothing else.
func TestPassagesAgreeWithSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	f := open(t, t.TempDir(), seen.Options{Passages: true})
	prose := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("v%d", r.IntN(1<<30))
		}
		return list
	}
	var kept [][]string
	for i := range 60 {
		kept = append(kept, prose(50+r.IntN(300)))
		judge(t, f, true, seen.Page{ID: fmt.Sprint(i), Text: strings.Join(kept[i], " ")})
		if i%20 == 10 {
			if err := f.Save(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 200 {
		text, from := prose(10), map[string]string{}
		for range r.IntN(4) {
			i, n := r.IntN(len(kept)), 12+r.IntN(20)
			at := r.IntN(len(kept[i]) - n)
			if _, ok := from[fmt.Sprint(i)]; ok {
				continue
			}
			from[fmt.Sprint(i)] = strings.Join(kept[i][at:at+n], " ")
			text = slices.Concat(text, kept[i][at:at+n], prose(40))
		}
		s, err := f.Passages(t.Context(), seen.Page{ID: "q", Text: strings.Join(text, " ")}, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, p := range s.Pages {
			got[p.ID] = p.Passages[0].B.Of(p.Text)
			if len(p.Passages) != 1 {
				t.Errorf("%d passages of %s, want 1", len(p.Passages), p.ID)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(from) {
			t.Fatalf("Passages = %q, want %q", got, from)
		}
	}
}

// An article with as much other text around it is a copy by its covered share, but not by
// its shingles; the verdict is the same after a kill.
func TestCoveredPagesAreNearDuplicates(t *testing.T) {
	article, other := words("a", 100), words("b", 100)
	steps := []struct {
		page seen.Page
		want string
	}{
		{seen.Page{ID: "1", Text: article}, "new"},
		{seen.Page{ID: "2", Text: other + "\n\n" + article + "\n\n" + words("c", 60)}, "covered by 1 to 1.00"},
		{seen.Page{ID: "3", Text: article}, "near-duplicate of 1 at 1.00"},
		{seen.Page{ID: "4", Text: words("d", 200) + " " + article[:25*5]}, "new"}, // the excerpt is an eighth of the page and a quarter of the article
		{seen.Page{ID: "1", Text: article}, "new"},                                // a page does not repeat itself
		{seen.Page{ID: "5", Text: other}, "new"},                                  // page 2, with the same text, was not kept
	}
	for _, every := range []int{1000, 1, 2} {
		dir := t.TempDir()
		o := seen.DurableOptions{Options: seen.Options{Covered: .5}}
		d := openDurable(t, dir, o)
		for i, s := range steps {
			if i%every == every-1 {
				dir = killed(t, dir)
				o.Checkpoint = int64(1 + i%2*100_000)
				d = openDurable(t, dir, o)
			}
			if got := verdicts(t, d, s.page); got[0] != s.page.ID+": "+s.want {
				t.Errorf("killed every %d steps: step %d: %s, want %s", every, i, got[0], s.want)
			}
		}
	}
	ix := openStore(t, seen.Options{})
	if _, err := seen.Open(t.TempDir(), seen.Options{Covered: .5, Store: ix}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Open with Covered and a shared store = %v, want ErrUnsupported", err)
	}
}

// A copy that is better by its covered share replaces the kept page, and is recognized
// when it comes again.
func TestBetterCopyReplacesCoveredPage(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{Covered: .5, Prefer: seen.BetterAddress})
	article := words("a", 100)
	more := words("b", 90) + "\n\n" + article
	got := judge(t, f, true,
		seen.Page{ID: "http://a/1?print=1", Text: article}, seen.Page{ID: "http://a/1", Text: more},
		seen.Page{ID: "http://b/1", Text: article}, seen.Page{ID: "http://a/1", Text: more}, seen.Page{ID: "http://a/1?print=1", Text: article})
	want := []string{
		"http://a/1?print=1: new", "http://a/1: better copy of http://a/1?print=1 at 0.52",
		"http://b/1: near-duplicate of http://a/1 at 1.00", "http://a/1: new", "http://a/1?print=1: near-duplicate of http://a/1 at 1.00",
	}
	if !slices.Equal(got, want) {
		t.Errorf("verdicts = %q\nwant %q", got, want)
	}
}

// Added and removed words are counted exactly if changes are far enough apart, and the
// call changes nothing.
func TestEarlierReportsStoredVersion(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	f := open(t, t.TempDir(), seen.Options{})
	number := 0
	fresh := func(n int) (list []string) {
		for range n {
			number++
			list = append(list, fmt.Sprintf("v%d", number))
		}
		return list
	}
	for round := range 300 {
		id := fmt.Sprint(round)
		var old, now []string
		added, removed := 0, 0
		for range 1 + r.IntN(6) { // a change, then unchanged words
			if r.IntN(4) > 0 {
				in, out := r.IntN(9), r.IntN(9)
				now, old = append(now, fresh(in)...), append(old, fresh(out)...)
				added, removed = added+in, removed+out
			}
			same := fresh(5 + r.IntN(20))
			now, old = append(now, same...), append(old, same...)
		}
		if r.IntN(2) == 0 {
			in, out := r.IntN(9), r.IntN(9)
			now, old = append(now, fresh(in)...), append(old, fresh(out)...)
			added, removed = added+in, removed+out
		}
		judge(t, f, true, seen.Page{ID: id, Text: strings.Join(old, " ")})
		p := seen.Page{ID: id, Text: strings.Join(now, " ")}
		for range 2 {
			c, ok, err := f.Earlier(t.Context(), p)
			if err != nil || !ok || c.Added != added || c.Removed != removed || (c.Similarity == 1) != (added+removed == 0) {
				t.Fatalf("from %q to %q: Earlier = %+v, %v, %v, want %d added, %d removed", old, now, c, ok, err, added, removed)
			}
		}
	}
	if _, ok, err := f.Earlier(t.Context(), seen.Page{ID: "unknown", Text: "some words"}); ok || err != nil {
		t.Errorf("Earlier(unknown page) = %v, %v, want false, nil", ok, err)
	}
	judge(t, f, true, seen.Page{ID: "all", Text: words("x", 30)})
	if c, _, err := f.Earlier(t.Context(), seen.Page{ID: "all", Text: words("y", 12)}); err != nil || c.Added != 12 || c.Removed != 30 || c.Similarity != 0 {
		t.Errorf("Earlier with another text = %+v, %v, want 12 added, 30 removed, similarity 0", c, err)
	}
}
