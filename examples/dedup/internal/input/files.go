package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/neardup/neardup/boilerplate/pages"
)

// maxFile bounds a file that is one document, as it is when it is unpacked. It is
// far beyond any text that somebody wrote.
const maxFile = 256 << 20

// A file is a document in a file of its own.
type file struct {
	name, id, host, format string
	size                   int64
}

// files are read together if they are small, because handing one to another
// goroutine costs more than reading it.
type files struct {
	waiting []file
	weight  int
}

const (
	batchFiles = 64
	batchBytes = 256 << 10
)

// later adds a file to those that wait.
func (r *reader) later(f file) bool {
	r.files.waiting = append(r.files.waiting, f)
	r.files.weight += int(min(f.size, maxFile))
	if len(r.files.waiting) < batchFiles && r.files.weight < batchBytes {
		return true
	}
	return r.flush()
}

// flush adds the files that wait as one batch.
func (r *reader) flush() bool {
	b := r.files
	r.files = files{}
	if len(b.waiting) == 0 {
		return true
	}
	return r.add(b.weight, func(emit emitFunc) {
		for _, f := range b.waiting {
			d, err := f.read()
			r.count(f.size)
			if !emit(d, err) {
				return
			}
		}
	})
}

// smallFiles holds buffers for files that fit in one.
var smallFiles = sync.Pool{New: func() any { return new([smallFile]byte) }}

const smallFile = 1 << 20

func (f file) read() (*Doc, error) {
	in, err := os.Open(f.name)
	if err != nil {
		return nil, failure(Place{File: f.name}, err)
	}
	defer in.Close()
	if f.size > smallFile {
		return f.decode(in, false)
	}
	// Most files are small, and reading one is little more than opening it.
	buf := smallFiles.Get().(*[smallFile]byte)
	defer smallFiles.Put(buf)
	n, err := in.Read(buf[:])
	data := buf[:n]
	switch {
	case err == io.EOF:
	case err != nil:
		return nil, failure(Place{File: f.name}, err)
	case int64(n) != f.size || packed(data):
		return f.decode(io.MultiReader(bytes.NewReader(data), in), false)
	}
	return f.document(data)
}

// decode reads the whole of in as one document.
func (f file) decode(in io.Reader, keepRaw bool) (*Doc, error) {
	data, err := readFile(in, f.size)
	if err != nil {
		return nil, failure(Place{File: f.name}, err)
	}
	d, err := f.document(data)
	if d != nil && keepRaw {
		d.Raw = data
	}
	return d, err
}

// document makes a document of what a file holds. It keeps nothing of data.
func (f file) document(data []byte) (*Doc, error) {
	place := Place{File: f.name}
	d := &Doc{ID: f.id, Host: f.host, Format: f.format, Place: place}
	if f.format == HTML {
		return d.withPage(data, "")
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, failure(place, errBinary)
	}
	d.Text = string(data)
	if at := firstInvalid(data); at >= 0 {
		place.Line = 1 + bytes.Count(data[:at], []byte("\n"))
		return d, failure(place, errUTF8)
	}
	return d, nil
}

// readFile returns what in holds, unpacked if it is compressed. size is a hint.
func readFile(in io.Reader, size int64) ([]byte, error) {
	plain, done, err := decompress(in)
	if err != nil {
		return nil, err
	}
	defer done()
	var b bytes.Buffer
	b.Grow(int(min(size, 1<<20)) + bytes.MinRead) // more only when it is there
	switch n, err := b.ReadFrom(io.LimitReader(plain, maxFile+1)); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: the file is cut off; skipped", err)
	case err != nil:
		return nil, err
	case n > maxFile:
		return nil, fmt.Errorf("longer than %d MiB; skipped (split it, or make it JSON Lines)", maxFile>>20)
	}
	return b.Bytes(), nil
}

// Limits of one page.
const (
	maxPage   = 32 << 20
	maxBlocks = 200_000
)

// withPage makes the text of a page of HTML d's; contentType is the HTTP header
// of that name. An error that comes with d says what the text does not hold.
func (d *Doc) withPage(html []byte, contentType string) (*Doc, error) {
	if isUTF8(html) {
		contentType = "text/html; charset=utf-8"
	}
	p, err := pages.Parse(bytes.NewReader(html), pages.Options{ContentType: contentType, MaxBytes: maxPage, MaxBlocks: maxBlocks})
	if err != nil {
		return nil, failure(d.Place, fmt.Errorf("%w; skipped", err))
	}
	d.Text, d.Blocks = p.Text, p.Blocks
	if p.Truncated {
		return d, failure(d.Place, fmt.Errorf("a page of more than %d MiB or %d blocks; what is beyond was left out", maxPage>>20, maxBlocks))
	}
	return d, nil
}

// isUTF8 reports whether bytes whose encoding is a guess otherwise are UTF-8: what
// is valid as such and goes beyond ASCII is hardly anything else, whatever a header
// or the first kilobyte says. Escape and NUL hint at ISO 2022 and UTF-16.
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
