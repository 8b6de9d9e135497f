package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// A record is a line of a corpus.
type record struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// lines reads a file of JSON Lines.
func lines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(data))); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, v)
	}
	return all
}

// mustClean runs dedup clean in the folder and fails unless it succeeds.
func mustClean(t *testing.T, args ...string) string {
	t.Helper()
	_, errs, status := dedup(t, "", append([]string{"clean"}, args...)...)
	if status != 0 {
		t.Fatalf("clean %v: status %d, %s, want 0", args, status, errs)
	}
	return errs
}

func TestCleanRemovesHoldersOfItems(t *testing.T) {
	evaluation(t)
	fields := []string{"-field-question", "q", "-field-answer", "a"}
	errs := mustClean(t, append([]string{"-decon", "quiz.jsonl", "-out", "kept.jsonl", "crawl.jsonl"}, fields...)...)
	if want := "3 documents: 1 kept, 2 removed, 0 left out\nremoved: 2 evaluation item (see dedup decon)\n"; !strings.Contains(errs, want) {
		t.Errorf("standard error is %q, want %q in it", errs, want)
	}
	if kept := lines[record](t, "kept.jsonl"); len(kept) != 1 || kept[0].ID != "d2" {
		t.Errorf("kept = %v, want d2 alone", kept)
	}
	log := lines[show.Removal](t, "kept.jsonl.removed.jsonl")
	if len(log) != 2 || log[0].ID != "d1" || log[0].Reason != "evaluation item" || log[0].Match != "" || log[0].Similarity != 1 {
		t.Fatalf("log = %+v, want 2 removals, the first of d1 for an evaluation item", log)
	}
	if item := log[0].Items.([]any)[0].(map[string]any); item["similarity"].(float64) < .9 || item["item"].(map[string]any)["id"] != "q1" || item["part"] != "question" {
		t.Errorf("item in the log = %v, want the question of q1 at 0.9 and above", item)
	}

	// A saved index gives the same result with every criterion.
	dedup(t, "", append([]string{"decon", "-against", "quiz.jsonl", "-save", "quiz.items"}, fields...)...)
	for _, how := range [][]string{{"-exact"}, {"-covered", "0.25"}, {"-against", "old.jsonl"}} {
		writeLines(t, "old.jsonl", record{"old", "Nothing of it, and rain!"})
		errs := mustClean(t, append([]string{"-decon", "quiz.items", "-overwrite", "-out", "again.jsonl", "crawl.jsonl"}, how...)...)
		if !strings.Contains(errs, "2 evaluation item") {
			t.Errorf("clean %v -decon: %s, want %q", how, errs, "2 evaluation item")
		}
	}

	// A document that is similar to one with an item, but holds no item itself, is kept.
	var text strings.Builder
	text.WriteString(strings.Repeat("The night ferry sails at nine from the old quay. ", 3) + "A sentence of its own, ")
	for i := range 40 {
		text.WriteString("number " + string(rune('a'+i%26)) + string(rune('a'+i/26)) + " ")
	}
	writeLines(t, "two.jsonl", record{"holds", text.String() + "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902?"}, record{"like", text.String()})
	mustClean(t, append([]string{"-threshold", "0.5", "-decon", "quiz.jsonl", "-out", "two.out.jsonl", "two.jsonl"}, fields...)...)
	if kept := lines[record](t, "two.out.jsonl"); len(kept) != 1 || kept[0].ID != "like" {
		t.Errorf("kept = %v, want the document %q alone", kept, "like")
	}
}

func writeLines(t *testing.T, name string, records ...record) {
	t.Helper()
	var b strings.Builder
	for _, r := range records {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestCleanCutsParts(t *testing.T) {
	evaluation(t)
	ten := "One two three four five six seven eight nine ten."
	writeLines(t, "in.jsonl",
		record{"first", "It begins. " + ten + " It ends."},
		record{"second", "Rain. Which of the two harbour cities rebuilt its lighthouse after the flood of 1902? It said: ONE, two three four five six seven eight nine ten. Good.\n\nBye."})
	mustClean(t, "-decon", "quiz.jsonl", "-field-question", "q", "-cut", "repeats,items", "-min", "10", "-spans", "cut.jsonl", "-out", "out.jsonl", "in.jsonl")
	want := []record{{"first", "It begins. " + ten + " It ends."}, {"second", "Rain. It said: Good.\n\nBye."}}
	if diff := cmp.Diff(want, lines[record](t, "out.jsonl")); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	var cut []string
	for _, s := range lines[show.Cut](t, "cut.jsonl") {
		e, _ := json.Marshal(s.Evidence)
		cut = append(cut, s.ID+" "+s.Reason+" "+lines[record](t, "in.jsonl")[1].Text[s.Start:s.End]+" "+string(e))
	}
	wantCut := []string{
		`second evaluation item Which of the two harbour cities rebuilt its lighthouse after the flood of 1902? {"item":{"end":77,"id":"q1","start":0},"kind":"edited","part":"","similarity":0.9285714285714286}`,
		`second repeat ONE, two three four five six seven eight nine ten. {"end":60,"id":"first","start":11}`,
	}
	if diff := cmp.Diff(wantCut, cut); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}

	// The order of -keep decides which copy stays, and nothing is cut from a corpus of
	// -against.
	mustClean(t, "-cut", "repeats", "-min", "10", "-keep", "longest", "-overwrite", "-out", "out.jsonl", "in.jsonl")
	if got := lines[record](t, "out.jsonl")[0].Text; got != "It begins. It ends." {
		t.Errorf("text with -keep longest = %q, want %q", got, "It begins. It ends.")
	}
	writeLines(t, "old.jsonl", record{"old", ten + " " + ten})
	mustClean(t, "-cut", "repeats", "-min", "10", "-against", "old.jsonl", "-spans", "cut.jsonl", "-overwrite", "-out", "out.jsonl", "in.jsonl")
	if got := lines[show.Cut](t, "cut.jsonl"); len(got) != 2 || got[0].ID != "first" {
		t.Errorf("cuts with -against = %v, want 2, the first in %q", got, "first")
	}
}

// tokens returns the hashes of the tokens of a text, separated by spaces.
func tokens(text string) string {
	var b strings.Builder
	for _, k := range (shingle.Shingler{}).AppendTokens(nil, text) {
		fmt.Fprintf(&b, " %x", k.Hash)
	}
	return b.String() + " "
}

// Text files are cut, alone and in folders, plain or compressed; tables are cut into
// .parquet.
func TestCutWorksInEveryFormat(t *testing.T) {
	t.Chdir(t.TempDir())
	ten := "One two three four five six seven eight nine ten."
	put(t, map[string]string{
		"in/a.txt": "It begins.\n\n" + ten + "\n", "in/b.txt": "Other.\n\n" + strings.ToUpper(ten) + "\n\nThe end.\n",
		"one.txt": ten + "\n\n" + ten + "\n", "table.csv": "id,text\n1," + ten + "\n2,So said she then: " + ten + "\n",
	})
	args := []string{"-cut", "repeats", "-min", "8", "-out"}
	mustClean(t, append(args, "out/", "in")...)
	mustClean(t, append(args, "one.out.txt", "one.txt")...)
	mustClean(t, append(args, "table.parquet", "table.csv")...)
	mustClean(t, "-out", "table.jsonl", "table.parquet")
	for name, want := range map[string]string{
		"out/a.txt": "It begins.\n\n" + ten + "\n", "out/b.txt": "Other.\n\nThe end.\n", "one.out.txt": ten + "\n",
		"table.jsonl": `{"id":"1","text":"` + ten + `"}` + "\n" + `{"id":"2","text":"So said she then:"}` + "\n",
	} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q (%v)", name, got, want, err)
		}
	}
}

func TestCutMistakesAreRefused(t *testing.T) {
	evaluation(t)
	put(t, map[string]string{"table.csv": "id,text\n1,One\n"})
	for _, tt := range []struct{ args, want string }{
		{"-cut lines -out o.jsonl crawl.jsonl", "must be a comma-separated list of blocks, items, repeats"},
		{"-cut items -out o.jsonl crawl.jsonl", "name the items with -decon FILE"},
		{"-min 20 -out o.jsonl crawl.jsonl", "-min and -border need -cut repeats"},
		{"-cut repeats -min 0 -out o.jsonl crawl.jsonl", "-min 0: must be from 1 to 10000"},
		{"-cut repeats -border line -out o.jsonl crawl.jsonl", "must be one of token, sentence, paragraph"},
		{"-field-question q -out o.jsonl crawl.jsonl", "need -decon"},
		{"-cut repeats -out o.csv table.csv", "-cut cannot remove parts of documents of the format csv"},
		{"-decon nowhere.jsonl -out o.jsonl crawl.jsonl", "nowhere.jsonl"},
		{"-decon quiz.jsonl -out quiz.jsonl -overwrite crawl.jsonl", "never changed"},
	} {
		if _, errs, status := dedup(t, "", append([]string{"clean"}, strings.Fields(tt.args)...)...); status != 2 || !strings.Contains(errs, tt.want) {
			t.Errorf("clean %s: status %d, %q, want %q in it", tt.args, status, errs, tt.want)
		}
	}
}

// TestCutRealDocumentsLeavesNoRepeat cuts real documents in every way at once. The log
// has offsets into the original texts: removing its spans gives the output. Every repeat
// is also in the output. The result does not depend on the number of workers, and a
// second run cuts nothing.
func TestCutRealDocumentsLeavesNoRepeat(t *testing.T) {
	source := corpus.Shared(t, "data", "licensecheck_spans", "docs.jsonl")
	t.Chdir(t.TempDir())
	if race.Short() {
		put(t, map[string]string{"some.jsonl": head(t, source, 150)})
		source = "some.jsonl"
	}
	in := lines[record](t, source)
	writeLines(t, "evals.jsonl", record{"e", strings.Join(strings.Fields(in[3].Text)[20:50], " ")})
	args := []string{"-exact", "-cut", "blocks,items,repeats", "-decon", "evals.jsonl"}
	mustClean(t, append(args, "-workers", "1", "-spans", "cut.jsonl", "-out", "out.jsonl", source)...)
	mustClean(t, append(args, "-workers", "5", "-memory", "64MiB", "-spans", "cut5.jsonl", "-out", "out5.jsonl", source)...)
	for _, name := range []string{"cut", "out"} {
		a, _ := os.ReadFile(name + ".jsonl")
		b, _ := os.ReadFile(name + "5.jsonl")
		if string(a) != string(b) {
			t.Errorf("%s.jsonl with 5 workers differs, want the same bytes for any number of workers", name)
		}
	}
	given := map[string]string{}
	for _, r := range in {
		given[r.ID] = r.Text
	}
	spans := map[string][]shingle.Span{}
	reasons := map[string]int{}
	cuts := lines[show.Cut](t, "cut.jsonl")
	for _, s := range cuts {
		spans[s.ID] = append(spans[s.ID], shingle.Span{Start: s.Start, End: s.End})
		reasons[s.Reason]++
	}
	if reasons["repeat"] == 0 || reasons["evaluation item"] == 0 || len(reasons) < 3 {
		t.Errorf("reasons of the cuts = %v, want repeats, evaluation items and a third", reasons)
	}
	left := map[string]string{}
	for _, r := range lines[record](t, "out.jsonl") {
		if want := shingle.Cut(given[r.ID], spans[r.ID]).Text; r.Text != want {
			t.Fatalf("%s is %q, want %q", r.ID, r.Text, want)
		}
		if !utf8.ValidString(r.Text) {
			t.Errorf("text of %s = %q, want valid UTF-8", r.ID, r.Text)
		}
		left[r.ID] = tokens(r.Text)
	}
	for _, s := range cuts {
		if s.Reason == "repeat" {
			source := s.Evidence.(map[string]any)["id"].(string)
			if cut := tokens(given[s.ID][s.Start:s.End]); !strings.Contains(left[source], cut) {
				t.Fatalf("%q was cut from %s and is not in the rest of %s, want it there", given[s.ID][s.Start:s.End], s.ID, source)
			}
		}
	}
	if errs := mustClean(t, "-threshold", "1", "-cut", "repeats", "-out", "again.jsonl", "out.jsonl"); !strings.Contains(errs, "\ncut: nothing (0 bytes)\n") {
		t.Errorf("clean -cut of the output: %s, want %q", errs, "cut: nothing (0 bytes)")
	}
}
