package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// tales are texts that are all different.
var tales = []string{
	ferry, bread, storyA, storyB,
	"Seven herons were counted at the weir on the first morning of the year, two fewer than the miller remembers from his youth.",
	"The choir will sing without its tenor this spring, who has gone to sea as a cook and sends recipes for puddings instead.",
	"A bell that was thought lost in the flood has come to light under the floor of a barn where it served as a trough for geese.",
	"Whoever left a blue umbrella in the reading room may fetch it from the porter, who has used it only twice and in light rain.",
}

// A mix is a set of files with documents, and what is expected of them.
type mix struct {
	r     *rand.Rand
	files map[string]string
	in    int             // documents read, readable or not
	texts map[string]bool // texts of the readable documents
	parts int             // maximum number of pieces joined into a text; 0 for whole tales
}

// text returns the text of a document, one of a few, so that many documents repeat
// another.
func (m *mix) text() string {
	if m.parts > 0 {
		return m.joined()
	}
	t := tales[m.r.IntN(len(tales))]
	if m.r.IntN(3) == 0 {
		t = strings.ToUpper(t[:20]) + t[20:] + "!"
	}
	m.texts[strings.ToLower(strings.TrimRight(t, "!"))] = true
	return t
}

// joined returns a text joined from at most m.parts pieces: whole texts and parts of texts.
func (m *mix) joined() string {
	var b strings.Builder
	for range 1 + m.r.IntN(m.parts) {
		words := strings.SplitAfter(patched[m.r.IntN(len(patched))], " ")
		if m.r.IntN(2) == 0 {
			from := m.r.IntN(len(words))
			words = words[from : from+1+m.r.IntN(len(words)-from)]
		}
		part := strings.Join(words, "")
		if m.r.IntN(4) == 0 {
			part = strings.ToUpper(part)
		}
		b.WriteString(part + []string{" ", "\n\n", "", ". ", " — "}[m.r.IntN(5)])
	}
	return b.String()
}

// patched are the texts whose parts joined uses.
var patched = append(slices.Clone(tales),
	"河水在夜里上涨，淹没了老桥旁边的市场。商人们把货物搬到钟楼的二层，等到第三天早晨水才退去。",
	"Heron 👩‍💻 wrote: ½ of the “weir” isn't\u200b there; the other ½ is.  Ask, don't guess!",
	"เรือข้ามฟากออกตอนเก้าโมงจากท่าเรือเก่าทุกคืน",
	"Home\nAbout us\nContact\nHome\nAbout us\nContact\n")

// id returns an id as JSON, often missing or used before.
func (m *mix) id() string {
	switch m.r.IntN(4) {
	case 0:
		return ""
	case 1:
		return `"id":null,`
	}
	return fmt.Sprintf(`"id":%d,`, m.r.IntN(5))
}

func (m *mix) jsonLines(n int) string {
	var b strings.Builder
	for range n {
		m.in++
		switch m.r.IntN(6) {
		case 0:
			b.WriteString([]string{"{broken", "[]", `{"id":1}`, `{"id":2,"text":7}`, `{"text":"x"`, "null"}[m.r.IntN(6)])
		default:
			fmt.Fprintf(&b, `{%s"text":%q,"n":%d}`, m.id(), m.text(), m.r.IntN(9))
		}
		b.WriteString([]string{"\n", "\r\n", "\n\n"}[m.r.IntN(3)])
	}
	return b.String()
}

func (m *mix) table(n int, comma string) string {
	var b strings.Builder
	b.WriteString("id" + comma + "text\n")
	for range n {
		m.in++
		switch m.r.IntN(6) {
		case 0:
			b.WriteString("alone\n")
		case 1:
			b.WriteString("1" + comma + "\"" + m.text() + "\"\r\n")
		default:
			text := m.text()
			if strings.ContainsAny(text, comma+"\n") {
				text = `"` + text + `"`
			}
			fmt.Fprintf(&b, "%s%s%s\n", []string{"", "1", "2", "x"}[m.r.IntN(4)], comma, text)
		}
	}
	return b.String()
}

func (m *mix) parquet(n int) string {
	type row struct {
		ID   *string `parquet:"id,optional"`
		Text *string `parquet:"text,optional"`
	}
	var rows []row
	for range n {
		m.in++
		var w row
		if m.r.IntN(2) == 0 {
			id := fmt.Sprint(m.r.IntN(5))
			w.ID = &id
		}
		if m.r.IntN(6) > 0 {
			text := m.text()
			w.Text = &text
		}
		rows = append(rows, w)
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(3))
	_, _ = w.Write(rows)
	_ = w.Close()
	return b.String()
}

func (m *mix) warc(n int) string {
	var b strings.Builder
	record := func(kind, contentType, block string) {
		fmt.Fprintf(&b, "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: http://a.example/%d\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", kind, m.r.IntN(4), contentType, len(block), block)
	}
	record("warcinfo", "application/warc-fields", "software: none\r\n")
	for range n {
		record("request", "application/http; msgtype=request", "GET / HTTP/1.1\r\n\r\n")
		switch m.r.IntN(5) {
		case 0:
			record("response", "application/http; msgtype=response", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>gone")
		case 1:
			m.in++
			record("response", "application/http; msgtype=response", "this is not HTTP")
		default:
			m.in++
			record("response", "application/http; msgtype=response", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"+m.text())
		}
	}
	return b.String()
}

// newMix creates some files of every format. Their texts are whole tales or, if parts is
// not 0, are joined from at most so many pieces.
func newMix(seed uint64, parts int) *mix {
	m := &mix{r: rand.New(rand.NewPCG(seed, 1)), files: map[string]string{}, texts: map[string]bool{}, parts: parts}
	for i := range 1 + m.r.IntN(4) {
		n := m.r.IntN(8)
		switch m.r.IntN(8) {
		case 0:
			m.files[fmt.Sprintf("in/%d.csv", i)] = m.table(n, ",")
		case 1:
			m.files[fmt.Sprintf("in/%d.tsv", i)] = m.table(n, "\t")
		case 2:
			m.files[fmt.Sprintf("in/%d.parquet", i)] = m.parquet(n)
		case 3:
			m.files[fmt.Sprintf("in/%d.warc", i)] = m.warc(n)
		case 4:
			m.in++
			m.files[fmt.Sprintf("in/%d.txt", i)] = m.text()
		case 5:
			m.in++
			m.files[fmt.Sprintf("in/%d.html", i)] = "<!doctype html><p>" + m.text()
		case 6:
			m.in += 2
			m.files[fmt.Sprintf("in/%d.bin", i)] = "\x00"
			m.files[fmt.Sprintf("in/%d.pdf", i)] = "%PDF-1.7"
			m.files[fmt.Sprintf("in/%d.png", i)] = "\x89PNG"
		default:
			m.files[fmt.Sprintf("in/%d.jsonl", i)] = m.jsonLines(n)
		}
	}
	return m
}

// checkLaw cleans a mix into a folder and accounts for every document by name.
func checkLaw(t *testing.T, seed uint64, args ...string) {
	m := newMix(seed, 0)
	t.Chdir(t.TempDir())
	put(t, m.files)
	if m.in == 0 {
		return
	}
	_, stderr, status := dedup(t, "", append(append([]string{"clean"}, args...), "-out", "out/", "-stats", "stats.json", "-log", "log", "in")...)
	if status == cli.ExitFatal {
		t.Fatalf("seed %d: clean: status %d, %s, want another status", seed, status, stderr)
	}
	var f show.Figures
	if err := json.Unmarshal([]byte(read(t, "stats.json")), &f); err != nil {
		t.Fatal(err)
	}
	law := fmt.Sprintf("%s: %d kept, %d removed, %d left out\n", show.Count(m.in, "document"), f.Kept, f.Group.Removed, f.Group.LeftOut)
	if f.Documents != m.in || f.Kept+f.Group.Removed+f.Group.LeftOut != m.in || !strings.Contains(stderr, law) {
		t.Errorf("seed %d: figures %+v of %d documents, want kept + removed + left out = documents, as in\n%s", seed, f.Group, m.in, stderr)
	}
	if (f.Group.LeftOut > 0) != (status == cli.ExitInput) {
		t.Errorf("seed %d: %d left out and status %d, want %d only if documents are left out", seed, f.Group.LeftOut, status, cli.ExitInput)
	}
	named := map[string]bool{}
	logged := 0
	for l := range strings.Lines(read(t, "log")) {
		var r show.Removal
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		if named[r.Place] {
			t.Errorf("seed %d: %s is in the log twice, want once", seed, r.Place)
		}
		named[r.Place] = true
		if !strings.HasPrefix(r.Reason, "not a document") {
			logged += max(1, r.Documents)
		}
	}
	if logged != f.Group.Removed+f.Group.LeftOut {
		t.Errorf("seed %d: the log names %d documents, want %d", seed, logged, f.Group.Removed+f.Group.LeftOut)
	}
	groups := 0
	for _, g := range f.Sources {
		groups += g.Documents
	}
	if groups != m.in {
		t.Errorf("seed %d: the sources add up to %d documents, want %d", seed, groups, m.in)
	}
	// The output holds exactly the kept documents, and no text is lost.
	if f.Kept == 0 {
		return
	}
	masked := strings.Contains(stderr, "compared without recycled blocks")
	again, stderr, status := dedup(t, "", "clean", "-dry-run", "-stats", "again.json", "-json", "out")
	var g show.Figures
	if err := json.Unmarshal([]byte(read(t, "again.json")), &g); err != nil {
		t.Fatal(err)
	}
	if status != cli.ExitDone || g.Documents != f.Kept || g.Kept != f.Kept || again != "" {
		t.Errorf("seed %d: second run: status %d, %d documents, %d removed, want %d, all kept: %s%s", seed, status, g.Documents, g.Group.Removed, f.Kept, again, stderr)
	}
	// A text may come out twice only if one of the two is not compared: on a host of a few
	// pages, one without capitals and full stops may count as a recycled block.
	if g.Documents < len(m.texts) || g.Documents > len(m.texts) && !masked {
		t.Errorf("seed %d: %d texts came out, want the %d different ones that went in; masked: %v", seed, g.Documents, len(m.texts), masked)
	}
}

// In = kept + removed + left out for any input, and each document is accounted for by
// name.
func TestEveryDocumentIsAccountedFor(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkLaw(t, seed) })
		if seed%3 == 0 {
			t.Run(fmt.Sprint(seed, " exact"), func(t *testing.T) { checkLaw(t, seed, "-exact") })
		}
	}
}

func FuzzLaw(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) {
		checkLaw(t, seed)
		checkCutLaw(t, seed)
	})
}

// Records of a web archive that are not pages are copied byte for byte, and so are kept
// pages.
func TestCleanCopiesOtherWARCRecords(t *testing.T) {
	m := &mix{r: rand.New(rand.NewPCG(7, 1)), texts: map[string]bool{}}
	archive := strings.ReplaceAll(m.warc(12), "this is not HTTP", "HTTP/1.1 204\r\n\r\n")
	t.Chdir(t.TempDir())
	put(t, map[string]string{"in.warc": archive})
	if _, stderr, status := dedup(t, "", "clean", "-threshold", "1", "-out", "out.warc", "in.warc"); status != cli.ExitDone {
		t.Fatal(stderr)
	}
	out := read(t, "out.warc")
	removed := 0
	var rest strings.Builder
	for i, record := range strings.SplitAfter(archive, "\r\n\r\nWARC/1.0") {
		if i > 0 {
			record = "WARC/1.0" + record
		}
		record = strings.TrimSuffix(record, "WARC/1.0")
		if !strings.HasPrefix(out, record) {
			removed++
			continue
		}
		rest.WriteString(record)
		out = strings.TrimPrefix(out, record)
	}
	if out != "" {
		t.Errorf("%d bytes of the output are not records of the input in their order, want 0: %.200q", len(out), out)
	}
	if n := strings.Count(read(t, "out.warc.removed.jsonl"), "\n"); n != removed || n == 0 {
		t.Errorf("the log has %d removals, want %d as records are missing, at least 1", n, removed)
	}
}

// Records that are too large to hold in memory are copied too, except pages, which are
// left out.
func TestCleanCopiesLargeWARCRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("writes large records")
	}
	t.Chdir(t.TempDir())
	record := func(contentType, body string) string {
		block := "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\n\r\n" + body
		return fmt.Sprintf("WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/%d\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", len(body), len(block), block)
	}
	film := record("video/mp4", strings.Repeat("\x00film", 14<<20))
	page := record("text/html", "<p>"+ferry)
	put(t, map[string]string{"in.warc": film + page + record("text/html", strings.Repeat("<p>word ", 9<<20))})
	_, stderr, status := dedup(t, "", "clean", "-out", "out.warc", "in.warc")
	if status != cli.ExitInput || !strings.Contains(stderr, "2 documents: 1 kept, 0 removed, 1 left out\n") || read(t, "out.warc") != film+page {
		t.Errorf("clean of large records: status %d, %s, want %d: 1 kept, 1 left out, the film copied", status, stderr, cli.ExitInput)
	}
}

// The extension of the output decides its format: records are converted with all fields.
func TestCleanConverts(t *testing.T) {
	t.Chdir(t.TempDir())
	lines := `{"id":"a","text":"` + ferry + `","n":1,"x":1.5,"ok":true,"tags":["p","q"],"in":{"deep":[1]},"mixed":1}
{"id":"b","text":"` + bread + `","n":2,"late":"é","mixed":"two","none":null}
{"id":"c","text":"` + ferry + `","n":3}
`
	put(t, map[string]string{"in.jsonl": lines, "in.csv": "id,text,more\nd,\"" + storyA + "\",\"1, 2\"\n"})
	clean := func(args ...string) {
		t.Helper()
		if _, stderr, status := dedup(t, "", append([]string{"clean"}, args...)...); status != cli.ExitDone {
			t.Fatalf("clean %v: status %d, %s, want %d", args, status, stderr, cli.ExitDone)
		}
	}
	clean("-out", "out.parquet", "in.jsonl")
	type row struct {
		ID    string   `parquet:"id,optional"`
		Text  string   `parquet:"text,optional"`
		N     *int64   `parquet:"n,optional"`
		X     *float64 `parquet:"x,optional"`
		OK    *bool    `parquet:"ok,optional"`
		Tags  *string  `parquet:"tags,optional"`
		Late  *string  `parquet:"late,optional"`
		Mixed *string  `parquet:"mixed,optional"`
	}
	got, err := parquet.ReadFile[row]("out.parquet")
	if err != nil {
		t.Fatal(err)
	}
	ptr := func(s string) *string { return &s }
	one, two, x, ok := int64(1), int64(2), 1.5, true
	want := []row{{"a", ferry, &one, &x, &ok, ptr(`["p","q"]`), nil, ptr("1")}, {"b", bread, &two, nil, nil, nil, ptr("é"), ptr("two")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON Lines to Parquet (-want +got):\n%s", diff)
	}
	clean("-out", "back.jsonl", "out.parquet")
	wantLines := `{"id":"a","text":"` + ferry + `","n":1,"x":1.5,"ok":true,"tags":"[\"p\",\"q\"]","in":"{\"deep\":[1]}","mixed":"1","late":null,"none":null}
{"id":"b","text":"` + bread + `","n":2,"x":null,"ok":null,"tags":null,"in":null,"mixed":"two","late":"é","none":null}
`
	if diff := cmp.Diff(wantLines, read(t, "back.jsonl")); diff != "" {
		t.Errorf("Parquet to JSON Lines (-want +got):\n%s", diff)
	}
	clean("-out", "all.jsonl.gz", "in.jsonl", "in.csv", "out.parquet")
	stdout, _, _ := dedup(t, "", "pairs", "-json", "-threshold", ".1", "all.jsonl.gz")
	if stdout != "" {
		t.Errorf("pairs of several formats in one output = %s, want none", stdout)
	}
	clean("-out", "two.parquet", "out.parquet", "out.parquet", "back.jsonl")
	clean("-out", "csv.csv", "in.csv")
	if diff := cmp.Diff(read(t, "in.csv"), read(t, "csv.csv")); diff != "" {
		t.Errorf("a table in CSV (-want +got):\n%s", diff)
	}
	stdout, stderr, status := dedup(t, "", "clean", "-out", "-", "in.jsonl", "in.csv")
	if n := strings.Count(stdout, "\n"); status != cli.ExitDone || n != 3 || !strings.Contains(stdout, `"more":"1, 2"`) {
		t.Errorf("clean -out -: status %d, %s%s, want 3 lines, the row of the table with its fields", status, stdout, stderr)
	}
	stdout, _, _ = dedup(t, "", "clean", "-quiet", "-out", "-", "in.jsonl")
	if want := lines[:strings.LastIndex(lines, `{"id":"c"`)]; stdout != want {
		t.Errorf("clean -out - of JSON Lines =\n%s\nwant\n%s", stdout, want)
	}
	if entries, _ := filepath.Glob("-*"); entries != nil {
		t.Errorf("files %q, want none: - is standard output", entries)
	}
}

// An impossible output is refused with a clear message before any work is done.
func TestCleanRefusesImpossibleOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"a.txt": ferry, "b.txt": bread, "a.jsonl": line("a", ferry), "a.warc": "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\none\r\n\r\n",
		"a.csv": "id,text\n1,one\n", "b.csv": "text,id\ntwo,2\n"})
	for args, want := range map[string]string{
		"-out x.warc a.txt":                   "documents of the format text cannot be written as warc; end the name in .jsonl or .parquet, or in / for a folder",
		"-out x.txt a.txt b.txt":              "a file of the format text holds one document, but there are 2",
		"-out x.csv a.warc":                   "end the name in .warc, .jsonl or .parquet",
		"-out x.csv a.jsonl":                  "documents of the format jsonl cannot be written as csv; end the name in .jsonl",
		"-out x a.txt a.jsonl":                "the inputs are of several formats (text, jsonl)",
		"-out x.jsonl.bz2 a.jsonl":            "bzip2 can be read but not written",
		"-out x.csv a.csv b.csv":              "the columns of b.csv differ from those of the file before",
		"-annotate -out x/ a.txt":             "-annotate adds fields to records",
		"-annotate -out x.txt a.txt":          "end the name of -out in .jsonl or .parquet",
		"-exact -threshold .5 -out x a.txt":   "-exact compares whole texts",
		"-json -out - a.jsonl":                "cannot be combined with -out -",
		"-out missing/x.jsonl a.jsonl":        "no such file or directory",
		"-out x.jsonl -stats a.jsonl a.jsonl": "exists already",
	} {
		stdout, stderr, status := dedup(t, "", append([]string{"clean"}, strings.Fields(args)...)...)
		if status != cli.ExitFatal || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("clean %s: status %d, %q, want %q", args, status, stderr, want)
		}
	}
	if left, _ := filepath.Glob("*x*"); strings.Join(left, " ") != "a.txt b.txt" {
		t.Errorf("files %q, want a.txt and b.txt alone", left)
	}
}

// Files, pages and records of a web archive are converted to records of JSON Lines and
// tables.
func TestCleanConvertsPagesToRecords(t *testing.T) {
	t.Chdir(t.TempDir())
	page := "<title>Bread</title><p>" + bread + "</p>"
	record := func(kind, contentType, body string) string {
		return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: https://news.example/a\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", kind, contentType, len(body), body)
	}
	put(t, map[string]string{"in/a.txt": ferry + "\r\n\xff\u2028\"", "in/b.html": page, "in/c.txt": "",
		"in/d.warc": record("warcinfo", "application/warc-fields", "software: a") + record("conversion", "text/plain", storyA)})
	type doc struct{ ID, Text, Host, URL, Time string }
	docs := func(names ...string) (out []doc) {
		for d, err := range input.Read(names, input.Options{}) {
			if d != nil {
				out = append(out, doc{d.ID, d.Text, d.Host, d.URL, d.Time})
			} else if e := (*input.Error)(nil); !errors.As(err, &e) || e.Lost > 0 {
				t.Error(err)
			}
		}
		return out
	}
	want := docs("in")
	for _, d := range want {
		if d.ID == "" {
			t.Fatalf("no id: %+v", want)
		}
	}
	for i := range want {
		want[i].Text = strings.ToValidUTF8(want[i].Text, "\ufffd")
	}
	for _, out := range []string{"kept.jsonl", "kept.parquet", "kept.jsonl.zst"} {
		if _, stderr, status := dedup(t, "", "clean", "-quiet", "-out", out, "in"); status == cli.ExitFatal {
			t.Fatalf("clean -out %s: status %d, %s, want another status", out, status, stderr)
		}
		if diff := cmp.Diff(want, docs(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", out, diff)
		}
	}
	stdout, stderr, _ := dedup(t, "", "clean", "-quiet", "-annotate", "-out", "annotated.jsonl", "in")
	if lines := read(t, "annotated.jsonl"); strings.Count(lines, `"dedup_cluster_size":1}`) != len(want) {
		t.Errorf("clean -annotate: %s%s%s, want %d lines of clusters of 1", stdout, stderr, lines, len(want))
	}
	stdout, stderr, _ = dedup(t, "", "clean", "-quiet", "-out", "-", "in/a.txt", "in/b.html")
	if strings.Count(stdout, "\n") != 2 || !strings.HasPrefix(stdout, `{"id":"in/a.txt","text":`) {
		t.Errorf("clean -out - of files = %s%s, want 2 records", stdout, stderr)
	}
}

func TestCleanKeepsLargestField(t *testing.T) {
	t.Chdir(t.TempDir())
	rows := `{"id":"a","text":"` + ferry + `","meta":{"quality":0.5}}
{"id":"b","text":"` + ferry + `","meta":{"quality":0.9}}
{"id":"c","text":"` + ferry + `"}
{"id":"d","text":"` + bread + `","meta":{"quality":1}}
`
	put(t, map[string]string{"in.jsonl": rows})
	stdout, stderr, status := dedup(t, "", "clean", "-keep", "max:meta.quality", "-out", "-", "-annotate", "in.jsonl")
	want := `{"id":"b","text":"` + ferry + `","meta":{"quality":0.9},"dedup_cluster":"b","dedup_cluster_size":3}
{"id":"d","text":"` + bread + `","meta":{"quality":1},"dedup_cluster":"d","dedup_cluster_size":1}
`
	if diff := cmp.Diff(want, stdout); diff != "" || status != cli.ExitDone {
		t.Errorf("status %d, %s (-want +got):\n%s", status, stderr, diff)
	}
	if !strings.Contains(stderr, `in.jsonl:3: field "meta.quality" is neither a number nor a time; ranked last`) {
		t.Errorf("messages %s, want a warning for the document without a number", stderr)
	}
	if _, _, status := dedup(t, "", "clean", "-keep", "max:meta.quality", "-annotate", "-out", "out.parquet", "in.jsonl"); status != cli.ExitDone {
		t.Fatalf("clean -annotate -out out.parquet: status %d, want %d", status, cli.ExitDone)
	}
	type row struct {
		ID      string `parquet:"id,optional"`
		Cluster string `parquet:"dedup_cluster,optional"`
		Size    int64  `parquet:"dedup_cluster_size,optional"`
	}
	got, err := parquet.ReadFile[row]("out.parquet")
	if diff := cmp.Diff([]row{{"b", "b", 3}, {"d", "d", 1}}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A source that loses more than half of its documents is reported.
func TestCleanWarnsOfLargeLosses(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"good.jsonl": line("1", ferry) + line("2", bread), "bad.jsonl": line("3", ferry) + line("4", bread) + line("5", storyA)})
	_, stderr, status := dedup(t, "", "clean", "-out", "out.jsonl", "good.jsonl", "bad.jsonl")
	if status != cli.ExitDone || !strings.Contains(stderr, "bad.jsonl loses 67 % of its 3 documents") || strings.Contains(stderr, "good.jsonl loses") {
		t.Errorf("clean: status %d, %s, want a warning for bad.jsonl alone", status, stderr)
	}
}

// With -exact, documents that differ only in case and punctuation are removed, and edited
// ones are kept.
func TestCleanExactKeepsEditedDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{
		"old.jsonl": line("o", strings.ToUpper(storyB)),
		"in.jsonl":  line("a", ferry) + line("b", strings.ToUpper(ferry)+"!") + line("c", ferry+" today") + line("d", bread) + line("e", storyB) + line("f", "") + line("g", ""),
	})
	stdout, stderr, status := dedup(t, "", "clean", "-exact", "-out", "-", "-log", "log", "-against", "old.jsonl", "in.jsonl")
	if want := line("a", ferry) + line("c", ferry+" today") + line("d", bread) + line("f", "") + line("g", ""); stdout != want || status != cli.ExitDone {
		t.Errorf("clean -exact: status %d, %s%s, want %d, %s", status, stdout, stderr, cli.ExitDone, want)
	}
	if !strings.Contains(stderr, "7 documents: 5 kept, 2 removed, 0 left out\nremoved: 2 equal (equal texts)\n") {
		t.Errorf("clean -exact: %s, want 5 kept, 2 removed as equal", stderr)
	}
}

// Large numbers of broken lines are counted, not printed.
func TestFloodOfBrokenLinesIsCounted(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, map[string]string{"bad.jsonl": strings.Repeat("{broken\n", 5000), "b/x.bin": "\x00"})
	_, stderr, status := dedup(t, "", "pairs", "bad.jsonl", "b")
	if n := strings.Count(stderr, "\n"); n != 6 || status != cli.ExitInput || !strings.Contains(stderr, "dedup: 4,997 more like these in bad.jsonl: broken JSON\n") {
		t.Errorf("pairs of 5,000 broken lines: status %d, %d lines of messages, want %d and 6:\n%s", status, n, cli.ExitInput, stderr)
	}
	for i := range 100 {
		if err := os.WriteFile(fmt.Sprintf("b/%d.bin", i), []byte{0}, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr, _ = dedup(t, "", "pairs", "b")
	if n := strings.Count(stderr, "\n"); n != 22 || !strings.Contains(stderr, "81 more like these in 81 files: binary\n") {
		t.Errorf("pairs of 100 binary files: %d lines of messages, want 22:\n%s", n, stderr)
	}
}
