package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/corpus"
)

// goldPassage is a passage that the two stories next to the repository share.
type goldPassage struct {
	A, B struct {
		ID         string
		Start, End int
	}
	Kind string
}

// The two real stories share six paragraphs, two parts of sentences and one edited
// passage, and no other text of twelve words.
func TestSeedStoriesSharePassages(t *testing.T) {
	t.Chdir(corpus.Shared(t, "seeds"))
	names, err := filepath.Glob("*.txt")
	if err != nil || len(names) != 2 {
		t.Fatalf("seed texts: %v, %v, want 2", names, err)
	}
	stdout, _, status := dedup(t, "", append([]string{"passages", "-json"}, names...)...)
	if status != cli.ExitDone {
		t.Fatalf("passages: status %d, want %d", status, cli.ExitDone)
	}
	var found []goldPassage
	for line := range strings.Lines(stdout) {
		var p goldPassage
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		found = append(found, p)
	}
	// runs joins exact gold passages that adjoin in both texts, since they may be
	// reported as one passage.
	var runs []goldPassage
	exact := 0
	for _, g := range gold(t) {
		if g.Kind == "exact" {
			exact++
		}
		if n := len(runs) - 1; n >= 0 && adjoin(runs[n].A.End, g.A.Start) && adjoin(runs[n].B.End, g.B.Start) {
			runs[n].A.End, runs[n].B.End = g.A.End, g.B.End
			continue
		}
		runs = append(runs, g)
	}
	if exact != 8 {
		t.Fatalf("%d exact gold passages, want 8", exact)
	}
	used := map[int]bool{}
	for _, g := range runs {
		hit := false
		for i, p := range found {
			if near(p.A.Start, g.A.Start) && near(p.A.End, g.A.End) && near(p.B.Start, g.B.Start) && near(p.B.End, g.B.End) {
				hit, used[i] = true, true
			}
			if g.Kind == "edited" && overlap(p.A.Start, p.A.End, g.A.Start, g.A.End)*10 >= 8*(g.A.End-g.A.Start) &&
				overlap(p.B.Start, p.B.End, g.B.Start, g.B.End)*10 >= 8*(g.B.End-g.B.Start) {
				hit, used[i] = true, true
			}
		}
		if !hit {
			t.Errorf("no passage covers %+v, want every known one found", g)
		}
	}
	for i, p := range found {
		if !used[i] {
			t.Errorf("passage %+v covers no shared text, want known ones alone", p)
		}
	}
}

func gold(t *testing.T) (passages []goldPassage) {
	t.Helper()
	f, err := os.Open("gold.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var p goldPassage
		if err := json.Unmarshal(sc.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		passages = append(passages, p)
	}
	return passages
}

// near reports whether two offsets differ by at most two bytes.
func near(a, b int) bool { return -2 <= a-b && a-b <= 2 }

// adjoin reports whether only the end of a paragraph lies between the end of one passage
// and the start of the next.
func adjoin(end, start int) bool { return 0 < start-end && start-end <= 4 }

func overlap(a, b, c, d int) int { return max(0, min(b, d)-max(a, c)) }

// As a whole the stories are not near-duplicates, but each has much of its text in the
// other.
func TestSeedStoriesAreNotNearDuplicates(t *testing.T) {
	t.Chdir(corpus.Shared(t, "seeds"))
	names, _ := filepath.Glob("*.txt")
	if stdout, _, _ := dedup(t, "", append([]string{"pairs", "-json"}, names...)...); stdout != "" {
		t.Errorf("pairs at 0.8 = %s, want none", stdout)
	}
	stdout, _, _ := dedup(t, "", append([]string{"pairs", "-json", "-containment", ".4"}, names...)...)
	var p show.Pair
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		t.Fatalf("pairs -containment .4 = %q, %v, want one pair", stdout, err)
	}
	// Counted independently, from shingles as strings.
	a, b := words5(t, names[0]), words5(t, names[1])
	common := 0
	for s := range a {
		if b[s] {
			common++
		}
	}
	want := show.Pair{A: names[0], B: names[1], Jaccard: float64(common) / float64(len(a)+len(b)-common),
		ContainmentA: float64(common) / float64(len(a)), ContainmentB: float64(common) / float64(len(b)), Exact: true}
	if p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	if p.Jaccard < .3 || p.Jaccard > .4 {
		t.Errorf("Jaccard %v, want about .35", p.Jaccard)
	}
}

// words5 returns the five-word shingles of an English text in the most obvious way.
func words5(t *testing.T, name string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("’", "'", "“", " ", "”", " ").Replace(strings.ToLower(string(data)))
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '\'')
	})
	set := map[string]bool{}
	for i := range words {
		words[i] = strings.Trim(words[i], "'")
	}
	for i := 0; i+5 <= len(words); i++ {
		set[strings.Join(words[i:i+5], " ")] = true
	}
	return set
}
