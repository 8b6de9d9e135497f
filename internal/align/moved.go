package align

import (
	"cmp"
	"slices"
)

const (
	movedNear = 8   // maximum number of tokens between the parts of a moved passage, in both texts
	movedFar  = 100 // maximum number of tokens by which a part inside a passage may have moved

	movedOverlap = 12 // maximum number of tokens of a part that may already be in the passage, because an edge was extended too far
)

// gather merges chains that are close together in both texts but in a different
// order, such as sentences that were moved within their paragraph. A part joins a
// chain if both together lie within one paragraph of either text, or if it lies
// inside the chain in both texts and has not moved far.
func (e *Engine) gather(chains []Chain, a, b Seq) []Chain {
	if len(chains) < 2 || e.Gap == 0 {
		return chains
	}
	chains = e.sorted(chains)
	order := neighbours(chains)
	if len(order) == 0 {
		return chains
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(chains[y].Score, chains[x].Score), cmp.Compare(x, y))
	})
	gone := make([]bool, len(chains))
	for _, i := range order {
		if gone[i] {
			continue
		}
		c := &chains[i]
		for again := true; again; {
			again = false
			from, _ := slices.BinarySearchFunc(chains, c.A0, func(o Chain, at int32) int { return cmp.Compare(o.A0, at) })
			for from = max(from-lookAhead/2, 0); from < len(chains); from++ {
				o := &chains[from]
				if o.A0 > c.A1+movedNear {
					break
				}
				if from != i && !gone[from] && o.Score <= c.Score && c.takes(*o, a, b) {
					if !c.Moved {
						*c = trimmed(*c, a, b)
					}
					c.take(trimmed(*o, a, b).without(*c))
					gone[from], again = true, true
				}
			}
		}
	}
	k := 0
	return slices.DeleteFunc(chains, func(Chain) bool { k++; return gone[k-1] })
}

// neighbours returns the chains, in the order of a, that have another one near in both
// texts. Only they can take others.
func neighbours(chains []Chain) (order []int) {
	var near []bool
	for i := range chains {
		c := &chains[i]
		for k := i + 1; k < len(chains) && chains[k].A0 <= c.A1+movedNear; k++ {
			if o := &chains[k]; o.B0 <= c.B1+movedNear && c.B0 <= o.B1+movedNear {
				if near == nil {
					near = make([]bool, len(chains))
				}
				near[i], near[k] = true, true
			}
		}
		if near != nil && near[i] {
			order = append(order, i)
		}
	}
	return order
}

// takes reports whether o is a moved part of the passage c.
func (c *Chain) takes(o Chain, a, b Seq) bool {
	inA, inB := o.A0 >= c.A0 && o.A1 <= c.A1, o.B0 >= c.B0 && o.B1 <= c.B1
	if inA && inB {
		k, _ := slices.BinarySearchFunc(c.Runs, o.A0, func(r Run, at int32) int { return cmp.Compare(r.A, at) })
		r := c.Runs[min(k, len(c.Runs)-1)]
		if d := (r.A - r.B) - (o.A0 - o.B0); d > movedFar || d < -movedFar {
			return false
		}
	} else {
		a0, a1, b0, b1 := min(c.A0, o.A0), max(c.A1, o.A1), min(c.B0, o.B0), max(c.B1, o.B1)
		if o.A0 > c.A1+movedNear || c.A0 > o.A1+movedNear || o.B0 > c.B1+movedNear || c.B0 > o.B1+movedNear ||
			borderIn(a.Breaks, a0+touch+1, a1-touch-1) && borderIn(b.Breaks, b0+touch+1, b1-touch-1) {
			return false
		}
	}
	coverA, coverB := int32(0), int32(0)
	for _, r := range c.Runs {
		coverA += max(min(r.A+r.N, o.A1)-max(r.A, o.A0), 0)
		coverB += max(min(r.B+r.N, o.B1)-max(r.B, o.B0), 0)
	}
	return max(coverA, coverB) <= min(movedOverlap, o.Matched/3)
}

// trimmed returns c without the few tokens that reach into another paragraph of
// either text. They are equal by chance and would keep the parts from being joined.
func trimmed(c Chain, a, b Seq) Chain {
	t := c.After(borderAfter(a.Breaks, c.A0), borderAfter(b.Breaks, c.B0))
	t = t.Before(borderBefore(a.Breaks, t.A1), borderBefore(b.Breaks, t.B1))
	if 2*t.Matched < c.Matched {
		return c
	}
	return t
}

// borderAfter returns the first paragraph border within touch tokens after at, or at if
// there is none; borderBefore returns the last one within touch
// tokens before at likewise.
func borderAfter(of func() []uint32, at int32) int32 {
	if k := int32(0); of != nil {
		for ; k < touch; k++ {
			if borderIn(of, at+k+1, at+k+1) {
				return at + k + 1
			}
		}
	}
	return at
}

func borderBefore(of func() []uint32, at int32) int32 {
	if of != nil {
		for k := range int32(touch) {
			if borderIn(of, at-k-1, at-k-1) {
				return at - k - 1
			}
		}
	}
	return at
}

// without returns c without the tokens that o has on either side.
func (c Chain) without(o Chain) Chain {
	var left []Run
	for _, r := range c.Runs {
		for k := range r.N {
			t := Run{r.A + k, r.B + k, 1}
			if !slices.ContainsFunc(o.Runs, func(q Run) bool {
				return q.A <= t.A && t.A < q.A+q.N || q.B <= t.B && t.B < q.B+q.N
			}) {
				left = addRun(left, t)
			}
		}
	}
	if len(left) == 0 {
		return c
	}
	n := int32(0)
	for _, r := range left {
		n += r.N
	}
	f, l := left[0], left[len(left)-1]
	return Chain{f.A, l.A + l.N, f.B, l.B + l.N, n, c.Score - scoreEqual*(c.Matched-n), left, false}
}

// take adds the moved part o to c.
func (c *Chain) take(o Chain) {
	c.A0, c.A1, c.B0, c.B1 = min(c.A0, o.A0), max(c.A1, o.A1), min(c.B0, o.B0), max(c.B1, o.B1)
	c.Matched += o.Matched
	c.Score += o.Score
	c.Runs = append(slices.Clone(c.Runs), o.Runs...)
	slices.SortFunc(c.Runs, compareRuns)
	c.Moved = true
}
