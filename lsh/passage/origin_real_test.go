package passage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// byDefinition counts the origins of a passage as defined: the holders that no earlier
// holder covers by the share. Every two holders are aligned.
func byDefinition(ix *passage.Index, o passage.Origin, share float64) int {
	type holder struct {
		text *shingle.Text
		time time.Time
	}
	var al shingle.Aligner
	var holders []holder
	seen := map[string]bool{}
	for _, h := range o.Holders {
		if !seen[h.ID] {
			seen[h.ID] = true
			text, _ := ix.Text(h.ID)
			holders = append(holders, holder{al.Prepare(text), h.Time})
		}
	}
	n := len(holders)
	for _, d := range holders {
		for _, e := range holders {
			if !d.time.IsZero() && !e.time.IsZero() && e.time.Before(d.time) &&
				passage.Covered(d.text, e.text, al.AlignTexts(d.text, e.text)).A >= share {
				n--
				break
			}
		}
	}
	return n
}

// TestOriginsByDefinition makes documents from parts of others, so that a document is
// covered by many others, of all sizes, which rarely hold the passage.
func TestOriginsByDefinition(t *testing.T) {
	r := rng(31)
	stock := make([]string, 40)
	for i := range stock {
		stock[i] = strings.Join(r.words(15+r.n(50), 8000), " ") + "."
	}
	vocabulary := r.words(500, 8000)
	ix := passage.New(passage.Options{Workers: 2})
	start := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 160 {
		var parts []string
		for range 1 + r.n(8) { // paragraphs from a small stock, so that some documents repeat one
			part := stock[r.n(len(stock))]
			if r.n(4) == 0 {
				part = words(15)(&r, part, vocabulary)
			}
			parts = append(parts, part)
		}
		if r.n(20) == 0 {
			parts = slices.Repeat(parts[:1], 12)
		}
		parts = append(parts, strings.Join(r.words(r.n(80), 8000), " "))
		at := start.Add(time.Duration(r.n(100)) * time.Hour) // some times are equal
		if r.n(12) == 0 {
			at = time.Time{}
		}
		ix.AddAt(id(i), at, strings.Join(parts, "\n\n"))
	}
	for _, share := range []float64{.3, .5, .8} {
		got, err := ix.Origins(t.Context(), passage.OriginOptions{Share: share})
		if err != nil {
			t.Fatal(err)
		}
		fewer := 0
		for i, o := range got.Passages {
			if want := byDefinition(ix, o, share); o.Origins != want {
				t.Errorf("share %v, passage %d of %d documents: %d origins, want %d", share, i, o.Documents, o.Origins, want)
			}
			if o.Origins < o.Documents {
				fewer++
			}
		}
		if len(got.Passages) < 40 || fewer < 5 {
			t.Errorf("share %v: %d passages, %d of them with documents that are not origins, want at least 40 and 5", share, len(got.Passages), fewer)
		}
	}
}

// TestOriginsOfPlantedStoriesAreFound plants news stories at 40 hosts each, among other
// stories of the same agency: whole with some words changed, or one paragraph in a text
// of the host's own.
func TestOriginsOfPlantedStoriesAreFound(t *testing.T) {
	const stories, hosts = 20, 40
	var long, other []string
	ix := passage.New(passage.Options{}) // holds only the stories, which share nothing with other texts
	for pass := range 2 {
		for _, d := range corpus.Docs(t, "reuters21578", "docs.jsonl") {
			n := len(strings.Fields(d.Text))
			switch {
			case pass == 0 && n > 350 && len(long) < stories && len(ix.Query(d.Text)) == 0:
				ix.Add(d.ID, d.Text)
				long = append(long, d.Text)
			case pass == 1 && n > 150 && n < 350 && len(other) < stories*hosts && len(ix.Query(d.Text)) == 0:
				other = append(other, d.Text)
			}
		}
	}
	r := rng(33)
	for _, c := range []struct {
		name string
		when func(k int) time.Time
	}{
		{"times", func(k int) time.Time {
			return time.Date(1987, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(k) * time.Minute)
		}},
		{"some missing", func(k int) time.Time {
			if k%1000 == 7 {
				return time.Time{}
			}
			return time.Date(1987, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(k) * time.Minute)
		}},
		{"tied", func(k int) time.Time {
			return time.Date(1987, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(k/2) * time.Minute)
		}},
	} {
		if race.Short() && c.name != "tied" {
			continue // these differ only in the times
		}
		t.Run(c.name, func(t *testing.T) {
			ix := passage.New(passage.Options{Workers: 2})
			first := make([]string, stories)
			quoted := make([]string, stories)
			for s, story := range long {
				best := shingle.Span{}
				for p := range shingle.Paragraphs(story) {
					if p.Len() > best.Len() && p.Len() < len(story)/3 {
						best = p
					}
				}
				quoted[s] = best.Of(story)
				place := map[int]int{}
				for k, host := range r.order(hosts) {
					place[host] = k // the position of the host in the order of time
				}
				for host := range hosts {
					name := fmt.Sprintf("story %d at host %d", s, host)
					text := story
					switch k := place[host]; {
					case k == 0:
						first[s] = name
					case k%4 == 1:
						text = other[s*hosts+host] + "\n\n" + quoted[s] + "\n\nThat is what was known at host " + name + "."
					default:
						text = words(4)(&r, story, strings.Fields(other[host]))
					}
					ix.AddAt(name, c.when(1000*s+place[host]), text)
				}
			}
			got, err := ix.Origins(t.Context(), passage.OriginOptions{})
			if err != nil {
				t.Fatal(err)
			}
			right := 0
			for s, p := range quoted {
				found := false
				for _, o := range got.Passages {
					text, _ := ix.Text(first[s])
					at := strings.Index(text, p) + len(p)/2
					in := false
					for _, h := range o.Holders {
						in = in || h.ID == first[s] && h.Span.Start <= at && at < h.Span.End && 2*h.Span.Len() < 3*len(p)
					}
					if !in || o.Documents < hosts-1 {
						continue
					}
					found = true
					switch {
					case c.name == "times" && o.First >= 0 && o.Holders[o.First].ID == first[s]:
						right++
					case c.name != "times" && o.First >= 0:
						t.Errorf("story %d: first holder %s, want none without times", s, o.Holders[o.First].ID)
					}
					if want := byDefinition(ix, o, .5); o.Origins != want {
						t.Errorf("story %d: %d origins of %d documents, want %d", s, o.Origins, o.Documents, want)
					}
					if want := 1 + hosts/4; c.name == "times" && o.Documents == hosts && o.Origins != want {
						t.Errorf("story %d: %d origins, want %d as planted", s, o.Origins, want)
					}
					for k, h := range o.Holders {
						if h.From >= k || h.From >= 0 && !o.Holders[h.From].Time.Before(h.Time) {
							t.Errorf("story %d: holder %d has it from %d, want an earlier one", s, k, h.From)
						}
					}
					break
				}
				if !found {
					t.Errorf("story %d: no passage has its %d holders, want one", s, hosts)
				}
			}
			if c.name == "times" {
				t.Logf("first holder right for %d of %d stories", right, stories)
				if right < stories*99/100 {
					t.Errorf("first holder right for %d of %d stories, want at least 99%%", right, stories)
				}
			}
		})
	}
}
