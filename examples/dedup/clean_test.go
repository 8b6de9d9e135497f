package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// The test binary can also act as the program, so that it can be killed.
func TestMain(m *testing.M) {
	if file := os.Getenv("DEDUP_PEAK"); file != "" {
		status := program().Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		if memory, err := os.ReadFile("/proc/self/status"); err == nil {
			_ = os.WriteFile(file, memory, 0o666)
		}
		os.Exit(status)
	}
	if os.Getenv("DEDUP_AS_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// put writes files below the working directory.
func put(t *testing.T, files map[string]string) {
	t.Helper()
	for name, data := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// files returns the files below dir by their path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const (
	ferry = "the night ferry sails again from the first of may nine years after the last crossing left forty cars on the quay"
	bread = "the baker on cooper street lets her rye rest for two nights before the ovens are lit at four in the morning"
)

func line(id, text string) string {
	return `{"text":"` + text + `", "id":"` + id + `", "more":[1, 2]}` + "\n"
}

func TestCleanWritesKeptAndLog(t *testing.T) {
	removed := func(id, match, text, place string) string {
		return fmt.Sprintf(`{"id":%q,"reason":"identical","match":%q,"similarity":1,"exact":true,"spans":[{"start":0,"end":%d,"match_start":0,"match_end":%d}],"place":%q}`+"\n",
			id, match, len(text), len(text), place)
	}
	for _, tt := range []struct {
		why    string
		in     map[string]string
		args   string
		stdin  string
		status int
		out    map[string]string // the expected files, by path
	}{
		{
			why:  "lines stay as they are",
			in:   map[string]string{"in.jsonl": line("a", ferry) + line("b", bread) + line("c", ferry)},
			args: "-out out.jsonl in.jsonl",
			out: map[string]string{"out.jsonl": line("a", ferry) + line("b", bread),
				"out.jsonl.removed.jsonl": removed("c", "a", ferry, "in.jsonl:3")},
		}, {
			why:   "from standard input, log elsewhere",
			stdin: line("a", ferry) + line("c", ferry),
			args:  "-out out.jsonl -log log -",
			out:   map[string]string{"out.jsonl": line("a", ferry), "log": removed("c", "a", ferry, "-:2")},
		}, {
			why:    "what cannot be read is in the log",
			in:     map[string]string{"in.jsonl": "nonsense\n" + line("a", ferry) + line("a", bread)},
			args:   "-out out.jsonl in.jsonl",
			status: cli.ExitInput,
			out:    map[string]string{"out.jsonl": line("a", ferry) + line("a", bread), "out.jsonl.removed.jsonl": `{"reason":"unreadable: broken JSON at byte 2: invalid character 'o' in literal null (expecting 'u'); skipped","place":"in.jsonl:1"}` + "\n"},
		}, {
			why:  "a folder becomes a folder",
			in:   map[string]string{"in/x/a.txt": ferry + "\n", "in/x/b.jsonl": line("b", bread) + line("c", ferry), "in/d.txt": bread},
			args: "-out out/ in",
			out: map[string]string{"out/d.txt": bread, "out/x/a.txt": ferry + "\n", "out.removed.jsonl": `{"id":"b","reason":"identical","match":"in/d.txt","similarity":1,"exact":true,"spans":[{"start":0,"end":107,"match_start":0,"match_end":107}],"place":"in/x/b.jsonl:1"}` + "\n" +
				`{"id":"c","reason":"near-duplicate","match":"in/x/a.txt","similarity":1,"exact":true,"spans":[{"start":0,"end":112,"match_start":0,"match_end":112}],"place":"in/x/b.jsonl:2"}` + "\n"},
		}, {
			why:  "several inputs become folders in a folder; no document is left out for its id",
			in:   map[string]string{"one/a.jsonl": line("a", ferry), "two/a.jsonl": line("a", bread) + line("b", bread)},
			args: "-out out/ one two",
			out: map[string]string{"out/one/a.jsonl": line("a", ferry), "out/two/a.jsonl": line("a", bread),
				"out.removed.jsonl": removed("b", "two/a.jsonl:1", bread, "two/a.jsonl:2")},
		}, {
			why:  "several inputs become one file",
			in:   map[string]string{"1.jsonl": line("a", ferry), "2.jsonl": line("b", bread) + line("c", ferry)},
			args: "-out out.jsonl 1.jsonl 2.jsonl",
			out:  map[string]string{"out.jsonl": line("a", ferry) + line("b", bread), "out.jsonl.removed.jsonl": removed("c", "a", ferry, "2.jsonl:2")},
		}, {
			why:  "against a corpus",
			in:   map[string]string{"old.jsonl": line("a", ferry) + line("b", ferry), "new.jsonl": line("a", bread) + line("x", ferry) + line("y", bread)},
			args: "-out out.jsonl -against old.jsonl new.jsonl",
			out: map[string]string{"out.jsonl": line("a", bread),
				"out.jsonl.removed.jsonl": removed("x", "a", ferry, "new.jsonl:2") + removed("y", "a", bread, "new.jsonl:3")},
		}, {
			why:  "a dry run writes nothing",
			in:   map[string]string{"in.jsonl": line("a", ferry) + line("c", ferry)},
			args: "-dry-run in.jsonl",
			out:  map[string]string{},
		}, {
			why:    "existing files stay",
			in:     map[string]string{"in.jsonl": line("a", ferry), "out.jsonl": "precious"},
			args:   "-out out.jsonl in.jsonl",
			status: cli.ExitFatal,
			out:    map[string]string{},
		}, {
			why:    "existing files stay, the log too",
			in:     map[string]string{"in.jsonl": line("a", ferry), "log": "precious"},
			args:   "-out out.jsonl -log log in.jsonl",
			status: cli.ExitFatal,
			out:    map[string]string{},
		}, {
			why:  "unless it is to be overwritten",
			in:   map[string]string{"in.jsonl": line("a", ferry), "out.jsonl": "worthless"},
			args: "-overwrite -out out.jsonl in.jsonl",
			out:  map[string]string{"out.jsonl": line("a", ferry), "out.jsonl.removed.jsonl": ""},
		}, {
			why:    "but never the input",
			in:     map[string]string{"in.jsonl": line("a", ferry)},
			args:   "-overwrite -out ./in.jsonl in.jsonl",
			status: cli.ExitFatal,
			out:    map[string]string{},
		}, {
			why:    "nor into the input",
			in:     map[string]string{"in/a.txt": ferry},
			args:   "-out in/out in",
			status: cli.ExitFatal,
			out:    map[string]string{},
		}, {
			why:    "two files that would become one",
			in:     map[string]string{"p/a.txt": ferry, "q/a.txt": bread},
			args:   "-out out/ p/a.txt q/a.txt",
			status: cli.ExitFatal,
			out:    map[string]string{},
		}, {
			why:    "nowhere to write",
			in:     map[string]string{"in.jsonl": line("a", ferry)},
			args:   "in.jsonl",
			status: cli.ExitFatal,
			out:    map[string]string{},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Chdir(t.TempDir())
			put(t, tt.in)
			before := files(t, ".")
			_, stderr, status := dedup(t, tt.stdin, append([]string{"clean"}, strings.Fields(tt.args)...)...)
			if status != tt.status {
				t.Errorf("exit status %d, want %d: %s", status, tt.status, stderr)
			}
			want := before
			maps.Copy(want, tt.out)
			if diff := cmp.Diff(want, files(t, ".")); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// Compressed output has the same content as plain output.
func TestCleanCompressesOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"in.jsonl": line("a", ferry) + line("b", bread) + line("c", ferry)})
	for _, out := range []string{"out.jsonl.gz", "out.jsonl.zst"} {
		if _, stderr, status := dedup(t, "", "clean", "-out", out, "in.jsonl"); status != cli.ExitDone {
			t.Fatalf("clean -out %s: status %d, %s, want %d", out, status, stderr, cli.ExitDone)
		}
		stdout, stderr, status := dedup(t, "", "pairs", out)
		if status != cli.ExitDone || stdout != "" || !strings.HasPrefix(stderr, "2 documents, 0 pairs") {
			t.Errorf("pairs %s: status %d, %q, %q, want 2 documents, 0 pairs", out, status, stdout, stderr)
		}
	}
}

// On real news, by the exact reference: no two kept documents have a similarity of .85 or
// more, each removed document has a match that is kept, and every line is accounted for.
func TestCleanLeavesNoNearDuplicates(t *testing.T) {
	race.Alone(t)
	in := corpus.Shared(t, "data", "reuters21578", "docs.jsonl")
	out := filepath.Join(t.TempDir(), "kept.jsonl")
	if _, stderr, status := dedup(t, "", "clean", "-out", out, in); status != cli.ExitDone {
		t.Fatalf("clean: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	text := map[string]string{}
	for _, d := range corpus.Docs(t, "reuters21578", "docs.jsonl") {
		text[d.ID] = d.Text
	}
	kept := map[string]bool{}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(data)) {
		var d corpus.Doc
		if err := json.Unmarshal([]byte(l), &d); err != nil || d.Text != text[d.ID] || kept[d.ID] {
			t.Fatalf("kept line of %q (%v): text %.40q, kept before: %v, want each kept document once, as given", d.ID, err, d.Text, kept[d.ID])
		}
		kept[d.ID] = true
	}
	for _, p := range corpus.Silver(t, "reuters21578", "silver_j5.tsv") {
		if p.Jaccard >= .85 && kept[p.A] && kept[p.B] {
			t.Errorf("kept both documents of %+v, want one of them", p)
		}
	}
	log, err := os.ReadFile(out + ".removed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	var sh shingle.Shingler
	for l := range strings.Lines(string(log)) {
		var r show.Removal
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		removed++
		j := sh.Set(text[r.ID]).Jaccard(sh.Set(text[r.Match]))
		if kept[r.ID] || !kept[r.Match] || j < .8 || j != r.Similarity || len(r.Spans) == 0 {
			t.Errorf("removal %+v: kept %v, match kept %v, similarity %v, want a removed document with a kept match at 0.8 and above", r, kept[r.ID], kept[r.Match], j)
		}
	}
	if removed < 300 || removed+len(kept) != len(text) {
		t.Errorf("%d kept, %d removed of %d, want at least 300 removed and all accounted for", len(kept), removed, len(text))
	}
}

// If the command is interrupted or killed at any time, the input is unchanged, the output
// is complete or absent, and a second run succeeds.
func TestInterruptedCleanLeavesWholeOutput(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	var in strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 4000 {
		text := ferry
		if i%2 == 0 {
			var words []string
			for range 60 {
				words = append(words, fmt.Sprint("w", r.IntN(5000)))
			}
			text = strings.Join(words, " ")
		}
		in.WriteString(line(fmt.Sprint(i), text))
	}
	put(t, map[string]string{"in.jsonl": in.String()})
	begin := time.Now()
	if _, stderr, status := dedup(t, "", "clean", "-out", "whole.jsonl", "in.jsonl"); status != cli.ExitDone {
		t.Fatal(stderr)
	}
	took := time.Since(begin)
	whole, err := os.ReadFile("whole.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Some runs end before they are done, some after; both kinds must occur.
	ended, completed := 0, 0
	for i := range 20 {
		os.Remove("out.jsonl")
		os.Remove("out.jsonl.removed.jsonl")
		wait := time.Duration(r.Int64N(int64(took)*3/2) + 1)
		if i%2 == 0 {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			var out, errs strings.Builder
			program().Run(ctx, []string{"clean", "-out", "out.jsonl", "in.jsonl"}, strings.NewReader(""), &out, &errs)
			cancel()
		} else {
			cmd := exec.Command(exe, "clean", "-out", "out.jsonl", "in.jsonl")
			cmd.Env = append(os.Environ(), "DEDUP_AS_PROGRAM=1")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			cmd.Process.Kill()
			cmd.Wait()
		}
		got, err := os.ReadFile("out.jsonl")
		switch {
		case os.IsNotExist(err):
			ended++
		case err != nil || string(got) != string(whole):
			t.Fatalf("run %d: %v, %d bytes, want %d", i, err, len(got), len(whole))
		default:
			completed++
		}
		if now, err := os.ReadFile("in.jsonl"); err != nil || string(now) != in.String() {
			t.Fatalf("run %d: the input has changed, want it unchanged", i)
		}
	}
	t.Logf("%d ended before they were done, %d completed", ended, completed)
	os.Remove("out.jsonl")
	os.Remove("out.jsonl.removed.jsonl")
	if _, stderr, status := dedup(t, "", "clean", "-out", "out.jsonl", "in.jsonl"); status != cli.ExitDone {
		t.Errorf("clean after the interrupted runs: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
}

// A web archive is copied record by record; in compressed output each record is a
// separate gzip member.
func TestCleanCopiesWARCRecords(t *testing.T) {
	record := func(id, uri, text string) string {
		return fmt.Sprintf("WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Target-URI: %s\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", id, uri, len(text), text)
	}
	a, b, c := record("1", "http://a.example/ferry", ferry), record("2", "http://b.example/bread", bread), record("3", "http://c.example/ferry", ferry)
	t.Chdir(t.TempDir())
	put(t, map[string]string{"in.wet": a + b + c})
	for _, out := range []string{"out.wet", "out.wet.gz"} {
		if _, stderr, status := dedup(t, "", "clean", "-out", out, "in.wet"); status != cli.ExitDone {
			t.Fatalf("clean -out %s: status %d, %s, want %d", out, status, stderr, cli.ExitDone)
		}
		stdout, stderr, status := dedup(t, "", "pairs", "-json", "-threshold", ".01", out)
		if status != cli.ExitDone || stdout != "" || !strings.HasPrefix(stderr, "2 documents, 0 pairs") {
			t.Errorf("pairs %s: status %d, %q, %q, want 2 documents, 0 pairs", out, status, stdout, stderr)
		}
	}
	got := files(t, ".")
	if diff := cmp.Diff(a+b, got["out.wet"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := strings.Count(got["out.wet.gz"], "\x1f\x8b\x08"); n != 2 {
		t.Errorf("%d gzip members, want 2", n)
	}
	if log := got["out.wet.removed.jsonl"]; !strings.Contains(log, `"id":"http://c.example/ferry","reason":"identical","match":"http://a.example/ferry"`) {
		t.Errorf("log = %s, want c.example removed as identical to a.example", log)
	}
}

// A pattern gives the same result as the files that it matches.
func TestCleanAcceptsPatterns(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"in/a.txt": ferry, "in/b.html": "<p>" + bread + "</p>", "in/c.txt": ferry})
	if _, stderr, status := dedup(t, "", "clean", "-out", "out/", "in/*"); status != cli.ExitDone {
		t.Fatalf("clean of a pattern: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	want := map[string]string{"a.txt": ferry, "b.html": "<p>" + bread + "</p>"}
	if diff := cmp.Diff(want, files(t, "out")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A table keeps its columns, its metadata and the rows that are kept.
func TestCleanKeepsParquetColumns(t *testing.T) {
	type row struct {
		ID    string   `parquet:"id,zstd"`
		Text  string   `parquet:"text,zstd"`
		Score *float64 `parquet:"score,optional"`
		Tags  []string `parquet:"tags,list"`
	}
	t.Chdir(t.TempDir())
	half := .5
	rows := []row{{"a", ferry, &half, []string{"x", "y"}}, {"b", bread, nil, nil}, {"c", ferry, nil, []string{"z"}}, {"d", "something else that is new", &half, nil}}
	f, err := os.Create("in.parquet")
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[row](f, parquet.KeyValueMetadata("made by", "hand"), parquet.MaxRowsPerRowGroup(3))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, stderr, status := dedup(t, "", "clean", "-out", "out.parquet", "in.parquet"); status != cli.ExitDone {
		t.Fatalf("clean of Parquet: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	got, err := parquet.ReadFile[row]("out.parquet")
	if err != nil {
		t.Fatal(err)
	}
	want := []row{rows[0], rows[1], rows[3]}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	out, err := os.Open("out.parquet")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	info, err := out.Stat()
	if err != nil {
		t.Fatal(err)
	}
	table, err := parquet.OpenFile(out, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := table.Lookup("made by"); !ok || v != "hand" {
		t.Errorf("metadata made by = %q, %v, want %q", v, ok, "hand")
	}
	if c := table.Metadata().RowGroups[0].Columns[1].MetaData.Codec; c != format.Zstd {
		t.Errorf("compression %v, want %v", c, format.Zstd)
	}
}

// A table with no kept rows is written as a table without rows.
func TestCleanWritesEmptyParquet(t *testing.T) {
	type row struct {
		ID   string `parquet:"id"`
		Text string `parquet:"text"`
	}
	t.Chdir(t.TempDir())
	if err := parquet.WriteFile("in.parquet", []row{{"a", ferry}}); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := dedup(t, "", "clean", "-out", "out.parquet", "-against", "in.parquet", "in.parquet"); status != cli.ExitDone {
		t.Fatalf("clean -against itself: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	if got, err := parquet.ReadFile[row]("out.parquet"); err != nil || len(got) != 0 {
		t.Errorf("rows of out.parquet = %v, %v, want none", got, err)
	}
}

// A page from standard input is written unchanged, with its markup.
func TestCleanKeepsMarkupFromStandardInput(t *testing.T) {
	t.Chdir(t.TempDir())
	page := "<h1>Ferry</h1><p>" + ferry + "</p>\n"
	if _, stderr, status := dedup(t, page, "clean", "-format", "html", "-out", "out.html", "-"); status != cli.ExitDone {
		t.Fatalf("clean -format html: status %d, %s, want %d", status, stderr, cli.ExitDone)
	}
	if diff := cmp.Diff(page, files(t, ".")["out.html"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
