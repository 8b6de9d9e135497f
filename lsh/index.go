package lsh

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/minhash"
)

// ErrMismatch reports signatures of different schemes.
var ErrMismatch = minhash.ErrMismatch

// An Index holds documents under the caller's ids and finds similar ones. Every
// result is verified: by the sets of both documents where the index has them, by
// their signatures otherwise. A document with an empty signature is kept and matches
// nothing. Ids are any bytes. The zero Index is empty and has the recommended
// options.
//
// AddSet, Insert and InsertNew take the element hashes of a document, such as those
// from shingle.Shingler.Hashes, in any order and with repeats, and copy them: the
// caller may reuse the slice. Nil means that the hashes are unknown. The first
// document fixes the scheme of the index: methods that take a signature panic if it
// has a different scheme or none. Compare the scheme of signatures from elsewhere
// with [Index.Scheme].
//
// An Index is safe for concurrent use. Queries do not wait for each other; Pairs and
// Clusters work on the documents present at the moment of the call and block no
// other call.
type Index struct {
	mu   sync.RWMutex
	opts Options // as given until the first Add, then with defaults

	scheme   minhash.Scheme // scheme of the first document
	sketcher *minhash.Sketcher
	rule     Rule
	key      keyer

	// Documents by row, in the order of insertion.
	names  []string
	sets   []record // shorter than names, or empty, where no hashes were given
	group  []uint32 // the group of each document; none once removed
	next   []uint32 // the next document of the same group, as row+1
	ids    idTable
	live   int
	nonNil int // number of documents whose hashes are known
	arena  arena
	epoch  int // grows when rows are renumbered

	// Groups of documents with the same signature.
	first, last []uint32 // first and last document of each group, as row+1; first is 0 if none is left
	registers   blocks
	tables      tables // one entry per group; the last table is by the tag of the whole signature
	tags        []uint32
	emptied     uint32 // the group that most recently lost its last document; none if there was none

	scratch        sync.Pool
	boundedQueries atomic.Int64
	work           atomic.Pointer[Work] // work of the last call of Pairs or Clusters
}

// New returns an empty index. It panics if an option is out of its range; options
// that depend on the number of registers are checked by the first Add.
func New(o Options) *Index {
	o.check()
	return &Index{opts: o}
}

// Add adds a document without its elements: it is compared by its signature. It
// replaces a document with the same id, and counts as the last one added.
func (ix *Index) Add(id string, sig minhash.Signature) { ix.AddSet(id, sig, nil) }

// AddSet is [Index.Add] with the element hashes from which sig was made. Pairs of
// documents with hashes are compared exactly. A copy of 8 bytes per hash is kept; it
// is sorted when the document is first compared.
func (ix *Index) AddSet(id string, sig minhash.Signature, hashes []uint64) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.fix(sig)
	ix.remove(id)
	ix.insert(id, sig.Values(), ix.arena.put(hashes))
}

// Insert is like [Index.AddSet], but also reports whether the index already held a
// match, and returns the best one, as [Index.Search] with a Limit of 1 would. It
// ignores a document with the same id. If two copies are inserted at the same time,
// exactly one is reported to have a match.
//
// Insert stores duplicates too, so a text that changes step by step always matches
// its previous version: see [Index.InsertNew].
func (ix *Index) Insert(id string, sig minhash.Signature, hashes []uint64) (Match[string], bool) {
	sc := ix.getScratch()
	defer ix.putScratch(sc)
	return sc.best(ix.swap(sc, id, sig, hashes))
}

// swap collects the candidates for a document and adds it to the index.
func (ix *Index) swap(sc *scratch, id string, sig minhash.Signature, hashes []uint64) Rule {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.fix(sig)
	ix.remove(id)
	r := ix.arena.put(hashes)
	sc.ask(sig.Values(), r, nil)
	ix.collect(sc, ix.rule, 1, none, 0)
	ix.insert(id, sig.Values(), r)
	return ix.rule
}

// InsertNew adds a document unless the index holds a match; then it returns the best
// one, as [Index.Search] with a Limit of 1 finds it. A document with the same id is
// not a match. It is replaced if nothing else matches, and otherwise stays
// unchanged.
//
// So every document left out matches one that was kept. If two copies are inserted
// at the same time, exactly one is stored.
func (ix *Index) InsertNew(id string, sig minhash.Signature, hashes []uint64) (Match[string], bool) {
	sc := ix.getScratch()
	defer ix.putScratch(sc)
	sc.ask(sig.Values(), nil, hashes)
	seen := span{}
	for {
		rule, stored := ix.insertUnlessNear(sc, &seen, id, sig, hashes)
		if stored {
			return Match[string]{}, false
		}
		// Candidates are compared outside the lock. If none of them matches, only the
		// documents added since then remain to be compared.
		if m, ok := sc.best(rule); ok {
			return m, true
		}
	}
}

// A span describes the rows that InsertNew has seen: those below rows, in one epoch.
type span struct {
	epoch int
	rows  uint32
}

// insertUnlessNear stores a document and returns true if it has no candidate among
// the rows not seen yet; otherwise it collects the candidates.
func (ix *Index) insertUnlessNear(sc *scratch, seen *span, id string, sig minhash.Signature, hashes []uint64) (Rule, bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.fix(sig)
	if seen.epoch != ix.epoch {
		*seen = span{epoch: ix.epoch}
	}
	self, ok := ix.ids.get(ix.names, id)
	if !ok {
		self = none
	}
	ix.collect(sc, ix.rule, 1, self, seen.rows)
	if len(sc.hits) > 0 {
		seen.rows = uint32(len(ix.names))
		return ix.rule, false
	}
	ix.remove(id)
	ix.insert(id, sig.Values(), ix.arena.put(hashes))
	return ix.rule, true
}

// fix makes the scheme of sig the scheme of the index. It panics if the index
// already has a different one.
func (ix *Index) fix(sig minhash.Signature) {
	sc := sig.Scheme()
	if sc == (minhash.Scheme{}) {
		panic("lsh: zero Signature; make signatures with a minhash.Sketcher")
	}
	if ix.scheme == (minhash.Scheme{}) {
		sk, err := minhash.ForScheme(sc)
		if err != nil {
			panic("lsh: " + err.Error())
		}
		ix.opts = ix.opts.withDefaults(sc.K)
		ix.scheme, ix.sketcher = sc, sk
		ix.rule = NewRule(sc.K, ix.opts.Threshold)
		ix.key = makeKeyer(ix.opts.Banding, ix.opts.Seed)
		ix.reset(ix.opts.Capacity)
	}
	if sc != ix.scheme {
		panic("lsh: " + mismatch(ix.scheme, sc))
	}
}

// mismatch describes the difference between the scheme of an index and another one.
func mismatch(index, other minhash.Scheme) string {
	same := index
	same.Elements = other.Elements
	switch {
	case same != other:
		return fmt.Sprintf("the scheme of the signature is %v, but the index has %v", other, index)
	case index.Elements == "":
		return fmt.Sprintf("the signatures in the index do not name their elements, but this one names %q: set minhash.Options.Elements for all", other.Elements)
	case other.Elements == "":
		return fmt.Sprintf("the signature does not name its elements, but those in the index name %q: set minhash.Options.Elements for all", index.Elements)
	}
	return fmt.Sprintf("signature of the elements %q, but the index has %q", other.Elements, index.Elements)
}

// reset empties the index and makes room for documents.
func (ix *Index) reset(capacity int) {
	ix.names = make([]string, 0, capacity)
	ix.group = make([]uint32, 0, capacity)
	ix.next = make([]uint32, 0, capacity)
	ix.first = make([]uint32, 0, capacity)
	ix.last = make([]uint32, 0, capacity)
	ix.sets, ix.ids, ix.arena = nil, makeIDTable(capacity), makeArena()
	ix.live, ix.nonNil = 0, 0
	ix.epoch++
	ix.registers = makeBlocks(ix.scheme.K, capacity)
	ix.tables = makeTables(ix.opts.Banding.Bands+1, capacity)
	ix.tags = make([]uint32, ix.opts.Banding.Bands+1)
	ix.emptied = none
}

func (ix *Index) insert(id string, regs []uint32, set record) {
	row := uint32(len(ix.names))
	if row >= none-1 {
		panic("lsh: too many documents for 32-bit row numbers")
	}
	ix.names = append(ix.names, id)
	ix.ids.put(ix.names, row)
	if set != nil {
		for len(ix.sets) < int(row) {
			ix.sets = append(ix.sets, nil)
		}
		ix.sets = append(ix.sets, set)
		ix.nonNil++
	}
	ix.live++
	ix.next = append(ix.next, 0)
	g := ix.groupOf(regs)
	ix.group = append(ix.group, g)
	if ix.first[g] == 0 {
		ix.first[g] = row + 1
	} else {
		ix.next[ix.last[g]-1] = row + 1
	}
	ix.last[g] = row + 1
}

// groupOf returns the group of documents with the given signature; it makes one if
// there is none.
func (ix *Index) groupOf(regs []uint32) uint32 {
	bands := ix.opts.Banding.Bands
	for e := ix.tables.bands[bands].get(ix.key.tag(regs, bands)); e != 0; e = ix.tables.next.at(int(e - 1))[bands] {
		if g := e - 1; !ix.unlinked(g) && slices.Equal(ix.registers.at(int(g)), regs) {
			return g
		}
	}
	ix.key.tags(ix.tags, regs)
	g := ix.tables.add(ix.tags)
	copy(ix.registers.add(), regs)
	ix.first = append(ix.first, 0)
	ix.last = append(ix.last, 0)
	return g
}

// Remove removes a document and reports whether it was there. Its memory is reused
// after as many removals as there are documents left.
func (ix *Index) Remove(id string) bool {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.remove(id)
}

func (ix *Index) remove(id string) bool {
	row, ok := ix.ids.remove(ix.names, id)
	if !ok {
		return false
	}
	g := ix.group[row]
	ix.group[row] = none
	ix.names[row] = ""
	if int(row) < len(ix.sets) && ix.sets[row] != nil {
		ix.arena.drop(ix.sets[row])
		ix.sets[row] = nil
		ix.nonNil--
	}
	ix.live--
	ix.unchain(g)
	if ix.first[g] == 0 && ix.emptied != g {
		before := ix.emptied
		ix.emptied = g // keep it out of this sweep
		ix.unlink(before)
	}
	if dead := len(ix.names) - ix.live; dead > ix.live+1024 {
		ix.compact()
	} else if ix.arena.wasted() {
		ix.compactArena()
	}
	return true
}

// sweepDepth is the number of live documents or groups that are passed in one chain
// to remove dead ones from it: as many as a search for one match examines. Otherwise
// a page that is replaced again and again would leave a trail that every search has
// to follow.
const sweepDepth = FullBucket + 8

// unchain removes dead documents from the chain of a group.
func (ix *Index) unchain(g uint32) {
	last := uint32(0)
	left := sweepDepth
	for f := ix.first[g]; f != 0 && left > 0; f = ix.next[f-1] {
		if ix.group[f-1] == none {
			continue
		}
		if last == 0 {
			ix.first[g] = f
		} else {
			ix.next[last-1] = f
		}
		last = f
		left--
	}
	switch {
	case left == 0:
	case last == 0:
		ix.first[g], ix.last[g] = 0, 0
	default:
		ix.next[last-1], ix.last[g] = 0, last
	}
}

// unlinked reports whether a group has no documents and will not get any. The group
// emptied last may be used again: a document replaced by an equal one returns to it.
func (ix *Index) unlinked(g uint32) bool { return ix.first[g] == 0 && g != ix.emptied }

// unlink removes a group from the chains of its tags, if it is still empty, together
// with earlier unlinked groups within reach.
func (ix *Index) unlink(g uint32) {
	if g == none || ix.first[g] != 0 {
		return
	}
	ix.key.tags(ix.tags, ix.registers.at(int(g)))
	for b, tag := range ix.tags {
		ix.tables.sweep(b, tag, sweepDepth, ix.unlinked)
	}
}

// compact rebuilds the index without removed documents.
func (ix *Index) compact() {
	names, sets, group, registers, locks := ix.names, ix.sets, ix.group, ix.registers, ix.arena.locks
	ix.reset(0)
	for row, g := range group {
		if g == none {
			continue
		}
		var set record
		if row < len(sets) {
			set = ix.arena.copy(sets[row], locks)
		}
		ix.insert(names[row], registers.at(int(g)), set)
	}
}

// compactArena copies the live records to a new arena. Searches that hold an old
// arena keep it.
func (ix *Index) compactArena() {
	a := makeArena()
	for row, r := range ix.sets {
		ix.sets[row] = a.copy(r, ix.arena.locks)
	}
	ix.arena = a
}

// Contains reports whether there is a document with that id.
func (ix *Index) Contains(id string) bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	_, ok := ix.ids.get(ix.names, id)
	return ok
}

// Len returns the number of documents.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.live
}

// Scheme returns the scheme of the signatures in the index; the zero Scheme before
// the first document.
func (ix *Index) Scheme() minhash.Scheme {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.scheme
}

// Banding returns the banding of the index. Before the first document it returns
// Options.Banding, which may be the zero Banding.
func (ix *Index) Banding() Banding {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.opts.Banding
}

// Merge adds all documents of other, in the order in which they were added there;
// they replace documents of ix with the same ids. The error wraps [ErrMismatch] if
// the schemes of the signatures differ; ix is then unchanged. Options need not be
// equal: where ix has no [Options.Sets], the sets from other's function are fetched
// now and kept. Other may be in use, but must not be ix itself.
func (ix *Index) Merge(other *Index) error {
	if ix == other {
		return errors.New("lsh: an index cannot be merged with itself")
	}
	v := other.view()
	if v.sketcher == nil {
		return nil
	}
	if ix.hasSets() {
		v.opts.Sets = nil
	}
	given := make([][]uint64, len(v.group)) // filled before ix is locked, because Sets is the caller's function
	for row, g := range v.group {
		if g != none && v.record(row) == nil && v.opts.Sets != nil {
			given[row] = v.opts.Sets(v.names[row])
		}
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.sketcher != nil && ix.scheme != v.scheme {
		return fmt.Errorf("lsh: merging an index: %s: %w", mismatch(ix.scheme, v.scheme), ErrMismatch)
	}
	for row, g := range v.group {
		if g == none {
			continue
		}
		sig, err := v.sketcher.Wrap(v.registers.at(int(g)))
		if err != nil {
			return fmt.Errorf("lsh: %w", err)
		}
		ix.fix(sig)
		ix.remove(v.names[row])
		set := ix.arena.put(given[row])
		if r := v.record(row); r != nil {
			set = ix.arena.copy(r, v.locks)
		}
		ix.insert(v.names[row], sig.Values(), set)
	}
	return nil
}

// hasSets reports whether the caller's function may return the sets of documents.
func (ix *Index) hasSets() bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.opts.Sets != nil
}
