package lsh

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// A Match is a document that a query found.
type Match struct {
	ID string
	// Score has the query as A and the document as B.
	Score
}

// SearchOptions configures [Index.Search].
type SearchOptions struct {
	// Set is the set of which the signature is, in ascending order and without
	// repeats. With it, documents whose sets are known are judged exactly.
	Set []uint64

	// Limit is the most matches to return; 0 means all. It also bounds the
	// work: of the documents that share a band with the query at most 128 and
	// 8 more for each match asked for are looked at, those added last. How often
	// that left some out, [Index.Stats] tells. Documents with the very signature
	// of the query are always looked at.
	Limit int

	// Threshold is the least similarity of a match; 0 means that of the index.
	// Below that of the index, matches are found with the probability that
	// [Banding.Recall] gives.
	Threshold float64
}

// Query returns the documents that match the signature by estimate, the best
// first, and in the order of insertion those that match equally. It panics if
// the signature is of another scheme than those of the index.
func (ix *Index) Query(sig minhash.Signature) []Match {
	return ix.Search(sig, SearchOptions{})
}

// Search is [Index.Query] with options.
func (ix *Index) Search(sig minhash.Signature, o SearchOptions) []Match {
	if o.Limit < 0 {
		panic("lsh: negative limit")
	}
	sc := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(sc)
	r, ok := ix.search(sc, sig, o)
	if !ok {
		return nil
	}
	// Sets are compared outside the lock: that may take long, and calls back.
	return sc.matches(r, o.Set, o.Limit)
}

// search collects the candidates under the lock.
func (ix *Index) search(sc *scratch, sig minhash.Signature, o SearchOptions) (rule, bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if ix.sketcher == nil || ix.live == 0 {
		return rule{}, false
	}
	if sig.Scheme() != ix.scheme {
		panic("lsh: signature of another scheme than the index: " + sig.Scheme().String())
	}
	r := ix.rule
	if o.Threshold != 0 {
		if !(o.Threshold > 0 && o.Threshold <= 1) {
			panic("lsh: threshold must be above 0 and at most 1")
		}
		r = makeRule(ix.scheme.K, o.Threshold)
	}
	ix.collect(sc, sig.Values(), r, o.Set != nil, o.Limit)
	return r, true
}

// scratch is what a query needs beside its result.
type scratch struct {
	tags, heads []uint32
	near        []uint32
	hits        []hit

	query    []uint32
	sets     func(id string) []uint64
	sketcher *minhash.Sketcher
}

// A hit is a document that may match.
type hit struct {
	row   uint32
	agree int
	name  string
	set   []uint64
	regs  []uint32
}

// collect puts the documents that may match into sc.hits. With exact, those
// whose sets are known are held to the weaker demand of the rule.
func (ix *Index) collect(sc *scratch, regs []uint32, r rule, exact bool, limit int) {
	sc.hits = sc.hits[:0]
	sc.query, sc.sets, sc.sketcher = regs, ix.opts.Sets, ix.sketcher
	if isEmpty(regs) {
		return
	}
	exact = exact && (ix.nonNil > 0 || ix.opts.Sets != nil)
	ix.collectGroups(sc, regs, limit)
	least := r.accept
	if exact {
		least = r.floor
	}
	for _, g := range sc.near {
		other := ix.registers.at(int(g))
		n := minhash.Agree(regs, other)
		if n < least {
			continue
		}
		// Of documents with one signature the first are enough, but for exact
		// scores, which may differ.
		left := -1
		if limit > 0 {
			left = limit
			if exact {
				left += FullBucket
			}
		}
		for f := ix.first[g]; f != 0 && left != 0; f = ix.next[f-1] {
			row := f - 1
			if ix.group[row] == none {
				continue
			}
			h := hit{row: row, agree: n, name: ix.names[row], regs: other}
			if exact && int(row) < len(ix.sets) {
				h.set = ix.sets[row]
			}
			sc.hits = append(sc.hits, h)
			left--
		}
	}
}

// collectGroups puts the groups that share a band with the registers into
// sc.near, each once.
func (ix *Index) collectGroups(sc *scratch, regs []uint32, limit int) {
	n := len(ix.tables.bands)
	sc.tags = slices.Grow(sc.tags[:0], n)[:n]
	sc.heads = slices.Grow(sc.heads[:0], n)[:n]
	ix.key.tags(sc.tags, regs)
	ix.tables.heads(sc.heads, sc.tags)
	sc.near = sc.near[:0]
	longest := len(ix.registers.list) << ix.registers.shift
	if limit > 0 {
		longest = FullBucket + 8*limit
	}
	bounded := false
	for b, e := range sc.heads {
		left := longest
		for ; e != 0; e = ix.tables.next.at(int(e - 1))[b] {
			if ix.first[e-1] == 0 {
				continue // removed, and counts for nothing
			}
			if left == 0 {
				bounded = true
				break
			}
			sc.near = append(sc.near, e-1)
			left--
		}
	}
	if bounded {
		ix.boundedQueries.Add(1)
	}
	slices.Sort(sc.near)
	sc.near = slices.Compact(sc.near)
}

// matches judges the hits.
func (sc *scratch) matches(r rule, set []uint64, limit int) []Match {
	slices.SortFunc(sc.hits, func(x, y hit) int {
		return cmp.Or(cmp.Compare(y.agree, x.agree), cmp.Compare(x.row, y.row))
	})
	type scored struct {
		row uint32
		Match
	}
	var found []scored
	size := -1.0 // of the query, estimated when first needed
	perfect := 0
	for i := range sc.hits {
		h := &sc.hits[i]
		var other []uint64
		if set != nil {
			other = h.set
			if other == nil && sc.sets != nil {
				other = sc.sets(h.name)
			}
		}
		var s Score
		if other != nil {
			s = ExactScore(set, other)
			if s.Similarity < r.threshold {
				continue
			}
		} else {
			if h.agree < r.accept {
				continue
			}
			s = r.estimate(h.agree, func() (float64, float64) {
				if size < 0 {
					size = sc.elements(sc.query)
				}
				return size, sc.elements(h.regs)
			})
		}
		found = append(found, scored{h.row, Match{h.name, s}})
		// Nothing behind can be better, nor as good and earlier.
		if s.Similarity == 1 {
			perfect++
		}
		if limit > 0 && perfect == limit {
			break
		}
	}
	clear(sc.hits) // keep no set and no name alive
	slices.SortFunc(found, func(x, y scored) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(x.row, y.row))
	})
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	if len(found) == 0 {
		return nil
	}
	out := make([]Match, len(found))
	for i, f := range found {
		out[i] = f.Match
	}
	return out
}

func (sc *scratch) elements(regs []uint32) float64 {
	sig, err := sc.sketcher.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}
