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
	ID   string // "" if the record has none, until Read assigns one
	Text string // as given; for JSON Lines the decoded string; for HTML the text that a reader sees
	Host string // the site that the document comes from; may be empty
	URL  string
	Time string
	Rank string // the field named by Fields.Rank

	// Blocks are the blocks of an HTML page within Text, ascending: its paragraphs,
	// headings, list items. nil if they follow from the text itself.
	Blocks []shingle.Span

	// Sketch holds the numbers that [Options.Sketch] appended; it is valid until the next
	// document is requested.
	Sketch []uint32

	Format string // how it was stored, the name of a [Format]
	Place         // where it was read

	// Raw is the document as stored, if [Options.KeepRaw] is set: the line of a JSON
	// Lines file without its end, the record of a CSV or TSV table with its end, the
	// whole record of a WARC file with the line ends after it, all of standard input if
	// that is one document. It is nil for a file that is one document, given by File,
	// and for a row of a Parquet file, given by File and Row.
	Raw []byte

	// Head is set with Raw: the content of the file before its first document, which is
	// the header of a CSV or TSV table.
	Head []byte
}

// A Place is where a document was read or could not be read. At most one of Line,
// Row and Record is set.
type Place struct {
	File   string
	Line   int   // line of a text or JSON Lines file, from 1
	Row    int   // row of a table, from 1; the header does not count
	Record int   // record of a WARC file, from 1
	Offset int64 // offset of that record in the file; in a gzip file, of the member in which the record begins
}

// String returns the file and the place in it.
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

// Fields names the fields of a JSON Lines object or the columns of a table. A dot
// selects a field of an object or a group. An empty name means the field's own name
// in lower case, or no field for Rank.
type Fields struct{ ID, Text, Host, URL, Time, Rank string }

// Options control reading; the zero value recognizes formats by content and name.
type Options struct {
	Format string // the name of a format, or "" to recognize it
	Fields Fields
	Stdin  io.Reader // for "-"

	KeepRaw bool // fill in [Doc.Raw]

	// Other, if set, receives the records of a web archive that are not documents, as
	// stored, in file order. It requires KeepRaw, and Workers must be 0.
	Other func(o OtherRecord) error

	// Progress, if set, is called from time to time with the number of bytes of files
	// read, from any goroutine; [Size] returns the total.
	Progress func(bytes int64)

	// Repeats yields documents with repeated ids like any other, so no ids are kept in
	// memory. A document without an id then gets one according to IDs.
	Repeats bool
	IDs     IDs

	// Unnamed yields documents with the ids that they have in the input, which may be
	// missing or repeated, so no ids are kept in memory either: see [Doc.Name].
	Unnamed bool

	// Sketch, if not nil, is called for every document on the goroutine that decodes it,
	// and appends the content of Doc.Sketch to dst.
	Sketch func(dst []uint32, d *Doc) []uint32

	// Brief reuses the memory of documents: each one, with its strings and Raw, is valid
	// only until the next one is requested. File, Format and Blocks remain valid.
	Brief bool

	// Interrupt, if set, ends Read when it is closed, even while Read waits for a file.
	// If it is set, at least one goroutine decodes documents.
	Interrupt <-chan struct{}

	// Workers is the number of goroutines that decode documents, in addition to the one
	// that reads and the caller's; the documents are the same for any number. With 0 and
	// 1 no goroutine is started.
	Workers int

	// Ahead is the approximate number of bytes of unpacked documents that are read ahead
	// with Workers, and the largest size of one document; 0 means the limits of the
	// package.
	Ahead int64
}

// An OtherRecord is a record of a web archive that is not a document.
type OtherRecord struct {
	Place
	Header []byte    // up to and including the empty line
	Block  io.Reader // valid during the call; unread bytes are skipped
	Tail   []byte    // line ends after the block
}

// IDs chooses the id of a document without one if [Options.Repeats] is set.
type IDs string

// The ways to assign an id:
const (
	RealIDs    IDs = ""        // an error instead
	PlaceIDs   IDs = "place"   // FILE:N, see [Place.ID]
	ContentIDs IDs = "content" // a hash of the text
)

// An Error reports input that could not be read, or only in part. With Note set, it
// is a remark about the documents read. Reading continues after it.
type Error struct {
	Place
	Err    error
	Reason string // a few words for the kind of error, without the place
	Lost   int    // documents that were not read because of it, if known; 0 if it came with a document
	Note   bool   // nothing is missing
}

// Error returns "place: reason".
func (e *Error) Error() string { return fmt.Sprintf("%v: %v", e.Place, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Read yields the documents of inputs in order. An input is a file, whose format
// follows from its content and name (see the package's documentation); a folder,
// which is walked in lexical order, skipping names that begin with a dot; a pattern
// of package doublestar (*, **, ?, [a-z], {a,b}), which must match something
// (patterns are meant for shells that do not expand them); or "-" for standard
// input. A file reached by two inputs is read once.
//
// Every error is an [*Error]. An error that comes with a document reports that the
// document differs from its source; one without a document reports bytes that were
// left out. A document without an id, or with one that was read before, gets its
// place as its id, and a note per file counts these. For another capture of a page
// in a web archive, a space and its time are appended to the id instead.
// [Options.Repeats] changes that.
func Read(inputs []string, o Options) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		names := namer{o: o}
		emit := func(d *Doc, err error) bool { return names.emit(d, err, yield) }
		produce := func(r *reader) {
			for _, name := range inputs {
				if !r.input(name) {
					return
				}
			}
		}
		if o.Workers <= 1 && o.Interrupt == nil {
			more := true
			r := &reader{o: o}
			r.add = func(_ int, decode decodeFunc) bool {
				s := o.scratch()
				decode(s, func(d *Doc, err error) bool {
					s.words = s.words[:0]
					s.prepare(d)
					more = more && emit(d, err)
					return more
				}, func(int) {})
				s.release()
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
		runQueue(o, min(ahead, maxInFlight), func(q *queue) { produce(&reader{o: o, add: q.add}) }, emitted, mayHang)
		if more {
			names.end(yield)
		}
	}
}

// A reader finds documents and adds them as batches. Its methods return false when
// no more are wanted.
type reader struct {
	o   Options
	add func(weight int, decode decodeFunc) bool

	files files               // waiting to be read together
	bytes atomic.Int64        // bytes of files read so far
	read  map[string]struct{} // files reached by inputs
	other map[string]int      // files in folders that are not documents, by kind
}

// count records that n bytes of a file have been read.
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
	return r.add(weight, func(_ *scratch, emit emitFunc, _ func(int)) {
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

// maxDoc returns the largest size of a document in bytes, at most the package's
// limit.
func (o Options) maxDoc(most int) int {
	if o.Ahead > 0 {
		return int(min(int64(most), max(o.Ahead, 1<<20)))
	}
	return most
}

// A reason is an error with a few words for its kind.
type reason struct {
	words string
	lost  int // number of documents, if more than one
	err   error
}

func (r *reason) Error() string { return r.err.Error() }
func (r *reason) Unwrap() error { return r.err }

// because assigns a kind to an error.
func because(words string, err error) error { return &reason{words: words, err: err} }

// failure returns an Error.
func failure(p Place, err error) *Error {
	e := &Error{Place: p, Err: err, Reason: "unreadable", Lost: 1}
	if r, ok := errors.AsType[*reason](err); ok {
		e.Reason = r.words
		e.Lost = max(1, r.lost)
	}
	// The message names the file itself; a second mention by package os would be noise.
	if pe, ok := errors.AsType[*fs.PathError](err); ok && pe.Path == p.File {
		e.Err = pe.Err
		e.Reason = pe.Err.Error()
	}
	return e
}

// flawed returns the error for a document that was read, but differs from its
// source.
func flawed(p Place, err error) *Error {
	e := failure(p, err)
	e.Lost = 0
	return e
}
