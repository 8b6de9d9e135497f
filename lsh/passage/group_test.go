package passage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
)

// TestGroupsDistinguishQuotations distinguishes a recycled paragraph from a quotation used once, and who
// had it first.
func TestGroupsDistinguishQuotations(t *testing.T) {
	const quote = "We shall not sell a single acre of this forest, not to the railway and not to anybody else"
	const background = "The forest above the lake has belonged to the three villages since 1611, when the last count died without an heir"
	day := func(d int) time.Time { return time.Date(2020, 5, d, 0, 0, 0, 0, time.UTC) }
	var ix passage.Index
	ix.AddAt("third", day(3), "A report came today. \""+quote+"\", the mayor wrote.\n\n"+background+".")
	ix.Add("undated", background+", as has been told here many times over.")
	ix.AddAt("first", day(1), "“"+quote+"!” That was the answer.\n\nMore of it tomorrow, said the paper.")
	ix.AddAt("second", day(2), "To repeat what we know: "+background+". The rest is rumour.")
	type member struct{ ID, Text string }
	var got [][]member
	for _, g := range groupsOf(&ix) {
		var members []member
		for _, m := range g.Members {
			text, _ := ix.Text(m.ID)
			members = append(members, member{m.ID, strings.Trim(m.Span.Of(text), "\"“”!,.")})
		}
		if g.Members[g.Representative].Similarity != 1 || g.Documents != len(members) {
			t.Errorf("group %+v, want a representative at similarity 1 and %d documents", g, len(members))
		}
		got = append(got, members)
	}
	want := [][]member{
		{{"second", background}, {"third", background}, {"undated", background}},
		{{"first", quote}, {"third", quote}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ix.Remove("second")
	if g := groupsOf(&ix); len(g) != 2 || len(g[0].Members) != 2 {
		t.Errorf("groups after Remove = %+v, want 2, the first of 2 members", g)
	}
}
