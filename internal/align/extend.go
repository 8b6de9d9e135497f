package align

import (
	"math"
	"slices"
)

// jump is the number of equal tokens in a row after which an alignment that is
// the best so far is taken as it stands: no other one that is still alive would
// catch up, unless the text repeats itself.
const jump = 8

// maxTrace bounds the memory of one block of the alignment.
const maxTrace = 1 << 22

const dead = math.MinInt32 / 2

// How a cell was reached: by one token of both sides, or by a gap in one.
const (
	fromBoth  = 1
	fromA     = 2 // a token of a alone
	fromB     = 3 // a token of b alone
	moreOfA   = 4 // the gap in a goes on
	moreOfB   = 8
	fromStart = 0
)

// An extender holds the memory of extensions.
type extender struct {
	h, ga  []int32 // the row above: best score, best score that ends in a gap of a
	nh, ng []int32 // the row in work
	rows   []row
	trace  []byte
	found  []Run
	plain  bool // tests: every edit by block
}

// A row is where the cells of one token of a stand in the trace.
type row struct{ lo, off int }

// extend aligns outwards from the border before the tokens a[i0] and b[j0]: to
// the right if dir is 1, to the left if it is -1. It appends the runs of equal
// tokens to path, from the border outwards, and returns the score of the best
// end, at least 0.
func (x *extender) extend(a, b []uint32, i0, j0, dir, drop int, budget *int, path *[]Run) int {
	n, m := len(a)-i0, len(b)-j0
	ai, bj := i0, j0 // the next token of each side
	if dir < 0 {
		n, m, ai, bj = i0, j0, i0-1, j0-1
	}
	total := 0
	emit := func(i, j, k int) { // k equal tokens, i and j beyond the border
		if dir > 0 {
			*path = append(*path, Run{int32(i0 + i), int32(j0 + j), int32(k)})
		} else {
			*path = append(*path, Run{int32(i0 - i - k), int32(j0 - j - k), int32(k)})
		}
	}
	for i, j := 0, 0; *budget > 0; {
		k := 0
		for i+k < n && j+k < m && a[ai+dir*(i+k)] == b[bj+dir*(j+k)] {
			k++
		}
		if k > 0 {
			emit(i, j, k)
			i, j, total = i+k, j+k, total+scoreEqual*k
			*budget -= k
		}
		if i == n || j == m {
			break
		}
		if drop >= costGapFirst && !x.plain {
			if k, ok := single(a, b, ai+dir*i, bj+dir*j, dir, n-i, m-j); ok {
				*budget -= jump
				emit(i+int(k.A), j+int(k.B), int(k.N))
				i, j, total = i+int(k.A+k.N), j+int(k.B+k.N), total+k.score
				continue
			}
		}
		score, di, dj, more := x.block(a, b, ai+dir*i, bj+dir*j, dir, n-i, m-j, drop, budget)
		if score == 0 {
			break
		}
		for _, r := range slices.Backward(x.found) {
			emit(i+int(r.A), j+int(r.B), int(r.N))
		}
		i, j, total = i+di, j+dj, total+score
		if !more {
			break
		}
	}
	return total
}

// An edit is one changed, inserted or deleted token with the run that follows
// it, as block returns them.
type edit struct {
	Run
	score int
}

// single recognises one changed, inserted or deleted token that is followed by
// so many equal ones that block would end there. Most edits are of this kind,
// and take no matrix. The conditions are those under which no cell that block
// reaches earlier ends it or scores as much; the tokens at the border differ.
func single(a, b []uint32, ai, bj, dir, n, m int) (edit, bool) {
	const run = jump + 2 // tokens that must be there
	if n < run || m < run {
		return edit{}, false
	}
	a1, b1 := a[ai+dir], b[bj+dir]
	switch {
	case a1 == b1 && same(a, b, ai+2*dir, bj+2*dir, dir, jump):
		return edit{Run{1, 1, 1}, scoreEqual - costUnequal}, true
	case a[ai] == b1 && a1 == b[bj+2*dir]:
		if m > run && same(a, b, ai+2*dir, bj+3*dir, dir, jump) {
			return edit{Run{0, 1, 2}, 2*scoreEqual - costGapFirst}, true
		}
	case a1 == b[bj] && a[ai+2*dir] == b1:
		if n > run && same(a, b, ai+3*dir, bj+2*dir, dir, jump) {
			return edit{Run{1, 0, 2}, 2*scoreEqual - costGapFirst}, true
		}
	}
	return edit{}, false
}

// same reports whether n tokens from those positions on are equal.
func same(a, b []uint32, ai, bj, dir, n int) bool {
	for k := range n {
		if a[ai+dir*k] != b[bj+dir*k] {
			return false
		}
	}
	return true
}

// block aligns from one border until its best cell is followed by a run of
// equal tokens (more is true) or no cell is alive. It returns the best score
// and where that cell lies; x.found has the runs of equal tokens on the way to
// it, last first.
func (x *extender) block(a, b []uint32, ai, bj, dir, n, m, drop int, budget *int) (score, bi, bjEnd int, more bool) {
	d := int32(drop)
	wide := drop/costGapNext + 3 // how much wider than the one above a row may be
	x.grow(wide+1, wide+1)
	// Row 0: a gap in b only.
	h, ga, trace := x.h, x.ga, x.trace
	h[0], ga[0], trace[0] = 0, dead, fromStart
	width := 1 // the row above has the cells lo <= j < lo+width, at h[j-lo]
	for s := int32(-costGapFirst); width <= m && s >= -d; width, s = width+1, s-costGapNext {
		h[width], ga[width], trace[width] = s, dead, fromB|moreOfB
	}
	trace[min(1, width)] &^= moreOfB
	x.rows = append(x.rows[:0], row{0, 0})
	best, bestI, bestJ := int32(0), 0, 0
	lo, end := 0, width // end of the trace
rows:
	for i := 1; i <= n; i++ {
		id := a[ai+dir*(i-1)]
		most := min(width+wide, m+1-lo) // cells of this row at most
		x.grow(most, end+most)
		h, ga, nh, ng, trace := x.h[:width], x.ga[:width], x.nh[:most], x.ng[:most], x.trace[end:end+most]
		x.rows = append(x.rows, row{lo, end})
		floor := best - d
		diagonal, left, gb := int32(dead), int32(dead), int32(dead)
		first, last, k := -1, -1, 0
		for ; k < len(nh); k++ {
			up, upGap := int32(dead), int32(dead)
			if k < len(h) && k < len(ga) {
				up, upGap = h[k], ga[k]
			} else if left == dead && diagonal == dead {
				break
			}
			t := byte(0)
			gapA := up - costGapFirst
			if v := upGap - costGapNext; v > gapA {
				gapA, t = v, moreOfA
			}
			gb -= costGapNext
			if v := left - costGapFirst; v >= gb {
				gb = v
			} else {
				t |= moreOfB
			}
			cell, how, same := diagonal-costUnequal, byte(fromBoth), false
			if diagonal != dead && b[bj+dir*(lo+k-1)] == id {
				cell, same = diagonal+scoreEqual, true
			}
			if gapA > cell {
				cell, how = gapA, fromA
			}
			if gb > cell {
				cell, how = gb, fromB
			}
			if cell < floor {
				cell, gapA, gb = dead, dead, dead
			} else {
				if first < 0 {
					first = k
				}
				last = k
			}
			nh[k], ng[k], trace[k] = cell, gapA, t|how
			left, diagonal = cell, up
			if cell > best {
				best, bestI, bestJ = cell, i, lo+k
				floor = best - d
				if same && runsOn(a, b, ai+dir*i, bj+dir*(lo+k), dir, min(n-i, m-lo-k)) {
					more = true
					break rows
				}
			}
		}
		*budget -= k
		if first < 0 || *budget <= 0 {
			break
		}
		end += k
		if end > maxTrace {
			more = true // go on from the best cell with empty memory
			break
		}
		width = copy(nh, nh[first:last+1])
		copy(ng, ng[first:last+1])
		x.h, x.nh, x.ga, x.ng = x.nh, x.h, x.ng, x.ga
		lo += first
	}
	x.walk(a, b, ai, bj, dir, bestI, bestJ)
	return int(best), bestI, bestJ, more
}

// grow makes room for n cells in a row and for so many in the trace.
func (x *extender) grow(n, trace int) {
	if trace > len(x.trace) {
		x.trace = append(x.trace, make([]byte, max(trace, 1024))...)
	}
	if n > len(x.h) {
		n = max(n, 128)
		x.h, x.ga = append(x.h, make([]int32, n)...), append(x.ga, make([]int32, n)...)
		x.nh, x.ng = append(x.nh, make([]int32, n)...), append(x.ng, make([]int32, n)...)
	}
}

// runsOn reports whether jump equal tokens follow.
func runsOn(a, b []uint32, ai, bj, dir, n int) bool {
	return n >= jump && same(a, b, ai, bj, dir, jump)
}

// walk goes back from a cell to the start of the block and collects the runs of
// equal tokens.
func (x *extender) walk(a, b []uint32, ai, bj, dir, i, j int) {
	x.found = x.found[:0]
	gap := byte(0) // the gap that the path is in
	for i > 0 || j > 0 {
		r := x.rows[i]
		t := x.trace[r.off+j-r.lo]
		how := t & 3
		if gap != 0 {
			how = gap
		}
		switch how {
		case fromBoth:
			i, j = i-1, j-1
			if a[ai+dir*i] == b[bj+dir*j] {
				if k := len(x.found); k > 0 && x.found[k-1].A == int32(i+1) && x.found[k-1].B == int32(j+1) {
					x.found[k-1] = Run{int32(i), int32(j), x.found[k-1].N + 1}
				} else {
					x.found = append(x.found, Run{int32(i), int32(j), 1})
				}
			}
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
			panic("align: broken trace")
		}
	}
}
