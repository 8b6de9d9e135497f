// Package input reads documents from text files, folders and JSON Lines, plain
// or compressed, and says exactly what it could not read and where.
package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/neardup/neardup/shingle"
)

// A Doc is one document.
type Doc struct {
	ID   string
	Text string // as given; for JSON Lines the decoded string
	Host string // site the document comes from; may be empty
	URL  string
	Time string

	// Blocks are the blocks of a page of HTML within Text, ascending: its
	// paragraphs, headings, list items. nil where the text itself shows them.
	Blocks []shingle.Span

	Format string // how it was stored: one of the constants [Text], [JSONL], ...
	Place         // where it was read

	// Raw is the document as stored, where [Options.KeepRaw] asked: the line of a
	// JSON Lines file without its end, the record of a WARC file. It is nil for a
	// file that is one document, which File names, and for a row of a Parquet
	// file, which File and Row name.
	Raw []byte
}

// The formats of documents.
const (
	Text  = "text"  // a file of text, one document
	JSONL = "jsonl" // JSON Lines: an object a line
)

// A Place is where a document was read or could not be.
type Place struct {
	File string
	Line int // of a text or JSON Lines file, from 1; 0 for the whole
}

// String returns the file and what is known of the place within.
func (p Place) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return p.File
}

// Fields names the fields of a JSON Lines object; empty means the field's own
// name in lower case.
type Fields struct{ ID, Text, Host, URL, Time string }

// Options says how to read; the zero value guesses the format from the name.
type Options struct {
	Format string // "text", "jsonl", or "" to go by the name; "-" is JSON Lines unless set
	Fields Fields
	Stdin  io.Reader // what "-" reads

	KeepRaw bool // fill in [Doc.Raw]
	Workers int  // goroutines that decode documents; 0 or 1: only the caller's
}

// An Error is something that could not be read, or could be read only in part.
// Reading goes on behind it.
type Error struct {
	Place
	Err error
}

// Error returns "place: what is wrong".
func (e *Error) Error() string { return fmt.Sprintf("%v: %v", e.Place, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

const (
	// maxText bounds one text file, maxLine one line of JSON Lines; either is
	// far beyond any document, and a file that exceeds it is not one.
	maxText = 1 << 30
	maxLine = 256 << 20
)

var (
	errBinary = errors.New("looks like a binary file (it holds a NUL byte); skipped")
	errUTF8   = errors.New("not valid UTF-8; read all the same, each bad byte as a separator (convert the file, say with iconv, to keep its letters)")
	errJSON   = errors.New("is this JSON Lines? pass -format jsonl if each line is one object, -format text if it is one document; skipped")
	errIsDir  = errors.New("a folder inside a folder link; skipped")
)

// Read yields the documents of inputs in order: a text file is one document
// whose id is its path as given; a folder is walked in lexical order, its files'
// ids being the path as given joined with the path below it; a JSON Lines file
// (.jsonl or .ndjson, also with .gz or .zst behind) has a document a line; "-"
// is standard input. Names that begin with a dot are left out of folders.
//
// A text file's host is the first folder below the input folder that holds it.
//
// Every error is an [*Error]. One that comes with a document says that the
// document is not quite as given; one without says what was skipped. A document
// whose id was read before is skipped.
func Read(inputs []string, o Options) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		first := map[string]Place{}
		r := reader{o: o, emit: func(d *Doc, err error) bool {
			if d == nil {
				return yield(nil, err)
			}
			if was, ok := first[d.ID]; ok {
				return yield(nil, &Error{d.Place, fmt.Errorf("id %q was read before, at %s; skipped", d.ID, was)})
			}
			first[d.ID] = d.Place
			return yield(d, err)
		}}
		for _, name := range inputs {
			if !r.input(name) {
				return
			}
		}
	}
}

// A reader hands documents to emit; its methods return false when emit has had enough.
type reader struct {
	o    Options
	emit func(*Doc, error) bool
}

func (r *reader) fail(file string, line int, err error) bool {
	// The message names the file itself; a second mention by package os is noise.
	if pe, ok := errors.AsType[*fs.PathError](err); ok && pe.Path == file {
		err = pe.Err
	}
	return r.emit(nil, &Error{Place{file, line}, err})
}

func (r *reader) input(name string) bool {
	if name == "-" {
		if r.o.Stdin == nil {
			return r.fail("-", 0, errors.New("no standard input"))
		}
		if r.o.Format == "text" {
			return r.text("-", "-", "", r.o.Stdin)
		}
		return r.jsonLines("-", r.o.Stdin)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return r.fail(name, 0, err)
	case info.IsDir():
		return r.folder(name)
	}
	return r.file(name, name, "")
}

func (r *reader) folder(dir string) bool {
	more := true
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			more = r.fail(name, 0, err)
		case name != dir && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		default:
			more = r.inFolder(dir, name, e)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil && more {
		more = r.fail(dir, 0, err)
	}
	return more
}

func (r *reader) inFolder(dir, name string, e fs.DirEntry) bool {
	// A link counts as what it points at, but a linked folder is not walked:
	// it may lead back up.
	if e.Type()&fs.ModeSymlink != 0 {
		if info, err := os.Stat(name); err != nil {
			return r.fail(name, 0, err)
		} else if info.IsDir() {
			return r.fail(name, 0, errIsDir)
		}
	}
	below, err := filepath.Rel(dir, name)
	if err != nil {
		return r.fail(name, 0, err)
	}
	below = filepath.ToSlash(below)
	host, _, inSub := strings.Cut(below, "/")
	if !inSub {
		host = ""
	}
	return r.file(name, path.Join(filepath.ToSlash(dir), below), host)
}

func (r *reader) file(name, id, host string) bool {
	format := r.o.Format
	if format == "" {
		format = guess(name)
	}
	if format == "json" {
		return r.fail(name, 0, errJSON)
	}
	f, err := os.Open(name)
	if err != nil {
		return r.fail(name, 0, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return r.fail(name, 0, errors.New("not a regular file; skipped"))
	}
	if format == "jsonl" {
		return r.jsonLines(name, f)
	}
	return r.text(name, id, host, f)
}

// guess returns the format that a file's name promises.
func guess(name string) string {
	name = strings.ToLower(name)
	for _, z := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, z)
	}
	switch path.Ext(filepath.ToSlash(name)) {
	case ".jsonl", ".ndjson":
		return "jsonl"
	case ".json":
		return "json"
	}
	return "text"
}
