package input_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// tree writes files below a new folder and makes it the working directory.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// read returns the documents of inputs and the messages, in order.
func read(t *testing.T, o input.Options, inputs ...string) (docs []input.Doc, messages []string) {
	t.Helper()
	for d, err := range input.Read(inputs, o) {
		if err != nil {
			if _, ok := errors.AsType[*input.Error](err); !ok {
				t.Errorf("error %v of type %T, want an *input.Error", err, err)
			}
			messages = append(messages, err.Error())
		}
		if d != nil {
			docs = append(docs, *d)
		}
	}
	return docs, messages
}

func ids(docs []input.Doc) (ids []string) {
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	return ids
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

func TestFolderIsWalked(t *testing.T) {
	tree(t, map[string]string{
		"in/b.txt":            "bee",
		"in/site.example/x":   "ex",
		"in/site.example/y/z": "zed",
		"in/.git/config":      "never",
		"in/.hidden":          "never",
		"in/empty.txt":        "",
	})
	docs, messages := read(t, input.Options{}, "in/")
	want := []input.Doc{
		{ID: "in/b.txt", Text: "bee", Format: input.Text, Place: input.Place{File: "in/b.txt"}},
		{ID: "in/empty.txt", Format: input.Text, Place: input.Place{File: "in/empty.txt"}},
		{ID: "in/site.example/x", Text: "ex", Host: "site.example", Format: input.Text, Place: input.Place{File: "in/site.example/x"}},
		{ID: "in/site.example/y/z", Text: "zed", Host: "site.example", Format: input.Text, Place: input.Place{File: "in/site.example/y/z"}},
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if len(messages) > 0 {
		t.Errorf("messages = %q, want none", messages)
	}
}

func TestJSONLinesAreRead(t *testing.T) {
	lines := "\ufeff" + `{"id":"a","text":"one\u00e9","host":"h","url":"u","time":"2026-01-02","extra":[1]}` + "\r\n\n" +
		`{"id":7,"text":""}` + "\n" + `{"id":"last","text":"no newline"}`
	want := []input.Doc{
		{ID: "a", Text: "oneé", Host: "h", URL: "u", Time: "2026-01-02", Format: input.JSONL, Place: input.Place{Line: 1}},
		{ID: "7", Format: input.JSONL, Place: input.Place{Line: 3}},
		{ID: "last", Text: "no newline", Format: input.JSONL, Place: input.Place{Line: 4}},
	}
	for name, data := range map[string]string{
		"c.jsonl": lines, "c.ndjson": lines, "c.jsonl.gz": gzipped(lines), "c.jsonl.zst": zstandard(lines),
		"two.jsonl.gz": gzipped(lines[:len(lines)/2]) + gzipped(lines[len(lines)/2:]),
	} {
		t.Run(name, func(t *testing.T) {
			tree(t, map[string]string{name: data})
			docs, messages := read(t, input.Options{}, name)
			for i := range want {
				want[i].Place.File = name
			}
			if diff := cmp.Diff(want, docs); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if len(messages) > 0 {
				t.Errorf("messages = %q, want none", messages)
			}
		})
	}
	t.Run("-", func(t *testing.T) {
		docs, _ := read(t, input.Options{Stdin: strings.NewReader(gzipped(lines))}, "-")
		if diff := cmp.Diff([]string{"a", "7", "last"}, ids(docs)); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
	})
	t.Run("text from -", func(t *testing.T) {
		docs, _ := read(t, input.Options{Stdin: strings.NewReader("{}"), Format: "text"}, "-")
		if diff := cmp.Diff([]input.Doc{{ID: "-", Text: "{}", Format: input.Text, Place: input.Place{File: "-"}}}, docs); diff != "" {
			t.Errorf("documents (-want +got):\n%s", diff)
		}
	})
	t.Run("other fields", func(t *testing.T) {
		tree(t, map[string]string{"c.jsonl": `{"key":"k","body":"b","id":"no","text":"no"}`})
		docs, _ := read(t, input.Options{Fields: input.Fields{ID: "key", Text: "body"}}, "c.jsonl")
		if diff := cmp.Diff([]input.Doc{{ID: "k", Text: "b", Format: input.JSONL, Place: input.Place{File: "c.jsonl", Line: 1}}}, docs); diff != "" {
			t.Errorf("documents (-want +got):\n%s", diff)
		}
	})
}

// For any bad input, the message names the place and the rest is read.
func TestBadInputIsNamedByPlace(t *testing.T) {
	good := `{"id":"good","text":"kept"}` + "\n"
	truncated := gzipped(strings.Repeat(good, 1))
	for _, tt := range []struct {
		why, name, data string
		ids             []string
		messages        []string // the beginning of each message
	}{
		{"broken line", "c.jsonl", good + `{"id":"x","text":` + "\n" + `{"id":"after","text":""}`,
			[]string{"good", "after"}, []string{"c.jsonl:2: broken JSON at byte 17"}},
		{"no id", "c.jsonl", `{"text":"t"}` + "\n" + good, []string{"c.jsonl:1", "good"}, []string{"c.jsonl: 1 document has no id; named by place, like c.jsonl:1"}},
		{"no text", "c.jsonl", `{"id":"t"}` + "\n" + good, []string{"good"}, []string{`c.jsonl:1: no field "text"`}},
		{"null text", "c.jsonl", `{"id":"t","text":null}` + "\n" + good, []string{"good"}, []string{`c.jsonl:1: no field "text"`}},
		{"text of another type", "c.jsonl", `{"id":"t","text":7}` + "\n" + good, []string{"good"}, []string{`c.jsonl:1: field "text" is not a string`}},
		{"an array", "c.jsonl", `["id"]` + "\n" + good, []string{"good"}, []string{`c.jsonl:1: not a JSON object`}},
		{"a bare word", "c.jsonl", "nonsense\n" + good, []string{"good"}, []string{"c.jsonl:1: broken JSON at byte 2"}},
		{"an id twice", "c.jsonl", good + good, []string{"good", "c.jsonl:2"}, []string{`c.jsonl: 1 document has an id that was read before, like "good" at c.jsonl:2; named by place`}},
		{"bytes that are not UTF-8", "c.jsonl", `{"id":"x","text":"caf` + "\xe9" + `"}` + "\n" + good,
			[]string{"x", "good"}, []string{"c.jsonl:1: not valid UTF-8"}},
		{"truncated gzip", "c.jsonl.gz", truncated[:len(truncated)-6], []string{"good"}, []string{"c.jsonl.gz:2: unexpected EOF; the rest of the file is lost"}},
		{"not gzip at all", "c.jsonl.gz", "\x1f\x8b\xff\xff", nil, []string{"c.jsonl.gz: "}},
		{"garbage in Zstandard", "c.jsonl.zst", "\x28\xb5\x2f\xfd garbage", nil, []string{"c.jsonl.zst: "}},
		{"NUL bytes", "c.txt", "text\x00text", nil, []string{"c.txt: looks like a binary file"}},
		{"a text in Latin-1", "c.txt", "one\ntwo caf\xe9\n", []string{"c.txt"}, []string{"c.txt:2: not valid UTF-8"}},
		{"a JSON document", "c.json", "{}", nil, []string{"c.json: one JSON document, not JSON Lines"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			tree(t, map[string]string{tt.name: tt.data})
			docs, messages := read(t, input.Options{}, tt.name)
			if diff := cmp.Diff(tt.ids, ids(docs)); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if len(messages) != len(tt.messages) {
				t.Fatalf("messages %q, want %q", messages, tt.messages)
			}
			for i, m := range messages {
				if !strings.HasPrefix(m, tt.messages[i]) {
					t.Errorf("message %q, want %q…", m, tt.messages[i])
				}
			}
		})
	}
}

func TestMissingAndUnreadableFilesAreReported(t *testing.T) {
	tree(t, map[string]string{"in/a.txt": "a", "in/secret": "s", "in/z.txt": "z"})
	if err := os.Chmod("in/secret", 0); err != nil {
		t.Fatal(err)
	}
	os.Symlink("nowhere", "in/broken")
	os.Symlink(".", "in/loop")
	docs, messages := read(t, input.Options{}, "gone.txt", "in")
	want := []string{"in/a.txt", "in/z.txt"}
	wantMessages := 4
	// Root, and any user on Windows, can read despite the mode; Windows may refuse links.
	if _, err := os.ReadFile("in/secret"); err == nil {
		want, wantMessages = []string{"in/a.txt", "in/secret", "in/z.txt"}, 3
	}
	if runtime.GOOS == "windows" {
		return
	}
	if diff := cmp.Diff(want, ids(docs)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if len(messages) != wantMessages || !strings.HasPrefix(messages[0], "gone.txt: no such file") {
		t.Errorf("%d messages, want %d: %q", len(messages), wantMessages, messages)
	}
}

// A caller may stop at any document or error.
func TestReadStopsWhenAsked(t *testing.T) {
	tree(t, map[string]string{"in/a.txt": "a", "in/b.jsonl": "x\n{\"id\":\"i\",\"text\":\"t\"}\n", "in/c.bin": "\x00", "in/d.txt": "d"})
	all := 0
	for range input.Read([]string{"in", "gone"}, input.Options{}) {
		all++
	}
	if all != 6 {
		t.Fatalf("%d documents and errors, want 6", all)
	}
	for stop := 1; stop < all; stop++ {
		n := 0
		for range input.Read([]string{"in", "gone"}, input.Options{}) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("stopped after %d, want %d", n, stop)
		}
	}
}

// FuzzJSONLines checks that arbitrary bytes give documents, and errors that name their
// line, in order.
func FuzzJSONLines(f *testing.F) {
	f.Add([]byte(`{"id":"a","text":"b"}` + "\n{}\n[]"))
	f.Add([]byte(gzipped(`{"id":"a","text":"b"}`)))
	f.Add([]byte(zstandard(`{"id":"a","text":"b"}`)))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return // a bomb is bounded by line, not by file
		}
		at := 0
		for d, err := range input.Read([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)}) {
			line := 0
			if e, ok := errors.AsType[*input.Error](err); ok {
				if line = e.Line; e.Note && line == 0 { // about the file as a whole
					line = at
				}
			}
			if d != nil {
				line = d.Line
			}
			if d == nil && err == nil || line < at {
				t.Fatalf("document %v, error %v after line %d, want one of them, on a later line", d, err, at)
			}
			at = line
		}
	})
}

// Documents and messages are the same for any number of goroutines.
func TestWorkersReadTheSame(t *testing.T) {
	files := map[string]string{"in/bad.txt": "\x00", "in/page.html": "<p>one<p>two", "in/z.jsonl.gz": gzipped("{}\n")[:12]}
	n := 3000
	if race.Short() {
		n = 1000
	}
	var lines strings.Builder
	for i := range n {
		files[fmt.Sprintf("in/%04d.txt", i)] = strings.Repeat("some text of a file ", i%50)
		fmt.Fprintf(&lines, `{"id":"line %d","text":%q}`+"\n", i, strings.Repeat("text of a line ", i%60))
		if i%100 == 50 {
			lines.WriteString("{broken\n\n")
		}
	}
	files["in/lines.jsonl"] = lines.String()
	tree(t, files)
	want, wantMessages := read(t, input.Options{}, "in", "gone")
	if len(want) != 2*n+1 || len(wantMessages) != n/100+3 {
		t.Fatalf("%d documents, messages %q", len(want), wantMessages)
	}
	for _, workers := range []int{2, 3, 8} {
		docs, messages := read(t, input.Options{Workers: workers}, "in", "gone")
		if diff := cmp.Diff(want, docs); diff != "" {
			t.Errorf("documents of %d workers (-want +got):\n%s", workers, diff)
		}
		if diff := cmp.Diff(wantMessages, messages); diff != "" {
			t.Errorf("messages of %d workers (-want +got):\n%s", workers, diff)
		}
		// Stopping early leaves nothing running.
		n := 0
		for range input.Read([]string{"in"}, input.Options{Workers: workers}) {
			if n++; n == 100*workers {
				break
			}
		}
	}
}

// A reader that is asked for more than has been written must not hold back complete
// lines.
func TestStdinLinesAreNotHeldBack(t *testing.T) {
	for _, workers := range []int{1, 2} {
		r, w := io.Pipe()
		go io.WriteString(w, `{"id":"1","text":"first"}`+"\n")
		n := 0
		for d, err := range input.Read([]string{"-"}, input.Options{Stdin: r, Workers: workers}) {
			if n++; err != nil || d.ID != strconv.Itoa(n) {
				t.Fatalf("got document %v, error %v, want document %d before the next is written", d, err, n)
			}
			if n == 3 {
				break
			}
			go fmt.Fprintf(w, "{\"id\":\"%d\",\"text\":\"next\"}\n", n+1)
		}
		r.Close()
	}
}

func TestPatternMatchesFoldersAndOddNames(t *testing.T) {
	tree(t, map[string]string{"a1.txt": "one", "a2.txt": "two", "b.txt": "no", "dir1/x.txt": "in", "odd[1].txt": "odd"})
	docs, messages := read(t, input.Options{}, "a?.txt", "dir*", "odd[1].txt", "none*.txt", "bad[")
	if diff := cmp.Diff([]string{"a1.txt", "a2.txt", "dir1/x.txt", "odd[1].txt"}, ids(docs)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"none*.txt: no file matches this pattern", "bad[: syntax error in pattern"}, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestHTMLBecomesText(t *testing.T) {
	race.Alone(t)
	tree(t, map[string]string{
		"page.html":  "<title>T</title><p>Caf\xc3\xa9 &amp; bar<script>no()</script><li>item",
		"latin.htm":  "<meta charset=iso-8859-1><p>Caf\xe9",
		"deep.html":  strings.Repeat("<div>", 1<<20) + "deep",
		"page.xhtml": "<p>x</p>",
	})
	docs, messages := read(t, input.Options{}, "page.html", "latin.htm", "deep.html", "page.xhtml")
	want := []input.Doc{
		{ID: "page.html", Text: "T\n\nCafé & bar\n\nitem", Blocks: []shingle.Span{{Start: 0, End: 1}, {Start: 3, End: 14}, {Start: 16, End: 20}}},
		{ID: "latin.htm", Text: "Café", Blocks: []shingle.Span{{Start: 0, End: 5}}},
		{ID: "deep.html", Text: "deep", Blocks: []shingle.Span{{Start: 0, End: 4}}},
		{ID: "page.xhtml", Text: "x", Blocks: []shingle.Span{{Start: 0, End: 1}}},
	}
	for i := range want {
		want[i].Format, want[i].Place = input.HTML, input.Place{File: want[i].ID}
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if len(messages) > 0 {
		t.Errorf("messages = %q, want none", messages)
	}
}
