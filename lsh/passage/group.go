package passage

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/neardup/neardup/shingle"
)

// A Group is a passage that recurs: a quotation, a background paragraph, a
// licence, with all the places where it stands.
type Group struct {
	// Members are ordered by time; those without a time come after those with
	// one, in the order in which they were added. So the first member is who had
	// it first, as far as the index knows. A document that holds the passage
	// twice is there twice.
	Members []Member
	// Representative is the member with which every other one shares the
	// passage.
	Representative int
	// Documents is the number of different documents among the members.
	Documents int
}

// A Member is one place of a recurring passage.
type Member struct {
	ID         string
	Span       shingle.Span
	Time       time.Time // as given to AddAt
	Similarity float64   // to the representative's place; 1 for itself
}

// A place is where one document holds a passage. Sides of passages that cover
// about the same bytes are one place.
type place struct {
	doc   int
	span  shingle.Span
	links []link
}

type link struct {
	to         int
	similarity float64
}

// Groups gathers the passages of pairs that recur. A side of a passage and
// another one in the same document are the same place if they overlap by more
// than half of the longer. The place with the most links represents a group,
// and its members are the places that share a passage with it directly: nothing
// is chained through a third one. So two groups may have members in common, and
// every place of every passage is in a group.
//
// Groups come with the most documents first, then in the order of their first
// members. Pairs are as [Index.Pairs] yields them, all or some; documents that
// have been removed since are left out. Memory is linear in the passages.
func (ix *Index) Groups(pairs iter.Seq[Pair]) []Group {
	ix.mu.RLock()
	docs := slices.Clone(ix.docs)
	number := make(map[string]int, len(docs))
	for i, d := range docs {
		if d != nil {
			number[d.id] = i
		}
	}
	ix.mu.RUnlock()
	var groups []Group
	places := makePlaces(number, pairs)
	for _, members := range stars(places) {
		groups = append(groups, makeGroup(docs, places, members))
	}
	slices.SortStableFunc(groups, func(x, y Group) int {
		f, g := x.Members[0], y.Members[0]
		return cmp.Or(cmp.Compare(y.Documents, x.Documents), cmp.Compare(len(y.Members), len(x.Members)),
			cmp.Compare(number[f.ID], number[g.ID]), cmp.Compare(f.Span.Start, g.Span.Start), cmp.Compare(f.Span.End, g.Span.End))
	})
	return groups
}

// makePlaces turns the sides of passages into places with links.
func makePlaces(number map[string]int, pairs iter.Seq[Pair]) []place {
	type side struct {
		doc  int
		span shingle.Span
		id   int // 2i and 2i+1 are the sides of passage i
	}
	var sides []side
	var similarity []float64
	for p := range pairs {
		a, okA := number[p.A]
		b, okB := number[p.B]
		if !okA || !okB {
			continue
		}
		for _, s := range p.Passages {
			k := 2 * len(similarity)
			sides = append(sides, side{a, s.A, k}, side{b, s.B, k + 1})
			similarity = append(similarity, s.Similarity)
		}
	}
	slices.SortFunc(sides, func(x, y side) int {
		return cmp.Or(cmp.Compare(x.doc, y.doc), cmp.Compare(x.span.Start, y.span.Start),
			cmp.Compare(y.span.End, x.span.End), cmp.Compare(x.id, y.id))
	})
	var places []place
	at := make([]int, len(sides)) // the place of each side
	for _, s := range sides {
		best, most := -1, 0
		// Starts ascend, so a place that overlaps by half of the longer began at
		// most one length of s before it.
		for k := len(places) - 1; k >= 0 && places[k].doc == s.doc && places[k].span.Start >= s.span.Start-s.span.Len(); k-- {
			o := min(places[k].span.End, s.span.End) - s.span.Start
			if 2*o > max(places[k].span.Len(), s.span.Len()) && o > most {
				best, most = k, o
			}
		}
		if best < 0 {
			best = len(places)
			places = append(places, place{doc: s.doc, span: s.span})
		}
		at[s.id] = best
	}
	for i, v := range similarity {
		a, b := at[2*i], at[2*i+1]
		if a != b {
			places[a].links = append(places[a].links, link{b, v})
			places[b].links = append(places[b].links, link{a, v})
		}
	}
	for i := range places {
		l := places[i].links
		slices.SortFunc(l, func(x, y link) int {
			return cmp.Or(cmp.Compare(x.to, y.to), cmp.Compare(y.similarity, x.similarity))
		})
		places[i].links = slices.CompactFunc(l, func(x, y link) bool { return x.to == y.to })
	}
	return places
}

// stars returns the representatives of the groups. Every place that has a link
// is one or is linked with one.
func stars(places []place) []int {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		p, q := places[x], places[y]
		return cmp.Or(cmp.Compare(len(q.links), len(p.links)), cmp.Compare(q.span.Len(), p.span.Len()), cmp.Compare(x, y))
	})
	var out []int
	taken := make([]bool, len(places))
	for _, i := range order {
		if taken[i] || len(places[i].links) == 0 {
			continue
		}
		taken[i] = true
		for _, l := range places[i].links {
			taken[l.to] = true
		}
		out = append(out, i)
	}
	return out
}

func makeGroup(docs []*document, places []place, representative int) Group {
	all := append([]link{{representative, 1}}, places[representative].links...)
	slices.SortFunc(all, func(x, y link) int {
		p, q := docs[places[x.to].doc].time, docs[places[y.to].doc].time
		if p.IsZero() != q.IsZero() {
			if p.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(p.Compare(q), cmp.Compare(x.to, y.to))
	})
	var g Group
	seen := map[int]bool{}
	for i, l := range all {
		p := places[l.to]
		d := docs[p.doc]
		g.Members = append(g.Members, Member{d.id, p.span, d.time, l.similarity})
		if l.to == representative {
			g.Representative = i
		}
		seen[p.doc] = true
	}
	g.Documents = len(seen)
	return g
}
