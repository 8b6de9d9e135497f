package report

import (
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
)

// The page has the first holders of passages if documents have times, and no origins if
// none has.
func TestOriginsNeedTimes(t *testing.T) {
	shared := prose(9, 3)
	docs := []document{
		{ID: "late", Host: "a", Time: "2026-11-03", Text: prose(1, 8) + "\n\n" + shared + "\n\n" + prose(2, 8)},
		{ID: "early", Host: "b", Time: "2026-11-01", Text: prose(3, 8) + "\n\n" + shared + "\n\n" + prose(4, 8)},
		{ID: "other", Host: "c", Time: "2026-11-02", Text: prose(5, 8)},
	}
	found, err := findings(t, docs).origins()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].First != 0 || found[0].Documents != 2 || found[0].Origins != 2 {
		t.Fatalf("got %+v, want one passage with a first holder, in two documents", found)
	}
	place := func(i int) htmlreport.Place { return found[0].Holders[i].Place }
	if a, b := place(0), place(1); a.Document != 1 || b.Document != 0 || a.Span.Of(docs[1].Text) != b.Span.Of(docs[0].Text) {
		t.Errorf("holders %+v, want the early document, then the late one, with the same text", found[0].Holders)
	}
	for i := range docs {
		docs[i].Time = ""
	}
	if found, err := findings(t, docs).origins(); err != nil || found != nil {
		t.Errorf("without times: got %+v and %v, want none", found, err)
	}
}
