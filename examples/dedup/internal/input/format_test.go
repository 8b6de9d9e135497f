package input_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

func utf16s(order binary.ByteOrder, s string) string {
	var b bytes.Buffer
	binary.Write(&b, order, utf16.Encode([]rune("\ufeff"+s)))
	return b.String()
}

func xzed(s string) string {
	var b bytes.Buffer
	w, _ := xz.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// bzipped is the line {"id":"a","text":"one"} compressed with bzip2.
const bzipped = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x85\xbe\x77\x8a\x00\x00\x0b\x59\x80\x00\x10\x10\x04\x00\x10\x26\x21\x84\x4a\x20\x00\x22\x1a\x26\x26\x9a\x7a\x10\x00\x00\xc4\xe5\x11\xdb\xb4\x4f\x65\x3f\xc1\x12\x5b\x45\xdc\x91\x4e\x14\x24\x21\x6f\x9d\xe2\x80"

func zipped(names ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, _ := w.Create(name)
		f.Write([]byte("x"))
	}
	w.Close()
	return b.String()
}

// The content of a file decides its format first, then its name.
func TestRecognizePrefersContentToName(t *testing.T) {
	const page = "<!DOCTYPE html>\n<title>T</title><p>one"
	const lines = `{"id":"a","text":"one"}` + "\n"
	warc := response("http://a.example/", "200 OK", "text/plain", "one")
	table := parquetFile(t, 1, parquetRow{ID: "a", Text: new(string)})
	for _, tt := range []struct {
		why, name, data string
		format, text    string
	}{
		{"a page whose name has a query", "p1.html?utm=1", page, input.HTML, "T\n\none"},
		{"a page without a declaration, saved from a query", "index.htm?a=b.txt", "<p>one", input.HTML, "one"},
		{"a page made by a program", "page.php", page, input.HTML, "T\n\none"},
		{"a page without an extension", "page", "<html><p>one", input.HTML, "one"},
		{"a page called text", "page.txt", "<!-- c --> " + page, input.HTML, "T\n\none"},
		{"XHTML", "page", "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html><p>one</html>", input.HTML, "one"},
		{"a text that begins with a tag", "page.txt", "<p>one", input.Text, "<p>one"},
		{"a page in UTF-16", "page", utf16s(binary.LittleEndian, page), input.HTML, "T\n\none"},
		{"a text in UTF-16", "a.txt", utf16s(binary.BigEndian, "one é"), input.Text, "one é"},
		{"JSON Lines in UTF-16", "a.jsonl", utf16s(binary.LittleEndian, lines), input.JSONL, "one"},
		{"JSON Lines of another name", "a.jsonlines", lines, input.JSONL, "one"},
		{"JSON Lines without a name", "a", lines + lines, input.JSONL, "one"},
		{"JSON Lines called JSON", "a.json", lines, input.JSONL, "one"},
		{"JSON Lines called a log", "a.log", lines, input.JSONL, "one"},
		{"a text in braces", "a.txt", "{one}\n", input.Text, "{one}\n"},
		{"gzip without an extension", "a", gzipped(lines), input.JSONL, "one"},
		{"a gzip text without an extension", "a", gzipped("one"), input.Text, "one"},
		{"gzip called otherwise", "a.zst", gzipped(lines), input.JSONL, "one"},
		{"bzip2", "a.jsonl.bz2", bzipped, input.JSONL, "one"},
		{"bzip2 without an extension", "a", bzipped, input.JSONL, "one"},
		{"XZ", "a.jsonl.xz", xzed(lines), input.JSONL, "one"},
		{"a text that begins like bzip2", "a", "BZh9 one", input.Text, "BZh9 one"},
		{"a web archive without a name", "crawl", warc, input.WARC, "one"},
		{"the same packed", "crawl", gzipped(warc), input.WARC, "one"},
		{"a table without a name", "table", table, input.Parquet, ""},
		{"CSV", "a.csv", "id,text\na,one\n", input.CSV, "one"},
		{"CSV packed", "a.csv.gz", gzipped("\ufeffid,text\r\na,one\r\n"), input.CSV, "one"},
		{"TSV", "a.tsv", "text\tid\none\ta\n", input.TSV, "one"},
	} {
		tree(t, map[string]string{tt.name: tt.data})
		for _, workers := range []int{1, 2} {
			docs, messages := read(t, input.Options{Workers: workers}, tt.name)
			if len(docs) < 1 || docs[0].Format != tt.format || docs[0].Text != tt.text {
				t.Errorf("%s: %+v, %q, want %s with %q", tt.why, docs, messages, tt.format, tt.text)
			}
		}
		docs, messages := read(t, input.Options{Stdin: strings.NewReader(tt.data)}, "-")
		switch {
		case tt.format == input.Text, tt.format == input.CSV, tt.format == input.TSV: // recognized only by file name, which standard input does not have
		case tt.why == "a page without a declaration, saved from a query":
		case tt.format == input.Parquet:
			if len(messages) != 1 || !strings.Contains(messages[0], "cannot be read from standard input") {
				t.Errorf("standard input, %s: got %+v, messages %q, want one message %q", tt.why, docs, messages, "cannot be read from standard input")
			}
		case len(docs) < 1 || docs[0].Format != tt.format || docs[0].Text != tt.text:
			t.Errorf("standard input, %s: got %+v, messages %q, want a document of format %v with text %q", tt.why, docs, messages, tt.format, tt.text)
		}
	}
}

// A file without readable text is named, with advice.
func TestForeignFilesAreNamedWithAdvice(t *testing.T) {
	files := map[string]string{
		"a.pdf": "%PDF-1.7 \x00", "b.txt": "%PDF-1.4 called a text", "c.docx": zipped("word/document.xml"),
		"d.doc": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "e.zip": zipped("a.txt"), "f.bin": "\x00\x01", "g.json": "{\n  \"a\": 1\n}\n",
		"h.xlsx": zipped("xl/workbook.xml"), "i.rtf": "{\\rtf1 text}",
	}
	tree(t, files)
	for name, want := range map[string]string{
		"a.pdf": "a PDF file; skipped (extract its text first: pdftotext FILE FILE.txt)", "b.txt": "a PDF file", "c.docx": "pandoc",
		"d.doc": "libreoffice", "e.zip": "unzip FILE", "f.bin": "binary", "g.json": "jq -c", "h.xlsx": "libreoffice", "i.rtf": "an RTF file",
	} {
		docs, messages := read(t, input.Options{}, name)
		if len(docs) > 0 || len(messages) != 1 || !strings.HasPrefix(messages[0], name+": ") || !strings.Contains(messages[0], want) {
			t.Errorf("%s: %+v, %q, want %q", name, docs, messages, want)
		}
	}
	for name, want := range map[string]string{
		"s3://bucket/a.jsonl": "aws s3 cp 's3://bucket/a.jsonl' - | dedup ... -", "https://a.example/x": "curl -sSL 'https://a.example/x' | dedup ... -",
		"hf://data/set": "download it",
	} {
		if _, messages := read(t, input.Options{}, name); len(messages) != 1 || !strings.Contains(messages[0], want) {
			t.Errorf("%s: %q, want %q", name, messages, want)
		}
	}
}

// Scripts, styles and images of a site are left out and counted, unless -format is given
// or they are named explicitly.
func TestMediaFilesAreCounted(t *testing.T) {
	tree(t, map[string]string{
		"in/a.html": "<p>a", "in/x/site.css": "body {}", "in/x/app.js": "let a", "in/x/logo.png": "\x89PNG\x00", "in/x/photo.JPG": "\xff\xd8", "in/b.js?v=3": "let b",
	})
	docs, messages := read(t, input.Options{}, "in")
	if diff := cmp.Diff([]string{"in/a.html"}, ids(docs)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	want := []string{
		"in: 2 files are left out: image (pass -format text to read them)",
		"in: 2 files are left out: script (pass -format text to read them)",
		"in: 1 file is left out: style (pass -format text to read them)",
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	docs, _ = read(t, input.Options{}, "in/x/app.js")
	if len(docs) != 1 || docs[0].Text != "let a" {
		t.Errorf("script named as input: got %+v, want its text", docs)
	}
	docs, _ = read(t, input.Options{Format: input.Text}, "in")
	if !slices.Contains(ids(docs), "in/x/app.js") || !slices.Contains(ids(docs), "in/a.html") {
		t.Errorf("folder read with Format Text: ids %q, want app.js and a.html among them", ids(docs))
	}
}

func TestPatternsMatchFiles(t *testing.T) {
	tree(t, map[string]string{"in/a.txt": "a", "in/x/b.txt": "b", "in/x/y/c.txt": "c", "in/x/d.md": "d", "in/e.html": "<p>e", "{odd}.txt": "o"})
	for pattern, want := range map[string][]string{
		"in/**/*.txt":     {"in/a.txt", "in/x/b.txt", "in/x/y/c.txt"},
		"**/*.txt":        {"in/a.txt", "in/x/b.txt", "in/x/y/c.txt", "{odd}.txt"},
		"in/*.{txt,html}": {"in/a.txt", "in/e.html"},
		"in/**":           {"in/a.txt", "in/e.html", "in/x/b.txt", "in/x/d.md", "in/x/y/c.txt"},
		"{odd}.txt":       {"{odd}.txt"},
	} {
		docs, messages := read(t, input.Options{}, pattern)
		if diff := cmp.Diff(want, ids(docs)); diff != "" || messages != nil {
			t.Errorf("%s: %q (-want +got):\n%s", pattern, messages, diff)
		}
	}
}

// A file named by two inputs is read once, which is reported.
func TestFileNamedTwiceIsReadOnce(t *testing.T) {
	tree(t, map[string]string{"in/a.txt": "a", "in/b.jsonl": `{"id":1,"text":"b"}`})
	docs, messages := read(t, input.Options{}, "in", "in/a.txt", "./in/b.jsonl")
	want := []string{"in/a.txt: several inputs name this file; it is read once", "./in/b.jsonl: several inputs name this file; it is read once"}
	if diff := cmp.Diff(want, messages); diff != "" || len(docs) != 2 {
		t.Errorf("%q (-want +got):\n%s", ids(docs), diff)
	}
}

// Nothing is lost if several files number their documents from 0, or if documents have no
// ids.
func TestRepeatedIDsLoseNothing(t *testing.T) {
	var shard strings.Builder
	for i := range 10 {
		shard.WriteString(fmt.Sprintf(`{"id":%d,"text":"t"}`+"\n", i))
	}
	tree(t, map[string]string{
		"1.jsonl": shard.String(), "2.jsonl": shard.String(), "none.jsonl": "{\"text\":\"x\"}\n\n{\"id\":\"\",\"text\":\"y\"}\n",
		"odd.jsonl": `{"id":"2.jsonl:1","text":"z"}`, "t.csv": "text\none\ntwo\n",
	})
	docs, messages := read(t, input.Options{}, "odd.jsonl", "1.jsonl", "2.jsonl", "none.jsonl", "t.csv")
	if len(docs) != 25 {
		t.Errorf("%d documents, want 25", len(docs))
	}
	unique := map[string]bool{}
	for _, d := range docs {
		unique[d.ID] = true
	}
	for _, id := range []string{"2.jsonl:1", "2.jsonl:1#2", "2.jsonl:10", "0", "none.jsonl:1", "none.jsonl:3", "t.csv:1"} {
		if !unique[id] {
			t.Errorf("no document has id %q, want one: ids %q", id, ids(docs))
		}
	}
	if len(unique) != len(docs) {
		t.Errorf("%d distinct ids of %d documents, want as many as documents", len(unique), len(docs))
	}
	want := []string{
		`2.jsonl: 10 documents have an id that was read before, like "0" at 2.jsonl:1; named by place, like 2.jsonl:1#2`,
		"none.jsonl: 2 documents have no id; named by place, like none.jsonl:1",
		"t.csv: 2 documents have no id; named by place, like t.csv:1",
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	o := input.Options{Repeats: true}
	if docs, messages = read(t, o, "none.jsonl"); len(docs) != 0 || len(messages) != 2 || !strings.Contains(messages[0], "-id place") {
		t.Errorf("with Repeats, documents without ids: got %q, messages %q, want none and 2 messages that name -id place", ids(docs), messages)
	}
	o.IDs = input.PlaceIDs
	if docs, _ = read(t, o, "none.jsonl"); cmp.Diff([]string{"none.jsonl:1", "none.jsonl:3"}, ids(docs)) != "" {
		t.Errorf("with PlaceIDs: ids %q, want none.jsonl:1 and none.jsonl:3", ids(docs))
	}
	o.IDs = input.ContentIDs
	docs, _ = read(t, o, "none.jsonl", "t.csv")
	if len(docs) != 4 || docs[0].ID == docs[1].ID || len(docs[0].ID) != 32 {
		t.Errorf("with ContentIDs: ids %q, want 4, distinct, of 32 digits", ids(docs))
	}
}

// Every row of a table is a document or an error with the number of the row.
func TestEveryTableRowIsAccountedFor(t *testing.T) {
	for _, tt := range []struct {
		why, name, data string
		texts           []string
		messages        []string
	}{
		{"quotes", "a.csv", "id,text\n1,\"one, \"\"two\"\"\nthree\"\n\n2,plain\r\n3,\"\"\n4,end", []string{"one, \"two\"\nthree", "plain", "", "end"}, nil},
		{"a row of another length", "a.csv", "id,text\n1\n2,two\n3,a,b\n", []string{"two"}, []string{"a.csv: row 1: a row of 1 fields, but the first row has 2", "a.csv: row 3: a row of 3 fields"}},
		{"a stray quote", "a.csv", "id,text\n1,\"one\"x\n2,two\n", []string{"two"}, []string{"a.csv: row 1: a quote that is never closed"}},
		{"a quote that is never closed", "a.csv", "id,text\n1,\"one\n2,two\n3,three\n", []string{"two", "three"}, []string{"a.csv: row 1: a quote that is never closed"}},
		{"a quote at the very end", "a.csv", "id,text\n1,\"one", nil, []string{"a.csv: row 1: a quote"}},
		{"quotes at the end", "a.csv", "id,text\n1,\"one\"", []string{"one"}, nil},
		{"other columns", "a.csv", "key,body\n1,one\n", nil, []string{`a.csv: no column "text" for a document's text (name another with -field-text; the columns are key, body)`}},
		{"bytes that are not UTF-8", "a.csv", "id,text\n1,caf\xe9\n", []string{"caf\ufffd"}, []string{"a.csv: row 1: not valid UTF-8"}},
		{"tabs and quotes as text", "a.tsv", "id\ttext\n1\t\"Stop,\" she said\n2\t\"in quotes\"\n3\t\"open\n4\tend", []string{"\"Stop,\" she said", "in quotes", "\"open", "end"}, nil},
		{"tabs and a field of several lines", "a.tsv", "id\ttext\n1\t\"one\ntwo\"\n", []string{"one\ntwo"}, nil},
		{"nothing", "a.csv", "", nil, nil},
		{"a header", "a.csv", "id,text\n", nil, nil},
	} {
		tree(t, map[string]string{tt.name: tt.data})
		docs, messages := read(t, input.Options{KeepRaw: true}, tt.name)
		var texts []string
		raw := ""
		for _, d := range docs {
			texts = append(texts, d.Text)
			raw += string(d.Raw)
			if !strings.HasPrefix(tt.data, string(d.Head)) || !strings.Contains(tt.data, strings.TrimSuffix(string(d.Raw), "\n")) {
				t.Errorf("%s: Raw = %q, Head = %q, want parts of the file %q", tt.why, d.Raw, d.Head, tt.data)
			}
		}
		if diff := cmp.Diff(tt.texts, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
		if len(messages) != len(tt.messages) {
			t.Errorf("%s: messages %q, want %q", tt.why, messages, tt.messages)
			continue
		}
		for i, m := range messages {
			if !strings.HasPrefix(m, tt.messages[i]) {
				t.Errorf("%s: message %q, want %q…", tt.why, m, tt.messages[i])
			}
		}
	}
}

// FuzzTable checks that a table of arbitrary bytes yields rows in order, and that the
// header and the raw rows are parts of the file.
func FuzzTable(f *testing.F) {
	f.Add([]byte("id,text\n1,\"one\"\n2,two"))
	f.Add([]byte("text\n\"\n\"\"\n\"x\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []string{input.CSV, input.TSV} {
			row := 0
			for d, err := range input.Read([]string{"-"}, input.Options{Stdin: bytes.NewReader(data), Format: format, KeepRaw: true}) {
				if d == nil {
					continue
				}
				if d.Row <= row {
					t.Fatalf("row %d follows row %d (%v), want ascending rows", d.Row, row, err)
				}
				row = d.Row
				plain := bytes.TrimSuffix(d.Raw, []byte("\n"))
				if !bytes.Contains(data, plain) && !bytes.HasPrefix(data, []byte{0xfe, 0xff}) && !bytes.HasPrefix(data, []byte{0xff, 0xfe}) && !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
					t.Fatalf("Raw = %q, want a part of the file %q", d.Raw, data)
				}
			}
		}
	})
}
