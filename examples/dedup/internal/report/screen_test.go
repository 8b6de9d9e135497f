package report

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type document struct {
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
	Text string `json:"text"`
	Time string `json:"time,omitempty"`
}

// findings returns the findings about documents, with the flags' default values.
func findings(t *testing.T, docs []document) *Findings {
	t.Helper()
	var lines strings.Builder
	e := json.NewEncoder(&lines)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
	}
	var read corpus.Options
	var o find.Options
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	for _, f := range []cli.Flags{read.InputFlags(), find.MatchFlags(&o), find.KeepFlag(&o, &read), find.ShingleFlags(&o), find.PassageFlags(&o)} {
		f.Register(fs)
	}
	env := &cli.Env{Ctx: context.Background(), Inputs: []string{"-"}, Stdin: strings.NewReader(lines.String()), Out: bufio.NewWriter(io.Discard), Stderr: io.Discard}
	c, err := corpus.Load(env, read, nil, env.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f, err := Find(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	if len(c.Docs) != len(docs) {
		t.Fatalf("%d documents were read, want %d", len(c.Docs), len(docs))
	}
	return f
}

// prose returns n sentences of meaningless words. Texts with different numbers have next
// to nothing in common (SplitMix64, Steele, Lea and Flood 2014).
func prose(number, n int) string {
	state := uint64(number) << 32
	next := func(below int) int {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return int((z ^ z>>31) % uint64(below))
	}
	syllables := strings.Fields("ba ce di fo gu ha ke li mo nu pa re si to va we")
	var sentences []string
	for range n {
		var words []string
		for range 9 {
			words = append(words, syllables[next(16)]+syllables[next(16)]+syllables[next(16)])
		}
		s := strings.Join(words, " ")
		sentences = append(sentences, strings.ToUpper(s[:1])+s[1:]+".")
	}
	return strings.Join(sentences, " ")
}

// harbour is a corpus with more findings of each kind than a screen has lines, and with
// ids that contain control characters.
func harbour() (docs []document) {
	add := func(id, host, text string) { docs = append(docs, document{ID: id, Host: host, Text: text}) }
	for i := range 12 {
		text := prose(i, 12)
		id := fmt.Sprintf("archive/2026/november/the-morning-edition/page-%02d/column-left.txt", i)
		switch i {
		case 1:
			id = "港湾新聞/夜間渡輪/五月一日/九年ぶりの再開について.txt"
			text = strings.Repeat("両港の間の夜間渡輪は五月一日から再び運航する。前回の運航から九年が過ぎた。", 1) + "船は緑色に塗り直され、乗組員の多くが戻った。切符は月曜日に発売される。"
		case 2:
			id = "hostile/\x1b[31mred\x1b[0m\u202eback\x07.txt"
		}
		add(id, "", text)
		for n := range 1 + (12-i)%4 {
			add(fmt.Sprintf("copies/%02d-%d.txt", i, n), "", text+strings.Repeat(" Corrected.", n%2))
		}
	}
	for i := range 8 {
		shared := prose(100+i, 3)
		add(fmt.Sprintf("quotes/%d-a.txt", i), "", prose(200+i, 5)+" "+shared+" "+prose(300+i, 5))
		add(fmt.Sprintf("quotes/%d-b.txt", i), "", prose(400+i, 3)+" "+strings.Replace(shared, shared[40:50], "changed wo", 1)+" "+prose(500+i, 3))
	}
	for h := range 6 {
		host := fmt.Sprintf("harbour-%d.example", h)
		for i := range 4 {
			add(fmt.Sprintf("sites/%d/%d", h, i), host, prose(600+10*h+i, 4)+"\n\nSubscribe to the evening letter of paper number "+strings.Repeat("x", h+1)+", free of charge and of opinions.")
		}
	}
	return docs
}

func shownOn(f *Findings, s screen.Screen) string {
	var b strings.Builder
	f.Screen(&b, s)
	return b.String()
}

func TestScreenGolden(t *testing.T) {
	small := []document{
		{ID: "ferry.txt", Text: prose(1, 8)},
		{ID: "ferry-again.txt", Text: prose(1, 8)},
		{ID: "letter.txt", Text: prose(2, 4) + " " + prose(3, 3)},
		{ID: "adviser.txt", Text: prose(3, 3) + " " + prose(4, 9)},
	}
	for name, docs := range map[string][]document{"small": small, "harbour": harbour(), "nothing": {{ID: "a", Text: "one text"}, {ID: "b", Text: ""}}} {
		f := findings(t, docs)
		for _, s := range []screen.Screen{{Width: 40, Height: 24}, {Width: 80, Height: 24}, {Width: 80, Height: 24, Color: true}, {Width: 132, Height: 50}} {
			golden := fmt.Sprintf("%s-%dx%d", name, s.Width, s.Height)
			if s.Color {
				golden += "-color"
			}
			t.Run(golden, func(t *testing.T) {
				got := shownOn(f, s)
				file := filepath.Join("testdata", golden+".golden")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("(-want +got; -update rewrites it):\n%s", diff)
				}
			})
		}
	}
}

// The report fits on any screen, for any corpus.
func TestScreenFits(t *testing.T) {
	all := harbour()
	for _, docs := range [][]document{nil, all[:1], all[:7], all[:20], all[30:46], all[40:], all} {
		f := findings(t, docs)
		for _, width := range []int{40, 60, 80, 100, 200} {
			for _, height := range []int{24, 25, 30, 43, 70} {
				for _, color := range []bool{false, true} {
					got := shownOn(f, screen.Screen{Width: width, Height: height, Color: color})
					if n := strings.Count(got, "\n"); n >= height {
						t.Errorf("%d documents on %d x %d: %d lines, want less than the height", len(docs), width, height, n)
					}
					for line := range strings.Lines(got) {
						if n := columns.Width(strings.TrimSuffix(line, "\n")); n > width {
							t.Errorf("%d documents on %d x %d: a line of %d cells, want at most the width: %q", len(docs), width, height, n, line)
						}
					}
					if !color && strings.ContainsAny(got, "\x1b\x07\u202e") {
						t.Errorf("%d documents on %d x %d: control characters are printed, want none without color", len(docs), width, height)
					}
				}
			}
		}
	}
}

// Findings that are not shown are counted.
func TestScreenCountsTheRest(t *testing.T) {
	f := findings(t, harbour())
	for _, height := range []int{24, 40} {
		got := shownOn(f, screen.Screen{Width: 100, Height: height})
		for _, sec := range []struct {
			begin, command string
			all            int
		}{{"keep ", "clusters", len(f.clusters)}, {"of A ", "passages", len(f.pairs)}, {" document", "boilerplate", len(f.recycled)}} {
			shown, more := 0, 0
			for line := range strings.Lines(strings.ReplaceAll(got, ",", "")) {
				if strings.Contains(line, "more: dedup "+sec.command) {
					fmt.Sscanf(line, "  … and %d more", &more)
				}
				if strings.HasPrefix(line, "  ") && strings.Contains(line, sec.begin) && !strings.Contains(line, "more: dedup") {
					shown++
				}
			}
			if shown == 0 || shown+more != sec.all {
				t.Errorf("height %d, %s: %d shown and %d more, want at least 1 shown and %d together\n%s", height, sec.command, shown, more, sec.all, got)
			}
		}
	}
}

// Pairs are ranked by their shared words that are not recycled, and passages whose sides
// share less than half of their words are not shown.
func TestRankCountsUnrecycledWords(t *testing.T) {
	const words = 27 // words of three sentences
	foot := prose(9, 6)
	text := prose(1, 3) + "\n\n" + foot
	f := &Findings{
		c:     findings(t, []document{{ID: "a", Text: text}, {ID: "b", Text: text}, {ID: "c", Text: text}}).c,
		masks: [][]shingle.Span{{{Start: len(text) - len(foot), End: len(text)}}, nil, nil},
	}
	shared := func(start, end, matched int, similarity float64) shingle.Passage {
		return shingle.Passage{A: shingle.Span{Start: start, End: end}, B: shingle.Span{Start: start, End: end}, Matched: matched, Tokens: matched, Similarity: similarity}
	}
	f.addPair(0, 1, pairOf(shared(0, len(text), 3*words, 1)))
	f.addPair(1, 2, pairOf(shared(0, len(text)-len(foot), words+1, .9), shared(0, 50, 9, .4)))
	f.addPair(0, 2, pairOf(shared(0, 50, 9, .49)))
	f.rank()
	if len(f.pairs) != 2 || f.pairs[0].a != 1 || len(f.pairs[0].passages) != 1 || f.pairs[1].own != words {
		t.Errorf("ranked pairs: %+v, want the pair of 1 and 2 first with 1 passage, then one with %d own words", f.pairs, words)
	}
}

func pairOf(passages ...shingle.Passage) passage.Pair { return passage.Pair{Passages: passages} }

func TestSharesLeaveOutMasks(t *testing.T) {
	text := "one two three four five six seven eight nine ten"
	span := func(from, to string) shingle.Span {
		return shingle.Span{Start: strings.Index(text, from), End: strings.Index(text, to) + len(to)}
	}
	c := findings(t, []document{{ID: "a", Text: text}, {ID: "b", Text: "one two three four five"}}).c
	for _, tt := range []struct {
		why         string
		mask, spans []shingle.Span
		want        float64
	}{
		{"nothing", nil, nil, 0},
		{"half", nil, []shingle.Span{span("one", "five")}, .5},
		{"all", nil, []shingle.Span{span("one", "ten")}, 1},
		{"overlaps count once", nil, []shingle.Span{span("four", "six"), span("one", "five")}, .6},
		{"recycled words do not count", []shingle.Span{span("six", "ten")}, []shingle.Span{span("one", "two"), span("six", "eight")}, .4},
	} {
		f := &Findings{c: c, masks: [][]shingle.Span{tt.mask, nil}, words: map[int]int{}}
		var p pair
		for _, s := range tt.spans {
			p.passages = append(p.passages, shingle.Passage{A: s, B: shingle.Span{End: 7}})
		}
		a, b := f.shares(pair{a: 0, b: 1, passages: p.passages})
		if a != tt.want || b != .4 && len(tt.spans) > 0 {
			t.Errorf("%s: shares = %v, %v, want %v, 0.4", tt.why, a, b, tt.want)
		}
	}
}
