package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sync/atomic"

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

	// Progress, where it is set, is told now and then how many bytes of files have
	// been read, from any goroutine; [Size] tells how many there are.
	Progress func(bytes int64)

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

	files files        // waiting to be read together
	bytes atomic.Int64 // of files, read so far
}

// count tells that n bytes of a file have been read.
func (r *reader) count(n int64) {
	if r.o.Progress != nil {
		r.o.Progress(r.bytes.Add(n))
	}
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
