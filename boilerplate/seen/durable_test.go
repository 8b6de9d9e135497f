package seen_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

func openDurable(t *testing.T, dir string, o seen.DurableOptions) *seen.Durable {
	t.Helper()
	d, err := seen.OpenDurable(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// killed returns a copy of a directory as a killed process leaves it. A save in the
// background may move files during the copy, which is then repeated.
func killed(t *testing.T, dir string) string {
	t.Helper()
	names := func() (all []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	for range 1000 {
		before, to := names(), t.TempDir()
		err := os.CopyFS(to, os.DirFS(dir))
		if err == nil && slices.Equal(before, names()) {
			return to
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Fatal("the directory keeps changing: no consistent state to copy")
	return ""
}

// crawl returns pages of two sites that print the same stories.
func crawl() []seen.Page {
	var pages []seen.Page
	for n := range 24 {
		pages = append(pages, page("p", n, fmt.Sprintf("s%c", 'a'+n)), page("q", n, fmt.Sprintf("s%c", 'a'+(n*7)%24)))
	}
	return pages
}

// verdicts returns all answers of a Durable about pages, as judge does.
func verdicts(t *testing.T, d *seen.Durable, pages ...seen.Page) (got []string) {
	t.Helper()
	for _, p := range pages {
		v, err := d.Judge(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if v[0].Outcome != seen.Held {
			got = append(got, p.ID+": "+v[0].String())
		}
	}
	return got
}

func released(d *seen.Durable, after uint64) (got []string) {
	for _, x := range d.Released(after, 1000) {
		got = append(got, x.Page.ID+": "+x.Verdict.String())
	}
	return got
}

// A process that is killed at any point and restarted gives the verdicts that it would
// have given without the kill, and verdicts on held pages keep their numbers.
func TestDurableRepeatsVerdictsAfterKills(t *testing.T) {
	t.Parallel()
	pages := crawl()
	reference := openDurable(t, t.TempDir(), seen.DurableOptions{})
	want := verdicts(t, reference, pages...)
	if err := reference.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantReleased := released(reference, 0)
	if count(want, "near-duplicate") < 5 || len(wantReleased) < 16 {
		t.Fatalf("verdicts %q, released %q; want at least 5 near-duplicates and 16 released pages (else nothing is tested)", want, wantReleased)
	}
	for _, o := range []seen.DurableOptions{{}, {Checkpoint: 1}, {Checkpoint: 10_000}} {
		for _, every := range []int{3, 7, 20} {
			dir := t.TempDir()
			var got []string
			repeated := 0
			for part := range slices.Chunk(pages, every) {
				d, err := seen.OpenDurable(dir, o)
				if err != nil {
					t.Fatal(err)
				}
				repeated += d.Repeated()
				got = append(got, verdicts(t, d, part...)...)
				before := dir
				dir = killed(t, before)
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
			d := openDurable(t, dir, o)
			if err := d.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("killed after every %d pages (-want +got):\n%s", every, diff)
			}
			if diff := cmp.Diff(wantReleased, released(d, 0)); diff != "" {
				t.Errorf("released when killed after every %d pages (-want +got):\n%s", every, diff)
			}
			if o.Checkpoint == 0 && repeated == 0 {
				t.Error("0 operations were repeated, want some (else nothing is tested)")
			}
		}
	}
}

// A journal that ends within its last frame is cut off there; damage before it is an
// error.
func TestDamagedJournalIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openDurable(t, dir, seen.DurableOptions{})
	verdicts(t, d, seen.Page{ID: "a", Text: words("a", 30)}, seen.Page{ID: "b", Text: words("b", 30)})
	state := killed(t, dir)
	journals, err := filepath.Glob(filepath.Join(state, "journal-*"))
	if err != nil || len(journals) != 1 {
		t.Fatalf("journals %q, %v, want 1", journals, err)
	}
	two, err := os.ReadFile(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	verdicts(t, d, seen.Page{ID: "c", Text: words("c", 30)})
	three, err := os.ReadFile(filepath.Join(dir, filepath.Base(journals[0])))
	if err != nil {
		t.Fatal(err)
	}
	try := func(b []byte) (int, error) {
		name := filepath.Join(state, filepath.Base(journals[0]))
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		d, err := seen.OpenDurable(state, seen.DurableOptions{})
		if err != nil {
			return 0, err
		}
		n := d.Repeated()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		// Files saved by Close are removed, so that the next trial begins like this one.
		saves, err := filepath.Glob(filepath.Join(state, "saved-*"))
		more, err2 := filepath.Glob(filepath.Join(state, "journal-*"))
		for _, name := range append(saves, more...) {
			err = errors.Join(err, os.RemoveAll(name))
		}
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return n, nil
	}
	for end := len(two); end <= len(three); end += 1 + (len(three)-len(two))/40 {
		want := 2
		if end == len(three) {
			want = 3
		}
		if n, err := try(three[:end]); n != want || err != nil {
			t.Fatalf("first %d of %d bytes: %d operations repeated, error %v; want %d, nil", end, len(three), n, err, want)
		}
	}
	if n, err := try(three); n != 3 || err != nil {
		t.Fatalf("whole journal: %d operations repeated, %v, want 3, nil", n, err)
	}
	if n, err := try(append(slices.Clone(two), make([]byte, 4096)...)); n != 2 || err != nil {
		t.Errorf("journal with a page of zeros at its end: %d operations repeated, %v, want 2, nil", n, err)
	}
	for at := 0; at < len(three); at += 1 + len(three)/200 {
		bad := slices.Clone(three)
		bad[at] ^= 4
		n, err := try(bad)
		if at < len(two) && !errors.Is(err, boilerplate.ErrCorrupt) {
			t.Errorf("byte %d changed: %v, want ErrCorrupt", at, err)
		}
		if at >= len(two) && (n != 2 || err != nil) {
			t.Errorf("byte %d (in the last frame) changed: %d operations repeated, error %v; want 2, nil", at, n, err)
		}
	}
	if _, err := try(three[len(two):]); !errors.Is(err, boilerplate.ErrCorrupt) {
		t.Errorf("journal without its beginning = %v, want ErrCorrupt", err)
	}
}

// A missing journal is an error.
func TestMissingJournalIsAnError(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir, seen.DurableOptions{Checkpoint: 1})
	verdicts(t, d, crawl()[:4]...)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "journal-*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("journals %q, %v, want one", names, err)
	}
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := seen.OpenDurable(dir, seen.DurableOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenDurable without its journal = %v, want os.ErrNotExist", err)
	}
}

// Concurrent calls share flushes, and each gets its own answer.
func TestConcurrentCallsShareFlushes(t *testing.T) {
	var operations, batches atomic.Int64
	d := openDurable(t, t.TempDir(), seen.DurableOptions{Observe: func(b seen.Batch) {
		operations.Add(int64(b.Operations))
		batches.Add(1)
	}})
	var wg sync.WaitGroup
	var fresh atomic.Int64
	for g := range 64 {
		wg.Go(func() {
			for i := range 8 {
				p := seen.Page{ID: fmt.Sprintf("%d/%d", g, i), Text: words(fmt.Sprintf("s%c%c", 'a'+i, 'a'+g%4), 60)}
				v, err := d.Judge(context.Background(), p)
				if err != nil || v[0].ID != p.ID {
					t.Errorf("Judge(%s) = %v, %v, want its verdict and nil", p.ID, v, err)
					return
				}
				if v[0].Outcome == seen.New {
					fresh.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := fresh.Load(); n != 32 {
		t.Errorf("%d texts are new, want 32", n)
	}
	if n, b := operations.Load(), batches.Load(); n != 512 || b > n/2 {
		t.Errorf("%d operations in %d batches, want 512 in at most half as many", n, b)
	}
}

// Acknowledged verdicts are forgotten; the others keep their numbers.
func TestReleasedKeepsNumbers(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir, seen.DurableOptions{Options: seen.Options{Settle: 100}})
	verdicts(t, d, crawl()[:10]...)
	if got := d.Released(0, 10); len(got) > 0 {
		t.Fatalf("Released before Release = %v, want none", got)
	}
	if err := d.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := d.Released(0, 4)
	if len(first) != 4 || first[0].Number != 1 || first[3].Number != 4 || first[0].Page.Text == "" {
		t.Fatalf("Released(0, 4) = %d verdicts %+v, want numbers 1 to 4 with their texts", len(first), first)
	}
	rest := d.Released(4, 100)
	if len(rest) != 6 || rest[0].Number != 5 {
		t.Fatalf("Released(4, 100) = %d verdicts %+v, want 6 from number 5", len(rest), rest)
	}
	if got := d.Released(0, 100); len(got) != 6 {
		t.Errorf("Released(0, 100) after 4 were acknowledged = %d verdicts, want 6", len(got))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDurable(t, dir, seen.DurableOptions{Options: seen.Options{Settle: 100}})
	if diff := cmp.Diff(rest, d.Released(0, 100)); diff != "" {
		t.Errorf("after a save (-want +got):\n%s", diff)
	}
	if got := d.Released(10, 100); len(got) > 0 {
		t.Errorf("Released(10, 100) = %v, want none: all were acknowledged", got)
	}
}

func TestKeptPageIsFoundUntilRemoved(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir, seen.DurableOptions{})
	ctx := t.Context()
	a := seen.Page{ID: "a", Text: words("a", 60)}
	if err := d.Keep(ctx, a, seen.Page{ID: "empty"}); err != nil {
		t.Fatal(err)
	}
	matches, err := d.Query(ctx, seen.Page{Text: a.Text + " more"}, 0)
	if err != nil || len(matches) != 1 || matches[0].ID != "a" || matches[0].Similarity < .9 {
		t.Errorf("Query(longer copy of a) = %v, %v, want a at 0.9 and above", matches, err)
	}
	if got := verdicts(t, d, seen.Page{ID: "b", Text: a.Text}); got[0] != "b: near-duplicate of a at 1.00" {
		t.Errorf("verdict on a copy of a = %q, want %q", got[0], "b: near-duplicate of a at 1.00")
	}
	if removed, err := d.Remove(ctx, "a", "b"); !slices.Equal(removed, []bool{true, false}) || err != nil {
		t.Errorf("Remove(a, b) = %v, %v, want true, false", removed, err)
	}
	d2 := openDurable(t, killed(t, dir), seen.DurableOptions{})
	if got := verdicts(t, d2, seen.Page{ID: "b", Text: a.Text}); got[0] != "b: new" {
		t.Errorf("verdict on the text after its removal = %q, want %q", got[0], "b: new")
	}
	// A held page can be removed too.
	held := page("h", 1, "held")
	verdicts(t, d, held)
	if removed, err := d.Remove(ctx, held.ID); !slices.Equal(removed, []bool{true}) || err != nil {
		t.Errorf("Remove(held page) = %v, %v, want true", removed, err)
	}
	if s, err := d.Stats(ctx); s.Held != 0 || err != nil {
		t.Errorf("after Remove: %d pages held, %v, want 0", s.Held, err)
	}
	blocks, err := d.Blocks(ctx, page("h", 2, "other"))
	if err != nil || len(blocks) != 3 {
		t.Errorf("Blocks = %v, %v, want 3", blocks, err)
	}
}

func TestInvalidPagesAreRefused(t *testing.T) {
	d := openDurable(t, t.TempDir(), seen.DurableOptions{})
	good := seen.Page{ID: "good", Text: words("good", 40)}
	bad := seen.Page{ID: "bad", Text: "text"}
	if err := json.Unmarshal([]byte(`{"id":"bad","text":"text","blocks":[{"Start":2,"End":9}]}`), &bad); err != nil {
		t.Fatal(err)
	}
	for _, p := range []seen.Page{bad, {ID: string(make([]byte, 1<<20+1)), Text: "text"}, {ID: "late", Text: "text", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		if _, err := d.Judge(t.Context(), good, p); !errors.Is(err, seen.ErrPage) {
			t.Errorf("Judge with invalid page %.10s = %v, want ErrPage", p.ID, err)
		}
	}
	if s, err := d.Stats(t.Context()); s.Kept != 0 || err != nil {
		t.Errorf("after calls with an invalid page: Kept = %d, %v, want 0", s.Kept, err)
	}
	if v, err := d.Judge(t.Context()); len(v) != 0 || err != nil {
		t.Errorf("Judge of no pages = %v, %v, want none", v, err)
	}
}

func TestClosedDurableRefusesCalls(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir, seen.DurableOptions{})
	if _, err := seen.OpenDurable(dir, seen.DurableOptions{}); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("second OpenDurable = %v, want ErrLocked", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Judge(ctx, seen.Page{ID: "a", Text: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Judge with a cancelled context = %v, want context.Canceled", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Judge(t.Context(), seen.Page{ID: "a", Text: "a"}); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("Judge after Close = %v, want ErrClosed", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("second Close = %v, want nil", err)
	}
}

// A page that comes again later is compared with its earlier version; one that is only
// delivered again is not.
func TestRevisitReportsChanges(t *testing.T) {
	d := openDurable(t, t.TempDir(), seen.DurableOptions{})
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	text := words("a", 64)
	var got []string
	for _, p := range []seen.Page{
		{ID: "a", Text: text, Time: day},
		{ID: "a", Text: text, Time: day}, // judged again, because the answer was lost
		{ID: "a", Text: text, Time: day.Add(time.Hour)},
		{ID: "a", Text: words("b", 34) + " " + text, Time: day.Add(2 * time.Hour)},
		{ID: "a", Text: words("c", 64), Time: day.Add(3 * time.Hour)},
		{ID: "a", Text: words("c", 64)}, // the page has no time, so it is not a revisit
	} {
		got = append(got, verdicts(t, d, p)...)
	}
	// 60 shingles before and 94 after, 34 of them new.
	want := []string{"a: new", "a: new", "a: unchanged", "a: 36 % changed, 34 words added, 0 removed", "a: 100 % changed, 64 words added, 98 removed", "a: new"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}
