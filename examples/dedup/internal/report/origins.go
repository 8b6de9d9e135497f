package report

import (
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/lsh/passage"
)

// manyHolders is the minimum number of documents with a passage for the page to list it
// if there are no times. Passages of two documents are listed with the pairs.
const manyHolders = 3

// origins returns which document had each passage first, for the timeline of the
// page. If no document has a time, it returns the passages that three or more
// documents hold.
func (f *Findings) origins() ([]htmlreport.Origin, error) {
	ix := f.ix
	f.ix = nil // nothing else needs it
	row := f.c.Rows()
	var out []htmlreport.Origin
	if !slices.ContainsFunc(f.c.Docs, func(d corpus.Document) bool { return d.Time != "" }) {
		groups, err := ix.Groups(0, false)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			if g.Documents < manyHolders || len(out) == htmlreport.DefaultFindings {
				break // the passages held by the most documents come first
			}
			o := htmlreport.Origin{Tokens: g.Tokens, Documents: g.Documents, First: -1}
			for _, m := range g.Members {
				o.Holders = append(o.Holders, htmlreport.Holder{Place: htmlreport.Place{Document: row[m.ID], Span: m.Span}, From: -1})
			}
			out = append(out, o)
		}
		return out, nil
	}
	found, err := ix.Origins(0, false, 0)
	if err != nil {
		return nil, err
	}
	for _, p := range found.Passages[:min(len(found.Passages), htmlreport.DefaultFindings)] {
		o := htmlreport.Origin{Tokens: p.Tokens, Documents: p.Documents, Origins: p.Origins, First: p.First}
		for _, h := range p.Holders {
			o.Holders = append(o.Holders, holder(h, row))
		}
		out = append(out, o)
	}
	return out, nil
}

func holder(h passage.Holder, row map[string]int) htmlreport.Holder {
	out := htmlreport.Holder{Place: htmlreport.Place{Document: row[h.ID], Span: h.Span}, Time: h.Time, From: h.From}
	for _, c := range h.Cites {
		out.Cites = append(out.Cites, c.Text)
	}
	return out
}
