package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Format is a way of storing documents. The table [Formats] decides which formats
// this package reads, which ones "dedup clean" writes, and which ones help and
// documentation list.
type Format struct {
	Name       string // the value of -format
	Extensions []string
	Help       string // how a file holds documents: a phrase for the list of formats

	// Recognize reports whether a file that begins with head, its first bytes unpacked
	// and in UTF-8, has this format; nil means never. Formats are tried in the order of
	// the table, before names are considered.
	Recognize func(head []byte) bool

	// Whole is set if a file is one document.
	Whole bool

	// Binary is set if files are read at arbitrary offsets, not from beginning to end;
	// they are neither compressed nor in another encoding.
	Binary bool

	// Unpacks is set if Read unpacks compressed files.
	Unpacks bool

	// Read adds the documents of a file, and its errors; it returns false when no more
	// are wanted. It is nil if Whole is set.
	Read func(f *File) bool

	// Document fills in d from the content of a file, if Whole is set. It does not
	// retain data.
	Document func(d *Doc, data []byte) (*Doc, error)

	// Write writes a kept document as stored; nil if files are copied or, for Parquet
	// tables, their rows.
	Write func(w Writer, d *Doc) error
}

// A Writer is a file to which kept documents are written.
type Writer interface {
	io.Writer
	EndMember() error // ends the current member of a gzip file
}

// The names of formats.
const (
	Text    = "text"    // a file of text, one document
	HTML    = "html"    // a page
	JSONL   = "jsonl"   // JSON Lines: one object per line
	CSV     = "csv"     // a table with one document per row
	TSV     = "tsv"     // the same with tabs
	Parquet = "parquet" // the same, stored by column
	WARC    = "warc"    // a web archive (WARC or WET) with one document per record
)

// Formats is the table of formats; the last one is for all other files. A program
// may add its own before it reads anything.
var Formats = []Format{
	{
		Name: Parquet, Extensions: []string{".parquet"}, Binary: true,
		Help:      "one document per row",
		Recognize: func(head []byte) bool { return bytes.HasPrefix(head, []byte("PAR1")) },
		Read:      readParquet,
	},
	{
		Name: WARC, Extensions: []string{".warc", ".wet"}, Unpacks: true,
		Help: "one document per page of a web archive, with its URI as the id",
		Recognize: func(head []byte) bool {
			// The second prefix begins the dictionary that may precede Zstandard frames.
			return bytes.HasPrefix(head, []byte("WARC/")) || bytes.HasPrefix(head, []byte("\x5d\x2a\x4d\x18"))
		},
		Read: readWARC,
		Write: func(w Writer, d *Doc) error {
			if _, err := w.Write(d.Raw); err != nil {
				return err
			}
			return w.EndMember()
		},
	},
	{
		Name: JSONL, Extensions: []string{".jsonl", ".ndjson", ".jsonlines"},
		Help:      "one document per line, an object with the field \"text\"",
		Recognize: looksLikeJSONLines,
		Read:      readJSONLines,
		Write: func(w Writer, d *Doc) error {
			_, err := w.Write(append(d.Raw, '\n'))
			return err
		},
	},
	{
		Name: CSV, Extensions: []string{".csv"},
		Help:  "one document per row; the first row names the columns",
		Read:  func(f *File) bool { return readTable(f, ',') },
		Write: writeRow,
	},
	{
		Name: TSV, Extensions: []string{".tsv", ".tab"},
		Help:  "the same with tabs",
		Read:  func(f *File) bool { return readTable(f, '\t') },
		Write: writeRow,
	},
	{
		Name: HTML, Extensions: []string{".html", ".htm", ".xhtml", ".shtml"}, Whole: true,
		Help:      "a page; its visible text is read",
		Recognize: looksLikeHTML,
		Document:  func(d *Doc, data []byte) (*Doc, error) { return d.withPage(data, "") },
	},
	{
		Name: Text, Extensions: []string{".txt"}, Whole: true,
		Help:     "a text, like any file of an unknown format",
		Document: (*Doc).withText,
	},
}

// FormatNames returns the names of the formats, in the order of the table.
func FormatNames() (names []string) {
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return names
}

// FormatOf returns the format with that name, or nil.
func FormatOf(name string) *Format {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &Formats[i]
}

// ByExtension returns the format suggested by the name of a file, or nil if its
// extension is unknown.
func ByExtension(name string) *Format {
	ext := extension(name)
	for i, f := range Formats {
		if slices.Contains(f.Extensions, ext) {
			return &Formats[i]
		}
	}
	return nil
}

// extension returns the last extension of a name in lower case, without compression
// extensions. A query in the name belongs to the URL from which a page was saved.
func extension(name string) string {
	name, _ = packing(name)
	name, _, _ = strings.Cut(path.Base(filepath.ToSlash(name)), "?")
	return strings.ToLower(path.Ext(name))
}

// packing removes a compression extension from a name.
func packing(name string) (rest string, packed bool) {
	for _, p := range packings {
		if ext := path.Ext(name); strings.EqualFold(ext, p.extension) {
			return name[:len(name)-len(ext)], true
		}
	}
	return name, false
}

// headSize is the number of bytes of a file that decide its format.
const headSize = 4 << 10

// recognize returns the format of a file by its first bytes and its name. For a
// format that is not text, it returns an error that explains how to extract the text.
func recognize(name string, head []byte) (*Format, error) {
	if err := foreign(head); err != nil {
		return nil, err
	}
	named := ByExtension(name)
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for i, f := range Formats {
		switch {
		case f.Recognize == nil:
		case f.Name == HTML && named != nil && named.Name != HTML:
			// If the name suggests a text, only a complete page counts as a page.
			if beginsPage(head) {
				return &Formats[i], nil
			}
		case f.Name == JSONL && named != nil && !named.Whole:
		case f.Recognize(head):
			return &Formats[i], nil
		}
	}
	switch {
	case named != nil:
		return named, nil
	case extension(name) == ".json":
		return nil, errJSON
	}
	return &Formats[len(Formats)-1], nil
}

var errJSON = because("a JSON document", errors.New("one JSON document, not JSON Lines; skipped (pass -format text to read it as a text, or convert it to JSON Lines, for example with jq -c '.[]')"))

// foreign returns an error for files whose text only other programs can read.
func foreign(head []byte) error {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	advice := func(what, how string) error {
		return because(what, fmt.Errorf("%s; skipped (extract its text first: %s)", what, how))
	}
	switch {
	case has("%PDF-"):
		return advice("a PDF file", "pdftotext FILE FILE.txt")
	case has("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return advice("an old Office file", "libreoffice --headless --convert-to txt FILE")
	case has("PK\x03\x04") && bytes.Contains(head, []byte("word/")):
		return advice("a Word file (.docx)", "pandoc -t plain -o FILE.txt FILE")
	case has("PK\x03\x04") && bytes.Contains(head, []byte("opendocument")):
		return advice("an OpenDocument file", "pandoc -t plain -o FILE.txt FILE")
	case has("PK\x03\x04") && bytes.Contains(head, []byte("epub")):
		return advice("an EPUB book", "pandoc -t plain -o FILE.txt FILE")
	case has("PK\x03\x04") && (bytes.Contains(head, []byte("xl/")) || bytes.Contains(head, []byte("ppt/"))):
		return advice("an Office file", "libreoffice --headless --convert-to txt FILE")
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return because("a ZIP archive", errors.New("a ZIP archive; skipped (unpack it first: unzip FILE)"))
	case has("{\\rtf"):
		return advice("an RTF file", "pandoc -t plain -o FILE.txt FILE")
	}
	return nil
}

// looksLikeJSONLines reports whether the first line is an object or begins one with
// a field; a whole line is enough to distinguish JSON Lines from one JSON document
// that spans several lines.
func looksLikeJSONLines(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	line, _, whole := bytes.Cut(head, []byte("\n"))
	line = bytes.TrimRight(line, " \t\r")
	if whole || len(head) < headSize {
		var p lineParser
		p.inspect(line)
		return p.scan(line) && len(line) > 2
	}
	// The line is longer than the head.
	key := bytes.TrimLeft(line[1:], " \t")
	return len(key) > 0 && key[0] == '"' && bytes.Contains(key, []byte(`":`))
}

// beginsPage reports whether head begins a page with its declaration or root,
// perhaps after comments and an XML declaration.
func beginsPage(head []byte) bool {
	for {
		head = bytes.TrimLeft(head, " \t\r\n\f")
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			_, rest, ok := bytes.Cut(head, []byte("-->"))
			if !ok {
				return false
			}
			head = rest
		case bytes.HasPrefix(head, []byte("<?xml")):
			_, rest, ok := bytes.Cut(head, []byte("?>"))
			if !ok {
				return false
			}
			head = rest
		default:
			return tag(head, "!doctype html") || tag(head, "html")
		}
	}
}

// pageTags are the tags with which a page may begin, according to the WHATWG's MIME
// Sniffing standard (section 7.1).
var pageTags = []string{"head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body", "br", "p", "meta", "link"}

// looksLikeHTML reports whether head is the beginning of a page.
func looksLikeHTML(head []byte) bool {
	if beginsPage(head) {
		return true
	}
	head = bytes.TrimLeft(head, " \t\r\n\f")
	return slices.ContainsFunc(pageTags, func(name string) bool { return tag(head, name) })
}

// tag reports whether b begins with a tag of that name.
func tag(b []byte, name string) bool {
	n := 1 + len(name)
	return len(b) > n && b[0] == '<' && strings.EqualFold(string(b[1:n]), name) && strings.IndexByte(" \t\r\n\f>/", b[n]) >= 0
}

// media are the extensions of files in folders that are not documents, by kind.
var media = map[string]string{
	".css": "style", ".js": "script", ".mjs": "script", ".map": "script", ".wasm": "script",
	".png": "image", ".jpg": "image", ".jpeg": "image", ".gif": "image", ".svg": "image", ".webp": "image",
	".avif": "image", ".ico": "image", ".bmp": "image", ".tif": "image", ".tiff": "image",
	".woff": "font", ".woff2": "font", ".ttf": "font", ".otf": "font", ".eot": "font",
	".mp3": "sound or film", ".mp4": "sound or film", ".webm": "sound or film", ".ogg": "sound or film", ".wav": "sound or film",
	".avi": "sound or film", ".mov": "sound or film", ".m4a": "sound or film",
}
