package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// sites returns pages of two sites as JSON Lines. The frames are larger than the stories,
// and each page has its own comments. Each site has five stories; the first is on both.
func sites() string {
	n := uint32(7)
	words := func(count int) string {
		var s strings.Builder
		for range count {
			n = n*1664525 + 1013904223
			fmt.Fprintf(&s, "w%c%c%c ", 'a'+n>>10%26, 'a'+n>>15%26, 'a'+n>>20%26)
		}
		return strings.TrimSpace(s.String())
	}
	story := words(120) + "."
	var out strings.Builder
	for _, host := range []string{"tern", "heron"} {
		top, notice, foot := words(4), words(70)+".", words(6)
		for i := range 5 {
			text := words(120) + "."
			if i == 0 {
				text = story
			}
			page := strings.Join([]string{"Home", top, words(7), text, words(90) + ".", "Share", words(3), notice, foot}, "\n\n")
			if i > 0 { // the menu and the footer belong to the site, the rest to the page
				page = strings.Join([]string{"Home", top, words(7), text, "Share", notice, foot}, "\n\n")
			}
			line, _ := json.Marshal(map[string]string{"id": fmt.Sprint(host, i), "host": host, "text": page, "time": "2026-03-02T06:00:00Z"})
			out.Write(append(line, '\n'))
		}
	}
	return out.String()
}

// Pages that share a story are found by their covered share, but not by Jaccard
// similarity; pages of one site are not found because of their frame.
func TestCoveredFindsPagesWithSharedStory(t *testing.T) {
	t.Chdir(t.TempDir())
	pages := sites()
	put(t, map[string]string{"pages.jsonl": pages})
	lines := strings.SplitAfter(pages, "\n")
	put(t, map[string]string{"old.jsonl": strings.Join(lines[:5], ""), "new.jsonl": strings.Join(lines[5:], "")})

	if stdout, _, status := dedup(t, "", "pairs", "-json", "pages.jsonl"); status != cli.ExitDone || stdout != "" {
		t.Errorf("pairs by Jaccard similarity: status %d, %s, want none", status, stdout)
	}
	for _, args := range [][]string{
		{"pages.jsonl"}, {"-strip=false", "pages.jsonl"}, {"-threshold", ".99", "pages.jsonl"},
		{"-against", "old.jsonl", "new.jsonl"},
	} {
		stdout, stderr, status := dedup(t, "", append([]string{"pairs", "-json", "-covered", ".25"}, args...)...)
		var got show.Pair
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != cli.ExitDone {
			t.Errorf("pairs %v -covered .25: status %d, %v: %q, %s, want one pair", args, status, err, stdout, stderr)
			continue
		}
		if got.A != "tern0" || got.B != "heron0" || !got.Exact || got.CoveredA == nil || *got.CoveredA < .4 || *got.CoveredB < .4 || got.Jaccard > .6 {
			t.Errorf("pairs %v -covered .25 = %s, want tern0 and heron0, exact, covered by 0.4 and above", args, stdout)
		}
	}
	// If both criteria are given, either is sufficient.
	stdout, _, _ := dedup(t, "", "pairs", "-json", "-covered", "1", "-threshold", ".3", "pages.jsonl")
	if n := strings.Count(stdout, "\n"); n != 1 || !strings.Contains(stdout, `"covered_a":`) {
		t.Errorf("pairs -covered 1 -threshold .3 = %s, want one pair, with covered_a", stdout)
	}

	stdout, _, _ = dedup(t, "", "clusters", "-json", "-covered", ".25", "pages.jsonl")
	var c show.Cluster
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || c.Representative != "tern0" || len(c.Members) != 2 || c.Members[1].Similarity < .4 || c.Members[1].Similarity > .7 {
		t.Errorf("clusters -covered .25 = %s, %v, want tern0 with one more member", stdout, err)
	}
	for _, args := range [][]string{{"pages.jsonl"}, {"-against", "old.jsonl", "new.jsonl"}} {
		stdout, stderr, status := dedup(t, "", append([]string{"clean", "-json", "-dry-run", "-covered", ".25"}, args...)...)
		var r show.Removal
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || status != cli.ExitDone || r.ID != "heron0" || r.Match != "tern0" || len(r.Spans) == 0 {
			t.Errorf("clean %v: status %d, %v: %s%s, want heron0 removed for tern0, with spans", args, status, err, stdout, stderr)
		}
	}
	stdout, _, _ = dedup(t, "", "compare", "-json", "tern0", "heron0", "pages.jsonl")
	var both struct {
		CoveredA float64 `json:"covered_a"`
		CoveredB float64 `json:"covered_b"`
	}
	if err := json.Unmarshal([]byte(stdout), &both); err != nil || both.CoveredA < .4 || both.CoveredB < .4 {
		t.Errorf("compare: covered %+v, %v, want 0.4 and above on both sides", both, err)
	}
	for _, bad := range [][]string{{"-covered", "0"}, {"-covered", "1.5"}, {"-covered", "x"}, {"-covered", ".3", "-estimate"}, {"-covered", ".3", "-containment", ".5"}} {
		if _, stderr, status := dedup(t, "", append(append([]string{"pairs"}, bad...), "pages.jsonl")...); status != cli.ExitFatal || !strings.Contains(stderr, "covered") {
			t.Errorf("pairs %v: status %d, %s, want %d and a message on -covered", bad, status, stderr, cli.ExitFatal)
		}
	}
}

// A thousand copies, more than the cap of a fingerprint, form one cluster, whichever copy
// is kept.
func TestCoveredCopiesFormOneCluster(t *testing.T) {
	var in strings.Builder
	story := strings.Repeat("one two three four five six seven eight nine ten eleven twelve thirteen fourteen ", 1) + sites()[200:900]
	for i := range 400 {
		line, _ := json.Marshal(map[string]string{"id": fmt.Sprint("d", i), "text": story + strings.Repeat(" more", i%7)})
		in.Write(append(line, '\n'))
	}
	for _, keep := range []string{"first", "longest"} {
		stdout, _, status := dedup(t, in.String(), "clusters", "-json", "-covered", ".5", "-keep", keep, "-")
		var c show.Cluster
		if err := json.Unmarshal([]byte(stdout), &c); err != nil || status != cli.ExitDone || len(c.Members) != 400 {
			t.Errorf("clusters -keep %s: status %d, %v, first cluster of %d members, want 400", keep, status, err, len(c.Members))
		}
	}
}

// Texts are written without recycled blocks, and every omitted part is logged.
func TestBoilerplateOutLogsEveryCut(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"pages.jsonl": sites()})
	type text struct{ ID, Text, Time string }
	read := func(name string) map[string]text {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]text{}
		for line := range strings.Lines(string(data)) {
			var x text
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatal(err)
			}
			all[x.ID] = x
		}
		return all
	}
	whole := read("pages.jsonl")
	if _, stderr, status := dedup(t, "", "boilerplate", "-out", "texts.jsonl", "-spans", "spans.jsonl", "pages.jsonl"); status != cli.ExitDone {
		t.Fatalf("boilerplate -out: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	if _, stderr, status := dedup(t, "", "clean", "-cut", "blocks", "-out", "kept.jsonl", "-spans", "cut.jsonl", "pages.jsonl"); status != cli.ExitDone {
		t.Fatalf("clean -cut blocks: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	texts := read("texts.jsonl")
	if diff := cmp.Diff(texts, read("kept.jsonl")); diff != "" {
		t.Errorf("texts (-want of boilerplate -out +got of clean -cut blocks):\n%s", diff)
	}
	one, _ := os.ReadFile("spans.jsonl")
	two, _ := os.ReadFile("cut.jsonl")
	if diff := cmp.Diff(string(one), string(two)); diff != "" || len(one) == 0 {
		t.Errorf("log of spans, %d bytes (-want of boilerplate +got of clean):\n%s", len(one), diff)
	}
	// The texts are the documents without the logged spans.
	cut := map[string]string{}
	at := map[string]int{}
	for line := range strings.Lines(string(one)) {
		var s show.Cut
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Reason == "" || s.Start < at[s.ID] {
			t.Fatalf("line %s of the log (%v), want a reason and ascending offsets for each document", line, err)
		}
		cut[s.ID] += whole[s.ID].Text[at[s.ID]:s.Start]
		at[s.ID] = s.End
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for id, w := range whole {
		want := squeeze(cut[id] + " " + w.Text[at[id]:])
		if got := squeeze(texts[id].Text); got != want || got == squeeze(w.Text) || texts[id].Time != w.Time {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	for _, args := range [][]string{
		{"clean", "-cut", "words", "-out", "x.jsonl", "pages.jsonl"}, {"clean", "-spans", "x", "-out", "x.jsonl", "pages.jsonl"},
		{"clean", "-cut", "blocks", "-dry-run", "pages.jsonl"}, {"boilerplate", "-spans", "x", "pages.jsonl"},
		{"boilerplate", "-out", "pages.jsonl", "-overwrite", "pages.jsonl"}, {"boilerplate", "-out", "x", "-spans", "x", "pages.jsonl"},
		{"boilerplate", "-out", "texts.jsonl", "pages.jsonl"},
	} {
		if _, stderr, status := dedup(t, "", args...); status != cli.ExitFatal {
			t.Errorf("%v: status %d, %s, want %d", args, status, stderr, cli.ExitFatal)
		}
	}
}

// By default frames are left out if a host has several pages, which reveal its frame, but
// not if every page is from a different host.
func TestStripDependsOnHosts(t *testing.T) {
	t.Chdir(t.TempDir())
	pages := sites()
	single := regexp.MustCompile(`"host":"(\w+)","id":"(\w+)"`).ReplaceAllString(pages, `"host":"$2","id":"$2"`)
	put(t, map[string]string{"pages.jsonl": pages, "single.jsonl": single})
	for _, c := range []struct {
		file string
		args []string
		want string
	}{
		{"pages.jsonl", nil, "without recycled blocks"},
		{"pages.jsonl", []string{"-strip=false"}, "as whole texts"},
		{"single.jsonl", nil, "as whole texts"},
		{"single.jsonl", []string{"-strip"}, "without recycled blocks"},
	} {
		_, stderr, status := dedup(t, "", append(append([]string{"pairs", "-json"}, c.args...), c.file)...)
		if status != cli.ExitDone || !strings.Contains(stderr, c.want) {
			t.Errorf("%s %v: exit status %d, %s, want %q", c.file, c.args, status, stderr, c.want)
		}
	}
}
