// Package align finds the passages that two sequences of token ids share: many local
// alignments in any order, tolerant of edits. It works on ids and positions; package
// shingle turns them into spans of text.
//
// The method is seed and extend. Runs of equal tokens that hold a shared q-gram are
// seeds; the longest seed that no alignment has passed through yet is extended to
// both sides by an affine-gap alignment that stops when its score falls too far below
// its best (the X-drop rule of Zhang, Berman and Miller 1998, as in BLAST), computed
// by antidiagonals in tiles (Wozniak 1997). Alignments that are close together in
// both texts are then joined if their score outweighs the cost of the gap, and parts
// in a different order are gathered into one passage.
package align

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Scores of the alignment. One equal word outweighs two unequal ones.
const (
	scoreEqual   = 2
	costUnequal  = 1
	costGapFirst = 2 // cost of the first token of a gap
	costGapNext  = 1 // cost of every further token of a gap
)

// Parameters of the search for seeds.
const (
	gramWords  = 3     // number of tokens in a seed where tokens are words
	longText   = 20000 // texts of more tokens have seeds one token longer, and one more for each factor of ten
	maxCopies  = 64    // maximum number of pairs of places that are examined for one gram
	sideCopies = 8     // number of places on each side that are always examined
	gramWide   = 12    // tokens of the wide grams, which are used where short ones are too common
)

const runBlock = 1 << 10 // number of runs allocated at a time

// budgetPerToken bounds the work: the number of alignment cells and comparisons for
// every token of the two texts. Real texts need only a few.
const (
	budgetPerToken = 64
	budgetBase     = 1 << 16
)

// A Seq is a text as the aligner sees it.
type Seq struct {
	IDs    []uint32        // the tokens
	Breaks func() []uint32 // the tokens that begin a paragraph, ascending; nil if none
}

// A Run is N equal tokens in a row, at A in one text and at B in the other.
type Run struct{ A, B, N int32 }

// A Chain is one local alignment: b[B0:B1] is an edited version of a[A0:A1].
type Chain struct {
	A0, A1, B0, B1 int32
	Matched        int32 // number of equal tokens
	Score          int32
	Runs           []Run // the equal tokens, ascending; if Moved, ascending only in a
	Moved          bool  // whether parts of the chain have a different order in b
}

// Copies selects how a stretch with several counterparts is treated.
type Copies uint8

// The values of Copies.
const (
	Cover Copies = iota // every shared stretch of either side is mapped, without a cross product
	Once                // no stretch of either side is used twice
	Every               // all pairs of copies are reported
)

// Params are the caller's parameters. All fields must be set.
type Params struct {
	Min      int // minimum number of equal tokens
	Gap      int // maximum number of tokens between two joined alignments, on either side
	ParGap   int // maximum number of such tokens if there is a paragraph border between them
	Drift    int // largest difference between the two sides of such a gap
	Drop     int // how far the score may fall below its best
	Copies   Copies
	Density  float64 // minimum share of equal tokens in the longer side
	LocalMin int     // score below which a lone alignment is not even joined
	Gram     int     // number of tokens in a seed
	Worth    int     // minimum score that a run must have on its diagonal to be extended, in texts of any size
}

// An Engine holds the memory for alignments. It is not safe for concurrent use.
type Engine struct {
	Params
	Truncated bool // whether the last alignment used up its budget

	short, wide table
	indexed     []uint32 // the text whose grams are in short
	wideAt      []int32  // where the grams in wide begin in their text, descending
	segs        []Run
	starts      starts
	ranks       []ranked
	used        []bool
	least       int32   // the length of the shortest run found
	diag        []reach // per diagonal: the run found last
	call        uint32  // counts the alignments, to tell current entries of diag from old ones
	worth       int     // the minimum score that a run must have on its diagonal to be extended
	path        []Run
	left        []Run
	chains      []Chain
	kept        []Chain
	keys        []uint64
	runs        []Run // the current block of runs; those up to its length are in use
	inA, inB    bitset
	dp          extender
	budget      int
}

// A reach is a run on its diagonal: the tokens [from, to) of a, and the call in which
// it was found.
type reach struct {
	from, to int32
	call     uint32
}

// Align returns the chains that a and b share, in the order of a. It reuses the gram
// table of a if a is the same slice as in the previous call.
func (e *Engine) Align(a, b Seq) []Chain {
	return e.run(a, b, func(x, y []uint32) { e.seed(x, y) })
}

// AlignAt is like Align, but looks only around the given seeds, each of which stands for
// N equal tokens. A seed whose tokens are unequal is ignored.
func (e *Engine) AlignAt(a, b Seq, seeds []Run) []Chain {
	return e.run(a, b, func(x, y []uint32) {
		for _, s := range seeds {
			e.found(x, y, s.A, s.B, s.N, false)
		}
	})
}

func (e *Engine) run(a, b Seq, seed func(x, y []uint32)) []Chain {
	n, m := len(a.IDs), len(b.IDs)
	e.budget, e.Truncated = budgetBase+budgetPerToken*min(n+m, math.MaxInt/budgetPerToken/2), false
	e.segs, e.chains = e.segs[:0], e.chains[:0]
	if len(e.diag) < n+m {
		e.diag = make([]reach, n+m+(n+m)/4)
	}
	if e.call++; e.call == 0 {
		clear(e.diag)
		e.call = 1
	}
	e.worth = e.worthOf(n, m)
	seed(a.IDs, b.IDs)
	if len(e.segs) == 0 {
		return nil
	}
	// Order the sides by the texts, not by the arguments, so that swapping the texts
	// swaps the results.
	order := slices.Compare(a.IDs, b.IDs)
	if n != m {
		order = cmp.Compare(n, m)
	}
	if order > 0 {
		a, b = b, a
		for i, s := range e.segs {
			e.segs[i] = Run{s.B, s.A, s.N}
		}
	}
	e.extendAll(a.IDs, b.IDs)
	if !e.enough() {
		return nil
	}
	out := e.resolve(len(a.IDs), len(b.IDs))
	out = e.join(out, a, b)
	// When a text is aligned with itself, a moved part appears as two chains, one in
	// each direction; if every pair of copies is requested, crossing parts are two
	// copies.
	if order != 0 && e.Copies != Every {
		out = e.gather(out, a, b)
	}
	out = e.filter(out)
	if order > 0 {
		for i := range out {
			out[i].flip()
		}
	}
	if order == 0 {
		out = mirror(out)
	}
	return e.sorted(out)
}

// sorted sorts chains into the order of a. Most are in order.
func (e *Engine) sorted(chains []Chain) []Chain {
	k := 1
	for k < len(chains) && (chains[k-1].A0 < chains[k].A0 || compareChains(chains[k-1], chains[k]) <= 0) {
		k++
	}
	if k >= len(chains) {
		return chains
	}
	out := make([]Chain, len(chains))
	for k, i := range e.byKey(chains, func(c *Chain) int32 { return c.A0 }, func(x, y *Chain) int { return compareChains(*x, *y) }) {
		out[k] = chains[uint32(i)]
	}
	return out
}

// byKey returns the chains ordered by key (at least 0), then by tie; the lower half
// of each value is the number of the chain.
func (e *Engine) byKey(chains []Chain, key func(c *Chain) int32, ties func(x, y *Chain) int) []uint64 {
	e.keys = e.keys[:0]
	for i := range chains {
		e.keys = append(e.keys, uint64(key(&chains[i]))<<32|uint64(i))
	}
	slices.Sort(e.keys)
	for i, k := 0, 0; i < len(e.keys); i = k {
		for k = i + 1; k < len(e.keys) && e.keys[k]>>32 == e.keys[i]>>32; k++ {
		}
		if k-i > 1 {
			slices.SortFunc(e.keys[i:k], func(x, y uint64) int { return ties(&chains[uint32(x)], &chains[uint32(y)]) })
		}
	}
	return e.keys
}

// enough reports whether the chains, taken together, are large enough to be kept.
func (e *Engine) enough() bool {
	sum := 0
	for _, c := range e.chains {
		sum += int(c.Matched)
	}
	return sum >= e.Min
}

func compareChains(x, y Chain) int {
	return cmp.Or(cmp.Compare(x.A0, y.A0), cmp.Compare(x.B0, y.B0), cmp.Compare(x.A1, y.A1), cmp.Compare(x.B1, y.B1))
}

func (c *Chain) flip() {
	c.A0, c.A1, c.B0, c.B1 = c.B0, c.B1, c.A0, c.A1
	for i, r := range c.Runs {
		c.Runs[i] = Run{r.B, r.A, r.N}
	}
	if c.Moved {
		slices.SortFunc(c.Runs, compareRuns)
	}
}

func compareRuns(x, y Run) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) }

// mirror makes the result for two equal texts symmetric in the two sides.
func mirror(chains []Chain) []Chain {
	var out []Chain
	for _, c := range chains {
		switch d := cmp.Or(cmp.Compare(c.A0, c.B0), cmp.Compare(c.A1, c.B1)); {
		case d == 0:
			out = append(out, c)
		case d < 0:
			o := c
			o.Runs = slices.Clone(c.Runs)
			o.flip()
			out = append(out, c, o)
		}
	}
	return out
}

// extendAll extends the runs found to chains, the longest run first; runs that a
// chain has passed through are skipped.
func (e *Engine) extendAll(a, b []uint32) {
	e.rank()
	for _, r := range e.ranks {
		if e.used[r.seg] {
			continue
		}
		if e.budget <= 0 {
			e.Truncated = true
			return
		}
		s := e.segs[r.seg]
		if c := e.chain(a, b, s); int(c.Score) >= e.LocalMin {
			e.runs = e.runs[:len(e.runs)+len(c.Runs)]
			e.chains = append(e.chains, c)
			e.passed(a, b, c.Runs)
		}
	}
}

// A ranked is the number of a run found, with its place in the order of extension.
type ranked struct {
	key uint64 // orders runs: the longest first, then by A+B
	seg int32
}

// rank drops runs that were found twice and ranks the others.
func (e *Engine) rank() {
	e.starts.reset(len(e.segs))
	e.ranks = e.ranks[:0]
	e.least = math.MaxInt32
	n := int32(0)
	for _, s := range e.segs {
		e.least = min(e.least, s.N)
		if !e.starts.add(e.segs[:n], s, n) {
			continue
		}
		e.segs[n] = s
		e.ranks = append(e.ranks, ranked{uint64(math.MaxInt32-s.N)<<32 | uint64(uint32(s.A)+uint32(s.B)), n})
		n++
	}
	e.segs = e.segs[:n]
	e.used = slices.Grow(e.used[:0], len(e.segs))[:len(e.segs)]
	clear(e.used)
	before := func(x, y ranked) bool {
		return x.key < y.key || x.key == y.key && e.segs[x.seg].A < e.segs[y.seg].A
	}
	if len(e.ranks) > fewRuns {
		slices.SortFunc(e.ranks, func(x, y ranked) int {
			if x.key != y.key {
				return cmp.Compare(x.key, y.key)
			}
			return cmp.Compare(e.segs[x.seg].A, e.segs[y.seg].A)
		})
		return
	}
	for i, r := range e.ranks { // most texts share few runs
		for ; i > 0 && before(r, e.ranks[i-1]); i-- {
			e.ranks[i] = e.ranks[i-1]
		}
		e.ranks[i] = r
	}
}

const fewRuns = 32 // number of runs that are sorted by insertion

// A starts finds runs by the places where they begin in both texts.
type starts struct {
	slots []int32 // the number of a run plus 1; 0 if the slot is free
	shift uint
}

// reset empties the table for n runs.
func (t *starts) reset(n int) {
	width := bits.Len(uint(2*n + 2))
	t.slots, t.shift = slices.Grow(t.slots[:0], 1<<width)[:1<<width], uint(32-width)
	clear(t.slots)
}

// slot returns the slot of the run that begins at (i, j), or the free slot for it.
func (t *starts) slot(segs []Run, i, j int32) *int32 {
	mask := uint32(len(t.slots) - 1)
	for k := (uint32(i)*0x9E3779B1 ^ uint32(j)*0x85EBCA77) >> t.shift; ; k++ {
		s := &t.slots[k&mask]
		if *s == 0 || segs[*s-1].A == i && segs[*s-1].B == j {
			return s
		}
	}
}

// add adds the run s, which has number n, and reports whether it is new.
func (t *starts) add(segs []Run, s Run, n int32) bool {
	k := t.slot(segs, s.A, s.B)
	if *k != 0 {
		return false
	}
	*k = n + 1
	return true
}

// worthOf returns the minimum score that a run must have on its diagonal to be
// extended: the score of a seed and a little more. It grows with the texts, because
// the number of chance matches grows with the product of their lengths (Karlin and
// Altschul 1990).
func (e *Engine) worthOf(n, m int) int {
	large := bits.Len64(uint64(n)*uint64(m)) - 20
	return min(scoreEqual*e.Gram+(1+max(large, 0))*e.Gram/gramWords, e.Worth)
}

// promising reports whether the tokens on the diagonal of a run make an extension
// worthwhile.
func promising(a, b []uint32, s Run, drop, worth int) bool {
	score := scoreEqual * int(s.N)
	end, next := s.A+s.N, s.B+s.N
	if n := min(len(a)-int(end), len(b)-int(next), drop+1); score < worth && anyEqual(a[end:int(end)+n], b[next:int(next)+n]) {
		score += onDiagonal(a, b, int(end), int(next), 1, drop, worth-score)
	}
	if n := min(s.A, s.B, int32(drop+1)); score < worth && anyEqual(a[s.A-n:s.A], b[s.B-n:s.B]) {
		score += onDiagonal(a, b, int(s.A)-1, int(s.B)-1, -1, drop, worth-score)
	}
	return score >= worth
}

// anyEqual reports whether x and y have an equal token in the same place. Usually they
// have none, and then there is nothing to score.
func anyEqual(x, y []uint32) bool {
	y = y[:len(x)]
	met := uint32(0)
	for k, id := range x {
		d := id ^ y[k]
		met |= ^d & (d - 1) // the top bit is set if d is 0
	}
	return met>>31 != 0
}

// onDiagonal returns the best score of the tokens on a diagonal from (i, j) on. It stops
// as soon as the score is at least enough.
func onDiagonal(a, b []uint32, i, j, dir, drop, enough int) int {
	best, now := 0, 0
	for ; best < enough && now >= best-drop && i >= 0 && j >= 0 && i < len(a) && j < len(b); i, j = i+dir, j+dir {
		if a[i] == b[j] {
			now += scoreEqual
			best = max(best, now)
		} else {
			now -= costUnequal
		}
	}
	return best
}

// chain extends the run s to both sides. The runs of the chain are stored after
// the length of e.runs; the caller lengthens e.runs to keep them.
func (e *Engine) chain(a, b []uint32, s Run) Chain {
	e.path = e.path[:0]
	left := e.dp.extend(a, b, int(s.A), int(s.B), -1, e.Drop, &e.budget, &e.path)
	e.left = append(e.left[:0], e.path...)
	e.path = e.path[:0]
	right := e.dp.extend(a, b, int(s.A+s.N), int(s.B+s.N), 1, e.Drop, &e.budget, &e.path)
	most := len(e.left) + 1 + len(e.path)
	if cap(e.runs)-len(e.runs) < most {
		e.runs = make([]Run, 0, max(runBlock, most))
	}
	runs := e.runs[len(e.runs) : len(e.runs) : len(e.runs)+most]
	for _, r := range slices.Backward(e.left) {
		runs = addRun(runs, r)
	}
	runs = addRun(runs, s)
	for _, r := range e.path {
		runs = addRun(runs, r)
	}
	first, last := runs[0], runs[len(runs)-1]
	c := Chain{A0: first.A, B0: first.B, A1: last.A + last.N, B1: last.B + last.N, Runs: runs}
	for _, r := range runs {
		c.Matched += r.N
	}
	c.Score = scoreEqual*s.N + int32(left+right)
	return c
}

// addRun appends r, merged with the last run if it continues it.
func addRun(runs []Run, r Run) []Run {
	if n := len(runs); n > 0 {
		if l := &runs[n-1]; l.A+l.N == r.A && l.B+l.N == r.B {
			l.N += r.N
			return runs
		}
	}
	return append(runs, r)
}

// passed marks the found runs that lie on a chain. They are as long as they can be, so
// one that lies on a run of the chain begins where that begins.
func (e *Engine) passed(a, b []uint32, runs []Run) {
	q := e.least
	for _, r := range runs {
		if r.A > 0 && r.B > 0 && a[r.A-1] == b[r.B-1] {
			continue // the run found begins before r
		}
		if i, j := int(r.A+q-1), int(r.B+q-1); i >= len(a) || j >= len(b) || a[i] != b[j] {
			continue // r is too short to have been found
		}
		if k := *e.starts.slot(e.segs, r.A, r.B); k != 0 {
			e.used[k-1] = true
		}
	}
}

func (e *Engine) filter(chains []Chain) []Chain {
	return slices.DeleteFunc(chains, func(c Chain) bool {
		longer := max(c.A1-c.A0, c.B1-c.B0)
		return int(c.Matched) < e.Min || float64(c.Matched) < e.Density*float64(longer)
	})
}
