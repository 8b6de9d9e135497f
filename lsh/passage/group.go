package passage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/neardup/neardup/internal/align"
	"github.com/neardup/neardup/shingle"
)

// A Group is a passage that recurs, with all its places: a quotation, a background
// paragraph or a licence, for example.
type Group struct {
	// Members are ordered by time; those without a time follow in the order in which
	// they were added. A document that holds the passage twice is listed twice.
	Members []Member
	// Representative is the member with which every other one shares the passage: the
	// first known holder.
	Representative int
	// Documents is the number of different documents among the members.
	Documents int
	// Tokens is the number of tokens of the passage in the representative.
	Tokens int
}

// A Member is one place of a recurring passage.
type Member struct {
	ID         string
	Span       shingle.Span
	Time       time.Time // as passed to AddAt; zero if there was none
	Similarity float64   // similarity to the representative's place; 1 for itself
}

// A place is a stretch of a first holder that others share. Sides of passages that
// cover about the same bytes are one place.
type place struct {
	doc   int
	span  shingle.Span
	links []int // numbers of the links to the place
}

// Groups finds the passages that recur, with all places of each. Every document is
// compared only with the first holders, in the order of time, of the text that it
// shares with others. So the cost is linear in the text and the places found,
// however many documents hold a passage, and no list of pairs is made.
//
// A group is a place in a first holder and the places in other documents that share
// it, alone or inside a longer passage: nothing is chained through a third document.
// Two passages of a holder are the same place if they overlap by more than half of
// the longer. A document's passage may be in several groups if others held it or
// parts of it first.
//
// Groups are ordered by the number of documents, most first, then by their
// representatives. It fails only if ctx ends.
func (ix *Index) Groups(ctx context.Context) ([]Group, error) {
	docs, ps := ix.snapshot()
	l := newLinker(ix.opts, docs, ps)
	links, err := l.all(ctx)
	if err != nil {
		return nil, err
	}
	groups := l.groups(slices.Concat(links...))
	out := make([]Group, len(groups))
	for i, g := range groups {
		out[i] = g.Group
	}
	return out, nil
}

// A numbered is a group that also records the documents of its members.
type numbered struct {
	Group
	docs []int
}

// groups makes groups of links.
func (l *linker) groups(links []link) []numbered {
	var out []numbered
	places := makePlaces(links)
	for i := 0; i < len(places); {
		k := i
		for ; k < len(places) && places[k].doc == places[i].doc; k++ {
		}
		out = l.groupsOf(out, links, places[i:k])
		i = k
	}
	slices.SortStableFunc(out, func(x, y numbered) int {
		return cmp.Or(cmp.Compare(y.Documents, x.Documents), cmp.Compare(len(y.Members), len(x.Members)))
	})
	return out
}

// makePlaces collects the holders' sides of links into places, in the order of the
// holders and of their texts.
func makePlaces(links []link) []place {
	order := make([]int, len(links))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		p, q := links[x], links[y]
		return cmp.Or(cmp.Compare(p.holder, q.holder), cmp.Compare(p.B.Start, q.B.Start), cmp.Compare(q.B.End, p.B.End), cmp.Compare(x, y))
	})
	var places []place
	for _, i := range order {
		s := links[i]
		best, most := -1, 0
		// Starts ascend, so a place that overlaps s.B by more than half of the
		// longer of the two begins at most the length of s.B before it.
		for k := len(places) - 1; k >= 0 && places[k].doc == s.holder && places[k].span.Start >= s.B.Start-s.B.Len(); k-- {
			o := min(places[k].span.End, s.B.End) - s.B.Start
			if 2*o > max(places[k].span.Len(), s.B.Len()) && o > most {
				best, most = k, o
			}
		}
		if best < 0 {
			best = len(places)
			places = append(places, place{doc: s.holder, span: s.B})
		}
		places[best].links = append(places[best].links, i)
	}
	return places
}

// groupsOf appends the groups for the places of one holder, which are in the order
// of its text.
func (l *linker) groupsOf(out []numbered, links []link, places []place) []numbered {
	docs := l.docs
	projections := map[int]*projection{}
	var open []int // places that may contain later ones
	for i, p := range places {
		g := numbered{Group: Group{Tokens: tokenCount(docs[p.doc].text, p.span)}}
		g.add(docs, p.doc, p.span, 1)
		held := spans{}
		for _, k := range p.links {
			g.add(docs, links[k].doc, links[k].A, links[k].Similarity)
			held.add(links[k].doc, links[k].A)
		}
		// A document that shares a longer passage around this one also holds this one.
		open = slices.DeleteFunc(open, func(k int) bool { return places[k].span.End <= p.span.Start })
		for _, k := range open {
			for _, n := range places[k].links {
				o := links[n]
				if o.B.Start > p.span.Start || o.B.End < p.span.End {
					continue
				}
				if projections[n] == nil {
					projections[n] = l.project(o)
				}
				if s, share := projections[n].of(p.span); share >= .5 && !held.has(o.doc, s) {
					g.add(docs, o.doc, s, share)
					held.add(o.doc, s)
				}
			}
		}
		open = append(open, i)
		out = append(out, g.sorted(docs))
	}
	return out
}

func tokenCount(t *shingle.Text, s shingle.Span) int {
	from, to := tokensOf(t, s)
	return to - from
}

func (g *numbered) add(docs []*document, doc int, s shingle.Span, similarity float64) {
	g.Members = append(g.Members, Member{docs[doc].id, s, docs[doc].time, similarity})
	g.docs = append(g.docs, doc)
}

// A spans holds the places of a group in each document.
type spans map[int][]shingle.Span

func (m spans) add(doc int, s shingle.Span) { m[doc] = append(m[doc], s) }

// has reports whether a place of the document overlaps s.
func (m spans) has(doc int, s shingle.Span) bool {
	return slices.ContainsFunc(m[doc], func(o shingle.Span) bool { return o.Start < s.End && s.Start < o.End })
}

// sorted orders the members of a new group; the first one in it is the
// representative.
func (g numbered) sorted(docs []*document) numbered {
	order := make([]int, len(g.docs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(compareTimes(docs[g.docs[x]], docs[g.docs[y]]), cmp.Compare(g.docs[x], g.docs[y]),
			cmp.Compare(g.Members[x].Span.Start, g.Members[y].Span.Start))
	})
	members, numbers := make([]Member, len(order)), make([]int, len(order))
	for k, i := range order {
		members[k], numbers[k] = g.Members[i], g.docs[i]
		if i == 0 {
			g.Representative = k
		}
	}
	g.Members, g.docs = members, numbers
	seen := slices.Clone(numbers)
	slices.Sort(seen)
	g.Documents = len(slices.Compact(seen))
	return g
}

// A projection maps the holder's side of a link to the document's.
type projection struct {
	holder, doc *shingle.Text
	link        link
	anchors     []anchor // in ascending order of their tokens in the holder
}

// An anchor is a fingerprint of a link: its token in the document and in the holder.
type anchor struct{ doc, holder uint32 }

func (l *linker) project(k link) *projection {
	p := &projection{holder: l.docs[k.holder].text, doc: l.docs[k.doc].text, link: k}
	a0, a1 := tokensOf(p.doc, k.A)
	b0, b1 := tokensOf(p.holder, k.B)
	for _, e := range l.entry[k.from:k.to] {
		a, b := l.run[e.at].at-l.first[k.doc], l.run[e.first].at-l.first[k.holder]
		if int(a) >= a0 && int(a)+gram <= a1 && int(b) >= b0 && int(b)+gram <= b1 {
			p.anchors = append(p.anchors, anchor{a, b})
		}
	}
	slices.SortFunc(p.anchors, func(x, y anchor) int {
		return cmp.Or(cmp.Compare(x.holder, y.holder), cmp.Compare(x.doc, y.doc))
	})
	return p
}

// of returns the span of the document that corresponds to a span of the holder, and
// their similarity; 0 if the document has no fingerprint of it.
func (p *projection) of(s shingle.Span) (shingle.Span, float64) {
	from, to := tokensOf(p.holder, s)
	k, _ := slices.BinarySearchFunc(p.anchors, uint32(from), func(x anchor, at uint32) int { return cmp.Compare(x.holder, at) })
	n := k
	for n < len(p.anchors) && int(p.anchors[n].holder)+gram <= to {
		n++
	}
	if n == k {
		return shingle.Span{}, 0
	}
	// Include as many tokens around the outer anchors as the holder has there, but stay
	// within the link.
	lo, hi := tokensOf(p.doc, p.link.A)
	first, last := p.anchors[k], p.anchors[n-1]
	lo = max(lo, int(first.doc)-(int(first.holder)-from))
	hi = min(hi, int(last.doc)+to-int(last.holder))
	if lo >= hi {
		return shingle.Span{}, 0 // the parts come in a different order
	}
	// Anchors are equal, so only the text between them has to be aligned.
	a, b := p.holder.Tokens(), p.doc.Tokens()
	matched, start, end := 0, -1, 0
	add := func(x, y, n int) {
		if n > 0 {
			if start < 0 {
				start = y
			}
			matched, end = matched+n, y+n
		}
	}
	i, j := from, lo
	between := func(x, y int) {
		for _, r := range align.Global(a[i:x], b[j:y]) {
			add(i+int(r.A), j+int(r.B), int(r.N))
		}
		i, j = x, y
	}
	for _, k := range p.anchors[k:n] {
		x, y := int(k.holder), int(k.doc)
		if cut := max(i-x, j-y, 0); cut < gram && y+gram <= hi && y+cut >= j && x+cut >= i {
			between(x+cut, y+cut)
			add(i, j, gram-cut)
			i, j = x+gram, y+gram
		}
	}
	if j <= hi {
		between(to, hi)
	}
	if start < 0 {
		return shingle.Span{}, 0
	}
	lo, hi = start, end
	return shingle.Span{Start: p.doc.Token(lo).Start, End: p.doc.Token(hi - 1).End}, 2 * float64(matched) / float64(to-from+hi-lo)
}
