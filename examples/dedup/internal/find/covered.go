package find

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// A CoveredPair holds two documents, their similarity, and the share of each one's
// own text that passages of the other cover.
type CoveredPair struct {
	lsh.Pair[int]
	Cover passage.Cover
}

// Score returns the similarity that decided the match: the covered share if it is
// sufficient, otherwise the Jaccard similarity.
func (o *Options) Score(p CoveredPair) float64 {
	if s := p.Cover.Share(); s >= o.Covered {
		return s
	}
	return p.Similarity
}

// A Covering finds documents by the share of their own text that they have in
// common. The caller must close it.
type Covering struct {
	c        *corpus.Corpus
	o        Options
	own      [][]shingle.Span // masks of all documents
	sketches *Sketches        // nil if the covered share decides alone
	confirm  shingle.Shingler
	compared [][]shingle.Span // masks used when shingles are compared; nil for whole texts
	aligner  shingle.Aligner
	sets     []atomic.Pointer[shingle.Set] // sets requested so far; nil if they are computed each time
}

// Cover prepares a search by Options.Covered: the covered share decides alone,
// unless -threshold was given too; then either is sufficient.
func Cover(c *corpus.Corpus, o Options) (*Covering, error) {
	own, err := judgeAll(c)
	if err != nil {
		return nil, err
	}
	report(c, o, own)
	return CoverMasked(c, o, own)
}

// CoverMasked is [Cover] for documents whose masks are known.
func CoverMasked(c *corpus.Corpus, o Options, own [][]shingle.Span) (*Covering, error) {
	v := &Covering{c: c, o: o, confirm: o.Confirmer(), own: own}
	if o.strips(c) {
		v.compared = v.own
	}
	if c.Bytes() < c.Memory()/5 {
		v.sets = make([]atomic.Pointer[shingle.Set], len(c.Docs))
	}
	if c.Env().Given["threshold"] {
		var err error
		if v.sketches, err = Sketch(c, o, v.compared); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Close removes the temporary files of the search.
func (v *Covering) Close() {
	if v.sketches != nil {
		v.sketches.Close()
	}
}

// Pairs returns the pairs, in input order; with -against, the pairs of a new
// document with any other one.
func (v *Covering) Pairs() ([]CoveredPair, error) {
	found, err := v.search()
	if err != nil {
		return nil, err
	}
	if v.sketches != nil {
		search := v.sketches.Pairs
		if len(v.o.Against) > 0 {
			search = v.sketches.PairsAgainst
		}
		alike, err := search()
		if err != nil {
			return nil, err
		}
		for _, p := range alike {
			found = append(found, CoveredPair{Pair: p})
		}
	}
	slices.SortStableFunc(found, func(a, b CoveredPair) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	found = slices.CompactFunc(found, func(a, b CoveredPair) bool { return a.A == b.A && a.B == b.B })
	p := v.c.Env().Progress("counting", "pairs", len(found))
	defer p.Stop()
	err = corpus.Each(v.c.Env().Ctx, v.c.Workers(), len(found), func(i int) error {
		f := &found[i]
		if f.Cover == (passage.Cover{}) {
			f.Cover = v.cover(f.A, f.B)
		}
		if !f.Exact {
			f.Pair = v.alike(f.A, f.B)
		}
		p.Add(1)
		return nil
	})
	return found, cmp.Or(err, v.c.Err())
}

// search returns the pairs by covered share.
func (v *Covering) search() (found []CoveredPair, err error) {
	e := v.c.Env()
	ix, err := v.index()
	if err != nil {
		return nil, err
	}
	p := e.Progress("aligning", "pairs", 0)
	defer p.Stop()
	o := passage.CoverOptions{Share: v.o.Covered}
	if old := v.c.Old; len(v.o.Against) > 0 {
		o.Want = func(_, b string) bool { return rowOf(b) >= old }
	}
	for pair, err := range ix.Covered(e.Ctx, o) {
		if err != nil {
			return nil, err
		}
		a := rowOf(pair.A)
		found = append(found, CoveredPair{lsh.Pair[int]{A: a, B: rowOf(pair.B)}, pair.Cover})
		p.Add(1)
		p.Of(a+1, len(v.c.Docs))
	}
	return found, nil
}

// index adds the own text of every document to an index. Rows serve as ids, because
// the corpus of -against and the inputs may use the same ids.
func (v *Covering) index() (*passage.Index, error) {
	e := v.c.Env()
	ix := passage.New(passage.Options{Workers: v.c.Workers()})
	p := e.Progress("indexing", "documents", len(v.c.Docs))
	defer p.Stop()
	for i := range v.c.Docs {
		ix.Add(strconv.Itoa(i), v.c.Text(i), v.own[i]...)
		p.Add(1)
		if err := e.Ctx.Err(); err != nil {
			return nil, err
		}
	}
	return ix, v.c.Err()
}

// cover returns the covered shares of two documents.
func (v *Covering) cover(a, b int) passage.Cover {
	x, y := v.aligner.Prepare(v.c.Text(a), v.own[a]...), v.aligner.Prepare(v.c.Text(b), v.own[b]...)
	return passage.Covered(x, y, passage.Shared(v.aligner, x, y))
}

// alike computes the similarity and containments of two documents from their shingles.
func (v *Covering) alike(a, b int) lsh.Pair[int] {
	x, y := v.set(a), v.set(b)
	p := lsh.Pair[int]{A: a, B: b, Score: lsh.Score{Exact: true}}
	if n := x.Common(y); n > 0 {
		p.Similarity = float64(n) / float64(len(x)+len(y)-n)
		p.ContainmentA = float64(n) / float64(len(x))
		p.ContainmentB = float64(n) / float64(len(y))
	}
	return p
}

// set returns the shingles of document i.
func (v *Covering) set(i int) shingle.Set {
	if v.sets != nil {
		if set := v.sets[i].Load(); set != nil {
			return *set
		}
	}
	var mask []shingle.Span
	if v.compared != nil {
		mask = v.compared[i]
	}
	set := v.confirm.Set(v.c.Text(i), mask...)
	if v.sets != nil {
		v.sets[i].Store(&set)
	}
	return set
}

// Clusters returns the clusters among some documents, all of them if rows is nil.
// They do not chain: in the order of -keep, a document joins the first
// representative that it matches, or becomes one. A member's similarity is the one
// that decided the match.
func (v *Covering) Clusters(pairs []CoveredPair, rows []int) ([]lsh.Cluster[int], error) {
	prefer := v.preference()
	if rows == nil {
		rows = make([]int, len(v.c.Docs))
		for i := range rows {
			rows[i] = i
		}
	}
	among := map[int]bool{}
	for _, r := range rows {
		among[r] = true
	}
	type edge struct {
		to    int
		score float64
	}
	near := map[int][]edge{}
	for _, p := range pairs {
		if among[p.A] && among[p.B] {
			s := v.o.Score(p)
			near[p.A] = append(near[p.A], edge{p.B, s})
			near[p.B] = append(near[p.B], edge{p.A, s})
		}
	}
	order := slices.Clone(rows)
	if prefer != nil {
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case prefer(a, b):
				return -1
			case prefer(b, a):
				return 1
			}
			return cmp.Compare(a, b)
		})
	}
	// Documents that hold very common text are paired only with its first holders (see
	// passage.Options), which thus have very many matches. Such a hub can connect
	// documents that match but are not listed as a pair.
	const hub = 200         // a document with more matches than this is a hub
	hubs := map[int][]int{} // by hub, the clusters whose representatives match it
	place := map[int]int{}  // the cluster of each document, by its index in found
	var found []lsh.Cluster[int]
	for _, row := range order {
		score := map[int]float64{} // by cluster that row may join; 0 if the match is not known yet
		for _, e := range near[row] {
			if k, ok := place[e.to]; ok && found[k].Representative == e.to {
				score[k] = e.score
			}
			for _, k := range hubs[e.to] {
				score[k] = max(score[k], 0)
			}
		}
		joined := -1
		for _, k := range slices.Sorted(maps.Keys(score)) {
			// A match found only through a hub is verified here.
			if score[k] == 0 {
				rep := found[k].Representative
				p := CoveredPair{Cover: v.cover(min(rep, row), max(rep, row))}
				if v.sketches != nil {
					p.Pair = v.alike(min(rep, row), max(rep, row))
				}
				if p.Cover.Share() < v.o.Covered && (v.sketches == nil || p.Similarity < v.o.Threshold) {
					continue
				}
				score[k] = v.o.Score(p)
			}
			joined = k
			break
		}
		if joined < 0 {
			joined = len(found)
			found = append(found, lsh.Cluster[int]{Representative: row})
			score[joined] = 1
			for _, e := range near[row] {
				if len(near[e.to]) > hub {
					hubs[e.to] = append(hubs[e.to], joined)
				}
			}
			if len(near[row]) > hub {
				hubs[row] = append(hubs[row], joined)
			}
		}
		place[row] = joined
		found[joined].Members = append(found[joined].Members, lsh.Member[int]{ID: row, Similarity: score[joined]})
		if err := v.c.Env().Ctx.Err(); err != nil {
			return nil, err
		}
	}
	found = slices.DeleteFunc(found, func(k lsh.Cluster[int]) bool { return len(k.Members) < 2 })
	return found, v.c.Err()
}

// Old returns, for every new document, the match with the highest score among the
// documents of -against; a Row of -1 means none.
func (v *Covering) Old(pairs []CoveredPair) []Match {
	best := make([]Match, len(v.c.Docs)-v.c.Old)
	for i := range best {
		best[i].Row = -1
	}
	for _, p := range pairs {
		if p.A >= v.c.Old || p.B < v.c.Old {
			continue
		}
		m := &best[p.B-v.c.Old]
		if s := v.o.Score(p); m.Row < 0 || s > m.Similarity {
			*m = Match{p.A, lsh.Score{Similarity: s, ContainmentA: p.ContainmentB, ContainmentB: p.ContainmentA, Exact: true}}
		}
	}
	return best
}

// preference returns the same order as Sketches.preference.
func (v *Covering) preference() func(a, b int) bool {
	return (&Sketches{c: v.c, o: v.o}).preference()
}

// CoverOf returns the covered shares of two texts, ignoring their masked spans.
func CoverOf(a, b string, maskA, maskB []shingle.Span) passage.Cover {
	var al shingle.Aligner
	x, y := al.Prepare(a, maskA...), al.Prepare(b, maskB...)
	return passage.Covered(x, y, passage.Shared(al, x, y))
}
