// Package input reads documents: in go names of files, folders and patterns, out
// come the texts in them with their ids, sites and times, and for everything that
// could not be read an error that says where it is and what to do.
//
//	for d, err := range input.Read([]string{"crawl/", "*.jsonl.gz"}, input.Options{}) {
//		if err != nil {
//			log.Print(err) // reading goes on
//		}
//		if d != nil {
//			use(d.ID, d.Text)
//		}
//	}
//
// Package warc, below, knows web archives and package table Parquet.
//
// # Formats
//
// A file's name tells its format, unless [Options] name one. All but Parquet may be
// compressed with gzip, in one member or many, or Zstandard; their first bytes
// tell.
//
//   - .jsonl, .ndjson: JSON Lines. Each line is an object; its fields "id" and
//     "text" must be there, "host", "url" and "time" may be ([Fields] names others).
//     Texts are strings; anything else may be a number as well. Blank lines are
//     passed over. If a field comes twice, the last one counts.
//   - .parquet: a row is a document; its columns are named like the fields above,
//     with dots for groups. Texts are of type BYTE_ARRAY; anything else may be a
//     whole number, a time or a UUID as well, and is written as people do.
//   - .warc, .wet: web archives (ISO 28500). Documents are the response records of
//     status 200 to 299 and the resource and conversion records that hold HTML or
//     plain text; what else there is, images and redirects say, is passed over
//     without a word. The id is the target URI, the host comes from it, the time is
//     WARC-Date. Of a page that is there more than once, the later ones have their
//     time behind the id, with a space.
//   - .html, .htm, .xhtml: a page. Its text is what a reader sees, cut into
//     [Doc.Blocks], and that is what offsets refer to, here and in web archives.
//   - any other: a text in UTF-8. The id of a file that is one document is its path
//     as given, or below a folder the folder as given joined with the path below it;
//     its host is the first folder below the one that was given.
//
// A page or a text of a web archive that is valid UTF-8 is taken for that; else its
// byte order mark, the HTTP header and its first kilobyte tell its encoding.
//
// # Limits
//
// A text file and a page of Parquet may have 256 MiB, as they are when they are
// unpacked; a line of JSON Lines 64 MiB; a page of HTML 32 MiB (the rest is left
// out) and 200,000 blocks; a record of a web archive that is wanted 64 MiB
// in the archive and 32 MiB unpacked. A compressed file or a Parquet file may expand
// to 1 GiB and, beyond that, to 1,000 times its size. What exceeds a limit is an
// error; the rest of the input is read. Nothing is allocated because a file says
// how large something will be.
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
	Text string // as given; for JSON Lines the decoded string; for HTML what a reader sees of it
	Host string // site the document comes from; may be empty
	URL  string
	Time string

	// Blocks are the blocks of a page of HTML within Text, ascending: its
	// paragraphs, headings, list items. nil where the text itself shows them.
	Blocks []shingle.Span

	Format string // how it was stored: [Text], [HTML], [JSONL], [Parquet] or [WARC]
	Place         // where it was read

	// Raw is the document as stored, where [Options.KeepRaw] asked: the line of a
	// JSON Lines file without its end, the whole record of a WARC file with the
	// line ends behind it, all that came from standard input if that is one
	// document. It is nil for a file that is one document, which File names, and for
	// a row of a Parquet file, which File and Row name.
	Raw []byte
}

// The formats of documents.
const (
	Text    = "text"    // a file of text, one document
	HTML    = "html"    // a page
	JSONL   = "jsonl"   // JSON Lines: an object a line
	Parquet = "parquet" // a table with a document a row
	WARC    = "warc"    // a web archive (WARC or WET) with a document a record
)

// A Place is where a document was read or could not be. Of Line, Row and Record
// at most one is set.
type Place struct {
	File   string
	Line   int   // of a text or JSON Lines file, from 1
	Row    int   // of a Parquet file, from 1
	Record int   // of a WARC file, from 1
	Offset int64 // of that record in the file; if it is gzip, of the member that the record begins in
}

// String returns the file and what is known of the place within.
func (p Place) String() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	case p.Row > 0:
		return fmt.Sprintf("%s: row %d", p.File, p.Row)
	case p.Record > 0:
		return fmt.Sprintf("%s: record %d at byte %d", p.File, p.Record, p.Offset)
	}
	return p.File
}

// Fields names the fields of a JSON Lines object or the columns of a Parquet
// file, where a dot leads into a group; empty means the field's own name in lower
// case.
type Fields struct{ ID, Text, Host, URL, Time string }

// Options says how to read; the zero value guesses the format from the name.
type Options struct {
	Format string // one of the formats, or "" to go by the name; "-" is JSON Lines unless set
	Fields Fields
	Stdin  io.Reader // what "-" reads

	KeepRaw bool // fill in [Doc.Raw]

	// Repeats yields documents whose id was read before like any other, and so
	// keeps no ids in memory.
	Repeats bool

	// Workers is how many goroutines decode documents beside the one that reads
	// and the caller's; what is read is the same for any number. With 0 and 1 no
	// goroutine is started. About 64 MB and a batch for each worker are read ahead.
	Workers int
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

var (
	errBinary  = errors.New("looks like a binary file (it holds a NUL byte); skipped")
	errUTF8    = errors.New("not valid UTF-8; read all the same, each bad byte as a separator (convert the file, say with iconv, to keep its letters)")
	errJSON    = errors.New("is this JSON Lines? pass -format jsonl if each line is one object, -format text if it is one document; skipped")
	errIsDir   = errors.New("a folder inside a folder link; skipped")
	errNoMatch = errors.New("no file matches this pattern")
)

// Read yields the documents of inputs in order. An input is a file, whose name
// tells its format (see the package's documentation); a folder, which is walked
// in lexical order, names that begin with a dot left out; a pattern as
// [filepath.Match] has it, for shells that do not expand those, which must match
// something; or "-" for standard input.
//
// Every error is an [*Error]. One that comes with a document says that the
// document is not quite as given; one without says what was skipped. A document
// whose id was read before is skipped, but for a page that a web archive holds
// again: a space and its time are added to its id. [Options.Repeats] changes that.
func Read(inputs []string, o Options) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		seen := firsts{}
		emit := func(d *Doc, err error) bool {
			if d == nil {
				return yield(nil, err)
			}
			if o.Repeats {
				return yield(d, err)
			}
			if was, ok := seen.add(d); !ok {
				return yield(nil, &Error{d.Place, fmt.Errorf("id %q was read before, at %s; skipped", d.ID, was)})
			}
			return yield(d, err)
		}
		produce := func(r *reader) {
			for _, name := range inputs {
				if !r.input(name) {
					return
				}
			}
		}
		if o.Workers <= 1 {
			more := true
			produce(&reader{o: o, add: func(_ int, decode func(emitFunc)) bool {
				decode(func(d *Doc, err error) bool {
					more = more && emit(d, err)
					return more
				})
				return more
			}})
			return
		}
		mayHang := false
		for _, name := range inputs {
			mayHang = mayHang || name == "-"
		}
		runQueue(o.Workers, func(q *queue) { produce(&reader{o: o, add: q.add}) }, emit, mayHang)
	}
}

// firsts knows where each id was read first.
type firsts map[string]Place

// add returns false and the place of the first document if d's id is not new. It
// tells another capture of the same page apart by its time.
func (f firsts) add(d *Doc) (was Place, ok bool) {
	was, again := f[d.ID]
	if again && d.Format == WARC && d.Time != "" {
		if _, thrice := f[d.ID+" "+d.Time]; !thrice {
			d.ID += " " + d.Time
			again = false
		}
	}
	if !again {
		f[d.ID] = d.Place
	}
	return was, !again
}

// A reader finds documents and adds them as batches. Its methods return false
// when no more are wanted.
type reader struct {
	o   Options
	add func(weight int, decode func(emitFunc)) bool

	files files // waiting to be read together
}

// emit adds what is ready.
func (r *reader) emit(items ...item) bool {
	weight := 0
	for _, it := range items {
		if it.doc != nil {
			weight += len(it.doc.Text)
		}
	}
	return r.add(weight, func(emit emitFunc) {
		for _, it := range items {
			if !emit(it.doc, it.err) {
				return
			}
		}
	})
}

func (r *reader) fail(p Place, err error) bool {
	return r.emit(item{nil, failure(p, err)})
}

// failure returns an Error.
func failure(p Place, err error) *Error {
	// The message names the file itself; a second mention by package os is noise.
	if pe, ok := errors.AsType[*fs.PathError](err); ok && pe.Path == p.File {
		err = pe.Err
	}
	return &Error{p, err}
}

func (r *reader) input(name string) bool {
	if name == "-" {
		return r.stdin()
	}
	info, err := os.Stat(name)
	switch {
	case err != nil && strings.ContainsAny(name, "*?["):
		return r.pattern(name)
	case err != nil:
		return r.fail(Place{File: name}, err)
	case info.IsDir():
		return r.folder(name)
	}
	return r.file(name, name, "", info) && r.flush()
}

// pattern reads what a pattern matches, in lexical order.
func (r *reader) pattern(pattern string) bool {
	names, err := filepath.Glob(pattern)
	if err == nil && len(names) == 0 {
		err = errNoMatch
	}
	if err != nil {
		return r.fail(Place{File: pattern}, err)
	}
	for _, name := range names {
		// A file may be gone by now, which input would take for a pattern again.
		if _, err := os.Lstat(name); err != nil {
			if !r.fail(Place{File: name}, err) {
				return false
			}
		} else if !r.input(name) {
			return false
		}
	}
	return true
}

func (r *reader) stdin() bool {
	if r.o.Stdin == nil {
		return r.fail(Place{File: "-"}, errors.New("no standard input"))
	}
	switch r.o.Format {
	case Text, HTML:
		f := file{name: "-", id: "-", format: r.o.Format}
		return r.add(0, func(emit emitFunc) { emit(f.decode(r.o.Stdin, r.o.KeepRaw)) })
	case Parquet:
		return r.fail(Place{File: "-"}, errors.New("a Parquet file begins at its end and cannot be read from standard input: name the file"))
	case WARC:
		return r.warc("-", r.o.Stdin)
	}
	return r.jsonLines("-", r.o.Stdin)
}

func (r *reader) folder(dir string) bool {
	more := true
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			more = r.flush() && r.fail(Place{File: name}, err)
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
	more = more && r.flush()
	if err != nil && more {
		more = r.fail(Place{File: dir}, err)
	}
	return more
}

func (r *reader) inFolder(dir, name string, e fs.DirEntry) bool {
	info, err := e.Info()
	// A link counts as what it points at, but a linked folder is not walked:
	// it may lead back up.
	if err == nil && e.Type()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(name); err == nil && info.IsDir() {
			err = errIsDir
		}
	}
	var below string
	if err == nil {
		below, err = filepath.Rel(dir, name)
	}
	if err != nil {
		return r.flush() && r.fail(Place{File: name}, err)
	}
	below = filepath.ToSlash(below)
	host, _, inSub := strings.Cut(below, "/")
	if !inSub {
		host = ""
	}
	return r.file(name, path.Join(filepath.ToSlash(dir), below), host, info)
}

// file reads a file that is one document later, with others, and any other now.
func (r *reader) file(name, id, host string, info fs.FileInfo) bool {
	format := r.o.Format
	if format == "" {
		format = guess(name)
	}
	place := Place{File: name}
	switch {
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return r.flush() && r.fail(place, errors.New("not a regular file; skipped"))
	case format == Text || format == HTML:
		return r.later(file{name, id, host, format, info.Size()})
	case !r.flush():
		return false
	case format == "json":
		return r.fail(place, errJSON)
	}
	f, err := os.Open(name)
	if err != nil {
		return r.fail(place, err)
	}
	defer f.Close()
	switch format {
	case Parquet:
		return r.parquet(name, f, info.Size())
	case WARC:
		return r.warc(name, f)
	}
	return r.jsonLines(name, f)
}

// guess returns the format that a file's name promises.
func guess(name string) string {
	name = strings.ToLower(name)
	for _, z := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, z)
	}
	switch path.Ext(filepath.ToSlash(name)) {
	case ".jsonl", ".ndjson":
		return JSONL
	case ".json":
		return "json"
	case ".html", ".htm", ".xhtml":
		return HTML
	case ".parquet":
		return Parquet
	case ".warc", ".wet":
		return WARC
	}
	return Text
}
