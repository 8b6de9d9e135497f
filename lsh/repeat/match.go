package repeat

import (
	"cmp"
	"slices"
)

// A match is a run of pieces of a text that equals the pieces of document doc from
// piece at on.
type match struct {
	from, to int
	doc      uint32
	at       int
}

// covered returns the parts of s that repetitions of earlier documents cover:
// disjoint and ascending, as few as possible, each with one source.
func (c *Cutter) covered(s *seq) []match {
	all := c.matches(s)
	for {
		cover := cover(all)
		wrong := -1
		for i, m := range cover {
			src := c.source(m.doc)
			if !c.same(s, []run{{m.from, m.to}}, src.seq, []run{{m.at, m.at + m.to - m.from}}) {
				wrong = i
				break
			}
		}
		if wrong < 0 {
			return cover
		}
		w := cover[wrong]
		all = slices.DeleteFunc(all, func(m match) bool { return m.doc == w.doc && m.at-m.from == w.at-w.from })
	}
}

// matches returns the repetitions of earlier documents; some that lie within others
// may be missing.
func (c *Cutter) matches(s *seq) []match {
	var all []match
	from, to := 0, 0 // pieces that matches cover without a gap
	found := func(m match) {
		if m.to-m.from == 0 {
			return
		}
		all = append(all, m)
		if m.from > to {
			from, to = m.from, m.to
		} else {
			from, to = min(from, m.from), max(to, m.to)
		}
	}
	for _, a := range s.anchors {
		if from <= a.first && c.end(a) <= to {
			continue // the matches of these windows are known, or are found by later windows
		}
		if places := c.index.places(a.hash); !isCommon(places) {
			for _, p := range places {
				found(c.extend(s, a.at, a.n, p))
			}
			continue
		}
		for w := a.first; w <= a.last; w++ {
			n := c.opts.MinTokens
			if from <= w && w+n <= to {
				continue
			}
			for _, p := range c.index.places(windowKey(c.hash(s.sum, w, w+n))) {
				found(c.extend(s, w, n, p))
			}
		}
	}
	return all
}

// extend returns the longest match with the text at p that includes s.sym[at:at+n],
// or an empty match if these pieces differ there or the match is too short.
func (c *Cutter) extend(s *seq, at, n int, p place) match {
	src := c.source(p.doc).sym
	q := int(p.at)
	if q+n > len(src) || !slices.Equal(s.sym[at:at+n], src[q:q+n]) {
		return match{}
	}
	m := match{at, at + n, p.doc, q}
	for m.from > 0 && m.at > 0 && s.sym[m.from-1] == src[m.at-1] {
		m.from--
		m.at--
	}
	for k := q + n; m.to < s.len() && k < len(src) && s.sym[m.to] == src[k]; k++ {
		m.to++
	}
	if s.count(m.from, m.to) < c.opts.MinTokens {
		return match{}
	}
	return m
}

// cover chooses matches that together cover the same pieces as all of them, and
// clips them.
func cover(all []match) (out []match) {
	slices.SortFunc(all, func(x, y match) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(y.to, x.to), cmp.Compare(x.doc, y.doc), cmp.Compare(x.at, y.at))
	})
	at := 0 // end of the pieces considered so far
	for i := 0; i < len(all); {
		at = max(at, all[i].from)
		best := all[i]
		for ; i < len(all) && all[i].from <= at; i++ {
			if all[i].to > best.to {
				best = all[i]
			}
		}
		if best.to > at {
			out = append(out, match{at, best.to, best.doc, best.at + at - best.from})
			at = best.to
		}
	}
	return out
}

// repeats reports whether a text may repeat a part of itself.
func (s *seq) repeats() bool {
	seen := make([]uint64, len(s.anchors))
	for i, a := range s.anchors {
		seen[i] = a.hash
	}
	slices.Sort(seen)
	for i := 1; i < len(seen); i++ {
		if seen[i] == seen[i-1] {
			return true
		}
	}
	return false
}
