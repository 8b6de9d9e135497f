package seen_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

func openStore(t *testing.T, o seen.Options) *disk.Index {
	t.Helper()
	s := o.StoreOptions()
	ix, err := disk.Open(t.TempDir(), disk.Options{Scheme: s.Scheme, Threshold: s.Threshold, Banding: s.Banding, Seed: s.Seed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ix.Close(); err != nil {
			t.Error(err)
		}
	})
	return ix
}

// A filter that uses a shared store alone gives the same verdicts as one with its own
// index.
func TestStoreGivesVerdictsOfOwnIndex(t *testing.T) {
	ix := openStore(t, seen.Options{})
	pages := crawl()
	want := judge(t, open(t, t.TempDir(), seen.Options{}), true, pages...)
	got := judge(t, open(t, t.TempDir(), seen.Options{Store: ix}), true, pages...)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("verdicts %q, want %q", got, want)
	}
	if ix.Len() != count(want, ": new") || ix.Len() < 20 {
		t.Errorf("%d pages are stored, want %d, the number of new ones", ix.Len(), count(want, ": new"))
	}
}

// Different crawlers share a store and judge copies of a page at the same time: one copy
// is new.
func TestSharedStoreKeepsOneCopy(t *testing.T) {
	for round := range 5 {
		ix := openStore(t, seen.Options{})
		var mu sync.Mutex
		fresh := map[string]int{}
		total := 0
		var wg sync.WaitGroup
		for crawler := range 3 {
			f := open(t, t.TempDir(), seen.Options{Settle: 4, Store: ix})
			host := fmt.Sprintf("%c%c", 'p'+crawler, 'a'+round)
			wg.Go(func() {
				add := func(v seen.Verdict) {
					mu.Lock()
					defer mu.Unlock()
					total++
					if v.Outcome == seen.New {
						fresh[v.ID[len(host):]]++
					} else if v.Outcome != seen.Duplicate {
						t.Errorf("verdict %+v, want New or Duplicate", v)
					}
				}
				for n := range 30 {
					v, err := f.Judge(context.Background(), page(host, n, fmt.Sprintf("s%c%c", 'a'+n/26, 'a'+n%26)))
					if err != nil {
						t.Error(err)
						return
					}
					if v.Outcome != seen.Held {
						add(v)
					}
				}
				released, err := f.Release(context.Background(), true)
				if err != nil {
					t.Error(err)
				}
				for _, r := range released {
					add(r.Verdict)
				}
			})
		}
		wg.Wait()
		if len(fresh) != 30 || total != 90 || ix.Len() != 30 {
			t.Errorf("%d stories are new, %d verdicts, %d pages stored; want 30, 90, 30", len(fresh), total, ix.Len())
		}
		for story, n := range fresh {
			if n != 1 {
				t.Errorf("%s is new %d times, want once", story, n)
			}
		}
	}
}

// A paragraph that one filter's site quotes again and again, and that another filter has
// met once, does not hide a copy of a page from either.
func TestQuotesInStoreHideNoCopy(t *testing.T) {
	ix := openStore(t, seen.Options{})
	quoting, other := open(t, t.TempDir(), seen.Options{Settle: 4, Store: ix}), open(t, t.TempDir(), seen.Options{Settle: 4, Store: ix})
	quote := words("quote", 60)
	quoted := func(host string, n int, article string) seen.Page {
		p := page(host, n, article)
		p.Text = p.Text[:len(words("menu"+host, 80))] + "\n\n" + quote + p.Text[len(words("menu"+host, 80)):]
		return p
	}
	for n := range 12 {
		judge(t, quoting, true, quoted("p", n, fmt.Sprintf("s%c", 'a'+n)))
		judge(t, other, true, page("q", n, fmt.Sprintf("t%c", 'a'+n)))
	}
	got := judge(t, other, true, quoted("q", 20, "sl"))
	if count(got, "near-duplicate of p/11") != 1 {
		t.Errorf("verdict on a copy on the other site = %q, want near-duplicate of p/11", got)
	}
	// Now the kept page has the paragraph, and its copy is on the quoting site.
	judge(t, other, true, quoted("q", 21, "tz"))
	got = judge(t, quoting, true, quoted("p", 21, "tz"))
	if count(got, "near-duplicate of q/21") != 1 {
		t.Errorf("verdict on a copy on the quoting site = %q, want near-duplicate of q/21", got)
	}
}

func TestStoreLimitsAreEnforced(t *testing.T) {
	ix := openStore(t, seen.Options{})
	dir := t.TempDir()
	f := open(t, dir, seen.Options{Store: ix})
	judge(t, f, true, seen.Page{ID: "old", Text: words("a", 40), Time: time.Unix(1000, 0)}, seen.Page{ID: "young", Text: words("b", 40)})
	if err := f.Forget(t.Context(), time.Now().Add(-time.Hour)); err != nil || ix.Len() != 1 {
		t.Errorf("Forget = %v, %d pages are left, want nil and 1", err, ix.Len())
	}
	if _, err := seen.Open(dir, seen.Options{Store: ix}); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("Open of a directory in use = %v, want ErrLocked", err)
	}
	if err := f.Save(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := ix.Get(t.Context(), "none"); ok || err != nil {
		t.Errorf("Get of the store after Close = %v, %v, want false, nil", ok, err)
	}
}
