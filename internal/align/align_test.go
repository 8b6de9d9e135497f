package align

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/cpu"
)

// rng is SplitMix64.
type rng uint64

func (r *rng) n(n int) int {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

func (r *rng) ids(n, words int) []uint32 {
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(r.n(words))
	}
	return ids
}

func standard() Params {
	return Params{Min: 12, Gap: 25, ParGap: 8, Drift: 25, Drop: 8, Density: .3, LocalMin: 8, Gram: 3, Worth: 16}
}

// related returns two sequences of a few words each that share edited and
// shuffled stretches, and stretches repeated within one of them.
func related(r *rng) (a, b []uint32) {
	words := []int{30, 100, 300, 3000}[r.n(4)]
	blocks := make([][]uint32, 4)
	for i := range blocks {
		blocks[i] = r.ids(12+r.n(40), words)
	}
	side := func() (out []uint32) {
		for range 1 + r.n(6) {
			out = append(out, r.ids(r.n(30), words)...)
			for i, id := range blocks[r.n(len(blocks))] {
				switch r.n(40) {
				case 0:
					out = append(out, id, uint32(r.n(words)))
				case 1:
					out = append(out, uint32(r.n(words)))
				case 2:
				case 3:
					if i > 0 && len(out) > 0 {
						out[len(out)-1], id = id, out[len(out)-1]
					}
					out = append(out, id)
				default:
					out = append(out, id)
				}
			}
		}
		return out
	}
	return side(), side()
}

// maximalRuns is the quadratic oracle: all runs of at least least equal tokens
// that cannot be made longer.
func maximalRuns(a, b []uint32, least int) []Run {
	var out []Run
	for i := range a {
		for j := range b {
			if a[i] != b[j] || i > 0 && j > 0 && a[i-1] == b[j-1] {
				continue
			}
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			if n >= least {
				out = append(out, Run{int32(i), int32(j), int32(n)})
			}
		}
	}
	return out
}

// copies counts the places of the first gramWide tokens of run in ids.
func copies(ids, run []uint32) int {
	n := 0
	for i := 0; i+gramWide <= len(ids); i++ {
		if equal(run[:gramWide], ids[i:i+gramWide]) {
			n++
		}
	}
	return n
}

// TestRunsAreFound compares the aligner with the oracle. At least half of every run of
// Min or more equal tokens must be in chains, on both sides. In mode Every, more than half
// must be in a single chain, with the same counterparts.
func TestRunsAreFound(t *testing.T) {
	r := rng(1)
	found, skipped := 0, 0
	for round := range 600 {
		a, b := related(&r)
		for _, mode := range []Copies{Cover, Every} {
			e := &Engine{Params: standard()}
			e.Copies = mode
			chains := e.Align(Seq{IDs: a}, Seq{IDs: b})
			inA, inB := make([]bool, len(a)), make([]bool, len(b))
			for _, c := range chains {
				check(t, a, b, c)
				mark(inA, c.A0, c.A1)
				mark(inB, c.B0, c.B1)
			}
			for _, run := range maximalRuns(a, b, e.Min) {
				if copies(a, a[run.A:])*copies(b, b[run.B:]) > maxCopies {
					skipped++
					continue
				}
				found++
				ok := uncovered(inA, run.A, run.N)*2 <= int(run.N) && uncovered(inB, run.B, run.N)*2 <= int(run.N)
				if mode == Every {
					ok = slices.ContainsFunc(chains, func(c Chain) bool {
						return c.repeats(Chain{Matched: run.N, Runs: []Run{run}})
					})
				}
				if !ok {
					t.Fatalf("round %d, mode %d: run %+v is not in the chains, want at least half of it in them, in mode Every in a single one\na %v\nb %v\nchains %+v", round, mode, run, a, b, chains)
				}
			}
		}
	}
	if found < 1000 || skipped > found {
		t.Errorf("%d runs looked for, %d skipped, want at least 1000 and most of them looked for (else the texts prove too little)", found, skipped)
	}
}

func mark(in []bool, from, to int32) {
	for i := from; i < to; i++ {
		in[i] = true
	}
}

func uncovered(in []bool, from, n int32) int {
	k := 0
	for _, ok := range in[from : from+n] {
		if !ok {
			k++
		}
	}
	return k
}

// check fails unless c is a valid alignment of a and b.
func check(t *testing.T, a, b []uint32, c Chain) {
	t.Helper()
	if c.A0 < 0 || c.A0 >= c.A1 || int(c.A1) > len(a) || c.B0 < 0 || c.B0 >= c.B1 || int(c.B1) > len(b) {
		t.Fatalf("chain %+v, want one that is not empty, within %d and %d tokens", c, len(a), len(b))
	}
	if c.Moved {
		checkMoved(t, a, b, c)
		return
	}
	i, j, sum := c.A0, c.B0, int32(0)
	for k, r := range c.Runs {
		if r.N <= 0 || r.A < i || r.B < j || k > 0 && r.A == i && r.B == j {
			t.Fatalf("chain %+v: run %d starts before the end of the last one or is empty, want runs in order", c, k)
		}
		if !equal(a[r.A:r.A+r.N], b[r.B:r.B+r.N]) {
			t.Fatalf("chain %+v: run %d is not of equal tokens, want equal ones", c, k)
		}
		i, j, sum = r.A+r.N, r.B+r.N, sum+r.N
	}
	if first := c.Runs[0]; first.A != c.A0 || first.B != c.B0 || i != c.A1 || j != c.B1 || sum != c.Matched {
		t.Fatalf("chain %+v: borders or Matched do not follow from its runs, want %d to %d, %d to %d, %d matched", c, first.A, i, first.B, j, sum)
	}
}

// checkMoved checks a chain with moved parts: no token of either text is used twice, and
// the runs reach from edge to edge.
func checkMoved(t *testing.T, a, b []uint32, c Chain) {
	t.Helper()
	inA, inB := make([]bool, len(a)), make([]bool, len(b))
	a0, a1, b0, b1, sum := c.A1, c.A0, c.B1, c.B0, int32(0)
	for k, r := range c.Runs {
		if r.N <= 0 || !equal(a[r.A:r.A+r.N], b[r.B:r.B+r.N]) {
			t.Fatalf("moved chain %+v: run %d is not of equal tokens, want equal ones", c, k)
		}
		for n := range r.N {
			if inA[r.A+n] || inB[r.B+n] {
				t.Fatalf("moved chain %+v: run %d uses a token twice, want each token in one run", c, k)
			}
			inA[r.A+n], inB[r.B+n] = true, true
		}
		a0, a1, b0, b1, sum = min(a0, r.A), max(a1, r.A+r.N), min(b0, r.B), max(b1, r.B+r.N), sum+r.N
	}
	if !slices.IsSortedFunc(c.Runs, compareRuns) || a0 != c.A0 || a1 != c.A1 || b0 != c.B0 || b1 != c.B1 || sum != c.Matched {
		t.Fatalf("moved chain %+v: borders or Matched do not follow from its runs, want %d to %d, %d to %d, %d matched", c, a0, a1, b0, b1, sum)
	}
}

// TestExchangedTextsExchangeSides checks that exchanging the texts exchanges the sides.
func TestExchangedTextsExchangeSides(t *testing.T) {
	r := rng(2)
	for range 600 {
		a, b := related(&r)
		if r.n(4) == 0 {
			b = slices.Clone(a)
		}
		for _, mode := range []Copies{Cover, Once, Every} {
			e := &Engine{Params: standard()}
			e.Copies = mode
			x, y := e.Align(Seq{IDs: a}, Seq{IDs: b}), e.Align(Seq{IDs: b}, Seq{IDs: a})
			for i := range y {
				y[i].flip()
			}
			slices.SortFunc(y, compareChains)
			if diff := cmp.Diff(x, y); diff != "" {
				t.Fatalf("mode %d: exchanged texts give other chains (-want +got):\na %v\nb %v\n%s", mode, a, b, diff)
			}
		}
	}
}

// best is the oracle of extend: it returns the best score of any alignment that begins at
// the first tokens, from the full matrix.
func best(a, b []uint32) int32 {
	h := make([][]int32, len(a)+1)
	ga, gb := make([][]int32, len(a)+1), make([][]int32, len(a)+1)
	top := int32(0)
	for i := range h {
		h[i], ga[i], gb[i] = make([]int32, len(b)+1), make([]int32, len(b)+1), make([]int32, len(b)+1)
		for j := range h[i] {
			h[i][j], ga[i][j], gb[i][j] = dead, dead, dead
			if i == 0 && j == 0 {
				h[i][j] = 0
			}
			if i > 0 {
				ga[i][j] = max(h[i-1][j]-costGapFirst, ga[i-1][j]-costGapNext)
			}
			if j > 0 {
				gb[i][j] = max(h[i][j-1]-costGapFirst, gb[i][j-1]-costGapNext)
			}
			if i > 0 && j > 0 {
				d := h[i-1][j-1] - costUnequal
				if a[i-1] == b[j-1] {
					d = h[i-1][j-1] + scoreEqual
				}
				h[i][j] = max(h[i][j], d)
			}
			h[i][j] = max(h[i][j], ga[i][j], gb[i][j])
			top = max(top, h[i][j])
		}
	}
	return top
}

// scoreOf computes the score of the runs of a path.
func scoreOf(path []Run) int {
	score := 0
	i, j := int32(0), int32(0)
	for _, r := range path {
		da, db := int(r.A-i), int(r.B-j)
		gap := max(da, db) - min(da, db)
		score += scoreEqual*int(r.N) - costUnequal*min(da, db)
		if gap > 0 {
			score -= costGapFirst + costGapNext*(gap-1)
		}
		i, j = r.A+r.N, r.B+r.N
	}
	return score
}

// TestExtendEqualsFullMatrix compares the extension with the full matrix, to both sides.
// Nothing is dropped, and the texts repeat too little for jumps to matter.
func TestExtendEqualsFullMatrix(t *testing.T) {
	r := rng(3)
	var x extender
	for range 3000 {
		a := r.ids(1+r.n(40), 40)
		b := slices.Clone(a)
		for range r.n(8) {
			switch k := r.n(len(b)); r.n(3) {
			case 0:
				b[k] = uint32(r.n(40))
			case 1:
				b = slices.Insert(b, k, r.ids(1+r.n(3), 40)...)
			case 2:
				if len(b) > 1 {
					b = slices.Delete(b, k, k+1)
				}
			}
		}
		want := int(best(a, b))
		budget := 1 << 30
		var path []Run
		got := x.extend(a, b, 0, 0, 1, 1000, &budget, &path)
		if got != want || scoreOf(path) > want {
			t.Fatalf("score %d, path worth %d, want %d\na %v\nb %v", got, scoreOf(path), want, a, b)
		}
		slices.Reverse(a)
		slices.Reverse(b)
		path = path[:0]
		if got := x.extend(a, b, len(a), len(b), -1, 1000, &budget, &path); got != want {
			t.Fatalf("to the left: score %d, want %d", got, want)
		}
	}
}

// TestHostileTextsStayWithinBudget aligns texts that repeat themselves: the work must stay within its
// budget, which is linear, and equal texts must still be found equal.
func TestHostileTextsStayWithinBudget(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 5000
	}
	texts := map[string][]uint32{
		"one word":         make([]uint32, n),
		"two words":        new(rng).ids(n, 2),
		"four words":       new(rng).ids(n, 4),
		"block of a dozen": nil,
		"block of 100":     nil,
		"block of 1000":    nil,
	}
	for name, size := range map[string]int{"block of a dozen": 12, "block of 100": 100, "block of 1000": 1000} {
		block := new(rng).ids(size, 5000)
		r := rng(9)
		for len(texts[name]) < n {
			texts[name] = append(texts[name], block...)
			block[r.n(size)] = uint32(r.n(5000)) // so that every repeat differs in a word
		}
	}
	for name, a := range texts {
		for _, mode := range []Copies{Cover, Once, Every} {
			t.Run(fmt.Sprint(name, " ", mode), func(t *testing.T) {
				e := &Engine{Params: standard()}
				e.Copies = mode
				start := budgetBase + budgetPerToken*2*len(a)
				chains := e.Align(Seq{IDs: a}, Seq{IDs: slices.Clone(a)})
				if over := -e.budget; over > 64*gramWide+len(a) {
					t.Errorf("%d steps over the budget of %d, want at most %d", over, start, 64*gramWide+len(a))
				}
				whole := slices.ContainsFunc(chains, func(c Chain) bool {
					return c.A0 == 0 && c.B0 == 0 && int(c.A1) == len(a) && int(c.B1) == len(a)
				})
				if !whole {
					t.Errorf("equal texts: no chain of %d spans them, want one", len(chains))
				}
				b := append(new(rng).ids(200, 3), a...)
				e.Align(Seq{IDs: a}, Seq{IDs: b})
				if over := -e.budget; over > 64*gramWide+len(b) {
					t.Errorf("%d steps over the budget of %d, want at most %d", over, start, 64*gramWide+len(b))
				}
			})
		}
	}
}

// TestGlobalKeepsUneditedTokens checks that the alignment of whole texts is valid and
// keeps the tokens that were not edited.
func TestGlobalKeepsUneditedTokens(t *testing.T) {
	r := rng(4)
	for _, n := range []int{0, 1, 5, 100, 3000, 60_000} {
		for _, words := range []int{2, 50, 5000} {
			a := r.ids(n, words)
			var b []uint32
			kept := 0
			for _, id := range a {
				switch r.n(20) {
				case 0:
				case 1:
					b = append(b, id, uint32(r.n(words)))
					kept++
				default:
					b = append(b, id)
					kept++
				}
			}
			runs := Global(a, b)
			i, j, sum := int32(0), int32(0), 0
			for _, run := range runs {
				if run.A < i || run.B < j || run.N < 1 || !equal(a[run.A:run.A+run.N], b[run.B:run.B+run.N]) {
					t.Fatalf("n %d, words %d: run %+v, want runs of equal tokens in order", n, words, run)
				}
				i, j, sum = run.A+run.N, run.B+run.N, sum+int(run.N)
			}
			if words >= 50 && sum < kept*98/100 {
				t.Errorf("n %d, words %d: %d tokens matched, want 98%% of the %d kept", n, words, sum, kept)
			}
		}
	}
}

// FuzzExtend checks that the runs of an extension have equal tokens, ascend from the
// border and yield the score.
func FuzzExtend(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvw"), []byte("abcxefghijklmnopqrstuvw"), byte(8))
	f.Add([]byte("abcdefghijklmnopqrstuvw"), []byte("abcdeefghijklmnopqrstuvw"), byte(8))
	f.Add([]byte("xbcdefghijklmnop"), []byte("bcdefghijklmnop"), byte(2))
	f.Add([]byte("xyabababababababababab"), []byte("zabababababababababab"), byte(5))
	f.Fuzz(func(t *testing.T, x, y []byte, drop byte) {
		a, b := ids(x), ids(y)
		var path []Run
		var ex extender
		budget := 1 << 30
		score := ex.extend(a, b, 0, 0, 1, int(drop%40), &budget, &path)
		i, j := int32(0), int32(0)
		for _, r := range path {
			if r.A < i || r.B < j || r.N < 1 || !equal(a[r.A:r.A+r.N], b[r.B:r.B+r.N]) {
				t.Fatalf("run %+v of %v, want runs of equal tokens in order", r, path)
			}
			i, j = r.A+r.N, r.B+r.N
		}
		if score < 0 || score > scoreOf(path) {
			t.Errorf("score %d, want 0 to %d, the worth of the path %v", score, scoreOf(path), path)
		}
	})
}

// FuzzTile compares the kernels of every tier with plain Go.
func FuzzTile(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"), []byte("abcxefghijklmnopqrstuvwbcdefghijklmnopqrstuvwxyzabcdefghijklmnopqbcdefghijklmnop"), byte(8))
	f.Add([]byte("bcdefghijklmnop"), []byte("xbcdefghijklmnop"), byte(3))
	f.Add([]byte("a"), []byte(""), byte(1))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), []byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), byte(60))
	f.Fuzz(func(t *testing.T, x, y []byte, drop byte) {
		compareTiles(t, ids(x), ids(y), int(drop%64))
	})
}

// TestTileKeepsUneditedTokens compares the kernels with plain Go on texts with edits.
func TestTileKeepsUneditedTokens(t *testing.T) {
	r := rng(9)
	for range 600 {
		words := 2 + r.n(40)
		a := r.ids(r.n(60), words)
		b := slices.Clone(a)
		for range r.n(12) {
			k := r.n(len(b) + 1)
			switch {
			case r.n(2) == 0 && k < len(b):
				b = slices.Delete(b, k, min(k+1+r.n(3), len(b)))
			default:
				b = slices.Insert(b, k, r.ids(1+r.n(4), words)...)
			}
		}
		compareTiles(t, a, b, r.n(20))
	}
}

// pathFrom returns the cells on the path from a cell to the border.
func pathFrom(t *tile, i, j int) (path []int) {
	t.walk(i, j, func(i, j int) { path = append(path, i, j) })
	return path
}

// usedTile holds data from an earlier tile, on which no result may depend.
var usedTile tile

func compareTiles(t *testing.T, a, b []uint32, drop int) {
	t.Helper()
	for _, tier := range cpu.Tiers() {
		restore := cpu.Use(tier)
		for dir := -1; dir <= 1; dir += 2 {
			bj, n, m := 0, min(len(a), tileRows-1), min(len(b), tileSteps-1)
			var want tile
			got := &usedTile
			if dir < 0 {
				bj = len(b) - 1
			}
			for i := range n {
				k := i
				if dir < 0 {
					k = len(a) - 1 - i
				}
				want.a[1+i], got.a[1+i] = a[k], a[k]
			}
			best, at, last := fillTileGeneric(&want, b, bj, dir, n, m, drop)
			best2, at2, last2 := fillTile(got, b, bj, dir, n, m, drop)
			if best != best2 || best > 0 && at != at2 || last != last2 {
				t.Fatalf("%s, direction %d, drop %d: best %d in step %d of %d, want %d in %d of %d\n%v\n%v", tier, dir, drop, best2, at2, last2, best, at, last, a, b)
			}
			for s := range last + 1 {
				if want.score[s] != got.score[s] {
					t.Fatalf("%s, direction %d, drop %d: step %d\nhas  %v\nwant %v\n%v\n%v", tier, dir, drop, s, got.score[s], want.score[s], a, b)
				}
				for i, v := range want.score[s] {
					if v == tileDead {
						continue
					}
					x, y := pathFrom(&want, i, s-i), pathFrom(got, i, s-i)
					if !slices.Equal(x, y) {
						t.Fatalf("%s, direction %d, drop %d: path from step %d, lane %d: %v, want %v", tier, dir, drop, s, i, y, x)
					}
				}
			}

		}
		restore()
	}
}

func ids(x []byte) []uint32 {
	out := make([]uint32, len(x))
	for i, c := range x {
		out[i] = uint32(c)
	}
	return out
}

// TestSingleEditShortcutChangesNothing compares the extension with and without its shortcut for single edits,
// on texts that repeat too little for it to matter.
func TestSingleEditShortcutChangesNothing(t *testing.T) {
	r := rng(5)
	shortcuts := 0
	for range 5000 {
		words, rate := 16+r.n(60), 4+r.n(30)
		var a, b []uint32
		for range 10 + r.n(60) {
			w := uint32(r.n(words))
			if r.n(rate) > 0 {
				a = append(a, w)
			}
			if r.n(rate) > 0 {
				b = append(b, w)
			} else {
				b = append(b, uint32(r.n(words)))
			}
		}
		drop := 1 + r.n(12)
		for dir := -1; dir <= 1; dir += 2 {
			i, j := 0, 0
			if dir < 0 {
				i, j = len(a), len(b)
			}
			var got, want []Run
			var quick extender
			plain := extender{plain: true}
			n, m := 1<<30, 1<<30
			score := quick.extend(a, b, i, j, dir, drop, &n, &got)
			full := plain.extend(a, b, i, j, dir, drop, &m, &want)
			if score < full {
				t.Fatalf("%v\n%v\ndirection %d, drop %d: score %d, want %d; runs\n%v\n%v", a, b, dir, drop, score, full, got, want)
			}
			if n > m {
				shortcuts++
			}
		}
	}
	if shortcuts < 300 {
		t.Errorf("%d shortcuts taken, want at least 300 (else they are not tested)", shortcuts)
	}
}
