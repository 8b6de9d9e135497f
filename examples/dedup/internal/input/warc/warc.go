// Package warc reads web archives: WARC and WET files (ISO 28500, versions 1.0 and
// 1.1), plain, compressed with gzip by record or as a whole, or with Zstandard. It
// returns their records, and an error for each place where the file breaks the
// format. Reading continues after an error wherever possible:
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
// [ParseResponse] parses the HTTP message in a response record.
//
// # Untrusted files
//
// Nothing is allocated from a declared length: memory is bounded by the limits in
// [Options] for a header and a block, and by the actual content of the file. A
// record whose Content-Length does not lead to the end of a record is an error, and
// the reader looks for the next record in and after the bytes that it consumed.
// Damage within a gzip member loses only the records in it.
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

	// Want reports, by a record's header, whether its block is wanted; nil wants every
	// block.
	Want func(*Record) bool

	// Large, if set, receives the block of a wanted record that is larger than MaxBlock,
	// instead of an error; Record.Block is nil. An error of Large that wraps ErrLimit
	// counts as an error of the record; any other error is returned by Next unchanged.
	Large func(rec *Record, block io.Reader) error
}

// A Record is one record of a web archive.
type Record struct {
	Number int   // number of the record in the file, from 1
	Offset int64 // offset of the record in the file; in a gzip file, of the member in which the record begins; in a Zstandard file, in the unpacked bytes

	Type string // WARC-Type in lower case: response, resource, conversion, warcinfo, ...

	// Header is the header as written in the file, from the version line up to and
	// including the empty line.
	Header []byte

	// Block is the content of the record. It is nil if Options.Want refused it.
	Block []byte

	// Tail holds the line ends after the block, usually two of two bytes each; bytes
	// beyond a kilobyte are dropped.
	Tail []byte

	fields map[string]string
}

// Get returns the first field of that name, ignoring case, or "".
func (r *Record) Get(name string) string { return r.fields[strings.ToLower(name)] }

// TargetURI returns the address of the record's content. Some tools write it between
// angle brackets, as in an early draft of the standard.
func (r *Record) TargetURI() string {
	uri := r.Get("WARC-Target-URI")
	if strings.HasPrefix(uri, "<") && strings.HasSuffix(uri, ">") {
		uri = uri[1 : len(uri)-1]
	}
	return uri
}

// Errors that an [Error] wraps.
var (
	ErrFormat = errors.New("not a valid record (ISO 28500)") // no record where one should be, or a broken header
	ErrLength = errors.New("wrong Content-Length")           // the record does not end where it declares
	ErrLimit  = errors.New("over the limit")                 // larger than Options allow
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

// magic begins every record.
const magic = "WARC/"

// NewReader returns a Reader of in; its first bytes decide how it is unpacked. Close
// the Reader, which does not close in.
func NewReader(in io.Reader, o Options) (*Reader, error) {
	if o.MaxHeader < 0 || o.MaxBlock < 0 {
		panic("warc: limits must not be negative")
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

// Close frees the decompressor's memory. It does not close the file.
func (r *Reader) Close() { r.s.close() }

// Next returns the next record, or [io.EOF] after the last. Any other error is an
// [*Error], unless Options.Large returned it. After an Error, Next may be called again:
// the errors end with io.EOF.
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
			r.s.discard(1) // otherwise resync would find this record again
		}
		r.s.resync()
		return nil, &Error{rec.Number, rec.Offset, err}
	}
	return rec, nil
}

// A stop wraps an error of Options.Large that Next returns unchanged.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

// maxTail is the number of bytes of line ends kept per record.
const maxTail = 1 << 10

// skipBlankLines skips the separators between records, and adds them to rec if that
// is not nil.
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
	var name string // name of the current field
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
				name = "" // drop a repeated field with its continuation lines: the first one counts
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

// block reads the block of rec and checks that the record ends there.
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
		err = fmt.Errorf("%w: it declares %d bytes, but the file ends earlier: %w", ErrLength, length, io.ErrUnexpectedEOF)
	}
	if err != nil {
		// If the declared length is too large, it covers the following records.
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

// ended checks that a record may end here: two line ends follow (some tools write
// more or fewer), and then a record or the end of the file.
func (r *Reader) ended(rec *Record, length int64) error {
	member := r.s.place(r.s.taken - 1)
	switch err := r.skipBlankLines(rec); {
	case err == io.EOF:
		return nil
	case err != nil && r.s.compressed() && r.s.source.at() == member:
		return err // the unpacked bytes of this member up to here may be wrong, too
	case err != nil:
		return nil // the next call of Next reports the error
	}
	if b, _ := r.s.peek(len(magic)); string(b) != magic {
		return fmt.Errorf("%w: it declares %d bytes, but no record ends there", ErrLength, length)
	}
	return nil
}
