package seen_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

// dump describes the whole content of a store.
func dump(t *testing.T, ix *disk.Index) map[string]string {
	t.Helper()
	out := map[string]string{}
	for d, err := range ix.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New64()
		fmt.Fprint(h, d.Set)
		out[d.ID] = fmt.Sprintf("%v %x", d.Time.UnixMilli(), h.Sum64())
	}
	return out
}

// A Durable with a shared store is killed at random moments and reopened on the current
// store. It changes nothing there, repeats the verdicts on held pages under their
// numbers, and continues with the verdicts of one that was never killed, in spite of
// changed pages, later copies of changed pages, removals, better copies and expiry.
func TestSharedStoreSurvivesKills(t *testing.T) {
	t.Parallel()
	repeated := 0
	for round := range 4 {
		r := rand.New(rand.NewPCG(uint64(round), 5))
		o := seen.DurableOptions{Options: seen.Options{Settle: 4, Prefer: seen.BetterAddress, Passages: round%2 == 0}}
		reference := openDurable(t, t.TempDir(), o)
		ix := openStore(t, o.Options)
		o.Store = ix
		o.Checkpoint = int64(1 + r.IntN(60_000))
		dir := t.TempDir()
		d := openDurable(t, dir, o)
		clock := time.Unix(1_000_000, 0)
		counts := map[seen.Outcome]int{}
		changes := 0
		for step := range 120 {
			clock = clock.Add(time.Minute)
			p := page("p", r.IntN(25), fmt.Sprintf("s%c", 'a'+r.IntN(12)))
			if r.IntN(3) == 0 {
				p = seen.Page{Text: words(fmt.Sprintf("s%c", 'a'+r.IntN(12)), 120)}
				p.ID = fmt.Sprintf("http://q/%d", r.IntN(10))
				if r.IntN(2) == 0 {
					p.ID += "?sid=1"
				}
			}
			p.Time = clock
			what := r.IntN(20)
			var out [2][]seen.Verdict
			var removed [2][]bool
			var err error
			for i, d := range []*seen.Durable{reference, d} {
				switch what {
				case 0:
					removed[i], err = d.Remove(t.Context(), p.ID)
				case 1:
					err = d.Keep(t.Context(), p)
				case 2:
					err = d.Forget(t.Context(), clock.Add(-40*time.Minute))
				default:
					out[i], err = d.Judge(t.Context(), p)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(out[0], out[1]); diff != "" {
				t.Fatalf("round %d, step %d: verdicts (-want never killed +got killed):\n%s", round, step, diff)
			}
			if diff := cmp.Diff(removed[0], removed[1]); diff != "" {
				t.Fatalf("round %d, step %d: removed (-want never killed +got killed):\n%s", round, step, diff)
			}
			for _, v := range out[0] {
				if counts[v.Outcome]++; v.Revisit && v.Changed > 0 {
					changes++
				}
			}
			if r.IntN(6) == 0 {
				dir = killed(t, dir)
				before := dump(t, ix)
				d = openDurable(t, dir, o)
				repeated += d.Repeated()
				if diff := cmp.Diff(before, dump(t, ix)); diff != "" {
					t.Fatalf("round %d, step %d: store after opening (-want as before +got):\n%s", round, step, diff)
				}
			}
			if diff := cmp.Diff(reference.Released(0, 1000), d.Released(0, 1000)); diff != "" {
				t.Fatalf("round %d, step %d: released (-want never killed +got killed):\n%s", round, step, diff)
			}
		}
		if counts[seen.Duplicate] < 10 || counts[seen.New] < 10 || changes < 3 {
			t.Errorf("round %d: verdicts %v, %d changes, want at least 10 new, 10 duplicates, 3 changes (else nothing is tested)", round, counts, changes)
		}
	}
	if repeated < 40 {
		t.Errorf("%d operations were repeated, want at least 40 (else nothing is tested)", repeated)
	}
}

// An operation whose process was killed after the store changed, but before the outcome
// was recorded, was not answered. It is repeated, and its page is stored once.
func TestUnansweredOperationIsRepeated(t *testing.T) {
	o := seen.DurableOptions{Options: seen.Options{Settle: 4}}
	ix := openStore(t, o.Options)
	o.Store = ix
	dir := t.TempDir()
	d := openDurable(t, dir, o)
	pages := crawl()[:30]
	verdicts(t, d, pages...)
	if err := d.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := dump(t, ix)
	state := killed(t, dir)
	names, err := filepath.Glob(filepath.Join(state, "journal-*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("journals %q, %v, want 1", names, err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut > len(whole)/2; cut -= len(whole) / 40 {
		if err := os.WriteFile(names[0], whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(state)); err != nil {
			t.Fatal(err)
		}
		d := openDurable(t, at, o)
		verdicts(t, d, pages...) // after the crash, callers submit their pages again
		if err := d.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, ix); len(got) != len(want) {
			t.Errorf("cut at %d of %d bytes: %d pages are stored, want %d", cut, len(whole), len(got), len(want))
		}
	}
}
