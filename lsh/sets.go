package lsh

import (
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/internal/hashset"
)

// An arena stores the element hashes of documents in chunks, 8 bytes each, as given:
// in any order and with repeats. A record is sorted and its repeats are dropped when
// it is first compared. Most documents are never compared, so adding one costs no
// more than a copy.
type arena struct {
	free  []uint64 // the rest of the newest chunk
	live  int      // number of words that records of live documents use in the chunks
	total int      // number of words in all chunks

	locks *recordLocks // shared with the views of an index
	next  uint64       // lock for the next record
}

// recordLocks guard the sorting of records.
type recordLocks [1 << lockBits]sync.Mutex

const (
	minChunk, maxChunk = 1 << 10, 1 << 16 // sizes in words

	// Larger records are allocated on their own.
	maxInChunk = maxChunk / 4
)

// A record is the hashes of one document: a header word, then the hashes. The header
// holds their number, the lock of the record, and whether they are sorted. Once they
// are, a record does not change. A nil record means that the hashes are not known.
type record []uint64

const (
	sortedBit = 1
	lockBits  = 6
	lockShift = 1
	lenShift  = lockShift + lockBits
)

func makeArena() arena { return arena{locks: new(recordLocks)} }

// alloc returns an unsorted record with room for n hashes.
func (a *arena) alloc(n int) record {
	words := n + 1
	var r record
	if words > maxInChunk {
		r = make(record, words)
	} else {
		if words > len(a.free) {
			size := min(max(minChunk, a.total, 4*words), maxChunk)
			a.free = make([]uint64, size)
			a.total += size
		}
		r = record(a.free[:words:words])
		a.free = a.free[words:]
		a.live += words
	}
	r[0] = uint64(n)<<lenShift | a.next<<lockShift
	a.next = (a.next + 1) % (1 << lockBits)
	return r
}

// put stores a copy of hashes; nil for nil hashes.
func (a *arena) put(hashes []uint64) record {
	if hashes == nil {
		return nil
	}
	r := a.alloc(len(hashes))
	copy(r[1:], hashes)
	if hashset.Is(r[1:]) {
		r[0] |= sortedBit
	}
	return r
}

// copy stores a copy of a record from an arena with the given locks; others may be
// reading or sorting it.
func (a *arena) copy(r record, locks *recordLocks) record {
	if r == nil {
		return nil
	}
	if atomic.LoadUint64(&r[0])&sortedBit == 0 {
		m := r.lock(locks)
		m.Lock()
		defer m.Unlock()
	}
	return a.put(r.hashes())
}

// drop counts a record that is no longer used. Its memory is freed with its chunk,
// once nobody holds a record of that chunk.
func (a *arena) drop(r record) {
	if len(r) > 0 && len(r) <= maxInChunk {
		a.live -= len(r)
	}
}

// wasted reports whether dropped records take up most of the chunks.
func (a *arena) wasted() bool { return a.total-len(a.free)-a.live > a.live+maxChunk }

func (r record) lock(locks *recordLocks) *sync.Mutex {
	return &locks[atomic.LoadUint64(&r[0])>>lockShift&(1<<lockBits-1)]
}

func (r record) hashes() []uint64 {
	n := 1 + int(atomic.LoadUint64(&r[0])>>lenShift)
	return r[1:n:n]
}

// set returns the hashes in ascending order without repeats; nil if they are not
// known. Callers wait for each other only at the first use of a record.
func (r record) set(locks *recordLocks) []uint64 {
	if r == nil {
		return nil
	}
	if atomic.LoadUint64(&r[0])&sortedBit == 0 {
		m := r.lock(locks)
		m.Lock()
		defer m.Unlock()
		if h := r[0]; h&sortedBit == 0 { // written under the lock only
			n := len(hashset.Make(r.hashes()))
			h = uint64(n)<<lenShift | h&(1<<lenShift-1) | sortedBit
			atomic.StoreUint64(&r[0], h)
		}
	}
	return r.hashes()
}

// asSets wraps f so that it returns sets whatever the order of its hashes; nil if f
// is nil.
func asSets[ID any](f func(ID) []uint64) func(ID) []uint64 {
	if f == nil {
		return nil
	}
	return func(id ID) []uint64 { return hashset.Of(f(id)) }
}
