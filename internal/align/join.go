package align

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// joinCost is the cost of a gap of n tokens, in units of the score. The fragment
// after the gap must score more than that.
func joinCost(gap int32) int32 { return 2 + gap/2 }

// Where one text continues without a paragraph break, the other may have additional
// text in between: an inserted line, or a clause that the first text leaves out. That
// the parts touch in one text is evidence in itself, so the gap costs less.
const (
	touch     = 3 // maximum number of tokens between parts that touch
	wideByGap = 4 // how many times as wide such a gap may be
)

func touchCost(gap int32) int32 { return 4 + gap/8 }

// lookAhead bounds the number of fragments tried as the next one.
const lookAhead = 64

// overlap is the number of tokens that two joined fragments may share: an extension
// includes a word or two that are equal by chance.
const overlap = 4

// resolve keeps the best of the chains that cover the same tokens.
func (e *Engine) resolve(n, m int) []Chain {
	if len(e.chains) == 1 {
		return e.chains
	}
	byScore := e.byKey(e.chains, func(c *Chain) int32 { return math.MaxInt32 - c.Score }, func(x, y *Chain) int {
		return cmp.Or(cmp.Compare(x.A0+x.B0, y.A0+y.B0), compareChains(*x, *y))
	})
	e.inA, e.inB = e.inA.empty(n), e.inB.empty(m)
	inA, inB := e.inA, e.inB
	out := e.kept[:0]
	for _, k := range byScore {
		c := e.chains[uint32(k)]
		a := 2*inA.count(c.A0, c.A1) > int(c.A1-c.A0)
		b := 2*inB.count(c.B0, c.B1) > int(c.B1-c.B0)
		drop := a && b
		switch e.Copies {
		case Once:
			drop = a || b
		case Every:
			drop = drop && slices.ContainsFunc(out, func(o Chain) bool { return o.repeats(c) })
		}
		if drop {
			continue
		}
		inA.set(c.A0, c.A1)
		inB.set(c.B0, c.B1)
		out = append(out, c)
	}
	e.kept = out
	return out
}

// repeats reports whether more than half of the equal tokens of o are also equal
// tokens of c, with the same counterparts. Checking that they cover the same tokens
// is not enough, because a chain through two copies of a phrase covers the tokens of
// all four pairs of copies.
func (c Chain) repeats(o Chain) bool {
	both := int32(0)
	for i, k := 0, 0; i < len(c.Runs) && k < len(o.Runs); {
		x, y := c.Runs[i], o.Runs[k]
		if x.A-x.B == y.A-y.B {
			both += max(0, min(x.A+x.N, y.A+y.N)-max(x.A, y.A))
		}
		if x.A+x.N < y.A+y.N {
			i++
		} else {
			k++
		}
	}
	return 2*both > o.Matched
}

type bitset []uint64

// empty returns an empty set of numbers up to n, in the memory of s if it is large enough.
func (s bitset) empty(n int) bitset {
	s = slices.Grow(s[:0], n/64+1)[:n/64+1]
	clear(s)
	return s
}

func (s bitset) set(from, to int32) {
	for from < to {
		k := min(64-from&63, to-from)
		s[from>>6] |= ^uint64(0) >> (64 - k) << (from & 63)
		from += k
	}
}

func (s bitset) count(from, to int32) int {
	n := 0
	for from < to {
		w, k := s[from>>6]>>(from&63), min(64-from&63, to-from)
		if k < 64 {
			w &= 1<<k - 1
		}
		n += bits.OnesCount64(w)
		from += k
	}
	return n
}

// join merges chains that follow each other closely in both texts.
func (e *Engine) join(chains []Chain, a, b Seq) []Chain {
	if len(chains) == 1 {
		return []Chain{chains[0]}
	}
	chains = e.sorted(chains)
	out := make([]Chain, 0, len(chains))
	gone := make([]bool, len(chains))
	for i := range chains {
		if gone[i] {
			continue
		}
		c := chains[i]
		for from := i + 1; ; {
			k := e.next(c, chains, gone, from, a, b)
			if k < 0 {
				break
			}
			c = joined(c, chains[k])
			gone[k] = true
			from = k + 1
		}
		out = append(out, c)
	}
	return out
}

// next returns the chain that best continues c, or -1.
func (e *Engine) next(c Chain, chains []Chain, gone []bool, from int, a, b Seq) int {
	best, bestGap := -1, int32(0)
	most := int32(wideByGap * e.Gap)
	for k := from; k < len(chains) && k < from+lookAhead; k++ {
		o := chains[k]
		if o.A0-c.A1 > most {
			break
		}
		if gone[k] || o.A0 < c.A1-overlap || o.B0 < c.B1-overlap || o.B0-c.B1 > most ||
			o.A0 <= c.A0 || o.B0 <= c.B0 || o.A1 <= c.A1 || o.B1 <= c.B1 {
			continue
		}
		if o = o.After(c.A1, c.B1); len(o.Runs) == 0 {
			continue
		}
		if gap := max(o.A0-c.A1, o.B0-c.B1); (best < 0 || gap < bestGap) && (e.close(c, o, a, b) || e.touching(c, o, a, b)) {
			best, bestGap = k, gap
		}
	}
	return best
}

// close reports whether the gap from c to o is small on both sides.
func (e *Engine) close(c, o Chain, a, b Seq) bool {
	gapA, gapB := o.A0-c.A1, o.B0-c.B1
	gap := max(gapA, gapB)
	if int(gap) > e.Gap || int(max(gapA-gapB, gapB-gapA)) > e.Drift || joinCost(gap) >= min(c.Score, o.Score) {
		return false
	}
	return int(gap) <= e.ParGap || !borderIn(a.Breaks, c.A1, o.A0) && !borderIn(b.Breaks, c.B1, o.B0)
}

// touching reports whether c and o touch within a paragraph of one text, and the gap
// in the other text is not too long for their scores.
func (e *Engine) touching(c, o Chain, a, b Seq) bool {
	gapA, gapB := o.A0-c.A1, o.B0-c.B1
	breaks, from, to := a.Breaks, c.A1, o.A0
	if gapB < gapA {
		breaks, from, to = b.Breaks, c.B1, o.B0
	}
	gap := max(gapA, gapB)
	longer := max(o.A1-c.A0, o.B1-c.B0)
	return min(gapA, gapB) <= touch && int(gap) <= wideByGap*min(e.Gap, e.Drift) && touchCost(gap) < min(c.Score, o.Score) &&
		float64(c.Matched+o.Matched) >= e.Density*float64(longer) && !borderIn(breaks, from-touch, to+touch)
}

// borderIn reports whether a paragraph begins at a token in [from, to].
func borderIn(of func() []uint32, from, to int32) bool {
	if of == nil {
		return false
	}
	breaks := of()
	k, _ := slices.BinarySearch(breaks, uint32(max(from, 0)))
	return k < len(breaks) && int32(breaks[k]) <= to
}

// After returns c without what lies before token a of one text or token b of the other.
func (c Chain) After(a, b int32) Chain {
	if c.A0 >= a && c.B0 >= b {
		return c
	}
	runs := make([]Run, 0, len(c.Runs))
	for _, r := range c.Runs {
		if cut := min(max(a-r.A, b-r.B, 0), r.N); cut > 0 {
			r.A, r.B, r.N = r.A+cut, r.B+cut, r.N-cut
			c.Matched -= cut
			c.Score -= scoreEqual * cut
		}
		if r.N > 0 {
			runs = append(runs, r)
		}
	}
	if c.Runs = runs; len(runs) > 0 {
		c.A0, c.B0 = runs[0].A, runs[0].B
	}
	return c
}

// joined returns c continued by o.
func joined(c, o Chain) Chain {
	o = o.After(c.A1, c.B1)
	runs := slices.Clone(c.Runs)
	for _, r := range o.Runs {
		runs = addRun(runs, r)
	}
	return Chain{
		A0: c.A0, B0: c.B0, A1: o.A1, B1: o.B1,
		Matched: c.Matched + o.Matched,
		Score:   c.Score + o.Score - joinCost(max(o.A0-c.A1, o.B0-c.B1)),
		Runs:    runs,
	}
}

// Before returns c without what lies at or after token a of one text or token b of the
// other.
func (c Chain) Before(a, b int32) Chain {
	if c.A1 <= a && c.B1 <= b {
		return c
	}
	runs := make([]Run, 0, len(c.Runs))
	for _, r := range c.Runs {
		if cut := min(max(r.A+r.N-a, r.B+r.N-b, 0), r.N); cut > 0 {
			r.N -= cut
			c.Matched -= cut
			c.Score -= scoreEqual * cut
		}
		if r.N > 0 {
			runs = append(runs, r)
		}
	}
	if c.Runs = runs; len(runs) > 0 {
		l := runs[len(runs)-1]
		c.A1, c.B1 = l.A+l.N, l.B+l.N
	}
	return c
}
