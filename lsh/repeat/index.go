package repeat

import (
	"iter"
	"slices"

	"github.com/neardup/neardup/shingle"
)

// mostPlaces is how many places of an anchor are kept, beyond which windows are.
const mostPlaces = 32

// An index finds places of the pieces that stay by anchors.
type index struct {
	anchors table
	common  map[uint64]bool // anchors with too many places
	windows table           // around these, by the hash of the window
}

// add adds the anchors of a document outside the known text.
func (x *index) add(c *Cutter, doc uint32, s *seq, known []match) {
	for _, a := range s.anchors {
		for len(known) > 0 && known[0].to < c.end(a) {
			known = known[1:]
		}
		if len(known) > 0 && known[0].from <= a.first {
			continue
		}
		if c.opts.Border != Tokens {
			x.anchors.addUnlessEqual(a.hash, doc, s, a.at, a.n)
			continue
		}
		if !x.common[a.hash] {
			places := slices.Collect(x.anchors.all(a.hash))
			if len(places) < mostPlaces {
				x.anchors.add(a.hash, doc, uint32(a.at))
				continue
			}
			if x.common == nil {
				x.common = map[uint64]bool{}
			}
			x.common[a.hash] = true
			slices.Reverse(places)
			for _, p := range places {
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
}

// addWindows adds the windows of a common anchor.
func (x *index) addWindows(c *Cutter, doc uint32, s *seq, a anchor) {
	n := c.opts.MinTokens
	for w := a.first; w <= a.last; w++ {
		x.windows.addUnlessEqual(mix(c.hash(s.sum, w, w+n)), doc, s, w, n)
	}
}

// A place is a piece of a document.
type place struct{ doc, at, next uint32 }

// A table holds places by hash: an open table of the last place of each hash, which
// leads to the others.
type table struct {
	slots  []uint32 // numbers of places, from 1
	used   int
	hashes []uint64 // of the places
	places []place
}

// slot returns the slot of a hash.
func (t *table) slot(h uint64) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if p := &t.slots[i]; *p == 0 || t.hashes[*p-1] == h {
			return p
		}
	}
}

// all yields the places of a hash, the last one first.
func (t *table) all(h uint64) iter.Seq[place] {
	return func(yield func(place) bool) {
		if len(t.slots) == 0 {
			return
		}
		for e := *t.slot(h); e != 0; {
			p := t.places[e-1]
			if !yield(p) {
				return
			}
			e = p.next
		}
	}
}

// addUnlessEqual adds n pieces, unless the document has equal ones already: those that
// overlap may be equal, and those of a document that was not cut.
func (t *table) addUnlessEqual(h uint64, doc uint32, s *seq, at, n int) {
	for p := range t.all(h) {
		if q := int(p.at); p.doc == doc && slices.Equal(s.sym[q:q+n], s.sym[at:at+n]) {
			return
		}
	}
	t.add(h, doc, uint32(at))
}

func (t *table) add(h uint64, doc, at uint32) {
	if 4*(t.used+1) > 3*len(t.slots) {
		t.slots = make([]uint32, max(1024, 2*len(t.slots)))
		for i, h := range t.hashes {
			*t.slot(h) = uint32(i + 1) // ascending, so the last one stays
		}
	}
	p := t.slot(h)
	if *p == 0 {
		t.used++
	}
	t.hashes = append(t.hashes, h)
	t.places = append(t.places, place{doc, at, *p})
	*p = uint32(len(t.places))
}

// A source is the pieces that stay of a document, and where they were.
type source struct {
	*seq
	rest shingle.Rest
}

// A cache holds sources in two generations, so that those used lately stay.
type cache struct {
	young, old map[uint32]*source
	pieces     int // of the young
}

// cachedPieces is how many pieces a generation has; each takes 16 bytes and its text.
const cachedPieces = 1 << 20

// source returns the pieces that stay of a document.
func (c *Cutter) source(doc uint32) *source {
	k := &c.cache
	if s := k.young[doc]; s != nil {
		return s
	}
	s := k.old[doc]
	if s == nil {
		d := &c.docs[doc]
		text := d.text
		if c.opts.Text != nil {
			text = c.opts.Text(int(doc))
		}
		rest := shingle.Cut(text, d.cuts)
		s = &source{c.pieces(rest.Text), rest}
	}
	if k.pieces += s.len() + 16; k.pieces > cachedPieces || k.young == nil {
		k.young, k.old, k.pieces = map[uint32]*source{}, k.young, s.len()+16
	}
	k.young[doc] = s
	return s
}
