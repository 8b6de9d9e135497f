package seen_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/internal/race"
)

// A step is one operation on a filter: exactly one field is set.
type step struct {
	page   seen.Page
	forget time.Time
	all    bool // release all held pages
}

// life returns n random steps over a span of time, in which the pages at a few addresses
// take texts that other pages had before, edited or not, and change again later.
func life(seed uint64, n int) []step {
	r := rand.New(rand.NewPCG(seed, 7))
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var steps []step
	for i := range n {
		day = day.Add(time.Duration(r.IntN(3)) * time.Hour)
		switch r.IntN(40) {
		case 0:
			steps = append(steps, step{forget: day.Add(-20 * time.Hour)})
			continue
		case 1:
			steps = append(steps, step{all: true})
			continue
		}
		text := words(fmt.Sprintf("s%c", 'a'+r.IntN(12)), 100)
		for range r.IntN(3) { // change at most two of ten parts
			fields := strings.Fields(text)
			at := r.IntN(10) * 10
			copy(fields[at:], strings.Fields(words(fmt.Sprintf("e%d", r.IntN(50)), 10)))
			text = strings.Join(fields, " ")
		}
		host := fmt.Sprintf("h%d", r.IntN(3))
		p := seen.Page{ID: fmt.Sprintf("http://%s/%d", host, r.IntN(6)), Text: text}
		if r.IntN(3) > 0 {
			p.ID += fmt.Sprintf("?sid=%d", r.IntN(4))
		}
		if r.IntN(4) > 0 {
			p.Time = day
		}
		if host != "h0" || i%2 > 0 { // pages without a host are never held
			p.Host = host
			p.Text = words("menu"+host, 40) + "\n\n" + p.Text + "\n\n" + words("foot"+host, 40)
		}
		steps = append(steps, step{page: p})
	}
	return steps
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// do performs a step and returns all answers of the filter.
func do(t *testing.T, f *seen.Filter, s step) string {
	t.Helper()
	var got []string
	switch {
	case !s.forget.IsZero():
		if err := f.Forget(t.Context(), s.forget); err != nil {
			t.Fatal(err)
		}
	case !s.all:
		v, err := f.Judge(t.Context(), s.page)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, asJSON(t, v))
		matches, err := f.Query(t.Context(), seen.Page{Text: s.page.Text}, 3)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, asJSON(t, matches))
	}
	released, err := f.Release(t.Context(), s.all)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range released {
		got = append(got, asJSON(t, r.Verdict))
	}
	return strings.Join(got, "\n")
}

// A filter that crashes after every step, and judges again the pages since the last save,
// gives the same verdicts and matches as one that never crashes, whichever pages changed,
// went or became better copies in between.
func TestCrashAfterEveryStep(t *testing.T) {
	race.Alone(t)
	t.Parallel()
	o := seen.Options{Settle: 4, Threshold: .75, Prefer: seen.BetterAddress}
	for seed := range uint64(2) {
		steps := life(seed, 120)
		reference := open(t, t.TempDir(), o)
		var want []string
		for _, s := range steps {
			want = append(want, do(t, reference, s))
		}
		all := strings.Join(want, "\n")
		for _, what := range []string{`"better":true`, `"revisit":true`, `"verdict":"held"`, `"verdict":"near-duplicate"`, `"verdict":"new"`} {
			if n := strings.Count(all, what); n < 2 {
				t.Fatalf("seed %d: %d verdicts with %s, want at least 2 (else nothing is tested)", seed, n, what)
			}
		}
		for _, every := range []int{1, 4, 13} { // steps between two saves
			dir, saved := t.TempDir(), 0
			for i := range steps {
				f, err := seen.Open(dir, o)
				if err != nil {
					t.Fatal(err)
				}
				for j := saved; j <= i; j++ {
					if diff := cmp.Diff(want[j], do(t, f, steps[j])); diff != "" {
						t.Fatalf("seed %d, saved every %d steps, step %d after a crash at %d (-want +got):\n%s", seed, every, j, i, diff)
					}
				}
				if i%every == every-1 {
					if err := f.Save(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
					saved = i + 1
				}
				s, err := f.Stats(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if saved == i+1 && s.Kept != s.Index.Documents {
					t.Fatalf("%d pages are kept, %d are in the index, want the same number", s.Kept, s.Index.Documents)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// Copies of distinct articles come in any order, and the process is killed after every
// page, which is then sent again. A caller that follows the verdicts stores each article
// once.
func TestEveryArticleIsStoredOnce(t *testing.T) {
	t.Parallel()
	var pages []seen.Page
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 12 {
		for copies := range 3 {
			pages = append(pages, seen.Page{ID: fmt.Sprintf("http://h%d/%d", copies, n), Text: words(fmt.Sprintf("s%c", 'a'+n), 60)})
		}
	}
	r.Shuffle(len(pages), func(i, j int) { pages[i], pages[j] = pages[j], pages[i] })
	// Later each kept page gets another text, and its old text comes back elsewhere.
	late := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var more []seen.Page
	for n := range 12 {
		more = append(more,
			seen.Page{ID: fmt.Sprintf("http://new/%d", n), Text: words(fmt.Sprintf("s%c", 'a'+n), 60)},
			seen.Page{ID: pages[n].ID, Text: words(fmt.Sprintf("t%c", 'a'+n), 60), Time: late})
	}
	dir := t.TempDir()
	stored := map[string]string{} // ID -> text
	texts := map[string]bool{}
	for i, p := range append(pages, more...) {
		d, err := seen.OpenDurable(dir, seen.DurableOptions{Checkpoint: int64(1 + i%3*2000)})
		if err != nil {
			t.Fatal(err)
		}
		texts[p.Text] = true
		v, err := d.Judge(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		before := dir
		dir = killed(t, before)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if i%2 > 0 { // the answer was lost
			d, err := seen.OpenDurable(dir, seen.DurableOptions{})
			if err != nil {
				t.Fatal(err)
			}
			again, err := d.Judge(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if again[0].Outcome != v[0].Outcome || again[0].Match != v[0].Match {
				t.Errorf("%s judged again = %+v, want %+v", p.ID, again[0], v[0])
			}
			before := dir
			dir = killed(t, before)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		switch v[0].Outcome {
		case seen.New:
			stored[p.ID] = p.Text
		case seen.Duplicate:
			if stored[v[0].Match] != p.Text {
				t.Errorf("%s is a duplicate of %s, want a page that is stored with this text", p.ID, v[0].Match)
			}
		default:
			t.Errorf("%s: verdict %+v, want New or Duplicate", p.ID, v[0])
		}
	}
	count := map[string]int{}
	for _, text := range stored {
		if count[text]++; count[text] > 1 {
			t.Errorf("%.20s is stored %d times, want once", text, count[text])
		}
	}
	if len(count) < 12 {
		t.Errorf("%d texts are stored, want at least 12", len(count))
	}
}
