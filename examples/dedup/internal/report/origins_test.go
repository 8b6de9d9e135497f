package report

import (
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
)

// If documents have times, the page shows who had a passage first. Without times it
// lists the passages of three or more documents and names none of them as the first.
func TestFirstHoldersNeedTimes(t *testing.T) {
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
		t.Errorf("a passage of two documents without times: got %+v and %v, want none", found, err)
	}
	docs[2].Text += "\n\n" + shared
	if found, err = findings(t, docs).origins(); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].First != -1 || found[0].Documents != 3 || len(found[0].Holders) != 3 {
		t.Fatalf("without times: got %+v, want one passage in three documents without a first holder", found)
	}
	for i, h := range found[0].Holders {
		if h.Document != i || h.Span.Of(docs[i].Text) != shared || !h.Time.IsZero() || h.From != -1 || len(h.Cites) != 0 {
			t.Errorf("holder %d is %+v, want document %d with the passage alone", i, h, i)
		}
	}
}
