package seen_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

// words returns n words that occur only in texts with the same seed.
func words(seed string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%sx%c%c", seed, 'a'+i/26%26, 'a'+i%26)
	}
	return strings.Join(list, " ")
}

// page returns an article in the frame of a host; the frame is as long as the article.
func page(host string, n int, article string) seen.Page {
	id := fmt.Sprintf("%s/%d", host, n)
	return seen.Page{ID: id, Host: host, Text: words("menu"+host, 80) + "\n\n" + words(article, 120) + "\n\n" + words("foot"+host, 60)}
}

func open(t *testing.T, dir string, o seen.Options) *seen.Filter {
	t.Helper()
	f, err := seen.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// judge returns the verdicts on pages in the order in which they become final.
func judge(t *testing.T, f *seen.Filter, all bool, pages ...seen.Page) []string {
	t.Helper()
	var got []string
	release := func(all bool) {
		released, err := f.Release(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range released {
			got = append(got, r.Page.ID+": "+r.Verdict.String())
		}
	}
	for _, p := range pages {
		v, err := f.Judge(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if v.Outcome != seen.Held {
			got = append(got, v.ID+": "+v.String())
		}
		release(false)
	}
	if all {
		release(true)
	}
	return got
}

func count(verdicts []string, what string) int {
	n := 0
	for _, v := range verdicts {
		if strings.Contains(v, what) {
			n++
		}
	}
	return n
}

// The first pages of two sites carry the same article: the copy is found if they are held
// until their frames are known, and missed if they are not.
func TestEarlyPagesWaitForFrames(t *testing.T) {
	var pages []seen.Page
	for n := range 20 {
		pages = append(pages, page("p", n, fmt.Sprintf("story%c", 'a'+n)))
	}
	for n := range 20 {
		pages = append(pages, page("q", n, fmt.Sprintf("story%c", 'a'+n)))
	}
	held := judge(t, open(t, t.TempDir(), seen.Options{}), true, pages...)
	if n, d := count(held, ": new"), count(held, "near-duplicate"); n != 20 || d != 20 {
		t.Errorf("%d new and %d near-duplicates, want 20 of each: %q", n, d, held)
	}
	// Without waiting, copies are missed.
	hasty := judge(t, open(t, t.TempDir(), seen.Options{Settle: 1}), true, pages...)
	if n := count(hasty, "near-duplicate"); n >= 20 {
		t.Errorf("%d copies were found without waiting, want less than 20 (else nothing is tested)", n)
	}
}

// Distinct articles in one large frame are kept; a page with next to no text of its own
// is not.
func TestDistinctPagesAreNew(t *testing.T) {
	var pages []seen.Page
	for n := range 30 {
		p := page("p", n, fmt.Sprintf("story%c%c", 'a'+n/26, 'a'+n%26))
		p.Text += "\n\n" + words("moreframe", 400)
		pages = append(pages, p)
	}
	stub := page("p", 30, "none")
	stub.Text = words("menup", 80) + "\n\n" + words("headline", 20) + "\n\n" + words("footp", 60)
	got := judge(t, open(t, t.TempDir(), seen.Options{}), true, append(pages, stub, seen.Page{ID: "blank", Host: "p", Text: " \n.\n"})...)
	if n := count(got, ": new"); n != 30 {
		t.Errorf("%d pages are new, want 30: %q", n, got)
	}
	want := []string{"p/30: nothing but frame", "blank: unreadable"}
	if diff := cmp.Diff(want, got[30:]); diff != "" {
		t.Errorf("pages without text of their own (-want +got):\n%s", diff)
	}
}

// A page that is judged again does not repeat itself, and its earlier text is forgotten.
func TestPageJudgedAgainDoesNotRepeatItself(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{Settle: 1})
	a, b := page("p", 1, "a"), page("q", 1, "a")
	changed := page("p", 1, "b")
	got := judge(t, f, false, a, a, b, changed, b)
	// The frame of q is still unknown, so b is compared with it.
	want := []string{"p/1: new", "p/1: new", "q/1: new", "p/1: new", "q/1: new"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	s, err := f.Stats(t.Context())
	if err != nil || s.Kept != 2 {
		t.Errorf("%d pages kept, error %v, want 2", s.Kept, err)
	}
	if err := errors.Join(f.Forget(t.Context(), time.Now().Add(time.Hour)), f.Save(t.Context(), nil)); err != nil {
		t.Error(err)
	}
	if s, err = f.Stats(t.Context()); err != nil || s.Kept != 0 {
		t.Errorf("%d pages kept after Forget, error %v, want 0", s.Kept, err)
	}
}

// A filter that was saved at any point, and lost the pages after that, gives the same
// verdicts when those are judged again.
func TestSavedFilterContinues(t *testing.T) {
	var pages []seen.Page
	for n := range 24 {
		pages = append(pages, page("p", n, fmt.Sprintf("s%c", 'a'+n)), page("q", n, fmt.Sprintf("s%c", 'a'+(n*7)%24)))
	}
	want := judge(t, open(t, t.TempDir(), seen.Options{}), true, pages...)
	for _, at := range []int{1, 9, 17, 31, 33, 47} {
		dir := t.TempDir()
		f := open(t, dir, seen.Options{})
		got := judge(t, f, false, pages[:at]...)
		if err := f.Save(t.Context(), []byte("note")); err != nil {
			t.Fatal(err)
		}
		judge(t, f, false, pages[at:min(at+10, len(pages))]...) // these pages are lost: they are judged after the save
		if _, err := seen.Open(dir, seen.Options{}); !errors.Is(err, disk.ErrLocked) {
			t.Errorf("Open of a directory in use = %v, want ErrLocked", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f = open(t, dir, seen.Options{})
		if note, err := f.Note(t.Context()); string(note) != "note" || err != nil {
			t.Errorf("Note = %q, %v, want %q", note, err, "note")
		}
		got = append(got, judge(t, f, true, pages[at:]...)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("saved after %d pages (-want +got):\n%s", at, diff)
		}
	}
}

// A damaged save is an error at every position.
func TestCorruptFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir, seen.Options{})
	judge(t, f, false, page("p", 1, "a"), page("q", 1, "b"))
	if err := errors.Join(f.Save(t.Context(), nil), f.Save(t.Context(), []byte("x")), f.Close()); err != nil {
		t.Fatal(err)
	}
	saves, err := filepath.Glob(filepath.Join(dir, "saved-*"))
	if err != nil || len(saves) != 1 {
		t.Fatalf("saves %q, %v, want one", saves, err)
	}
	for _, file := range []string{"detector", "held"} {
		name := filepath.Join(saves[0], file)
		good, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(good); at += 1 + len(good)/50 {
			bad := []byte(string(good))
			bad[at] ^= 4
			if err := os.WriteFile(name, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := seen.Open(dir, seen.Options{})
			if !errors.Is(err, boilerplate.ErrCorrupt) && !errors.Is(err, boilerplate.ErrFormat) && !errors.Is(err, boilerplate.ErrVersion) {
				t.Errorf("Open with byte %d of %s changed = %v, want ErrCorrupt, ErrFormat or ErrVersion", at, file, err)
			}
		}
		if err := os.WriteFile(name, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir, seen.Options{})
}

// A page that the index would refuse is refused immediately, and does not spoil a save.
func TestLongIDIsRefusedAtOnce(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{})
	if v, err := f.Judge(t.Context(), seen.Page{ID: strings.Repeat("a", 1<<20+1), Text: words("a", 60)}); !errors.Is(err, seen.ErrPage) {
		t.Errorf("Judge of a page with an id over 1 MiB = %.20v, %v, want ErrPage", v, err)
	}
	judge(t, f, false, seen.Page{ID: "b", Text: words("b", 60)})
	if err := f.Save(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// Calls end as soon as their context does.
func TestCancelledContextStopsCalls(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Judge(ctx, page("p", 1, "a")); !errors.Is(err, context.Canceled) {
		t.Errorf("Judge with a cancelled context = %v, want context.Canceled", err)
	}
	if _, err := f.Release(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Release with a cancelled context = %v, want context.Canceled", err)
	}
	if err := f.Save(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Save with a cancelled context = %v, want context.Canceled", err)
	}
}

// One of several copies judged at the same time is kept.
func TestConcurrentCopiesKeepOne(t *testing.T) {
	f := open(t, t.TempDir(), seen.Options{Settle: 1})
	outcomes := make([]seen.Outcome, 64)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			v, err := f.Judge(t.Context(), seen.Page{ID: fmt.Sprint(i), Host: "p", Text: words(fmt.Sprintf("s%c", 'a'+i%8), 100)})
			if err != nil {
				t.Error(err)
			}
			outcomes[i] = v.Outcome
		})
	}
	wg.Wait()
	n := 0
	for _, o := range outcomes {
		if o == seen.New {
			n++
		}
	}
	if n != 8 {
		t.Errorf("%d of 64 pages are new, want 8, one per text: %v", n, outcomes)
	}
}
