package boilerplate

import "slices"

// support decides on the short blocks that recur: they are flagged with a
// flagged block or an end of the page beside them, or when many other documents
// have them.
func (v *view) support() {
	n := len(v.findings)
	for i := range v.findings {
		f := &v.findings[i]
		if f.state == unsupported && f.others >= listed {
			f.state = exact
		}
	}
	spread := func(at func(int) int) {
		before := true // an end of the page
		for i := range n {
			f := &v.findings[at(i)]
			if f.state == unsupported && before {
				f.state = exact
			}
			before = f.state.flagged()
		}
	}
	spread(func(i int) int { return i })
	spread(func(i int) int { return n - 1 - i })
}

// smooth flags the short stretches between flagged blocks.
func (v *view) smooth() {
	gap := int64(v.d.opts.gap)
	if gap < 0 {
		return
	}
	type run struct {
		from, to   int
		mass, most int64
	}
	next := func(i int) (r run) {
		for i < len(v.findings) && v.findings[i].state.flagged() {
			i++
		}
		r.from = i
		for ; i < len(v.findings) && !v.findings[i].state.flagged(); i++ {
			m := int64(v.dg.blocks[i].mass)
			r.mass += m
			r.most = max(r.most, m)
		}
		r.to = i
		return r
	}
	var longest run
	for r := next(0); r.from < r.to; r = next(r.to) {
		if r.mass > longest.mass {
			longest = r
		}
	}
	if longest.from == 0 && longest.to == len(v.findings) {
		return // nothing is flagged
	}
	titled := !v.findings[0].state.flagged()
	for r := next(0); r.from < r.to; r = next(r.to) {
		if r.from == longest.from || r.mass > gap && r.most > gap/2 {
			continue
		}
		weaker := min(v.confidence(r.from-1), v.confidence(r.to)) / 2
		for i := r.from; i < r.to; i++ {
			if f := &v.findings[i]; !titled || !v.dg.blocks[i].title {
				f.state, f.between = between, weaker
			}
		}
	}
}

// maxTitle is the number of words above which a first block is no title.
const maxTitle = 50

// findTitle marks the title, which is the first block unless it recurs, and the
// blocks of three words and more that repeat a part of it.
func (r *reader) findTitle() {
	var title []uint64
	for i := range r.blocks {
		b := &r.blocks[i]
		words := r.hashes[b.toks[0]:b.toks[1]]
		if i == 0 && len(words) <= maxTitle {
			title = words
		}
		b.title = i == 0 || b.mass >= 2*3 && contains(title, words)
	}
}

// contains reports whether part is a run of whole.
func contains(whole, part []uint64) bool {
	for len(whole) >= len(part) {
		if slices.Equal(whole[:len(part)], part) {
			return true
		}
		whole = whole[1:]
	}
	return false
}
