package repeat

import "github.com/neardup/neardup/shingle"

// A source holds the kept pieces of a document and their original places.
type source struct {
	*seq
	rest shingle.Rest
}

// A cache holds sources in two generations, so that recently used ones stay.
type cache struct {
	young, old map[uint32]*source
	limit      int // number of pieces in a generation
	now        int // limit of a generation for the current document
	pieces     int // number of pieces in the young generation
}

const (
	mostCached  = 1 << 20 // largest limit of a cache
	cachedPiece = 24      // approximate bytes of a piece, including its text
)

// serve is called before a document with the given number of pieces is processed. A
// long document gets more room, since it needs the same sources again and again, and
// those may be as long as the document.
func (k *cache) serve(pieces int) { k.now = max(k.limit, min(2*pieces, 2*k.limit)) }

// source returns the kept pieces of a document.
func (c *Cutter) source(doc uint32) *source {
	k := &c.cache
	if s := k.young[doc]; s != nil {
		return s
	}
	s := k.old[doc]
	if s == nil {
		rest := c.rest(doc)
		s = &source{c.pieces(rest.Text), rest}
	}
	if k.pieces += s.len() + 16; k.pieces > k.now || k.young == nil {
		k.young, k.old, k.pieces = map[uint32]*source{}, k.young, s.len()+16
	}
	k.young[doc] = s
	return s
}

// rest returns the kept text of a document.
func (c *Cutter) rest(doc uint32) shingle.Rest {
	var text string
	if c.opts.Text != nil {
		text = c.opts.Text(int(doc))
	} else {
		text = c.texts[doc]
	}
	cuts := c.cuts.of(int(doc))
	if n := len(cuts); n > 0 && cuts[n-1].End > len(text) {
		cuts = nil // the text or the cuts could not be read: see Err
	}
	return shingle.Cut(text, cuts)
}
