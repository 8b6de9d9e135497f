package boilerplate

import "slices"

// support decides on short recurring blocks: they are flagged next to a flagged
// block, at an end of the page, if many other documents have them, or if they label
// an advertisement.
func (v *view) support() {
	n := len(v.findings)
	for i := range v.findings {
		f := &v.findings[i]
		if f.state == unsupported && (f.others >= listed || advertises(v.dg.blocks[i].Of(v.p.Text))) {
			f.state = exact
		}
	}
	spread := func(at func(int) int) {
		before := true // the end of a page counts as a flagged block
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

// A gap is a stretch of blocks that are not masked.
type gap struct {
	from, to   int
	mass, most int32 // mass of all blocks of the gap, and of its longest block
	prose      bool  // the gap holds prose
}

// findGaps returns the gaps between masked blocks, in order. The slice is reused by
// the next call.
func (v *view) findGaps() []gap {
	v.gaps = v.gaps[:0]
	n := len(v.findings)
	for i := 0; i < n; {
		for i < n && v.findings[i].masked {
			i++
		}
		g := gap{from: i}
		for ; i < n && !v.findings[i].masked; i++ {
			m := v.dg.blocks[i].mass
			g.mass += m
			g.most = max(g.most, m)
			g.prose = g.prose || v.findings[i].prose
		}
		if g.to = i; g.from < g.to {
			v.gaps = append(v.gaps, g)
		}
	}
	return v.gaps
}

// smooth masks short gaps, whether their text recurs or not. A gap with prose is
// masked if it is short compared with the longest gap, which is the page's story.
func (v *view) smooth() {
	limit := v.d.opts.gap
	if limit < 0 || v.sites[Host] == nil && v.sites[Group] == nil {
		return
	}
	var longest gap
	gaps := v.findGaps()
	for _, g := range gaps {
		if g.mass > longest.mass {
			longest = g
		}
	}
	if longest.from == longest.to || longest.from == 0 && longest.to == len(v.findings) {
		return // all blocks are masked, or none
	}
	titled := !v.findings[0].masked
	for _, g := range gaps {
		switch {
		case g.from == longest.from, int(g.mass) > limit && int(g.most) > limit/2,
			g.prose && 4*g.mass > longest.mass,
			g.most >= proseMass && 12*g.mass > longest.mass:
			continue
		}
		weaker := min(v.confidence(g.from-1), v.confidence(g.to)) / 2
		for i := g.from; i < g.to; i++ {
			f := &v.findings[i]
			if titled && v.dg.blocks[i].title {
				continue
			}
			f.masked = true
			v.proseMasked = v.proseMasked || f.prose
			if !f.state.flagged() {
				f.state, f.between = between, weaker
			}
		}
	}
}

// maxTitle is the number of words above which a first block is not a title.
const maxTitle = 50

// findTitle marks the first block as the title, and blocks of at least three words that
// repeat a part of it.
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

// contains reports whether whole contains part as a contiguous run.
func contains(whole, part []uint64) bool {
	for len(whole) >= len(part) {
		if slices.Equal(whole[:len(part)], part) {
			return true
		}
		whole = whole[1:]
	}
	return false
}
