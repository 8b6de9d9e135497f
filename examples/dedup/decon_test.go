package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	quiz = `{"id":"q1","q":"Which of the two harbour towns rebuilt its lighthouse after the flood of 1902?","a":"Brimsey"}
{"id":"q2","q":"Short one?","a":"The ferry left before dawn and the keeper, who had not slept, counted eleven lamps."}
{"id":"q3","q":"What did the baker of Oxwick leave on the counter every evening for the night watch?","a":"rye"}
`
	crawl = `{"id":"d1","text":"Rain. Which of the two harbour cities rebuilt its lighthouse after the flood of 1902? BRIMSEY!"}
{"id":"d2","text":"Nothing of it, and rain."}
{"text":"He read: the ferry left before dawn and the keeper, who had not slept, counted eleven lamps. What did the baker of Oxwick leave on the counter each evening for the night watch? Rye bread."}
`
	crawlHolds = `{"id":"d1","start":6,"end":84,"item":{"id":"q1","start":0,"end":77},"similarity":0.9285714285714286,"kind":"edited","part":"question"}
{"id":"d1","start":86,"end":93,"item":{"id":"q1","start":0,"end":7},"similarity":1,"kind":"exact","part":"answer"}
{"id":"crawl.jsonl:3","start":9,"end":91,"item":{"id":"q2","start":0,"end":82},"similarity":1,"kind":"exact","part":"answer"}
{"id":"crawl.jsonl:3","start":93,"end":175,"item":{"id":"q3","start":0,"end":83},"similarity":0.9375,"kind":"edited","part":"question"}
{"id":"crawl.jsonl:3","start":177,"end":180,"item":{"id":"q3","start":0,"end":3},"similarity":1,"kind":"exact","part":"answer"}
`
)

// evaluation creates a folder with items and documents and makes it the working
// directory.
func evaluation(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"quiz.jsonl": quiz, "crawl.jsonl": crawl} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeconFindsItems(t *testing.T) {
	evaluation(t)
	fields := []string{"-field-question", "q", "-field-answer", "a"}
	for _, workers := range []string{"1", "7"} {
		out, errs, status := dedup(t, "", append([]string{"decon", "-json", "-workers", workers, "-against", "quiz.jsonl", "crawl.jsonl"}, fields...)...)
		if diff := cmp.Diff(crawlHolds, out); diff != "" || status != 0 {
			t.Errorf("status %d, findings (-want +got):\n%s", status, diff)
		}
		if want := "3 documents: 2 hold 3 of 3 items\n"; !strings.HasSuffix(errs, want) {
			t.Errorf("standard error is %q, want %q at its end", errs, want)
		}
	}

	if _, errs, status := dedup(t, "", append([]string{"decon", "-against", "quiz.jsonl", "-save", "quiz.items"}, fields...)...); status != 0 {
		t.Fatalf("decon -save: status %d, %s, want 0", status, errs)
	}
	out, _, status := dedup(t, "", "decon", "-json", "-against", "quiz.items", "crawl.jsonl")
	if diff := cmp.Diff(crawlHolds, out); diff != "" || status != 0 {
		t.Errorf("saved items: status %d, findings (-want +got):\n%s", status, diff)
	}
	if out, _, status := dedup(t, "", "decon", "-json", "-rule", "gpt3", "-against", "quiz.items", "crawl.jsonl"); status != 0 || strings.Count(out, "\n") != 3 {
		t.Errorf("-rule gpt3: status %d, printed %s, want the three runs of 13 words in the answer", status, out)
	}
}

func TestDeconMistakesAreRefused(t *testing.T) {
	evaluation(t)
	data := []byte("nbdc\x01damaged")
	if err := os.WriteFile("damaged.items", data, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("broken.jsonl", []byte("{\"id\":\"x\"}\n"+crawl), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := dedup(t, "", "decon", "-against", "quiz.jsonl", "-field-question", "q", "-save", "saved.items"); status != 0 {
		t.Fatal(errs)
	}
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"crawl.jsonl", 2, "name the items: -against FILE"},
		{"-against quiz.jsonl", 2, "-save FILE to only save the items"},
		{"-against none.jsonl crawl.jsonl", 2, "none.jsonl"},
		{"-against damaged.items crawl.jsonl", 2, "recreate it with -save"},
		{"-against saved.items -min 9 crawl.jsonl", 2, "-min: saved.items was saved with a different value"},
		{"-against quiz.jsonl -field-question q -save saved.items", 2, "-overwrite"},
		{"-against quiz.jsonl -rule gpt4 crawl.jsonl", 2, "must be one of words, gpt3"},
		{"-against quiz.jsonl -field-question q broken.jsonl", 1, "broken.jsonl:1"},
		{"-against quiz.jsonl -min 2 crawl.jsonl", 2, "must be 3 or more"},
		{"-against quiz.jsonl -share 0 crawl.jsonl", 2, "must be above 0"},
	} {
		_, errs, status := dedup(t, "", append([]string{"decon"}, strings.Fields(tt.args)...)...)
		if status != tt.status || !strings.Contains(errs, tt.want) {
			t.Errorf("decon %s: status %d, %q; want %d, %q", tt.args, status, errs, tt.status, tt.want)
		}
	}
}

// TestDeconSearchesManyDocuments searches more documents than the queue holds.
func TestDeconSearchesManyDocuments(t *testing.T) {
	evaluation(t)
	f, err := os.Create(filepath.Join("many.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		text := "rain on slate"
		if i%100 == 7 {
			text = "so, what did the baker of oxwick leave on the counter every evening for the night watch"
		}
		fmt.Fprintf(f, "{\"id\":\"%d\",\"text\":%q}\n", i, text)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, errs, _ := dedup(t, "", "decon", "-json", "-against", "quiz.jsonl", "-field-question", "q", "many.jsonl")
	for i := range 2000 {
		if got, want := strings.Contains(out, fmt.Sprintf("{\"id\":\"%d\",", i)), i%100 == 7; got != want {
			t.Errorf("document %d: found is %v, want %v", i, got, want)
		}
	}
	if want := "2,000 documents: 20 hold 1 of 3 items\n"; !strings.HasSuffix(errs, want) {
		t.Errorf("standard error is %q, want %q at its end", errs, want)
	}
}
