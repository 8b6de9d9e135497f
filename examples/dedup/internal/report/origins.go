package report

import (
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/lsh/passage"
)

// origins returns which document had each passage first, for the timeline of the
// page. If no document has a time, there is no timeline.
func (f *Findings) origins() ([]htmlreport.Origin, error) {
	if !slices.ContainsFunc(f.c.Docs, func(d corpus.Document) bool { return d.Time != "" }) {
		return nil, nil
	}
	found, err := find.Origins(f.c, f.o, f.masks, 0)
	if err != nil {
		return nil, err
	}
	row := f.c.Rows()
	var out []htmlreport.Origin
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
