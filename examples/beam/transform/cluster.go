package transform

import (
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// fateKind tells the contents of a Fate.
type fateKind byte

const (
	fateName    fateKind = iota // Ref is called ID
	fateHeir                    // Ref shares the fate of the document that it is sent to
	fateDecided                 // Ref is in the cluster of Representative
)

// A Fate is what becomes of a document, or what is needed to tell.
type Fate struct {
	Kind           fateKind
	Ref            Ref
	Representative Ref // Ref itself if it is one
	ID             string
	Similarity     float64 // to the representative
}

// ClusterEdges clusters the documents of verified edges and returns the fate of
// each, as KV<Ref, Fate>. Documents in no edge have none.
//
// That is greedy clustering in the order of preference, as in package lsh: a
// document is a representative unless it matches an earlier one, and otherwise
// joins the first of those. Sketches are only needed with Options.Connected, to
// say how similar members are that do not match their representative.
func ClusterEdges(s beam.Scope, edges, sketches beam.PCollection, o Options) beam.PCollection {
	s = s.Scope("Cluster")
	o = o.withDefaults()
	var keyed beam.PCollection
	if o.Rounds > 0 {
		keyed = components(s, edges, o.Rounds)
	} else {
		keyed = beam.ParDo(s, &oneKeyFn{}, edges)
	}
	grouped := beam.GroupByKey(s, keyed)
	if !o.Connected {
		return beam.ParDo(s, &leaderFn{}, grouped)
	}
	fates, stars := beam.ParDo2(s, &connectFn{}, grouped)
	return beam.Flatten(s, fates, beam.ParDo(s, &memberFn{}, verify(s, stars, sketches, o, true)))
}

// oneKeyFn puts all edges under one key.
type oneKeyFn struct{}

// ProcessElement returns the key and the edge.
func (*oneKeyFn) ProcessElement(e Edge) (Ref, Edge) { return "", e }

// A graph is the edges under one key, its documents numbered in the order of
// preference.
type graph struct {
	refs    []Ref
	earlier [][]link // of each document, the matches that are preferred to it
}

type link struct {
	to         int
	similarity float64
}

// readGraph makes a graph of edges.
func readGraph(edges func(*Edge) bool) graph {
	var (
		e   Edge
		all []Edge
		g   graph
	)
	number := map[Ref]int{}
	for edges(&e) {
		all = append(all, e)
		for _, r := range []Ref{e.A, e.B} {
			if _, ok := number[r]; !ok {
				number[r] = 0
				g.refs = append(g.refs, r)
			}
		}
	}
	slices.Sort(g.refs)
	for i, r := range g.refs {
		number[r] = i
	}
	g.earlier = make([][]link, len(g.refs))
	for _, e := range all {
		b := number[e.B]
		g.earlier[b] = append(g.earlier[b], link{number[e.A], e.Similarity})
	}
	return g
}

// leaderFn clusters a graph greedily.
type leaderFn struct{}

// ProcessElement emits the fate of every document of the graph that is in a
// cluster.
func (*leaderFn) ProcessElement(_ Ref, edges func(*Edge) bool, emit func(Ref, Fate)) {
	g := readGraph(edges)
	leads := make([]bool, len(g.refs)) // is a representative
	told := make([]bool, len(g.refs))  // and has been emitted
	for i, ref := range g.refs {
		rep := link{to: -1}
		for _, l := range g.earlier[i] {
			if leads[l.to] && (rep.to < 0 || l.to < rep.to) {
				rep = l
			}
		}
		if rep.to < 0 {
			leads[i] = true
			continue
		}
		first := g.refs[rep.to]
		if !told[rep.to] {
			told[rep.to] = true
			emit(first, represents(first))
		}
		emit(ref, Fate{Kind: fateDecided, Ref: ref, Representative: first, Similarity: rep.similarity})
	}
}

// represents is the fate of a representative.
func represents(r Ref) Fate {
	return Fate{Kind: fateDecided, Ref: r, Representative: r, Similarity: 1}
}

// connectFn finds the connected components of a graph.
type connectFn struct{}

// ProcessElement emits the representative of each component and its pairs with
// the others.
func (*connectFn) ProcessElement(_ Ref, edges func(*Edge) bool, emit func(Ref, Fate), star func(Star)) {
	g := readGraph(edges)
	root := make([]int, len(g.refs))
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for i := range g.refs {
		root[i] = i
		for _, l := range g.earlier[i] {
			x, y := find(i), find(l.to)
			root[max(x, y)] = min(x, y)
		}
	}
	told := make([]bool, len(g.refs))
	for i, ref := range g.refs {
		r := find(i)
		if r == i {
			continue
		}
		if !told[r] {
			told[r] = true
			emit(g.refs[r], represents(g.refs[r]))
		}
		star(Star{g.refs[r], []Ref{ref}})
	}
}

// memberFn makes the edge between a representative and a member the fate of the
// member.
type memberFn struct{}

// ProcessElement returns the fate.
func (*memberFn) ProcessElement(e Edge) (Ref, Fate) {
	return e.B, Fate{Kind: fateDecided, Ref: e.B, Representative: e.A, Similarity: e.Similarity}
}

func init() {
	registerDoFn[oneKeyFn]()
	registerDoFn[leaderFn]()
	registerDoFn[connectFn]()
	registerDoFn[memberFn]()
	register.Iter1[Edge]()
}
