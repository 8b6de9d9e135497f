package passage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/neardup/neardup/shingle"
)

// A Group is a passage that recurs: a quotation, a background paragraph, a
// licence, with all the places where it is.
type Group struct {
	// Members are ordered by time; those without a time come after those with
	// one, in the order in which they were added. A document that holds the passage
	// twice is there twice.
	Members []Member
	// Representative is the member with which every other one shares the
	// passage: the first holder that the index knows.
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
	Time       time.Time // as given to AddAt; zero if there was none
	Similarity float64   // to the representative's place; 1 for itself
}

// A place is where a first holder has a passage. Sides of passages that cover about
// the same bytes are one place.
type place struct {
	doc   int
	span  shingle.Span
	links []int // by number
}

// Groups finds the passages that recur, with all places of each. Every document is
// compared with the first holders of what it has in common with others, in the
// order of time, and with no other one. So the cost is linear in the text and the
// places found, however many documents hold a passage, and no list of pairs is made.
//
// A group is a place in a first holder and the places in other documents that share
// it, alone or inside a longer passage: nothing is chained through a third document.
// Two passages of a holder are the same place if they overlap by more than half of
// the longer. A document's passage may be in several groups, where it or parts of it
// were held by others first.
//
// Groups come with the most documents first, then in the order of their
// representatives. The error is that of ctx.
func (ix *Index) Groups(ctx context.Context) ([]Group, error) {
	docs, run := ix.snapshot()
	links, err := newLinker(ix.opts, docs, run).all(ctx)
	if err != nil {
		return nil, err
	}
	groups := ix.opts.groups(docs, links)
	out := make([]Group, len(groups))
	for i, g := range groups {
		out[i] = g.Group
	}
	return out, nil
}

// A numbered group knows the documents of its members.
type numbered struct {
	Group
	docs []int
}

// groups makes groups of links.
func (o Options) groups(docs []*document, links []link) []numbered {
	var out []numbered
	places := makePlaces(links)
	for i := 0; i < len(places); {
		k := i
		for ; k < len(places) && places[k].doc == places[i].doc; k++ {
		}
		out = o.groupsOf(out, docs, links, places[i:k])
		i = k
	}
	slices.SortStableFunc(out, func(x, y numbered) int {
		return cmp.Or(cmp.Compare(y.Documents, x.Documents), cmp.Compare(len(y.Members), len(x.Members)))
	})
	return out
}

// makePlaces gathers the holders' sides of links into places, in the order of the
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
		// Starts ascend, so a place that overlaps by half of the longer began at
		// most one length of s before it.
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

// groupsOf appends the groups of the places of one holder, which are in the order of
// its text.
func (o Options) groupsOf(out []numbered, docs []*document, links []link, places []place) []numbered {
	projections := map[int]*projection{}
	var open []int // places that may hold those after them
	for i, p := range places {
		g := numbered{Group: Group{Tokens: tokenCount(docs[p.doc].text, p.span)}}
		g.add(docs, p.doc, p.span, 1)
		for _, k := range p.links {
			g.add(docs, links[k].doc, links[k].A, links[k].Similarity)
		}
		// Who shares a longer passage around this one holds it as well.
		open = slices.DeleteFunc(open, func(k int) bool { return places[k].span.End <= p.span.Start })
		for _, k := range open {
			for _, n := range places[k].links {
				l := links[n]
				if l.B.Start > p.span.Start || l.B.End < p.span.End || g.holds(l.doc, l.A) {
					continue
				}
				if projections[n] == nil {
					projections[n] = o.project(docs, l)
				}
				if s, share := projections[n].of(p.span); share >= .5 && !g.holds(l.doc, s) {
					g.add(docs, l.doc, s, share)
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

// holds reports whether the group has a place of the document that overlaps s.
func (g *numbered) holds(doc int, s shingle.Span) bool {
	for i, m := range g.Members {
		if g.docs[i] == doc && m.Span.Start < s.End && s.Start < m.Span.End {
			return true
		}
	}
	return false
}

// sorted puts the members of a new group, the first of which is the representative,
// in order.
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
	equal       []shingle.Edit // in the order of the holder
}

func (o Options) project(docs []*document, l link) *projection {
	p := &projection{holder: docs[l.holder].text, doc: docs[l.doc].text}
	swapped := l.Passage
	swapped.A, swapped.B = l.B, l.A
	for _, e := range o.Aligner.Edits(p.holder.String(), p.doc.String(), swapped) {
		if e.Op == shingle.Equal {
			p.equal = append(p.equal, e)
		}
	}
	return p
}

// of returns the span of the document's equal tokens for a span of the holder, and
// which share of the tokens of both they are.
func (p *projection) of(s shingle.Span) (shingle.Span, float64) {
	from, to := tokensOf(p.holder, s)
	first, last, matched := -1, -1, 0
	k, _ := slices.BinarySearchFunc(p.equal, s.Start, func(e shingle.Edit, at int) int { return cmp.Compare(e.A.End, at) })
	for ; k < len(p.equal) && p.equal[k].A.Start < s.End; k++ {
		e := p.equal[k]
		a, aEnd := tokensOf(p.holder, e.A)
		b, bEnd := tokensOf(p.doc, e.B)
		lo, hi := max(a, from), min(aEnd, to)
		if lo >= hi || bEnd-b != aEnd-a { // where a skipped span differs, the tokens do not correspond
			continue
		}
		if first < 0 {
			first = b + lo - a
		}
		last = b + hi - a
		matched += hi - lo
	}
	if matched == 0 {
		return shingle.Span{}, 0
	}
	return shingle.Span{Start: p.doc.Token(first).Start, End: p.doc.Token(last - 1).End},
		2 * float64(matched) / float64(to-from+last-first)
}
