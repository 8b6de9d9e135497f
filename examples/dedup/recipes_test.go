package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
)

// recipeArgs splits a command line as a shell does, including patterns.
func recipeArgs(t *testing.T, line string) (args []string) {
	t.Helper()
	for arg := range strings.FieldsSeq(line) {
		if bare := strings.Trim(arg, "'"); bare != arg {
			args = append(args, bare)
		} else if names, err := filepath.Glob(arg); err == nil && strings.ContainsAny(arg, "*") && len(names) > 0 {
			args = append(args, names...)
		} else {
			args = append(args, arg)
		}
	}
	return args
}

// The commands of docs/recipes.md run, have findings and leave nothing out.
func TestRecipesRun(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	stories := map[string]string{}
	for from, to := range map[string]string{
		"harbour-post/letter.txt": "letter.txt", "northern-wire/adviser.txt": "adviser.txt",
		"harbour-post/ferry.txt": "articles/post/ferry.txt", "northern-wire/ferry.txt": "articles/wire/ferry.txt",
	} {
		data, err := os.ReadFile(filepath.Join("..", "stories", from))
		if err != nil {
			t.Fatal(err)
		}
		stories[to] = string(data)
	}
	record := func(uri, text string) string {
		return "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: " + uri + "\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: text/html\r\nContent-Length: " +
			strconv.Itoa(len(text)) + "\r\n\r\n" + text + "\r\n\r\n"
	}
	archive := "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Type: application/warc-fields\r\nContent-Length: 2\r\n\r\n\r\n\r\n\r\n" +
		record("http://a.example/1", "<p>"+ferry) + record("http://a.example/2", "<p>"+ferry) + record("http://a.example/3", "<p>"+bread)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(archive))
	_ = w.Close()
	t.Chdir(t.TempDir())
	put(t, stories)
	frame := "<p>Write to the desk of the Harbour Post with corrections and with praise.</p>"
	put(t, map[string]string{
		"shard-0.jsonl": `{"id":0,"text":"` + ferry + `","quality":0.4}` + "\n" + `{"id":1,"text":"` + bread + `","quality":0.9}` + "\n",
		"shard-1.jsonl": `{"id":0,"text":"` + ferry + ` today","quality":0.8}` + "\n" + `{"id":1,"text":"` + strings.ToUpper(bread) + `","quality":0.1}` + "\n",
		"today.jsonl":   line("x", ferry) + line("y", storyA),
		"nested.jsonl":  `{"id":1,"doc":{"body":"` + ferry + `"}}` + "\n" + `{"id":2,"doc":{"body":"` + ferry + `"}}` + "\n",
		"noids.csv":     "text\n" + storyA + "\n" + storyB + "\n",
		"crawl.warc.gz": packed.String(), "crawls/2026/a.warc.gz": packed.String(), "crawls/b.html": "<p>" + storyB,
		"site/1.html": "<p>" + ferry + "</p>" + frame, "site/2.html": "<p>" + bread + "</p>" + frame, "site/3.html": "<p>" + ferry + "</p>" + frame,
		"evals/quiz.jsonl": `{"id":"q1","question":"` + bread + `","answer":"rye"}` + "\n",
		"site/style.css":   "p {}", "site/logo.png": "\x89PNG",
	})
	ran := 0
	for l := range strings.Lines(string(page)) {
		command, ok := strings.CutPrefix(l, "$ dedup ")
		if !ok {
			continue
		}
		ran++
		stdout, stderr, status := dedup(t, "", recipeArgs(t, command)...)
		wrote := strings.Contains(command, "-out ") || strings.Contains(command, "-save ") || strings.Contains(command, "-html")
		if status != cli.ExitDone || stdout == "" && !wrote {
			t.Errorf("dedup %s: status %d, %q, %s, want %d and some output", strings.TrimSpace(command), status, stdout, stderr, cli.ExitDone)
		}
		if strings.Contains(stderr, " left out\n") && !strings.Contains(stderr, ", 0 left out\n") {
			t.Errorf("dedup %s: %s, want 0 left out", strings.TrimSpace(command), stderr)
		}
	}
	if ran < 15 {
		t.Errorf("docs/recipes.md has %d commands, want at least 15", ran)
	}
	for _, name := range []string{"findings.html", "kept.parquet", "kept.parquet.removed.jsonl", "figures.json", "kept.warc.gz", "unseen.jsonl", "once.jsonl", "lines.jsonl"} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}
