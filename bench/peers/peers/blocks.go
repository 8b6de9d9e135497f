package peers

import (
	"github.com/neardup/neardup/boilerplate"
)

// A Flagged is a span of a document that a finder reports as recycled.
type Flagged struct {
	ID         string
	Start, End int
}

// A BlockFinder finds recycled blocks.
type BlockFinder struct {
	Name string
	Find func([]boilerplate.Page) []Flagged
}

// Blocks is the list of finders.
var Blocks = []BlockFinder{
	{Name: "neardup, two passes", Find: func(pages []boilerplate.Page) (out []Flagged) {
		d := boilerplate.New(boilerplate.Options{})
		for _, p := range pages {
			d.Observe(p)
		}
		for _, p := range pages {
			out = appendFlagged(out, p, d.Judge(p))
		}
		return out
	}},
	{Name: "neardup, streaming", Find: func(pages []boilerplate.Page) (out []Flagged) {
		d := boilerplate.New(boilerplate.Options{})
		for _, p := range pages {
			out = appendFlagged(out, p, d.Next(p))
		}
		return out
	}},
}

func appendFlagged(out []Flagged, p boilerplate.Page, blocks []boilerplate.Block) []Flagged {
	for _, b := range blocks {
		if b.Flagged {
			out = append(out, Flagged{p.ID, b.Start, b.End})
		}
	}
	return out
}
