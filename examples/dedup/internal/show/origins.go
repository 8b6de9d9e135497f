package show

import (
	"time"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// An Origin is a line of "dedup origins -json": a passage with its holders.
type Origin struct {
	First     *string  `json:"first"`
	Documents int      `json:"documents"`
	Origins   int      `json:"origins"`
	Tokens    int      `json:"tokens"`
	Holders   []Holder `json:"holders"`
}

// A Holder is a place of a passage.
type Holder struct {
	Span
	Time  *string `json:"time"`
	From  *string `json:"from"`
	Cites []Cite  `json:"cites"`
}

// A Cite is a cue of attribution near a place.
type Cite struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// A Source is a line of "dedup origins -json": how much of a document is elsewhere.
type Source struct {
	ID        string   `json:"id"`
	Elsewhere float64  `json:"elsewhere"`
	From      []string `json:"from"`
}

// NewOrigin returns the line of a passage.
func NewOrigin(o passage.Origin) Origin {
	out := Origin{Documents: o.Documents, Origins: o.Origins, Tokens: o.Tokens, Holders: make([]Holder, len(o.Holders))}
	id := func(k int) *string {
		if k < 0 {
			return nil
		}
		return &o.Holders[k].ID
	}
	out.First = id(o.First)
	for i, h := range o.Holders {
		line := Holder{Span: spanOf(h.ID, h.Span), From: id(h.From), Cites: make([]Cite, len(h.Cites))}
		if !h.Time.IsZero() {
			t := h.Time.Format(time.RFC3339Nano)
			line.Time = &t
		}
		for k, c := range h.Cites {
			line.Cites[k] = Cite{c.Text, c.Span.Start, c.Span.End}
		}
		out.Holders[i] = line
	}
	return out
}

func spanOf(id string, s shingle.Span) Span { return Span{id, s.Start, s.End} }
