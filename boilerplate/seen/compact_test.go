package seen_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/internal/race"
)

// size returns the number of bytes in the files below a folder. Files may come and go
// meanwhile.
func size(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func minutely(n int) seen.Page {
	return seen.Page{ID: fmt.Sprint(n), Text: words(fmt.Sprintf("s%c%c%c", 'a'+n/676, 'a'+n/26%26, 'a'+n%26), 60), Time: time.Unix(60*int64(n), 0)}
}

// A filter that forgets pages frees their space: with the last 300 of 6,000 pages, it
// takes at most the space of those 300 and of the pages that may await compaction. It
// still knows the 300 pages and their passages, before and after it is reopened.
func TestCompactFreesForgottenPages(t *testing.T) {
	race.Alone(t)
	t.Parallel()
	const live, all = 300, 6000
	dir := t.TempDir()
	o := seen.Options{Passages: true}
	f := open(t, dir, o)
	var most, one int64
	var texts int
	for n := range all {
		judge(t, f, false, minutely(n))
		if n%100 != 99 {
			continue
		}
		if err := f.Forget(t.Context(), time.Unix(60*int64(n-live+1), 0)); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s, err := f.Stats(t.Context())
		if err != nil || s.Kept != min(live, n+1) {
			t.Fatalf("after %d pages: %d are kept (error %v), want %d", n+1, s.Kept, err, min(live, n+1))
		}
		if n+1 == live {
			one = size(t, filepath.Join(dir, "index")) + size(t, filepath.Join(dir, "texts"))
			one /= live
		}
		most = max(most, size(t, filepath.Join(dir, "index"))+size(t, filepath.Join(dir, "texts")))
		texts = max(texts, s.Texts)
	}
	// The space of up to 1,024 removed pages is not freed yet, nor that of 100 more until
	// the next save. Texts are compacted once they are twice as many as the pages.
	if limit := one * (2*live + 1024 + 200); most > limit {
		t.Errorf("the files take up to %d bytes, with %d bytes per page; want at most %d", most, one, limit)
	}
	if texts > 2*live+1024+200 {
		t.Errorf("up to %d texts are stored, want at most %d", texts, 2*live+1024+200)
	}
	check := func(f *seen.Filter) {
		t.Helper()
		for _, n := range []int{all - live, all - 1} {
			p := minutely(n)
			p.ID = "q"
			matches, err := f.Query(t.Context(), p, 0)
			if err != nil || len(matches) != 1 || matches[0].ID != fmt.Sprint(n) {
				t.Errorf("Query(page %d) = %v, %v, want that page alone", n, matches, err)
			}
			if s, err := f.Passages(t.Context(), p, 0); err != nil || len(s.Pages) != 1 {
				t.Errorf("Passages(page %d) = %d pages, %v, want 1", n, len(s.Pages), err)
			}
		}
		p := minutely(all - live - 1)
		p.ID = "q"
		if matches, err := f.Query(t.Context(), p, 0); err != nil || len(matches) > 0 {
			t.Errorf("Query(forgotten page) = %v, %v, want none", matches, err)
		}
		if s, err := f.Passages(t.Context(), p, 0); err != nil || len(s.Pages) > 0 {
			t.Errorf("Passages(forgotten page) = %d pages, %v, want 0", len(s.Pages), err)
		}
	}
	check(f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, dir, o))
}

// A Durable compacts in the background while pages are judged and queried, and gives the
// same verdicts after a kill.
func TestDurableCompactsInBackground(t *testing.T) {
	t.Parallel()
	const live, all = 200, 4000
	dir := t.TempDir()
	o := seen.DurableOptions{Options: seen.Options{Passages: true}, Checkpoint: 50_000}
	d := openDurable(t, dir, o)
	for n := range all {
		if got := verdicts(t, d, minutely(n)); got[0] != fmt.Sprintf("%d: new", n) {
			t.Fatalf("verdict = %q, want %q", got, fmt.Sprintf("%d: new", n))
		}
		if n >= live {
			// A page judged recently is still known.
			p := minutely(n - live/2)
			p.ID = "q"
			if s, err := d.Passages(t.Context(), p, 0); err != nil || len(s.Pages) != 1 {
				t.Fatalf("Passages(page %d) = %d pages, %v, want 1", n-live/2, len(s.Pages), err)
			}
		}
		if n%100 == 99 {
			if err := d.Forget(t.Context(), time.Unix(60*int64(n-live+1), 0)); err != nil {
				t.Fatal(err)
			}
		}
		if n == all/2 {
			dir = killed(t, dir)
			d = openDurable(t, dir, o)
		}
	}
	s, err := d.Stats(t.Context())
	if err != nil || s.Kept > live+100 { // pages forgotten since the last checkpoint still count
		t.Errorf("%d pages are kept (error %v), want at most 100 more than %d", s.Kept, err, live)
	}
	if s.Index.Compactions == 0 || s.Texts > 2*live+1024+1000 {
		t.Errorf("%d compactions of the index, want at least 1; %d texts, want at most %d", s.Index.Compactions, s.Texts, 2*live+1024+1000)
	}
	p := minutely(all - live - 1)
	p.ID = "again"
	if got := verdicts(t, d, p); got[0] != "again: new" {
		t.Errorf("verdict on a copy of a forgotten page = %q, want %q", got, "again: new")
	}
}

// The copy with the earliest time is kept in the end, in any order and after a restart.
func TestEarlierTimeWins(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	text := words("a", 60)
	pages := []seen.Page{
		{ID: "third", Text: text, Time: day(3)}, {ID: "first", Text: text, Time: day(1)}, {ID: "second", Text: text, Time: day(2)},
		{ID: "unknown", Text: text}, {ID: "elsewhere", Text: text, Time: day(1).Add(-time.Hour), Canonical: "first"},
	}
	for order := range len(pages) {
		dir := t.TempDir()
		o := seen.DurableOptions{Options: seen.Options{Prefer: seen.EarlierTime}}
		d := openDurable(t, dir, o)
		stored := ""
		for i := range pages {
			p := pages[(i+order)%len(pages)]
			v, err := d.Judge(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if v[0].Outcome == seen.New || v[0].Better {
				stored = p.ID
			}
			dir = killed(t, dir)
			o.Checkpoint = int64(1 + i%2*100_000)
			d = openDurable(t, dir, o)
		}
		want := "first"
		if order == 4 {
			want = "elsewhere" // this copy is judged first, and no other has an earlier time
		}
		matches, err := d.Query(t.Context(), seen.Page{ID: "q", Text: text}, 0)
		if err != nil || len(matches) != 1 || matches[0].ID != want || stored != want {
			t.Errorf("starting with %s: stored copy %s, matches %v (error %v); want %s for both", pages[order].ID, stored, matches, err, want)
		}
	}
}
