package decon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/shingle"
)

func TestGPT3RuleFindsThirteenWords(t *testing.T) {
	thirteen := "one two three four five six seven eight nine ten eleven twelve thirteen"
	items := []Item{{Text: thirteen + " fourteen"}, {Text: question, Answer: thirteen}}
	g := NewGPT3(items)
	texts := []string{
		0: "x — ONE, two (three) four five. Six 'seven' eight\tnine ten\neleven - twelve thirteen!",
		1: strings.Replace(thirteen, "seven", "seventh", 1),
		2: "nothing",
		3: thirteen + " fourteen",
	}
	for i, text := range texts {
		g.Add(i, text)
	}
	var got []string
	for _, m := range g.Matches() {
		got = append(got, fmt.Sprint(m.Document, m.Item, m.Part, m.Span, m.ItemSpan))
	}
	want := []string{
		"0 0 text {6 86} {0 71}", "0 1 answer {6 86} {0 71}",
		"3 0 text {0 71} {0 71}", "3 1 answer {0 71} {0 71}", "3 0 text {4 80} {4 80}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("collisions (-want +got):\n%s", diff)
	}

	for i := range gramLimit {
		if n := len(g.Matches()); n == 0 {
			t.Fatalf("0 collisions with %d documents that hold the run, want at least 1", 2+i)
		}
		g.Add(100+i, thirteen)
	}
	// The run from "one" is in 12 documents now, the one from "two" in one.
	if m := g.Matches(); len(m) != 1 || m[0].Document != 3 || m[0].ItemSpan.Start != 4 {
		t.Errorf("got %v, want only the run that one document holds", m)
	}
}

func TestCutGPT3RemovesSurroundings(t *testing.T) {
	a, hit, b := strings.Repeat("é", 450), "HIT", strings.Repeat("b", 399)
	text := a + hit + b
	span := shingle.Span{Start: len(a), End: len(a) + len(hit)}
	pieces, removed := CutGPT3(text, []shingle.Span{span})
	if diff := cmp.Diff([]shingle.Span{{Start: 0, End: 500}}, pieces); diff != "" || removed {
		t.Errorf("removed %v, pieces: 250 characters before the window are kept, 199 after it are not (-want +got):\n%s", removed, diff)
	}
	if pieces, removed := CutGPT3(text, nil); len(pieces) != 1 || pieces[0].Len() != len(text) || removed {
		t.Errorf("without a collision: %v, %v; want all of the text", pieces, removed)
	}
	part := strings.Repeat("c", 700) + hit
	for n, want := range map[int]bool{9: false, 10: true} {
		text, spans := strings.Repeat(part, n)+strings.Repeat("d", 700), []shingle.Span(nil)
		for i := range n {
			spans = append(spans, shingle.Span{Start: i*len(part) + 700, End: (i + 1) * len(part)})
		}
		if pieces, removed := CutGPT3(text, spans); removed != want || removed != (pieces == nil) {
			t.Errorf("%d pieces: removed %v with %d pieces, want %v", n+1, removed, len(pieces), want)
		}
	}
}
