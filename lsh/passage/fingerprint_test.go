package passage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type rng uint64

func (r *rng) n(n int) int {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

// TestFingerprintsMeet compares the winnowing with a quadratic oracle: any two equal runs
// of Run tokens share a fingerprint at the same token.
func TestFingerprintsMeet(t *testing.T) {
	r := rng(1)
	met := 0
	for round := range 2000 {
		run := 5 + r.n(8)
		window := Options{Run: run}.window()
		words := []int{2, 5, 50, 1000}[r.n(4)]
		shared := make([]uint32, run)
		for i := range shared {
			shared[i] = uint32(r.n(words))
		}
		side := func() []uint32 {
			var ids []uint32
			for range r.n(20) {
				ids = append(ids, uint32(r.n(words)))
			}
			ids = append(ids, shared...)
			for range r.n(20) {
				ids = append(ids, uint32(r.n(words)))
			}
			return ids
		}
		a, b := side(), side()
		x, y := appendTokens(nil, a, window), appendTokens(nil, b, window)
		for i := 0; i+run <= len(a); i++ {
			for j := 0; j+run <= len(b); j++ {
				if !slices.Equal(a[i:i+run], b[j:j+run]) {
					continue
				}
				met++
				ok := slices.ContainsFunc(x, func(f fingerprint) bool {
					k := int(f.pos) - i
					return k >= 0 && k+gram <= run && slices.ContainsFunc(y, func(g fingerprint) bool {
						return g.hash == f.hash && int(g.pos)-j == k
					})
				})
				if !ok {
					t.Fatalf("round %d: equal runs of %d tokens at %d and %d share no fingerprint, want one\n%v %v\n%v %v", round, run, i, j, a, x, b, y)
				}
			}
		}
		for k, f := range x {
			if f.hash != gramHash(a[f.pos:]) || k > 0 && f.pos <= x[k-1].pos {
				t.Fatalf("fingerprint %d of %v, want the hash of its tokens, in order", k, x)
			}
		}
	}
	if met < 2000 {
		t.Errorf("%d equal runs, want at least 2000 (else nothing is tested)", met)
	}
}

// TestBothWinnowingsAgree compares the two implementations of winnowing.
func TestBothWinnowingsAgree(t *testing.T) {
	r := rng(4)
	for range 500 {
		ids := make([]uint32, gram+r.n(1500))
		words := []int{1, 3, 100}[r.n(3)]
		for i := range ids {
			ids[i] = uint32(r.n(words))
		}
		want := appendWindows(nil, ids, min(3, len(ids)-gram+1))
		if got := appendTokens(nil, ids, 3); !slices.Equal(got, want) {
			t.Fatalf("%d tokens of %d words: %v, want %v", len(ids), words, got, want)
		}
	}
}

// TestFingerprintDensityMatchesDocumentation checks the documented density: one
// fingerprint per two tokens.
func TestFingerprintDensityMatchesDocumentation(t *testing.T) {
	r := rng(2)
	ids := make([]uint32, 100_000)
	for i := range ids {
		ids[i] = uint32(r.n(1 << 20))
	}
	if n := len(appendTokens(nil, ids, Options{}.window())); n < 49_000 || n > 51_000 {
		t.Errorf("%d fingerprints of %d tokens, want 49000 to 51000", n, len(ids))
	}
}

// TestPostingsSortAsByLibrary compares the sorting of postings with the standard library,
// at sizes around each number of passes, including hashes that agree in many bits.
func TestPostingsSortAsByLibrary(t *testing.T) {
	r := rng(3)
	for _, n := range []int{0, 1, 100, 2047, 2048, 5000, 300_000} {
		var want []posting
		for len(want) < n {
			h := uint64(r.n(1<<30))<<34 | uint64(r.n(4))
			if r.n(4) == 0 {
				h = uint64(r.n(50)) << 60
			}
			want = append(want, newPosting(h, uint32(len(want))))
		}
		got := sorted(func(visit func(p posting)) {
			for _, p := range want {
				visit(p)
			}
		})
		slices.SortFunc(want, comparePostings)
		if !slices.Equal(got, want) {
			t.Errorf("%d postings are in another order, want that of package slices", n)
		}
	}
}

// TestReplacedLeavesNoTrail replaces one document repeatedly in an index of many: the
// steps of a query must not grow with the replacements.
func TestReplacedLeavesNoTrail(t *testing.T) {
	r := rng(5)
	words := func(n int) string {
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, "w%d ", r.n(5000))
		}
		return b.String()
	}
	ix := New(Options{})
	const docs = 1500
	for i := range docs {
		ix.Add(fmt.Sprint("other", i), words(60))
	}
	page := words(200)
	for range docs - 100 { // few enough that documents are not renumbered
		ix.Add("page", page)
		if got := ix.Query(page); len(got) != 1 || got[0].ID != "page" {
			t.Fatalf("Query(page) = %+v, want only the page", got)
		}
	}
	if len(ix.docs) != 2*docs-100 {
		t.Fatalf("%d of %d numbers are in use, want %d numbers (else nothing is tested)", ix.live, len(ix.docs), 2*docs-100)
	}
	held := 0
	for _, run := range ix.store.runs {
		held += len(run)
	}
	if living := len(ix.store.single(ix.docs, ix.opts.window()).run); held > living+living/2 {
		t.Errorf("%d postings are held, want at most half more than the %d of living documents", held, living)
	}
}
