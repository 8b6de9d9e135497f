package lsh

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/minhash"
)

// ErrMismatch says that signatures of unlike schemes met.
var ErrMismatch = minhash.ErrMismatch

// An Index holds documents under the caller's ids and finds those that are
// alike. What it returns has been verified: by the sets of both documents where
// it has them, by their signatures otherwise. An empty signature is kept and
// matches nothing. Ids are any bytes.
//
// An Index is safe for concurrent use. Queries do not wait for each other; Pairs
// and Clusters work on the documents of the moment they are called and hold
// nobody up.
type Index struct {
	mu   sync.RWMutex
	opts Options // as given until the first Add, then with defaults

	scheme   minhash.Scheme // of the first document
	sketcher *minhash.Sketcher
	rule     rule
	key      keyer

	// Documents, by row in the order of insertion.
	names  []string
	sets   [][]uint64 // shorter than names, or empty, where no set was given
	group  []uint32   // the group that each belongs to; none once removed
	next   []uint32   // the next document of the same group, as row+1
	ids    idTable
	live   int
	nonNil int // sets that were given

	// Groups of documents with one signature.
	first, last []uint32 // document of each, as row+1; first is 0 where none is left
	registers   blocks
	tables      tables // one entry a group; the last table is by whole signature
	tags        []uint32
	emptied     uint32 // the group that was the last to lose its last document; none if there was none

	scratch        sync.Pool
	boundedQueries atomic.Int64
	work           atomic.Pointer[Work] // of the last Pairs or Clusters
}

// New returns an empty index. It panics if an option is out of its range; what
// depends on the number of registers is checked by the first Add.
func New(o Options) *Index {
	o.check()
	ix := &Index{opts: o}
	ix.scratch.New = func() any { return new(scratch) }
	return ix
}

// Add puts a document into the index. A document with the same id is replaced,
// and the new one counts as the last that was added.
//
// The first document fixes the scheme of the index: Add panics if the signature
// is of another one, or of none. Compare [Index.Scheme] with that of signatures
// which come from elsewhere.
func (ix *Index) Add(id string, sig minhash.Signature) { ix.AddSet(id, sig, nil) }

// AddSet is [Index.Add] with the set of which sig is the signature, in ascending
// order and without repeats, as shingle.Set has it. The index keeps it, and
// judges pairs of documents with sets exactly.
func (ix *Index) AddSet(id string, sig minhash.Signature, set []uint64) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.add(id, sig, set)
}

// Insert is [Index.AddSet] that also says whether the index held a match: the
// best one among the documents that were there before, other than one of the
// same id, as [Index.Search] with a Limit of 1 finds it. Of two copies inserted at
// the same time, exactly one is reported to repeat the other. A set of nil is one
// that is not known.
func (ix *Index) Insert(id string, sig minhash.Signature, set []uint64) (Match, bool) {
	sc := ix.scratch.Get().(*scratch)
	defer ix.scratch.Put(sc)
	m := sc.matches(ix.swap(sc, id, sig, set), set, 1)
	if len(m) == 0 {
		return Match{}, false
	}
	return m[0], true
}

// swap collects the candidates for a document and puts it into the index.
func (ix *Index) swap(sc *scratch, id string, sig minhash.Signature, set []uint64) rule {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.fix(sig)
	ix.remove(id)
	ix.collect(sc, sig.Values(), ix.rule, set != nil, 1)
	ix.insert(id, sig.Values(), set)
	return ix.rule
}

// fix makes the index one for signatures like sig, or panics if it is one for
// others.
func (ix *Index) fix(sig minhash.Signature) {
	sc := sig.Scheme()
	if sc == (minhash.Scheme{}) {
		panic("lsh: signature without a scheme")
	}
	if ix.scheme == (minhash.Scheme{}) {
		sk, err := minhash.ForScheme(sc)
		if err != nil {
			panic("lsh: " + err.Error())
		}
		ix.opts = ix.opts.withDefaults(sc.K)
		ix.scheme, ix.sketcher = sc, sk
		ix.rule = makeRule(sc.K, ix.opts.Threshold)
		ix.key = makeKeyer(ix.opts.Banding, ix.opts.Seed)
		ix.reset(ix.opts.Capacity)
	}
	if sc != ix.scheme {
		panic("lsh: signature of another scheme than the index: " + sc.String())
	}
}

// reset empties the index and makes room for documents.
func (ix *Index) reset(capacity int) {
	ix.names = make([]string, 0, capacity)
	ix.group = make([]uint32, 0, capacity)
	ix.next = make([]uint32, 0, capacity)
	ix.first = make([]uint32, 0, capacity)
	ix.last = make([]uint32, 0, capacity)
	ix.sets, ix.ids = nil, makeIDTable(capacity)
	ix.live, ix.nonNil = 0, 0
	ix.registers = makeBlocks(ix.scheme.K, capacity)
	ix.tables = makeTables(ix.opts.Banding.Bands+1, capacity)
	ix.tags = make([]uint32, ix.opts.Banding.Bands+1)
	ix.emptied = none
}

func (ix *Index) add(id string, sig minhash.Signature, set []uint64) {
	ix.fix(sig)
	ix.remove(id)
	ix.insert(id, sig.Values(), set)
}

func (ix *Index) insert(id string, regs []uint32, set []uint64) {
	row := uint32(len(ix.names))
	if row >= none-1 {
		panic("lsh: more documents than 32 bits can number")
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

// groupOf returns the group of documents with the given signature, a new one
// if there is none.
func (ix *Index) groupOf(regs []uint32) uint32 {
	bands := ix.opts.Banding.Bands
	for e := ix.tables.bands[bands].get(ix.key.tag(regs, bands)); e != 0; e = ix.tables.next.at(int(e - 1))[bands] {
		if g := e - 1; !ix.buried(g) && slices.Equal(ix.registers.at(int(g)), regs) {
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

// Remove takes a document out of the index and reports whether it was there.
// Its memory is used again after as many removals as there are documents left.
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
		ix.sets[row] = nil
		ix.nonNil--
	}
	ix.live--
	ix.unchain(g)
	if ix.first[g] == 0 && ix.emptied != g {
		before := ix.emptied
		ix.emptied = g // it is not to be swept along
		ix.bury(before)
	}
	if dead := len(ix.names) - ix.live; dead > ix.live+1024 {
		ix.compact()
	}
	return true
}

// sweepDepth is how many documents or groups that are there are passed in one
// chain to take those that are not out of it: as many as a search for one match
// looks at. A page that is replaced again and again would else leave a trail that
// every search has to follow.
const sweepDepth = FullBucket + 8

// unchain takes removed documents out of the chain of a group.
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

// buried says whether a group has no documents and will have none again. The one
// that was emptied last may: a document that is replaced by its like returns.
func (ix *Index) buried(g uint32) bool { return ix.first[g] == 0 && g != ix.emptied }

// bury takes a group out of the chains of its tags, if it is still empty, and with
// it what was buried before it and is within reach.
func (ix *Index) bury(g uint32) {
	if g == none || ix.first[g] != 0 {
		return
	}
	ix.key.tags(ix.tags, ix.registers.at(int(g)))
	for b, tag := range ix.tags {
		ix.tables.sweep(b, tag, sweepDepth, ix.buried)
	}
}

// compact builds the index anew without what was removed.
func (ix *Index) compact() {
	names, sets, group, registers := ix.names, ix.sets, ix.group, ix.registers
	ix.reset(0)
	for row, g := range group {
		if g == none {
			continue
		}
		var set []uint64
		if row < len(sets) {
			set = sets[row]
		}
		ix.insert(names[row], registers.at(int(g)), set)
	}
}

// Contains reports whether there is a document of that id.
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

// Scheme returns the scheme of the signatures in the index; the zero Scheme as
// long as it never held a document.
func (ix *Index) Scheme() minhash.Scheme {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.scheme
}

// Banding returns the banding of the index; the zero Banding as long as it never
// held a document and the options named none.
func (ix *Index) Banding() Banding {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.opts.Banding
}

// Merge adds all documents of other, in the order in which they were added
// there; those of ids that ix has replace the ones in ix. The error wraps
// [ErrMismatch] if the signatures are of unlike schemes, and ix stays as it was.
// Options need not be alike: where ix has no [Options.Sets], the sets that other's
// returns are asked for now and kept. Other may be in use, and may not be ix itself.
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
	sets := make([][]uint64, len(v.group)) // made before ix is locked: that calls back
	for row, g := range v.group {
		if g != none {
			sets[row] = v.set(row)
		}
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.sketcher != nil && ix.scheme != v.scheme {
		return fmt.Errorf("lsh: index of %v merged with one of %v: %w", ix.scheme, v.scheme, ErrMismatch)
	}
	for row, g := range v.group {
		if g == none {
			continue
		}
		sig, err := v.sketcher.Wrap(v.registers.at(int(g)))
		if err != nil {
			return fmt.Errorf("lsh: %w", err)
		}
		ix.add(v.names[row], sig, sets[row])
	}
	return nil
}

// hasSets says whether the caller's function knows the sets of documents.
func (ix *Index) hasSets() bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.opts.Sets != nil
}
