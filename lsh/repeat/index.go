package repeat

import (
	"math"
	"slices"
)

// mostPlaces is the number of places of an anchor that are kept; beyond that,
// windows are kept.
const mostPlaces = 32

// An index finds places of the kept pieces by anchors and by the windows around
// common anchors: places are stored by the hash of the anchor, or by the [windowKey]
// of the window. The latest places are in a table in memory, the others on disk.
type index struct {
	table table
	disk  disk
	runs  int     // number of places, not counting marks
	found []place // buffer of places
	equal []place // buffer of addUnlessEqual
}

// A place is a piece of a document.
type place struct{ doc, at uint32 }

// mark is the document number of an entry that follows the places of a common
// anchor.
const mark = math.MaxUint32

// isCommon reports whether these are the places of a common anchor.
func isCommon(places []place) bool { return len(places) > 0 && places[0].doc == mark }

// windowKey returns the key for the hash of a window.
func windowKey(hash uint64) uint64 { return ^mix(hash) }

// places returns the places of a key, newest first; the slice is valid until the
// next call.
func (x *index) places(key uint64) []place {
	x.found = x.table.appendPlaces(x.found[:0], key)
	if !isCommon(x.found) {
		x.found = x.disk.appendPlaces(x.found, key)
	}
	return x.found
}

// add adds the anchors of a document, except those whose windows all lie in one
// known match.
func (x *index) add(c *Cutter, doc uint32, s *seq, known []match) {
	for _, a := range s.anchors {
		for len(known) > 0 && known[0].to < c.end(a) {
			known = known[1:]
		}
		if len(known) > 0 && known[0].from <= a.first {
			continue
		}
		if c.opts.Border != Tokens {
			x.addUnlessEqual(a.hash, doc, s, a.at, a.n)
			continue
		}
		places := x.places(a.hash)
		if !isCommon(places) {
			if len(places) < mostPlaces {
				x.addPlace(a.hash, place{doc, uint32(a.at)})
				continue
			}
			x.table.add(a.hash, place{doc: mark})
			for _, p := range slices.Backward(places) {
				src := c.source(p.doc)
				if src.anchors == nil {
					src.seq = c.read(src.text)
				}
				i, ok := slices.BinarySearchFunc(src.anchors, int(p.at), func(a anchor, at int) int { return a.at - at })
				if ok {
					x.addWindows(c, p.doc, src.seq, src.anchors[i])
				}
			}
		}
		x.addWindows(c, doc, s, a)
	}
	if x.table.full() {
		x.disk.take(&x.table)
	}
}

// addWindows adds the windows of a common anchor.
func (x *index) addWindows(c *Cutter, doc uint32, s *seq, a anchor) {
	n := c.opts.MinTokens
	for w := a.first; w <= a.last; w++ {
		x.addUnlessEqual(windowKey(c.hash(s.sum, w, w+n)), doc, s, w, n)
	}
}

// addUnlessEqual adds n pieces, unless the document already has equal ones:
// overlapping pieces may be equal, and so may pieces of a document that was not cut.
// The table is not written to disk while a document is added, so it holds all places
// of the document with that key.
func (x *index) addUnlessEqual(key uint64, doc uint32, s *seq, at, n int) {
	x.equal = x.table.appendPlaces(x.equal[:0], key)
	for _, p := range x.equal {
		if q := int(p.at); p.doc == doc && slices.Equal(s.sym[q:q+n], s.sym[at:at+n]) {
			return
		}
	}
	x.addPlace(key, place{doc, uint32(at)})
}

func (x *index) addPlace(key uint64, p place) {
	x.table.add(key, p)
	x.runs++
}
