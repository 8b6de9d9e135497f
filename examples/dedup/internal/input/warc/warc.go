// Package warc reads web archives: in goes a WARC or WET file as ISO 28500 has it
// (versions 1.0 and 1.1), plain, gzip by record or as a whole, or Zstandard; out
// come its records, and for each place where the file breaks the format an error
// that names it. Reading goes on after an error wherever the file allows:
//
//	r := warc.NewReader(f, warc.Options{})
//	defer r.Close()
//	for {
//		rec, err := r.Next()
//		if err == io.EOF {
//			break
//		}
//		if e, ok := errors.AsType[*warc.Error](err); ok {
//			log.Print(e) // that record is lost, the next may be good
//			continue
//		}
//		...
//	}
//
// [ParseResponse] takes apart the HTTP message in a response record.
//
// # Untrusted files
//
// Nothing is allocated from a declared length: memory is bounded by what [Options]
// allow for a header and a block and by what the file really holds. A record whose
// Content-Length does not end where a record ends is an error, and the reader looks
// for the next one in the bytes that it took and after them. Damage within a gzip
// member costs no more than the records in it.
package warc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Options bounds the records that a [Reader] accepts; the zero value is the recommended setting.
type Options struct {
	MaxHeader int // bytes of a record's header; 0 means 1 MiB
	MaxBlock  int // bytes of a record's block; 0 means 64 MiB

	// Want reports, by a record's header, whether its block is wanted; nil wants
	// every one.
	Want func(*Record) bool

	// Large, where it is set, gets the block of a wanted record that is over MaxBlock,
	// which is then no error; Record.Block is nil. An error of Large that wraps ErrLimit
	// is one of the record; any other is that of Next, as it is.
	Large func(rec *Record, block io.Reader) error
}

// A Record is one record of a web archive.
type Record struct {
	Number int   // of the record in the file, from 1
	Offset int64 // of the record in the file; if it is gzip, of the member that the record begins in; if it is Zstandard, in what that unpacks to

	Type string // WARC-Type in lower case: response, resource, conversion, warcinfo, ...

	// Header is the header as written in the file, from the version line to the
	// empty line, included.
	Header []byte

	// Block is the content of the record. It is nil if Options.Want refused it.
	Block []byte

	// Tail are the line ends after the block, of which two bytes each are usual;
	// bytes beyond a kilobyte are left out.
	Tail []byte

	fields map[string]string
}

// Get returns the first field of that name, in any case, or "".
func (r *Record) Get(name string) string { return r.fields[strings.ToLower(name)] }

// TargetURI returns where the record's content comes from. Some tools write it
// between angle brackets, as an early draft of the standard had it.
func (r *Record) TargetURI() string {
	uri := r.Get("WARC-Target-URI")
	if strings.HasPrefix(uri, "<") && strings.HasSuffix(uri, ">") {
		uri = uri[1 : len(uri)-1]
	}
	return uri
}

// Errors that an [Error] wraps.
var (
	ErrFormat = errors.New("not as ISO 28500 has it") // no record where one should be, or a broken header
	ErrLength = errors.New("wrong Content-Length")    // the record does not end where it declares
	ErrLimit  = errors.New("over the limit")          // larger than Options allow
)

// An Error is a record that could not be read.
type Error struct {
	Number int   // as in Record
	Offset int64 // as in Record
	Err    error
}

// Error returns "record 7 at byte 1234: reason".
func (e *Error) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", e.Number, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Reader reads records one after the other. It is not safe for concurrent use.
type Reader struct {
	o      Options
	s      *stream
	number int
}

// magic is how a record begins.
const magic = "WARC/"

// NewReader returns a Reader of in, whose first bytes decide how it is unpacked.
// Close the Reader, not in, through it.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	if o.MaxHeader < 0 || o.MaxBlock < 0 {
		panic("warc: negative limit")
	}
	if o.MaxHeader == 0 {
		o.MaxHeader = 1 << 20
	}
	if o.MaxBlock == 0 {
		o.MaxBlock = 64 << 20
	}
	s, err := newStream(in)
	if err != nil {
		return nil, err
	}
	return &Reader{o: o, s: s}, nil
}

// Close frees what decompression holds. It does not close the file.
func (r *Reader) Close() { r.s.close() }

// Next returns the next record, or [io.EOF] after the last. Any other error is
// an [*Error], after which Next may be called again: it ends with io.EOF.
func (r *Reader) Next() (*Record, error) {
	err := r.skipBlankLines(nil)
	if err == io.EOF {
		return nil, io.EOF
	}
	r.number++
	rec := &Record{Number: r.number, Offset: r.s.offset()}
	begin := r.s.taken
	if err == nil {
		r.s.mark()
		err = r.header(rec)
	}
	if err == nil {
		err = r.block(rec)
	}
	if e, ok := errors.AsType[*stop](err); ok {
		return nil, e.err
	}
	if err != nil {
		if r.s.taken == begin && len(r.s.buf) > 0 {
			r.s.discard(1) // not this one again
		}
		r.s.resync()
		return nil, &Error{rec.Number, rec.Offset, err}
	}
	return rec, nil
}

// A stop is an error of the caller's own.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

// maxTail is how many line ends of a record are kept.
const maxTail = 1 << 10

// skipBlankLines passes over what separates records, and adds it to rec if that is
// not nil.
func (r *Reader) skipBlankLines(rec *Record) error {
	for {
		b, err := r.s.peek(1)
		if err != nil {
			return err
		}
		if b[0] != '\r' && b[0] != '\n' {
			return nil
		}
		if rec != nil && len(rec.Tail) < maxTail {
			rec.Tail = append(rec.Tail, b[0])
		}
		r.s.discard(1)
	}
}

// header reads the header of rec.
func (r *Reader) header(rec *Record) error {
	rec.fields = map[string]string{}
	var name string // of the field under way
	for first := true; ; first = false {
		line, err := r.s.line(r.o.MaxHeader - len(rec.Header))
		switch {
		case err == io.EOF:
			return fmt.Errorf("the file ends within a header: %w", io.ErrUnexpectedEOF)
		case errors.Is(err, ErrLimit):
			return fmt.Errorf("a header of more than %d bytes: %w", r.o.MaxHeader, err)
		case err != nil:
			return err
		}
		if first && !versionLine(line) {
			return fmt.Errorf("no version line like WARC/1.0, but %.20q: %w", bytes.TrimSpace(line), ErrFormat)
		}
		rec.Header = append(rec.Header, line...)
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
		case len(line) == 0:
			rec.Type = strings.ToLower(rec.Get("WARC-Type"))
			return nil
		case line[0] == ' ' || line[0] == '\t': // a folded line
			if name != "" {
				rec.fields[name] += " " + string(bytes.TrimSpace(line))
			}
		default:
			key, value, ok := bytes.Cut(line, []byte(":"))
			if !ok {
				return fmt.Errorf("header line %.40q without a colon: %w", line, ErrFormat)
			}
			name = strings.ToLower(string(bytes.TrimSpace(key)))
			if _, again := rec.fields[name]; again {
				name = "" // the first one counts, and its continuation lines go with it
				continue
			}
			rec.fields[name] = string(bytes.TrimSpace(value))
		}
	}
}

// versionLine reports whether line begins a record.
func versionLine(line []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte(magic))
	major, minor, dot := bytes.Cut(rest, []byte("."))
	return ok && dot && number(major) && number(minor)
}

func number(b []byte) bool {
	return len(b) > 0 && len(b) <= 4 && len(bytes.Trim(b, "0123456789")) == 0
}

// block reads the block of rec and makes sure that the record ends there.
func (r *Reader) block(rec *Record) error {
	declared := rec.Get("Content-Length")
	length, err := strconv.ParseInt(declared, 10, 64)
	if err != nil || length < 0 || declared[0] == '+' {
		return fmt.Errorf("%w %q", ErrLength, declared)
	}
	want := r.o.Want == nil || r.o.Want(rec)
	var tooLong error
	if want && length > int64(r.o.MaxBlock) && r.o.Large != nil {
		in := &rest{r.s, length}
		large := r.o.Large(rec, in)
		if large != nil && !errors.Is(large, ErrLimit) {
			return &stop{large}
		}
		if in.n > 0 {
			if err := r.s.discardAll(in.n); err != nil {
				return err
			}
		}
		if err := r.ended(rec, length); err != nil {
			return err
		}
		return large
	}
	if want && length > int64(r.o.MaxBlock) {
		want = false
		tooLong = fmt.Errorf("a block of %d bytes, more than %d: %w", length, r.o.MaxBlock, ErrLimit)
	}
	if want {
		rec.Block, err = r.s.take(length)
	} else {
		err = r.s.discardAll(length)
	}
	if err == io.EOF {
		err = fmt.Errorf("%w: it declares %d, and the file ends before: %w", ErrLength, length, io.ErrUnexpectedEOF)
	}
	if err != nil {
		// A length too great takes the following records for its own.
		r.s.unreadRecord(rec.Block)
		rec.Block = nil
		return err
	}
	if rec.Block == nil && want {
		rec.Block = []byte{}
	}
	if err := r.ended(rec, length); err != nil {
		r.s.unreadRecord(rec.Block)
		return err
	}
	return tooLong
}

// ended makes sure that a record may end here: after it come two line ends, or
// more or fewer as some tools have it, and then a record or nothing.
func (r *Reader) ended(rec *Record, length int64) error {
	member := r.s.place(r.s.taken - 1)
	switch err := r.skipBlankLines(rec); {
	case err == io.EOF:
		return nil
	case err != nil && r.s.compressed() && r.s.source.at() == member:
		return err // what this member unpacked to until here may be wrong, too
	case err != nil:
		return nil // it is reported next time
	}
	if b, _ := r.s.peek(len(magic)); string(b) != magic {
		return fmt.Errorf("%w: it declares %d, but no record ends there", ErrLength, length)
	}
	return nil
}
