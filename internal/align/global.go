package align

import (
	"math"
	"slices"
)

const dead = math.MinInt32 / 2

// globalCells bounds the cells of one exact alignment inside [Global].
const globalCells = 1 << 20

// Global returns the runs of equal tokens, ascending, of an alignment of the whole
// of a with the whole of b. Stretches that are too long to be aligned token by token
// are first split at grams that occur once in both; stretches that are still too
// long are split at their longest shared run, or left unaligned.
func Global(a, b []uint32) []Run {
	var g global
	g.align(a, b, 0, 0, gramWide)
	return g.runs
}

type global struct{ runs []Run }

func (g *global) add(a, b, n int) {
	if n > 0 {
		g.runs = addRun(g.runs, Run{int32(a), int32(b), int32(n)})
	}
}

func (g *global) align(a, b []uint32, oa, ob, q int) {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	g.add(oa, ob, n)
	a, b, oa, ob = a[n:], b[n:], oa+n, ob+n
	k := 0
	for k < len(a) && k < len(b) && a[len(a)-1-k] == b[len(b)-1-k] {
		k++
	}
	endA, endB := oa+len(a)-k, ob+len(b)-k
	a, b = a[:len(a)-k], b[:len(b)-k]
	switch {
	case len(a) == 0 || len(b) == 0:
	case len(a) <= globalCells/len(b):
		g.exact(a, b, oa, ob)
	default:
		anchors := unique(a, b, q)
		if len(anchors) == 0 && q > 1 {
			g.align(a, b, oa, ob, q/2)
			break
		}
		i, j := 0, 0
		if len(anchors) > 0 { // otherwise nothing shows how they correspond
			for _, r := range append(anchors, Run{int32(len(a)), int32(len(b)), 0}) {
				g.align(a[i:r.A], b[j:r.B], oa+i, ob+j, q)
				g.add(oa+int(r.A), ob+int(r.B), int(r.N))
				i, j = int(r.A+r.N), int(r.B+r.N)
			}
		}
	}
	g.add(endA, endB, k)
}

// unique returns the longest ascending sequence of q-grams that occur once in a
// and once in b (patience diff, Cohen).
func unique(a, b []uint32, q int) []Run {
	if len(a) < q || len(b) < q {
		return nil
	}
	var t table
	t.reset(a, q, len(a))
	for i := len(a) - q; i >= 0; i-- {
		t.add(i)
	}
	counts := make([]int32, len(t.slots))
	at := make([]int32, len(b)-q+1)
	for j := range at {
		at[j] = -1
		if s := t.slot(b, j); t.slots[s].count == 1 {
			at[j] = s
			counts[s]++
		}
	}
	var pairs []Run // ascending in b
	var tails []int32
	var prev []int32
	for j, s := range at {
		if s < 0 || counts[s] != 1 {
			continue
		}
		i := t.slots[s].first
		lo, hi := 0, len(tails)
		for lo < hi {
			if m := (lo + hi) / 2; pairs[tails[m]].A < i {
				lo = m + 1
			} else {
				hi = m
			}
		}
		p := int32(-1)
		if lo > 0 {
			p = tails[lo-1]
		}
		pairs, prev = append(pairs, Run{i, int32(j), int32(q)}), append(prev, p)
		if lo == len(tails) {
			tails = append(tails, 0)
		}
		tails[lo] = int32(len(pairs) - 1)
	}
	if len(tails) == 0 {
		return nil
	}
	chain := make([]Run, len(tails))
	for k, p := len(tails)-1, tails[len(tails)-1]; k >= 0; k, p = k-1, prev[p] {
		chain[k] = pairs[p]
	}
	// Grams overlap: cut from each the part that the previous one covers.
	out := chain[:0]
	i, j := int32(0), int32(0)
	for _, r := range chain {
		if cut := max(i-r.A, j-r.B, 0); cut > 0 {
			r = Run{r.A + cut, r.B + cut, r.N - cut}
		}
		if r.N > 0 {
			out = addRun(out, r)
			i, j = r.A+r.N, r.B+r.N
		}
	}
	return out
}

// exact aligns with the full matrix, using the scores of the extension (Gotoh 1982).
func (g *global) exact(a, b []uint32, oa, ob int) {
	w := len(b) + 1
	trace := make([]byte, (len(a)+1)*w)
	h, ga := make([]int32, w), make([]int32, w)
	for j := range w {
		ga[j] = dead
		if j > 0 {
			h[j] = -costGapFirst - costGapNext*int32(j-1)
			trace[j] = fromB
			if j > 1 {
				trace[j] |= moreOfB
			}
		}
	}
	for i := 1; i <= len(a); i++ {
		diagonal, gb := h[0], int32(dead)
		h[0] = -costGapFirst - costGapNext*int32(i-1)
		ga[0] = h[0]
		trace[i*w] = fromA
		if i > 1 {
			trace[i*w] |= moreOfA
		}
		for j := 1; j < w; j++ {
			t := byte(0)
			up := h[j] - costGapFirst
			if v := ga[j] - costGapNext; v > up {
				up, t = v, t|moreOfA
			}
			ga[j] = up
			if v := h[j-1] - costGapFirst; v >= gb-costGapNext {
				gb = v
			} else {
				gb, t = gb-costGapNext, t|moreOfB
			}
			cell, how := diagonal-costUnequal, byte(fromBoth)
			gap := int32(0) // the margin by which a gap must win; on a tie it may lead to more equal tokens
			if a[i-1] == b[j-1] {
				cell, gap = diagonal+scoreEqual, 1
			}
			if up >= cell+gap {
				cell, how = up, fromA
			}
			if gb > cell {
				cell, how = gb, fromB
			}
			diagonal, h[j] = h[j], cell
			trace[i*w+j] = t | how
		}
	}
	w = len(b) + 1
	var found []Run
	walk(len(a), len(b), func(i, j int) byte { return trace[i*w+j] }, func(i, j int) {
		if a[i] == b[j] {
			found = addBack(found, i, j)
		}
	})
	for _, r := range slices.Backward(found) {
		g.add(oa+int(r.A), ob+int(r.B), int(r.N))
	}
}

// How a cell was reached: by a token of both sides, or by a gap on one side.
const (
	fromBoth = 1
	fromA    = 2 // by a token of a alone
	fromB    = 3 // by a token of b alone
	moreOfA  = 4 // the gap in a continues
	moreOfB  = 8 // the gap in b continues
)

// walk goes back from a cell to the first one, and calls both for every pair of
// tokens on the way.
func walk(i, j int, trace func(i, j int) byte, both func(i, j int)) {
	gap := byte(0) // the gap in which the path currently is
	for i > 0 || j > 0 {
		t := trace(i, j)
		how := t & 3
		if gap != 0 {
			how = gap
		}
		switch how {
		case fromBoth:
			i, j = i-1, j-1
			both(i, j)
		case fromA:
			i, gap = i-1, 0
			if t&moreOfA != 0 {
				gap = fromA
			}
		case fromB:
			j, gap = j-1, 0
			if t&moreOfB != 0 {
				gap = fromB
			}
		default:
			panic("align: inconsistent trace")
		}
	}
}

// addBack adds an equal pair to runs that are collected from the end.
func addBack(runs []Run, i, j int) []Run {
	if k := len(runs); k > 0 && runs[k-1].A == int32(i+1) && runs[k-1].B == int32(j+1) {
		runs[k-1] = Run{int32(i), int32(j), runs[k-1].N + 1}
		return runs
	}
	return append(runs, Run{int32(i), int32(j), 1})
}
