package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
)

// read returns the contents of a file.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReportPageHasFindings(t *testing.T) {
	repository(t)
	dir := t.TempDir()
	var pages []string
	for _, workers := range []string{"1", "4"} {
		name := filepath.Join(dir, workers+".html")
		stdout, stderr, status := dedup(t, "", "report", "-workers", workers, "-html", name, "examples/stories")
		if status != cli.ExitDone || !strings.Contains(stderr, "open it in a browser") {
			t.Fatalf("report -html: status %d, %s, want %d and the advice to open it", status, stderr, cli.ExitDone)
		}
		if plain, _, _ := dedup(t, "", "report", "examples/stories"); plain != stdout {
			t.Errorf("report -html prints\n%s\nwant as without -html\n%s", stdout, plain)
		}
		pages = append(pages, read(t, name))
	}
	if pages[0] != pages[1] {
		t.Error("pages with 1 and 4 workers differ, want the same bytes")
	}
	for _, part := range []string{"<!doctype html>", "examples/stories/harbour-post/letter.txt", "site furniture", "Ayatollah Ali Khamenei, for his part"} {
		if !strings.Contains(pages[0], part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("hidden files %v remain, want none", left)
	}
}

func TestPageIsNotWrittenOver(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"in.txt": "a text of some words", "old.html": "old", "more/in.html": "an input whose name is that of a page"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		why, args, stderr string
		status            int
	}{
		{"there is one", "-html old.html in.txt", "old.html exists already (-overwrite replaces it)", cli.ExitFatal},
		{"an input", "-overwrite -html ./in.txt in.txt", "./in.txt is one of the inputs", cli.ExitFatal},
		{"an input in a folder", "-overwrite -format text -html more/in.html more", "more/in.html is one of the inputs", cli.ExitFatal},
		{"no such folder", "-html gone/new.html in.txt", "-html: ", cli.ExitFatal},
		{"nothing to overwrite", "-overwrite in.txt", "needs -html FILE", cli.ExitFatal},
	} {
		_, stderr, status := dedup(t, "", append([]string{"report"}, strings.Fields(tt.args)...)...)
		if status != tt.status || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: status %d, %s, want %d, %q", tt.why, status, stderr, tt.status, tt.stderr)
		}
	}
	if read(t, "old.html") != "old" || read(t, "in.txt") != "a text of some words" {
		t.Errorf("old.html = %q, in.txt = %q, want both as they were", read(t, "old.html"), read(t, "in.txt"))
	}
	if _, stderr, status := dedup(t, "", "report", "-overwrite", "-html", "old.html", "in.txt"); status != cli.ExitDone {
		t.Errorf("report -overwrite: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	if !strings.HasPrefix(read(t, "old.html"), "<!doctype html>") {
		t.Errorf("old.html after -overwrite = %.40q, want a page", read(t, "old.html"))
	}
	// An interrupted report leaves no page, not even an incomplete one.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if status := program().Run(ctx, []string{"report", "-html", "new.html", "in.txt"}, strings.NewReader(""), &strings.Builder{}, &strings.Builder{}); status != cli.ExitFatal {
		t.Errorf("interrupted report: status %d, want %d", status, cli.ExitFatal)
	}
	if left, err := filepath.Glob("*new*"); err != nil || len(left) > 0 {
		t.Errorf("an interrupted report leaves %v, want no files", left)
	}
}
