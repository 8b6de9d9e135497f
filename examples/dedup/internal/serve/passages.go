package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/shingle"
)

// maxCompared is the largest number of stored pages with which a page is compared.
const maxCompared = 256

// An asked is a page whose passages are requested, or the id of a stored one.
type asked struct {
	page   seen.Page
	stored bool
}

func parseAsked(b []byte) (asked, error) {
	var d document
	if err := decode(b, &d); err != nil {
		return asked{}, err
	}
	p, err := d.named()
	if err == nil {
		err = p.Check()
	}
	return asked{p, d.Text == nil && d.HTML == nil}, err
}

// shares is the answer with the passages of a page.
type shares struct {
	ID      string  `json:"id"`
	Text    string  `json:"text,omitempty"` // if the request had no text
	Matches []share `json:"matches"`
	LeftOut int     `json:"left_out"`
}

// A share is a stored page that shares passages with the requested one.
type share struct {
	ID           string   `json:"id"`
	Better       string   `json:"better,omitempty"`
	Covered      float64  `json:"covered"`
	CoveredMatch float64  `json:"covered_match"`
	Text         string   `json:"text,omitempty"` // with texts=true
	Passages     []shared `json:"passages"`
}

// A shared is a passage found in two pages: A is its extent in the page asked about, B
// in the stored page.
type shared struct {
	A          extent  `json:"a"`
	B          extent  `json:"b"`
	Similarity float64 `json:"similarity"`
	Tokens     int     `json:"tokens"`
	Kind       string  `json:"kind"`
	Template   bool    `json:"template,omitempty"`
}

type extent struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

func newShared(p shingle.Passage) shared {
	kind := "edited"
	switch {
	case p.Exact:
		kind = "exact"
	case p.Moved:
		kind = "moved"
	}
	return shared{extent{p.A.Start, p.A.End}, extent{p.B.Start, p.B.End}, p.Similarity, p.Tokens, kind, p.Template}
}

// passages returns the passages that pages share with stored ones, and stores nothing.
var passages = operation[asked]{parseAsked, func(ctx context.Context, _ *server, d *seen.Durable, r *http.Request, in []asked) ([]any, error) {
	limit, err := number(r, "limit", 16)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxCompared {
		return nil, failure{http.StatusBadRequest, fmt.Sprintf("limit=%d: must be from 1 to %d", limit, maxCompared)}
	}
	texts := r.URL.Query().Get("texts")
	if texts != "" && texts != "true" && texts != "false" {
		return nil, failure{http.StatusBadRequest, fmt.Sprintf("texts=%q: must be true or false", texts)}
	}
	out := make([]any, len(in))
	for i, x := range in {
		var s seen.Shares
		if x.stored {
			s, err = d.PassagesOf(ctx, x.page.ID, int(limit))
		} else {
			s, err = d.Passages(ctx, x.page, int(limit))
		}
		switch {
		case errors.Is(err, seen.ErrNoText):
			out[i] = problem{Error: err.Error()}
			continue
		case errors.Is(err, errors.ErrUnsupported):
			return nil, failure{http.StatusNotImplemented, "no texts are kept: start the service with -passages"}
		case err != nil:
			return nil, err
		}
		a := shares{ID: s.ID, Matches: []share{}, LeftOut: s.LeftOut}
		if x.stored || x.page.Blocks != nil {
			a.Text = s.Text
		}
		for _, p := range s.Pages {
			m := share{ID: p.ID, Better: p.Better, Covered: p.Cover.A, CoveredMatch: p.Cover.B}
			if texts == "true" {
				m.Text = p.Text
			}
			for _, x := range p.Passages {
				m.Passages = append(m.Passages, newShared(x))
			}
			a.Matches = append(a.Matches, m)
		}
		out[i] = a
	}
	return out, nil
}}
