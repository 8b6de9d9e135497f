package align

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

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
