package lsh

import (
	"cmp"
	"slices"

	"github.com/neardup/neardup/internal/hashset"
	"github.com/neardup/neardup/minhash"
)

// A Match is a document found by a search. The zero Match is not a document.
type Match[ID any] struct {
	ID ID
	// Score has the query as A and the document as B.
	Score
}

// SearchOptions configures [Index.Search]; the zero value asks for all documents
// that match by estimate.
type SearchOptions struct {
	// Set holds the element hashes from which the signature was made, in any order. With
	// it, documents whose sets are known are compared exactly.
	Set []uint64

	// Limit is the largest number of matches to return; 0 means all. It also bounds the
	// work: among the documents that share a band with the query, only the last 128
	// added are compared, and 8 more for each match requested. [Stats] counts how often
	// documents were left out for this reason. Documents with exactly the signature of
	// the query are always compared.
	Limit int

	// Threshold is the minimum similarity of a match; 0 means the index's threshold. Below
	// that, matches are found with the probability given by [Banding.Recall].
	Threshold float64
}

// Search returns the documents that match the signature, best first; equal matches
// are in the order in which they were added. It panics if the signature has a scheme
// other than the index's, or if an option is out of its range.
func (ix *Index) Search(sig minhash.Signature, o SearchOptions) []Match[string] {
	if o.Limit < 0 {
		panic("lsh: Limit must not be negative")
	}
	if o.Threshold != 0 {
		checkThreshold(o.Threshold)
	}
	sc := ix.getScratch()
	defer ix.putScratch(sc)
	sc.ask(sig.Values(), nil, o.Set)
	rule, ok := ix.search(sc, sig.Scheme(), o)
	if !ok {
		return nil
	}
	// Sets are compared outside the lock: that can take long, and calls back.
	return sc.matches(rule, o.Limit)
}

// search collects the candidates under the lock.
func (ix *Index) search(sc *scratch, scheme minhash.Scheme, o SearchOptions) (Rule, bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if ix.sketcher == nil || ix.live == 0 {
		return Rule{}, false
	}
	if scheme != ix.scheme {
		panic("lsh: " + mismatch(ix.scheme, scheme))
	}
	r := ix.rule
	if o.Threshold != 0 {
		r = NewRule(ix.scheme.K, o.Threshold)
	}
	ix.collect(sc, r, o.Limit, none, 0)
	return r, true
}

// scratch is the memory of a search other than its result.
type scratch struct {
	tags, heads []uint32
	near        []uint32
	hits        []hit

	query    []uint32
	record   record   // record of the query, if the index has one
	set      []uint64 // hashes of the query; nil if they are not known
	ready    bool     // whether set is in ascending order without repeats
	sets     func(id string) []uint64
	locks    *recordLocks
	sketcher *minhash.Sketcher
}

func (ix *Index) getScratch() *scratch {
	if sc, ok := ix.scratch.Get().(*scratch); ok {
		return sc
	}
	return new(scratch)
}

func (ix *Index) putScratch(sc *scratch) {
	sc.ask(nil, nil, nil) // keep no set of the caller alive
	ix.scratch.Put(sc)
}

// ask sets the signature and the hashes of the query. The hashes come from a record,
// if there is one, or from the caller.
func (sc *scratch) ask(regs []uint32, r record, hashes []uint64) {
	sc.query, sc.record, sc.set, sc.ready = regs, r, hashes, false
}

func (sc *scratch) known() bool { return sc.record != nil || sc.set != nil }

// querySet returns the set of the query, which must be known.
func (sc *scratch) querySet() []uint64 {
	if !sc.ready {
		if sc.record != nil {
			sc.set = sc.record.set(sc.locks)
		} else {
			sc.set = hashset.Of(sc.set)
		}
		sc.ready = true
	}
	return sc.set
}

// A hit is a document that may match.
type hit struct {
	row   uint32
	agree int
	name  string
	set   record
	regs  []uint32
}

// collect adds the documents that may match to sc.hits: those from the given row on,
// other than except.
func (ix *Index) collect(sc *scratch, r Rule, limit int, except, from uint32) {
	sc.hits = sc.hits[:0]
	sc.sets, sc.locks, sc.sketcher = ix.opts.Sets, ix.arena.locks, ix.sketcher
	if isEmpty(sc.query) {
		return
	}
	exact := sc.known() && (ix.nonNil > 0 || ix.opts.Sets != nil)
	ix.collectGroups(sc, sc.query, limit)
	least := r.least(exact)
	for _, g := range sc.near {
		other := ix.registers.at(int(g))
		n := minhash.Agree(sc.query, other)
		if n < least {
			continue
		}
		// The first few documents with the same signature are enough, except for exact
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
			if ix.group[row] == none || row == except || row < from {
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

// collectGroups adds the groups that share a band with the registers to sc.near,
// each once.
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
				continue // a group without documents does not count
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

// best returns the best hit that matches, if there is one.
func (sc *scratch) best(r Rule) (Match[string], bool) {
	m := sc.matches(r, 1)
	if len(m) == 0 {
		return Match[string]{}, false
	}
	return m[0], true
}

// matches judges the hits.
func (sc *scratch) matches(r Rule, limit int) []Match[string] {
	slices.SortFunc(sc.hits, func(x, y hit) int {
		return cmp.Or(cmp.Compare(y.agree, x.agree), cmp.Compare(x.row, y.row))
	})
	type scored struct {
		hit int
		Score
	}
	var found []scored
	perfect := 0
	known := sc.known()
	for i := range sc.hits {
		h := &sc.hits[i]
		s, ok := r.judge(h.agree, scoreSets, func() (a, b []uint64, ok bool) {
			if !known {
				return nil, nil, false
			}
			if b = h.set.set(sc.locks); b == nil && sc.sets != nil {
				b = hashset.Of(sc.sets(h.name))
			}
			if b == nil {
				return nil, nil, false
			}
			return sc.querySet(), b, true
		}, nil)
		if !ok {
			continue
		}
		found = append(found, scored{i, s})
		// No later candidate can rank higher.
		if s.Similarity == 1 {
			perfect++
		}
		if limit > 0 && perfect == limit {
			break
		}
	}
	slices.SortFunc(found, func(x, y scored) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(sc.hits[x.hit].row, sc.hits[y.hit].row))
	})
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	var out []Match[string]
	if len(found) > 0 {
		out = make([]Match[string], len(found))
	}
	size := -1.0 // size of the query, estimated when first needed
	for i, f := range found {
		h := &sc.hits[f.hit]
		if !f.Exact && h.agree < r.K {
			if size < 0 {
				size = sc.elements(sc.query)
			}
			f.estimateContainment(size, sc.elements(h.regs))
		}
		out[i] = Match[string]{h.name, f.Score}
	}
	clear(sc.hits) // keep no set and no name alive
	return out
}

func (sc *scratch) elements(regs []uint32) float64 {
	sig, err := sc.sketcher.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}
