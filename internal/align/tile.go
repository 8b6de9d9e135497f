package align

// A tile is filled by antidiagonals: step s holds the cells of i tokens of a and s-i
// of b, one lane for each i. The lanes of a step depend only on the two steps before
// it, so all of them are computed at once.
const (
	tileRows  = 32 // number of lanes, for up to 31 tokens of a
	tileSteps = 64
	tileWork  = 16 // what a step takes from the budget

	tileDead = -1 << 14 // the score of a nonexistent cell
)

// A tile holds the scores of alignments that begin at a border, and how each cell was
// reached.
type tile struct {
	score [tileSteps][tileRows]int16
	how   [tileSteps]howMasks
	a     [tileRows]uint32 // the token of each lane except lane 0
	//lint:ignore U1000 the kernel for AVX2 uses it
	b [tileRows + tileSteps]uint32 // the tokens of b back to front, the first one in the middle
}

// howMasks has a bit for each lane; it is meaningless for dead cells. A cell with
// neither fromA nor fromB was reached by a token of both sides.
type howMasks struct {
	fromA, fromB uint32 // reached by a token of a alone, of b alone; b takes precedence
	moreA, moreB uint32 // a gap that ends here continues an earlier one
}

// fillTileGeneric fills the tile from the border before b[bj] on, with up to n < 32
// tokens of a, which are in t.a, and m < 64 of b. A cell dies if its score is more
// than drop below the best of the steps up to the last but one. It returns the best score,
// 0 if none is above it, with the step that reached it first, and the last step that
// has a living cell.
func fillTileGeneric(t *tile, b []uint32, bj, dir, n, m, drop int) (best, at, last int) {
	var e, f [2][tileRows]int16 // the best score of an alignment that ends in a gap of a, of b
	for i := range t.score[0] {
		t.score[0][i], e[0][i], f[0][i] = tileDead, tileDead, tileDead
		e[1][i], f[1][i] = tileDead, tileDead
	}
	t.score[0][0] = 0
	none := t.score[0]
	none[0] = tileDead
	gone := none
	floor := int16(-drop)
	before := &none // step s-2
	lo, hi := 0, 0  // the living lanes of steps s-1 and s-2
	lo1, hi1 := 0, 0
	for s := 1; s < tileSteps; s++ {
		up, now := &t.score[s-1], &t.score[s]
		e1, f1, e0, f0 := &e[(s-1)&1], &f[(s-1)&1], &e[s&1], &f[s&1]
		*now, *e0, *f0 = gone, gone, gone
		var how howMasks
		first, end, top := tileRows, -1, int16(0)
		for i := max(min(lo, lo1), s-m, 0); i <= min(max(hi, hi1)+1, n, s); i++ {
			gapB := up[i] - costGapFirst
			bit := uint32(1) << i
			if v := f1[i] - costGapNext; v > gapB {
				gapB, how.moreB = v, how.moreB|bit
			}
			gapA, cell := int16(tileDead), int16(tileDead)
			if i > 0 {
				gapA = up[i-1] - costGapFirst
				if v := e1[i-1] - costGapNext; v > gapA {
					gapA, how.moreA = v, how.moreA|bit
				}
				cell = before[i-1] - costUnequal
				if j := s - i; j > 0 && t.a[i] == b[bj+dir*(j-1)] {
					cell = before[i-1] + scoreEqual
				}
			}
			if gapA > cell {
				cell, how.fromA = gapA, how.fromA|bit
			}
			if gapB > cell {
				cell, how.fromB = gapB, how.fromB|bit
			}
			if cell < floor {
				continue
			}
			now[i], e0[i], f0[i] = cell, gapA, gapB
			first, end, top = min(first, i), i, max(top, cell)
		}
		t.how[s] = how
		if end < 0 && hi < 0 {
			break
		}
		if end >= 0 {
			last = s
		}
		floor = int16(best - drop)
		if int(top) > best {
			best, at = int(top), s
		}
		before = up
		lo1, hi1, lo, hi = lo, hi, first, end
	}
	return best, at, last
}

// row returns the first lane of step s that has the given score.
func (t *tile) row(s, score int) int {
	for i, v := range t.score[s] {
		if int(v) == score {
			return i
		}
	}
	panic("align: invalid score")
}

// walk goes back from a cell to the border, and calls both for every pair of tokens
// on the way.
func (t *tile) walk(i, j int, both func(i, j int)) {
	gapA, gapB := false, false // whether the path is in a gap of a, of b
	for i > 0 || j > 0 {
		h, bit := &t.how[i+j], uint32(1)<<(i%tileRows)
		free := !gapA && !gapB
		switch {
		case gapB || free && h.fromB&bit != 0:
			j, gapB = j-1, h.moreB&bit != 0
		case gapA || free && h.fromA&bit != 0:
			i, gapA = i-1, h.moreA&bit != 0
		default:
			i, j = i-1, j-1
			both(i, j)
		}
	}
}
