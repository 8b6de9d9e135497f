package input

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/neardup/neardup/boilerplate/pages"
)

// maxFile bounds an unpacked file that is one document. No text written by a person
// comes near it.
const maxFile = 256 << 20

// A file is an input file that holds one document, or whose format is not known yet.
type file struct {
	name, id, host string
	format         string // "" to recognize it
	size           int64
}

// files collects small files, which are read together, because passing one to another
// goroutine costs more than reading it.
type files struct {
	waiting []file
	weight  int
}

const (
	batchFiles = 64
	batchBytes = 256 << 10
)

// later adds a file to the waiting ones.
func (r *reader) later(f file) bool {
	r.files.waiting = append(r.files.waiting, f)
	r.files.weight += int(min(f.size, maxFile))
	if len(r.files.waiting) < batchFiles && r.files.weight < batchBytes {
		return true
	}
	return r.flush()
}

// flush adds the waiting files as a single batch.
func (r *reader) flush() bool {
	b := r.files
	r.files = files{}
	if len(b.waiting) == 0 {
		return true
	}
	return r.add(b.weight, func(s *scratch, emit emitFunc, grow func(int)) {
		more := true
		for _, f := range b.waiting {
			f.read(r.o, s, func(d *Doc, err error) bool {
				more = more && emit(d, err)
				return more
			}, grow)
			r.count(f.size)
			if !more {
				return
			}
		}
	})
}

// smallFiles holds buffers for files that fit in one.
var smallFiles = sync.Pool{New: func() any { return new([smallFile]byte) }}

const smallFile = 1 << 20

// read emits the document of a file, or its documents if the content has a format
// that holds many.
func (f file) read(o Options, s *scratch, emit emitFunc, grow func(int)) {
	in, err := os.Open(f.name)
	if err != nil {
		emit(nil, failure(Place{File: f.name}, err))
		return
	}
	defer in.Close()
	if f.size <= smallFile {
		// Most files are small, and reading one costs little more than opening it.
		buf := smallFiles.Get().(*[smallFile]byte)
		defer smallFiles.Put(buf)
		n, err := in.Read(buf[:])
		data := buf[:n]
		if (err == nil || err == io.EOF) && int64(n) == f.size && packingOf(data) == nil {
			f.document(o, s, data, emit)
			return
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			emit(nil, failure(Place{File: f.name}, err))
			return
		}
	}
	b := bufio.NewReaderSize(in, 1<<16)
	if n := unpackingMemory(b); n > 0 {
		grow(n)
	}
	plain, done, err := unpack(b, o.maxWindow())
	if err != nil {
		emit(nil, failure(Place{File: f.name}, err))
		return
	}
	defer done()
	data, err := readWhole(plain, o.maxDoc(maxFile), f.size, grow)
	if err != nil {
		emit(nil, failure(Place{File: f.name}, err))
		return
	}
	f.document(o, s, data, emit)
}

// document emits the documents in data, the whole content of a file. It retains data
// only for Options.KeepRaw.
func (f file) document(o Options, s *scratch, data []byte, emit emitFunc) {
	place := Place{File: f.name}
	raw := data
	if isUTF16(data) {
		data, _ = io.ReadAll(inUTF8(bufio.NewReader(bytes.NewReader(data)))) // replaces invalid bytes
	}
	format := FormatOf(cmp.Or(f.format, o.Format))
	if format == nil {
		var err error
		if format, err = recognize(f.name, data[:min(len(data), headSize)]); err != nil {
			emit(nil, failure(place, err))
			return
		}
	}
	if !format.Whole {
		size := int64(len(data))
		more := true
		r := &reader{o: o}
		r.o.Progress = nil // the file counts as a whole
		r.add = func(_ int, decode decodeFunc) bool {
			decode(s, func(d *Doc, err error) bool {
				more = more && emit(d, err)
				return more
			}, func(int) {})
			return more
		}
		in := bytes.NewReader(data)
		format.Read(&File{Name: f.name, In: in, At: in, Size: size, taken: func() int64 { return size }, r: r})
		return
	}
	d, err := format.Document(&Doc{ID: f.id, Host: f.host, Format: format.Name, Place: place}, data)
	if d != nil && o.KeepRaw && f.name == "-" {
		d.Raw = raw
	}
	emit(d, err)
}

// withText sets d's text to data.
func (d *Doc) withText(data []byte) (*Doc, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, failure(d.Place, errBinary)
	}
	d.Text = string(data)
	if at := firstInvalid(data); at >= 0 {
		place := d.Place
		place.Line = 1 + bytes.Count(data[:at], []byte("\n"))
		return d, flawed(place, errUTF8)
	}
	return d, nil
}

var (
	errBinary = because("binary", errors.New("looks like a binary file (it contains a NUL byte); skipped"))
	errUTF8   = because("not UTF-8", errors.New("not valid UTF-8; each bad byte is read as a separator (convert the file, for example with iconv, to keep its letters)"))
)

// growStep is the number of bytes of a file that are unpacked before more room is
// requested.
const growStep = 1 << 20

// readWhole returns the bytes of in, at most limit. size is a hint; grow is called for
// bytes beyond it.
func readWhole(in io.Reader, limit int, size int64, grow func(int)) ([]byte, error) {
	data := make([]byte, 0, min(size, growStep)+bytes.MinRead) // grows only as bytes arrive
	room := int(min(size, int64(limit)))
	for {
		if len(data) == cap(data) {
			grow(cap(data) / 2)
			data = slices.Grow(data, max(bytes.MinRead, cap(data)/2))
		}
		if len(data) > room {
			grow(growStep)
			room += growStep
		}
		n, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case len(data) > limit:
			return nil, because("too long", fmt.Errorf("longer than %d MiB; skipped (split it, or raise -memory if that is less than 2GiB)", limit>>20))
		case err == io.EOF:
			return data, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, because("cut off", fmt.Errorf("%w: the file is truncated; skipped", err))
		case err != nil:
			return nil, err
		}
	}
}

// Limits of one page.
const (
	maxPage   = 32 << 20
	maxBlocks = 200_000
)

// withPage sets d's text to the text of an HTML page; contentType is the HTTP header
// of that name. An error that comes with d names the missing part of the text.
func (d *Doc) withPage(html []byte, contentType string) (*Doc, error) {
	if isUTF8(html) {
		contentType = "text/html; charset=utf-8"
	}
	p, err := pages.Parse(bytes.NewReader(html), pages.Options{ContentType: contentType, MaxBytes: maxPage, MaxBlocks: maxBlocks})
	if err != nil {
		return nil, failure(d.Place, because("not a page", fmt.Errorf("%w; skipped", err)))
	}
	d.Text, d.Blocks = p.Text, p.Blocks
	if p.Truncated {
		return d, flawed(d.Place, fmt.Errorf("a page of more than %d MiB or %d blocks; the rest was left out", maxPage>>20, maxBlocks))
	}
	return d, nil
}

// isUTF8 reports whether bytes of uncertain encoding are UTF-8: bytes that are valid
// UTF-8 and go beyond ASCII are hardly anything else, whatever a header or the first
// kilobyte suggests. Escape and NUL hint at ISO 2022 and UTF-16.
func isUTF8(b []byte) bool { return utf8.Valid(b) && !bytes.ContainsAny(b, "\x1b\x00") }

// firstInvalid returns the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}
