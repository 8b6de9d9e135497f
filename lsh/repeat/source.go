package repeat

import "github.com/neardup/neardup/shingle"

// A source is the pieces that stay of a document, and where they were.
type source struct {
	*seq
	rest shingle.Rest
}

// A cache holds sources in two generations, so that those used lately stay.
type cache struct {
	young, old map[uint32]*source
	limit      int // pieces of a generation
	pieces     int // of the young
}

const (
	mostCached  = 1 << 20 // limit of a cache without another one
	cachedPiece = 32      // bytes that one takes, with its text, about
)

// source returns the pieces that stay of a document.
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
	if k.pieces += s.len() + 16; k.pieces > k.limit || k.young == nil {
		k.young, k.old, k.pieces = map[uint32]*source{}, k.young, s.len()+16
	}
	k.young[doc] = s
	return s
}

// rest returns the text that stays of a document.
func (c *Cutter) rest(doc uint32) shingle.Rest {
	var text string
	if c.opts.Text != nil {
		text = c.opts.Text(int(doc))
	} else {
		text = c.texts[doc]
	}
	cuts := c.cuts.of(int(doc))
	if n := len(cuts); n > 0 && cuts[n-1].End > len(text) {
		cuts = nil // the text could not be read, or the cuts: see Err
	}
	return shingle.Cut(text, cuts)
}
