package seen_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate/seen"
)

func TestPlainerAddressIsBetter(t *testing.T) {
	const plain = "http://a.example/story"
	for _, c := range []struct {
		name, page, canonical, kept string
		want                        bool
	}{
		{"a session id was kept", plain, "", plain + "?sid=1", true},
		{"the plain one was kept", plain + "?sid=1", "", plain, false},
		{"shorter", plain, "", plain + "/print", true},
		{"longer", plain + "/print", "", plain, false},
		{"equal", plain, "", plain, false},
		{"a long path is better than a query", plain + "/print-version", "", plain + "?p", true},
		{"its own canonical address", plain, plain, plain + "?sid=1", true},
		{"another canonical address", plain, "http://a.example/other", plain + "?sid=1", false},
		{"another host", plain, "", "http://b.example/story?sid=1", false},
		{"no address", "story", "", "story?sid=1", false},
		{"a broken address", "http://[", "", plain + "?sid=1", false},
	} {
		if got := seen.BetterAddress(seen.Page{ID: c.page, Canonical: c.canonical}, seen.Kept{ID: c.kept}); got != c.want {
			t.Errorf("%s: BetterAddress = %v, want %v", c.name, got, c.want)
		}
	}
}

// The best copy of a text comes late: the text is then named after that copy, and later
// pages are still compared with the text kept first.
func TestPreferKeepsBestCopy(t *testing.T) {
	t.Parallel()
	text, near, far := words("a", 100), words("a", 94)+" "+words("b", 6), words("a", 88)+" "+words("c", 12)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	steps := []struct {
		page seen.Page
		want string
	}{
		{seen.Page{ID: "http://a/1?sid=1", Text: text, Time: day}, "new"},
		{seen.Page{ID: "http://a/1?sid=2", Text: text, Time: day}, "near-duplicate of http://a/1?sid=1 at 1.00"},
		{seen.Page{ID: "http://a/1", Text: near, Time: day}, "better copy of http://a/1?sid=1 at 0.88"},
		{seen.Page{ID: "http://b/1", Text: text, Time: day}, "near-duplicate of http://a/1 at 1.00"},
		// The page is compared with the kept text, not with the better copy.
		{seen.Page{ID: "http://b/2", Text: far, Time: day}, "near-duplicate of http://a/1 at 0.78"},
		// The kept page and its better copy come again.
		{seen.Page{ID: "http://a/1?sid=1", Text: text, Time: day.Add(time.Hour)}, "near-duplicate of http://a/1 at 1.00"},
		{seen.Page{ID: "http://a/1", Text: near, Time: day}, "new"},
		{seen.Page{ID: "http://a/1", Text: text, Time: day.Add(time.Hour)}, "unchanged"},
		// An even better copy comes.
		{seen.Page{ID: "http://a/", Text: text, Time: day}, "better copy of http://a/1 at 1.00"},
		{seen.Page{ID: "http://a/1", Text: text, Time: day.Add(2 * time.Hour)}, "near-duplicate of http://a/ at 1.00"},
		// The kept page gets another text: its old text stays under the best name.
		{seen.Page{ID: "http://a/1?sid=1", Text: words("d", 100), Time: day.Add(2 * time.Hour)}, "100 % changed, 100 words added, 100 removed"},
		{seen.Page{ID: "http://b/3", Text: text, Time: day}, "near-duplicate of http://a/ at 1.00"},
		{seen.Page{ID: "http://b/4", Text: words("d", 100), Time: day}, "near-duplicate of http://a/1?sid=1 at 1.00"},
		// The best copy gets another text: its old text is new again.
		{seen.Page{ID: "http://a/", Text: words("e", 100), Time: day.Add(3 * time.Hour)}, "100 % changed, 100 words added, 100 removed"},
		{seen.Page{ID: "http://b/5", Text: text, Time: day}, "new"},
	}
	for _, every := range []int{1000, 1, 2, 3} { // steps between two kills
		dir := t.TempDir()
		o := seen.DurableOptions{Options: seen.Options{Threshold: .75, Prefer: seen.BetterAddress}}
		d := openDurable(t, dir, o)
		for i, s := range steps {
			if i%every == every-1 {
				dir = killed(t, dir)
				o.Checkpoint = int64(1 + i%2*100_000) // some operations are saved, the others repeated
				d = openDurable(t, dir, o)
			}
			v, err := d.Judge(t.Context(), s.page)
			if err != nil {
				t.Fatal(err)
			}
			if got := v[0].String(); got != s.want {
				t.Errorf("killed every %d steps: step %d: %s: %s, want %s", every, i, s.page.ID, got, s.want)
			}
		}
	}
}

func TestRemovedBestCopyIsForgotten(t *testing.T) {
	for _, c := range []struct {
		remove, later string
	}{
		{"http://a/1", "new"}, // the best copy is removed, and the text with it
		{"http://a/1?sid=1", "near-duplicate of http://a/1 at 1.00"}, // the text stays under the name of the best copy
	} {
		d := openDurable(t, t.TempDir(), seen.DurableOptions{Options: seen.Options{Prefer: seen.BetterAddress}})
		text := words("a", 60)
		got := verdicts(t, d, seen.Page{ID: "http://a/1?sid=1", Text: text}, seen.Page{ID: "http://a/1", Text: text})
		if want := []string{"http://a/1?sid=1: new", "http://a/1: better copy of http://a/1?sid=1 at 1.00"}; !slices.Equal(got, want) {
			t.Fatalf("verdicts = %q, want %q", got, want)
		}
		if matches, err := d.Query(t.Context(), seen.Page{ID: "q", Text: text}, 0); err != nil || len(matches) != 1 || matches[0].ID != "http://a/1" {
			t.Errorf("Query = %v, %v, want the better copy http://a/1 alone", matches, err)
		}
		if _, err := d.Remove(t.Context(), c.remove); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"http://b/1: " + c.later}, verdicts(t, d, seen.Page{ID: "http://b/1", Text: text})); diff != "" {
			t.Errorf("%s removed (-want +got):\n%s", c.remove, diff)
		}
	}
}

// For each article the plain address is kept in the end, in whatever order its copies
// come.
func TestPreferDoesNotDependOnOrder(t *testing.T) {
	for first := range 4 {
		d := openDurable(t, t.TempDir(), seen.DurableOptions{Options: seen.Options{Prefer: seen.BetterAddress}})
		kept := map[string]string{} // ID -> article
		for n := range 10 {
			for i := range 4 {
				id := fmt.Sprintf("http://a/%d", n)
				if k := (first + i) % 4; k > 0 {
					id += fmt.Sprintf("?sid=%d", k)
				}
				article := fmt.Sprintf("s%c", 'a'+n)
				v, err := d.Judge(t.Context(), seen.Page{ID: id, Text: words(article, 60)})
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case v[0].Better:
					delete(kept, v[0].Match)
					kept[id] = article
				case v[0].Outcome == seen.New:
					kept[id] = article
				}
			}
		}
		for n := range 10 {
			if id := fmt.Sprintf("http://a/%d", n); kept[id] != fmt.Sprintf("s%c", 'a'+n) {
				t.Errorf("%s is kept with text %q, want %q", id, kept[id], fmt.Sprintf("s%c", 'a'+n))
			}
		}
		if len(kept) != 10 {
			t.Errorf("%d pages are kept, want one for each of 10 articles: %v", len(kept), kept)
		}
	}
}
