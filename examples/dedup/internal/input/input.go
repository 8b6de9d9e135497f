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
	ID   string // "" until Read gives it one, if the record has none
	Text string // as given; for JSON Lines the decoded string; for HTML the text that a reader sees
	Host string // site the document comes from; may be empty
	URL  string
	Time string
	Rank string // the field that Fields.Rank names

	// Blocks are the blocks of a page of HTML within Text, ascending: its
	// paragraphs, headings, list items. nil where the text itself shows them.
	Blocks []shingle.Span

	Format string // how it was stored, the name of a [Format]
	Place         // where it was read

	// Raw is the document as stored, where [Options.KeepRaw] asked: the line of a
	// JSON Lines file without its end, the record of a table in CSV or TSV with its
	// end, the whole record of a WARC file with the line ends after it, all of
	// standard input if that is one document. It is nil for a file that is one
	// document, which File names, and for a row of a Parquet file, which File and
	// Row name.
	Raw []byte

	// Head is, with Raw, what the file has before its first document: the header of
	// a table in CSV or TSV.
	Head []byte
}

// A Place is where a document was read or could not be. Of Line, Row and Record
// at most one is set.
type Place struct {
	File   string
	Line   int   // of a text or JSON Lines file, from 1
	Row    int   // of a table, from 1; the header does not count
	Record int   // of a WARC file, from 1
	Offset int64 // of that record in the file; if it is gzip, of the member that the record begins in
}

// String returns the file and the place within it.
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

// ID returns the place as an id: the file, or FILE:N for the line, row or record N.
func (p Place) ID() string {
	if n := p.Line + p.Row + p.Record; n > 0 {
		return fmt.Sprintf("%s:%d", ValidName(p.File), n)
	}
	return ValidName(p.File)
}

// Fields names the fields of a JSON Lines object or the columns of a table, where
// a dot leads into an object or a group; empty means the field's own name in lower
// case, for Rank none.
type Fields struct{ ID, Text, Host, URL, Time, Rank string }

// Options are how to read; the zero value recognises formats by content and name.
type Options struct {
	Format string // the name of a format, or "" to recognise it
	Fields Fields
	Stdin  io.Reader // for "-"

	KeepRaw bool // fill in [Doc.Raw]

	// Other, where it is set, gets the records of a web archive that are not
	// documents, as they are stored, in the order of the file. It needs KeepRaw and
	// no Workers.
	Other func(o OtherRecord) error

	// Progress, where it is set, is called now and then with how many bytes of files
	// have been read, from any goroutine; [Size] returns how many there are.
	Progress func(bytes int64)

	// Repeats yields documents whose id was read before like any other, and so
	// keeps no ids in memory. A document without an id then gets one by IDs.
	Repeats bool
	IDs     IDs

	// Unnamed yields documents with the ids that they were read with, which may be
	// missing or repeated, and so keeps no ids in memory either: see [Doc.Name].
	Unnamed bool

	// Workers is how many goroutines decode documents in addition to the one that
	// reads and the caller's; the documents are the same for any number. With 0 and 1
	// no goroutine is started.
	Workers int

	// Ahead is about how many bytes of documents, unpacked, are read ahead with
	// Workers, and the most that one document may have; 0 means no smaller limit than
	// the package's own.
	Ahead int64
}

// An OtherRecord is a record of a web archive that is not a document.
type OtherRecord struct {
	Place
	Header []byte    // to the empty line, included
	Block  io.Reader // valid during the call; unread bytes are skipped
	Tail   []byte    // line ends after the block
}

// IDs is which id a document without one gets if [Options.Repeats] is set.
type IDs string

// The ways to an id.
const (
	RealIDs    IDs = ""        // an error instead
	PlaceIDs   IDs = "place"   // FILE:N, see [Place.ID]
	ContentIDs IDs = "content" // a hash of the text
)

// An Error is something that could not be read, or could be read only in part, or
// with Note something to know about the documents read. Reading goes on after it.
type Error struct {
	Place
	Err    error
	Reason string // a few words for the kind of error, without the place
	Lost   int    // documents that were not read because of it, where that is known; 0 if it came with a document
	Note   bool   // nothing is missing
}

// Error returns "place: reason".
func (e *Error) Error() string { return fmt.Sprintf("%v: %v", e.Place, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Read yields the documents of inputs in order. An input is a file, whose content
// and name lead to its format (see the package's documentation); a folder, which is
// walked in lexical order, names that begin with a dot left out; a pattern as
// package doublestar has it (*, **, ?, [a-z], {a,b}), for shells that do not expand
// those, which must match something; or "-" for standard input. A file that inputs
// lead to twice is read once.
//
// Every error is an [*Error]. One that comes with a document reports that the
// document is not quite as given; one without reports bytes that were left out. A document
// without an id, or with one that was read before, gets its place for an id, and a
// note per file reports how many those are; another capture of a page in a web
// archive gets a space and its time added to its id instead. [Options.Repeats]
// changes that.
func Read(inputs []string, o Options) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		names := namer{o: o, seen: map[uint64]struct{}{}}
		emit := func(d *Doc, err error) bool { return names.emit(d, err, yield) }
		produce := func(r *reader) {
			for _, name := range inputs {
				if !r.input(name) {
					return
				}
			}
		}
		if o.Workers <= 1 {
			more := true
			r := &reader{o: o}
			r.add = func(_ int, decode decodeFunc) bool {
				decode(func(d *Doc, err error) bool {
					more = more && emit(d, err)
					return more
				}, func(int) {})
				return more
			}
			produce(r)
			if more {
				names.end(yield)
			}
			return
		}
		mayHang := false
		for _, name := range inputs {
			mayHang = mayHang || name == "-"
		}
		more := true
		emitted := func(d *Doc, err error) bool {
			more = more && emit(d, err)
			return more
		}
		ahead := o.Ahead
		if ahead == 0 {
			ahead = maxInFlight
		}
		runQueue(o.Workers, min(ahead, maxInFlight), func(q *queue) { produce(&reader{o: o, add: q.add}) }, emitted, mayHang)
		if more {
			names.end(yield)
		}
	}
}

// A reader finds documents and adds them as batches. Its methods return false
// when no more are wanted.
type reader struct {
	o   Options
	add func(weight int, decode decodeFunc) bool

	files files               // waiting to be read together
	bytes atomic.Int64        // of files, read so far
	read  map[string]struct{} // files that inputs led to
	other map[string]int      // files in folders that are not documents, by kind
}

// count reports that n bytes of a file have been read.
func (r *reader) count(n int64) {
	if r.o.Progress != nil {
		r.o.Progress(r.bytes.Add(n))
	}
}

// emit adds the documents that are ready.
func (r *reader) emit(items ...item) bool {
	weight := 0
	for _, it := range items {
		if it.doc != nil {
			weight += len(it.doc.Text)
		}
	}
	return r.add(weight, func(emit emitFunc, _ func(int)) {
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

// maxDoc returns the largest size of a document in bytes, at most the limit of the
// package.
func (o Options) maxDoc(most int) int {
	if o.Ahead > 0 {
		return int(min(int64(most), max(o.Ahead, 1<<20)))
	}
	return most
}

// A reason is an error with a few words for its kind.
type reason struct {
	words string
	lost  int // documents, where more than one
	err   error
}

func (r *reason) Error() string { return r.err.Error() }
func (r *reason) Unwrap() error { return r.err }

// because gives an error its kind.
func because(words string, err error) error { return &reason{words: words, err: err} }

// failure returns an Error.
func failure(p Place, err error) *Error {
	e := &Error{Place: p, Err: err, Reason: "unreadable", Lost: 1}
	if r, ok := errors.AsType[*reason](err); ok {
		e.Reason = r.words
		e.Lost = max(1, r.lost)
	}
	// The message names the file itself; a second mention by package os is noise.
	if pe, ok := errors.AsType[*fs.PathError](err); ok && pe.Path == p.File {
		e.Err = pe.Err
		e.Reason = pe.Err.Error()
	}
	return e
}

// flawed returns the error of a document that was read, but not quite as given.
func flawed(p Place, err error) *Error {
	e := failure(p, err)
	e.Lost = 0
	return e
}
