// Package files reads documents from files and writes results to files, each on
// many workers: Beam's own sources and sinks pass everything through one key.
package files

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/beam/transform"
	"github.com/neardup/neardup/internal/doctime"
)

// Fields are the names of the fields of JSON objects, or of columns. Without a name
// for them, hosts or times are not read.
type Fields struct{ ID, Text, Host, Time string }

// A Part is what one worker reads at a time: a file, or a range of one.
type Part struct {
	Name  string
	File  int   // its number, in the order of the inputs
	Start int64 // the first byte of the range; lines that begin in it are read
	End   int64 // behind the last byte; 0: the whole file
}

// A Bad is what could not be read.
type Bad struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // from 1; 0 where the lines before are not known
	Offset int64  `json:"offset"`         // byte of the line, uncompressed; row of a table
	Error  string `json:"error"`
}

// String returns the message with its place.
func (b Bad) String() string {
	if b.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", b.File, b.Line, b.Error)
	}
	return fmt.Sprintf("%s: at %d: %s", b.File, b.Offset, b.Error)
}

// rangeSize is the size of the ranges that plain JSON Lines are cut into.
const rangeSize = 64 << 20

// Parts expands patterns to parts, in the order of the patterns and within each by
// name.
func Parts(ctx context.Context, patterns []string) ([]Part, error) {
	var parts []Part
	n := 0
	for _, pattern := range patterns {
		fs, err := filesystem.New(ctx, pattern)
		if err != nil {
			return nil, err
		}
		names, err := fs.List(ctx, pattern)
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s: no such file", pattern)
		}
		slices.Sort(names)
		for _, name := range names {
			switch {
			case strings.HasSuffix(name, ".jsonl.gz"), strings.HasSuffix(name, ".parquet"):
				parts = append(parts, Part{Name: name, File: n})
			case strings.HasSuffix(name, ".jsonl"):
				size, err := fs.Size(ctx, name)
				if err != nil {
					return nil, err
				}
				if strings.Contains(name, "://") {
					parts = append(parts, Part{Name: name, File: n}) // cannot be opened in the middle
					break
				}
				for at := int64(0); at < max(size, 1); at += rangeSize {
					parts = append(parts, Part{name, n, at, min(at+rangeSize, max(size, 1))})
				}
			default:
				return nil, fmt.Errorf("%s: not named .jsonl, .jsonl.gz or .parquet", name)
			}
			n++
		}
		if err := fs.Close(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// Read returns the documents of parts, and what could not be read, as Bad.
func Read(s beam.Scope, parts []Part, f Fields) (documents, bad beam.PCollection) {
	s = s.Scope("Read")
	return beam.ParDo2(s, &readFn{f}, beam.Reshuffle(s, beam.CreateList(s, parts)))
}

var badCounter = beam.NewCounter(transform.Namespace, "bad_documents")

// readFn reads a part.
type readFn struct{ Fields Fields }

// ProcessElement emits the documents of the part, and what cannot be read. Only
// a file that is not there at all, or breaks off, fails the run.
func (f *readFn) ProcessElement(ctx context.Context, p Part, document func(transform.Document), bad func(Bad)) error {
	fail := func(line int, offset int64, err error) {
		badCounter.Inc(ctx, 1)
		bad(Bad{p.Name, line, offset, err.Error()})
	}
	fs, err := filesystem.New(ctx, p.Name)
	if err != nil {
		return err
	}
	defer fs.Close()
	r, err := fs.OpenRead(ctx, p.Name)
	if err != nil {
		return err
	}
	defer r.Close()
	if strings.HasSuffix(p.Name, ".parquet") {
		return f.table(p, r, document, fail)
	}
	return f.lines(p, r, document, fail)
}

// maxLine bounds a line, far beyond any document.
const maxLine = 64 << 20

func (f *readFn) lines(p Part, in io.Reader, document func(transform.Document), fail func(int, int64, error)) error {
	line, offset := 1, p.Start
	if strings.HasSuffix(p.Name, ".gz") {
		z, err := gzip.NewReader(in)
		if err != nil {
			fail(0, 0, fmt.Errorf("%w; the file is lost", err))
			return nil
		}
		in = z
	}
	if p.Start > 0 {
		seeker, ok := in.(io.Seeker)
		if !ok {
			return fmt.Errorf("%s: cannot be opened in the middle", p.Name)
		}
		// A line belongs to the range that it begins in: skip to the first end of
		// a line from the byte before on.
		if _, err := seeker.Seek(p.Start-1, io.SeekStart); err != nil {
			return err
		}
		line, offset = 0, p.Start-1
	}
	b := bufio.NewReaderSize(in, 1<<20)
	skip := p.Start > 0
	for p.End == 0 || offset < p.End {
		data, n, err := readLine(b)
		at := offset
		offset += n
		switch {
		case skip:
			skip = false
		case errors.Is(err, errLongLine):
			fail(line, at, err)
		case len(bytes.TrimSpace(data)) > 0 && (err == nil || err == io.EOF):
			data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("\ufeff"))
			d, when, bad := f.parse(data)
			if bad != nil {
				fail(line, at, bad)
				break
			}
			if !utf8.Valid(data) {
				fail(line, at, errors.New("not valid UTF-8; read all the same, each bad byte as U+FFFD"))
			}
			if d.Time, bad = parseTime(when); bad != nil {
				fail(line, at, bad)
			}
			d.Order = transform.Order{File: p.File, Offset: at}
			document(d)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			fail(line, at, fmt.Errorf("%w; the rest of the file is lost", err))
			return nil
		}
		if line > 0 {
			line++
		}
	}
	return nil
}

var errLongLine = fmt.Errorf("line longer than %d MiB; skipped", maxLine>>20)

// readLine returns a line and how many bytes it takes with its end.
func readLine(b *bufio.Reader) (line []byte, n int64, err error) {
	long := false
	for {
		part, err := b.ReadSlice('\n')
		n += int64(len(part))
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case long && (err == nil || err == io.EOF):
			return nil, n, errLongLine
		}
		return line, n, err
	}
}

// parse makes a document of a JSON object, and returns its time as it stands there.
func (f *readFn) parse(line []byte) (d transform.Document, when string, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return d, "", fmt.Errorf("not a JSON object (%w); skipped", err)
	}
	for _, x := range []struct {
		name string
		need bool
		to   *string
	}{{f.Fields.ID, true, &d.ID}, {f.Fields.Text, true, &d.Text}, {f.Fields.Host, false, &d.Host}, {f.Fields.Time, false, &when}} {
		raw, ok := object[x.name]
		switch {
		case !ok || string(raw) == "null":
			if x.need {
				return d, "", fmt.Errorf("no field %q (name another with -field-id or -field-text); skipped", x.name)
			}
		case raw[0] == '"':
			if err := json.Unmarshal(raw, x.to); err != nil {
				return d, "", fmt.Errorf("field %q: %w; skipped", x.name, err)
			}
		case x.to != &d.Text && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'):
			*x.to = string(raw)
		default:
			return d, "", fmt.Errorf("field %q is not a string; skipped", x.name)
		}
	}
	return d, when, nil
}

// table reads a Parquet file.
func (f *readFn) table(p Part, in io.Reader, document func(transform.Document), fail func(int, int64, error)) error {
	at, ok := in.(io.ReaderAt)
	var size int64
	if file, is := in.(*os.File); ok && is {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		size = info.Size()
	} else {
		all, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		at, size = bytes.NewReader(all), int64(len(all))
	}
	file, err := parquet.OpenFile(at, size)
	if err != nil {
		fail(0, 0, fmt.Errorf("%w; skipped", err))
		return nil
	}
	column := func(name string) int {
		c, ok := file.Schema().Lookup(name)
		if !ok {
			return -1
		}
		return c.ColumnIndex
	}
	id, text, host, when := column(f.Fields.ID), column(f.Fields.Text), column(f.Fields.Host), column(f.Fields.Time)
	if id < 0 || text < 0 {
		fail(0, 0, fmt.Errorf("no columns %q and %q (name others with -field-id and -field-text); skipped", f.Fields.ID, f.Fields.Text))
		return nil
	}
	rows := parquet.NewReader(file)
	defer rows.Close()
	buf := make([]parquet.Row, 64)
	for row := int64(0); ; {
		n, err := rows.ReadRows(buf)
		for _, r := range buf[:n] {
			var d transform.Document
			var bad error
			for _, v := range r {
				if v.IsNull() {
					if v.Column() == id || v.Column() == text {
						bad = errors.New("no id or no text; skipped")
					}
					continue
				}
				switch v.Column() {
				case id:
					d.ID = v.String()
				case text:
					d.Text = string(v.ByteArray())
				case host:
					d.Host = v.String()
				case when:
					var e error
					if d.Time, e = parseTime(v.String()); e != nil {
						fail(0, row, e)
					}
				}
			}
			d.Order = transform.Order{File: p.File, Offset: row}
			if bad != nil {
				fail(0, row, bad)
			} else {
				document(d)
			}
			row++
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			fail(0, row, fmt.Errorf("%w; the rest of the file is lost", err))
			return nil
		}
	}
}

// parseTime reads a document's time and says what becomes of one that is none.
func parseTime(s string) (time.Time, error) {
	t, err := doctime.Parse(s)
	if err != nil {
		err = fmt.Errorf("%w; taken for the oldest", err)
	}
	return t, err
}

func encodeBad(b Bad) ([]byte, error)         { return json.Marshal(b) }
func decodeBad(b []byte) (v Bad, err error)   { err = json.Unmarshal(b, &v); return v, err }
func encodePart(p Part) ([]byte, error)       { return json.Marshal(p) }
func decodePart(b []byte) (p Part, err error) { err = json.Unmarshal(b, &p); return p, err }

func init() {
	beam.RegisterCoder(reflect.TypeFor[Bad](), encodeBad, decodeBad)
	beam.RegisterCoder(reflect.TypeFor[Part](), encodePart, decodePart)
	beam.RegisterDoFn(reflect.TypeFor[readFn]())
	register.Emitter1[transform.Document]()
	register.Emitter1[Bad]()
}
