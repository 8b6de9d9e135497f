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

func (e *Engine) filter(chains []Chain) []Chain {
	return slices.DeleteFunc(chains, func(c Chain) bool {
		longer := max(c.A1-c.A0, c.B1-c.B0)
		return int(c.Matched) < e.Min || float64(c.Matched) < e.Density*float64(longer)
	})
}
