package align

// jump is the number of equal tokens in a row after which a single edit is accepted
// without considering others: no other alignment would catch up, unless the text
// repeats itself.
const jump = 8

// An extender holds the memory that extensions reuse.
type extender struct {
	tile  tile
	found []Run
	plain bool // set by tests to compute a tile for every edit
}

// extend aligns outwards from the border before the tokens a[i0] and b[j0]: to the
// right if dir is 1, to the left if it is -1. It appends the runs of equal tokens to
// path, from the border outwards, and returns the best score, at least 0.
func (x *extender) extend(a, b []uint32, i0, j0, dir, drop int, budget *int, path *[]Run) int {
	n, m := len(a)-i0, len(b)-j0
	ai, bj := i0, j0 // the next token of each side
	if dir < 0 {
		n, m, ai, bj = i0, j0, i0-1, j0-1
	}
	total := 0
	emit := func(i, j, k int) { // adds a run of k tokens, i and j tokens beyond the border
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
		if !x.plain && lost(a, b, ai+dir*i, bj+dir*j, dir, n-i, m-j, drop) {
			*budget -= tileWork
			break
		}
		score, di, dj, more := x.block(a, b, ai+dir*i, bj+dir*j, dir, n-i, m-j, drop, budget)
		if score == 0 {
			break
		}
		for r := len(x.found) - 1; r >= 0; r-- {
			emit(i+int(x.found[r].A), j+int(x.found[r].B), int(x.found[r].N))
		}
		i, j, total = i+di, j+dj, total+score
		if !more {
			break
		}
	}
	return total
}

// An edit is one changed, inserted or deleted token with the run that follows it.
type edit struct {
	Run
	score int
}

// single recognizes one changed, inserted or deleted token that is followed by so
// many equal ones that no other alignment of them scores higher. Most edits are of
// this kind, and need no tile.
func single(a, b []uint32, ai, bj, dir, n, m int) (edit, bool) {
	const run = jump + 2 // number of tokens that both sides must still have
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

// same reports whether the n tokens from a[ai] on, in direction dir, equal those from
// b[bj] on.
func same(a, b []uint32, ai, bj, dir, n int) bool {
	for k := range n {
		if a[ai+dir*k] != b[bj+dir*k] {
			return false
		}
	}
	return true
}

// lost reports whether extending past a border cannot gain anything. Most extensions
// end at such a border, and this check saves them a tile. Suppose at most one token
// of b within reach equals a token of a. Then a path from the border contains at most
// one equal pair before the score falls by more than drop, and the pair scores less
// than the path to it costs, except after a single unequal pair. (To reach a second
// equal pair, drop and the score of the first pair would have to pay for all unequal
// tokens and gaps, each of which costs at least one.)
func lost(a, b []uint32, ai, bj, dir, n, m, drop int) bool {
	reach := drop + scoreEqual + 2
	n, m = min(n, reach), min(m, reach)
	if a[ai] == b[bj] || n > 1 && m > 1 && a[ai+dir] == b[bj+dir] {
		return false
	}
	var seen [16]uint64 // a bit for the hash of each token of a
	for k := range n {
		h := a[ai+dir*k] * 0x9E3779B1 >> 22
		seen[h/64] |= 1 << (h % 64)
	}
	equal := uint64(0)
	for k := range m {
		h := b[bj+dir*k] * 0x9E3779B1 >> 22
		equal += seen[h/64] >> (h % 64) & 1
	}
	return equal <= 1
}

// block aligns from one border within one tile. It returns the best score and its
// cell; x.found has the runs of equal tokens on the way to it, last first. more is
// true if the tile ended before the alignment did; the alignment then continues from
// the best cell with empty memory.
func (x *extender) block(a, b []uint32, ai, bj, dir, n, m, drop int, budget *int) (score, bi, bjEnd int, more bool) {
	t := &x.tile
	cut := n >= tileRows
	n, m = min(n, tileRows-1), min(m, tileSteps-1)
	if dir > 0 {
		copy(t.a[1:], a[ai:ai+n])
	} else {
		for k := range n {
			t.a[1+k] = a[ai-k]
		}
	}
	best, at, last := fillTile(t, b, bj, dir, n, m, min(drop, tileRows*scoreEqual))
	*budget -= tileWork * last
	x.found = x.found[:0]
	if best == 0 {
		return 0, 0, 0, false
	}
	i := t.row(at, best)
	j := at - i
	t.walk(i, j, func(i, j int) {
		if a[ai+dir*i] == b[bj+dir*j] {
			x.found = addBack(x.found, i, j)
		}
	})
	if last < tileSteps-1 && !(cut && last >= tileRows-1) {
		return best, i, j, false
	}
	// The best cell is at the border of the tile, where other alignments might have
	// caught up with it: continue from a run where they cannot.
	for k, r := range x.found {
		if ei, ej := int(r.A+r.N), int(r.B+r.N); r.N >= jump && t.score[ei+ej][ei] > 0 {
			x.found = x.found[k:]
			return int(t.score[ei+ej][ei]), ei, ej, true
		}
	}
	return best, i, j, true
}
