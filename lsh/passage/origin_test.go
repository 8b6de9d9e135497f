package passage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// timeline is a story planted at many hosts: which documents hold it, when, and who
// took most of their text from it.
type timeline struct {
	story          string
	first, origins int
	holders        []int
}

// plantTimelines writes stories at 40 hosts each: whole copies with some edits, and
// quotations of one paragraph in texts of the hosts' own.
func plantTimelines(r *rng, ix *passage.Index, stories int, when func(k int) time.Time) []timeline {
	var out []timeline
	doc := 0
	for s := range stories {
		paragraphs := make([]string, 5)
		for i := range paragraphs {
			paragraphs[i] = strings.Join(r.words(40, 20000), " ") + "."
		}
		tl := timeline{story: paragraphs[2]}
		hosts := 40
		times := make([]int, hosts) // a shuffled order of days
		for k := range times {
			times[k] = k
		}
		for i := hosts - 1; i > 0; i-- {
			k := r.n(i + 1)
			times[i], times[k] = times[k], times[i]
		}
		for k := range hosts {
			own := func(n int) string { return strings.Join(r.words(n, 20000), " ") + "." }
			var text string
			if times[k] == 0 || r.n(3) > 0 {
				copied := strings.Fields(strings.Join(paragraphs, "\\n\\n"))
				text = strings.Join(paragraphs, "\n\n")
				if times[k] > 0 {
					for range 6 {
						w := copied[r.n(len(copied))]
						text = strings.Replace(text, " "+w+" ", " "+own(1)[:3]+" ", 1)
					}
					text = own(20) + "\n\n" + text
				} else {
					tl.first = doc
					tl.origins++
				}
			} else {
				text = own(60) + "\n\n" + paragraphs[2] + "\n\n" + own(60)
				tl.origins++
			}
			ix.AddAt(id(doc), when(1000*s+times[k]), text)
			tl.holders = append(tl.holders, doc)
			doc++
		}
		out = append(out, tl)
	}
	return out
}

// TestOriginsNameFirstHolder finds the first holder and the number of origins of stories
// planted at many hosts.
func TestOriginsNameFirstHolder(t *testing.T) {
	r := rng(21)
	start := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	ix := passage.New(passage.Options{Workers: 2})
	want := plantTimelines(&r, ix, 12, func(k int) time.Time { return start.Add(time.Duration(k) * time.Hour) })
	got, err := ix.Origins(t.Context(), passage.OriginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n, w := range want {
		found := false
		for _, o := range got.Passages {
			if o.Documents != len(w.holders) {
				continue
			}
			text, _ := ix.Text(o.Holders[0].ID)
			if !strings.Contains(text, w.story[:60]) {
				continue
			}
			found = true
			if o.First < 0 || o.Holders[o.First].ID != id(w.first) {
				t.Errorf("story %d: first holder %d of %s, want %s", n, o.First, o.Holders[0].ID, id(w.first))
			}
			if o.Origins != w.origins {
				t.Errorf("story %d: %d origins, want %d", n, o.Origins, w.origins)
			}
			for k, h := range o.Holders {
				if (h.From < 0) != (k == 0) || h.From >= k {
					t.Errorf("story %d: holder %d has it from %d, want an earlier one, none for the first", n, k, h.From)
				}
			}
		}
		if !found {
			t.Errorf("story %d: no passage has its %d holders, want one", n, len(w.holders))
		}
	}
	if len(got.Documents) < 12*39 {
		t.Errorf("%d documents with text found elsewhere, want at least %d", len(got.Documents), 12*39)
	}
}

// TestOriginsGuessNothing leaves the first holder unknown if times are missing or equal.
func TestOriginsGuessNothing(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2024, 6, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name  string
		times [3]time.Time
		first string
		from  []int
	}{
		{"known", [3]time.Time{day(3), day(1), day(2)}, "b", []int{-1, 0, 0}},
		{"one missing", [3]time.Time{day(3), {}, day(2)}, "", []int{-1, -1, -1}},
		{"all missing", [3]time.Time{}, "", []int{-1, -1, -1}},
		{"tied first", [3]time.Time{day(1), day(1), day(2)}, "", []int{-1, -1, -1}},
		{"tied later", [3]time.Time{day(2), day(1), day(2)}, "b", []int{-1, 0, 0}},
	} {
		ix := passage.New(passage.Options{})
		for i, d := range []string{"a", "b", "c"} {
			ix.AddAt(d, c.times[i], "Own words of "+d+": seven more of them "+strings.Repeat(d+" ", 30)+"\n\n"+wall+"\n\n"+strings.Repeat("end"+d+" ", 30))
		}
		got, err := ix.Origins(t.Context(), passage.OriginOptions{})
		if err != nil || len(got.Passages) != 1 {
			t.Fatalf("%s: Origins = %+v, %v, want 1 passage", c.name, got, err)
		}
		o := got.Passages[0]
		first := ""
		if o.First >= 0 {
			first = o.Holders[o.First].ID
		}
		var from []int
		for _, h := range o.Holders {
			from = append(from, h.From)
		}
		if diff := cmp.Diff(c.from, from); first != c.first || diff != "" || o.Origins != 3 {
			t.Errorf("%s: first %q, want %q; %d origins; from (-want +got):\n%s", c.name, first, c.first, o.Origins, diff)
		}
	}
}

// TestCitesFindAttributions finds the cues of attribution next to a passage.
func TestCitesFindAttributions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"According to the Harbour Gazette, it rained. X", "According to the Harbour Gazette|Harbour Gazette"},
		{"It rained, the Gazette of Works reported. X", "the Gazette of Works reported|Gazette of Works"},
		{"According to Friday's report in the Harbour Gazette, it rained. X", "According to Friday's report in the Harbour Gazette|Harbour Gazette"},
		{"SEAHAM, March 3 (Norpress) - It rained. X", "SEAHAM, March 3 (Norpress) -|Norpress"},
		{"By Anna Berg\n\nIt rained. X", "By Anna Berg|Anna Berg"},
		{"X it rained.\n\n(Reporting by Anna Berg; Editing by Ole Lund)", "Reporting by Anna Berg|Anna Berg;Editing by Ole Lund|Ole Lund"},
		{"X it rained.\n\nSource: Norpress", "Source: Norpress|Norpress"},
		{"He reported that it rained. X", ""},
		{"Anna Berg told Ole Lund that it rained. Anna Berg wrote it. X", ""},
		{"She told the Harbour Gazette that it rained. X", "told the Harbour Gazette|Harbour Gazette"},
		{"According to reports, it rained. X", ""},
		{"Berg and Lund Corp (BLC) - It rained. Despite reports, as published in June, nothing. X", ""},
		{"Laut der Harburger Zeitung hat es geregnet. X", "Laut der Harburger Zeitung|Harburger Zeitung"},
		{"Es regnete, wie die Nachrichtenagentur Reuters meldet. X", "wie die Nachrichtenagentur Reuters meldet|Nachrichtenagentur Reuters"},
		{"HARBURG, 3. März (dpa) - Es regnete. X", "HARBURG, 3. März (dpa) -|dpa"},
		{"Laut Polizei hat es geregnet. Wie Anna Berg schreibt, nicht. X", ""},
		{"Selon l’agence Reuters, il a plu. X", "Selon l’agence Reuters|Reuters"},
		{"Il a plu, rapporte la Gazette du Port. X", ""},
		{"Il a plu, rapporte Le Monde. X", "rapporte Le Monde|Le Monde"},
		{"Selon Anne Moreau, il a plu. X", ""},
		{"Según la agencia EFE, llovió. X", "Según la agencia EFE|EFE"},
		{"Llovió, informó el diario El País. X", "informó el diario El País|El País"},
		{"Según Ana Ruiz, llovió. X", ""},
		{"Segundo o jornal Folha, choveu. Secondo il Corriere, piove. X", "Segundo o jornal Folha|Folha;Secondo il Corriere|Corriere"},
		{"Как сообщает агентство ТАСС, шёл дождь. По данным Петрова, нет. X", "сообщает агентство ТАСС|ТАСС"},
		{"据新华社3月5日报道，昨天下雨。X", "据新华社3月5日报道|新华社"},
		{"据报道，昨天下雨。据当地媒体报道，没有。X", ""},
		{"新华社北京3月5日电 昨天下雨。X", "新华社北京3月5日电|新华社"},
		{"昨天下雨。X\n\n（来源：海港日报）", "来源：海港日报|海港日报"},
		{"ロイター通信によると、昨日雨が降った。X", "ロイター通信によると|ロイター通信"},
		{"Norpress reported this.\n\nFar away.\n\nFarther still.\n\nX it rained.", ""},
	} {
		at := strings.Index(c.text, "X")
		var got []string
		for _, k := range passage.Cites(c.text, shingle.Span{Start: at, End: at + 1}) {
			if k.Span.Of(c.text) != k.Text {
				t.Errorf("%q: span %v of cue %q, want the place of the cue", c.text, k.Span, k.Text)
			}
			got = append(got, fmt.Sprintf("%s|%s", k.Text, k.Source))
		}
		if g := strings.Join(got, ";"); g != c.want {
			t.Errorf("%q: cites %q, want %q", c.text, g, c.want)
		}
	}
}
