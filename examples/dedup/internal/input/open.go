package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A File is an open file of many documents.
type File struct {
	Name string
	In   io.Reader   // its bytes: unpacked and in UTF-8, unless the format is binary
	At   io.ReaderAt // the same, if Binary is set
	Size int64       // size of At in bytes

	taken func() int64 // bytes of the file read so far, before unpacking
	r     *reader
}

// Options returns the options for reading the file.
func (f *File) Options() Options { return f.r.o }

// Batch adds documents that decode will emit, perhaps on another goroutine; weight
// is their approximate size in bytes. It returns false when no more are wanted.
func (f *File) Batch(weight int, decode func(emit func(*Doc, error) bool)) bool {
	return f.r.add(weight, func(_ *scratch, emit emitFunc, _ func(int)) { decode(emit) })
}

// Fail adds an error at a place in the file.
func (f *File) Fail(p Place, err error) bool {
	p.File = f.Name
	return f.r.fail(p, err)
}

// file reads a small file later, together with others, and any other file now.
func (r *reader) file(name, id, host string, info fs.FileInfo) bool {
	place := Place{File: name}
	pipe := info.Mode()&fs.ModeNamedPipe != 0
	switch {
	case !info.Mode().IsRegular() && !pipe:
		return r.flush() && r.fail(place, because("not a regular file", errors.New("not a regular file; skipped")))
	case ofKernel(name, info):
		return r.flush() && r.fail(place, because("not a regular file", errors.New("a file that the system generates as it is read; skipped (copy it and name the copy)")))
	case r.again(name):
		return r.flush() && r.emit(item{nil, &Error{Place: place, Note: true, Reason: "named twice", Err: errors.New("several inputs name this file; it is read once")}})
	}
	named := ByExtension(name)
	if r.o.Format != "" {
		named = FormatOf(r.o.Format)
	}
	_, packed := packing(name)
	f := file{name: name, id: id, host: host, size: info.Size()}
	if !pipe && (named == nil || named.Whole) && info.Size() <= smallFile && !packed {
		return r.later(f)
	}
	if !r.flush() {
		return false
	}
	file, err := os.Open(name)
	if err != nil {
		return r.fail(place, err)
	}
	defer file.Close()
	return r.open(f, &counted{file, r, 0}, pipe)
}

// open reads a file of many documents. A file that is one document is left to
// another goroutine, unless it can be read only once.
func (r *reader) open(f file, in io.Reader, once bool) bool {
	place := Place{File: f.name}
	read := &counter{in: in}
	b := bufio.NewReaderSize(read, peekSize)
	format := FormatOf(r.o.Format)
	if format == nil {
		head, err := peekHead(b, f.name == "-", r.o.maxWindow())
		if err == nil {
			format, err = recognize(f.name, head)
		}
		if err != nil {
			return r.fail(place, err)
		}
		if f.name == "-" && format.Whole && format.Name != HTML {
			format = FormatOf(JSONL) // the default for standard input
		}
	}
	file := &File{Name: f.name, Size: f.size, taken: func() int64 { return read.n }, r: r}
	if format.Binary {
		at, ok := in.(io.ReaderAt)
		if !ok {
			return r.fail(place, because("not a file", fmt.Errorf("the format %s needs random access and cannot be read from standard input: name the file", format.Name)))
		}
		file.At = at
		if c, ok := in.(*counted); ok {
			r.count(-c.n)
		}
		return format.Read(file)
	}
	if c, ok := in.(*counted); ok && format.Whole && !once {
		f.format = format.Name
		r.count(-c.n)
		return r.later(f) && r.flush()
	}
	file.In = b
	if !format.Unpacks {
		plain, done, err := unpack(b, r.o.maxWindow())
		if err != nil {
			return r.fail(place, err)
		}
		defer done()
		file.In = inUTF8(plain)
	}
	if !format.Whole {
		return format.Read(file)
	}
	f.format = format.Name
	data, err := readWhole(file.In, r.o.maxDoc(maxFile), f.size, func(int) {})
	if err != nil {
		return r.fail(place, err)
	}
	return r.add(len(data), func(s *scratch, emit emitFunc, _ func(int)) { f.document(r.o, s, data, emit) })
}

// peekSize is the number of bytes of a file, before unpacking, that are examined to
// find its format.
const peekSize = 1 << 16

// peekHead returns the first bytes of b, unpacked and in UTF-8. On a stream it
// waits for the first line only: the writer may be waiting for the answer to it.
func peekHead(b *bufio.Reader, isStream bool, maxWindow int) ([]byte, error) {
	var head []byte
	var err error
	if isStream {
		head = firstLine(b)
	} else if head, err = b.Peek(peekSize); err != nil && err != io.EOF && len(head) == 0 {
		return nil, err
	}
	if packingOf(head) != nil {
		plain, done, err := unpack(bufio.NewReader(bytes.NewReader(head)), maxWindow)
		if err != nil {
			return nil, err
		}
		defer done()
		unpacked := make([]byte, headSize)
		n, err := io.ReadFull(plain, unpacked)
		if n == 0 && err != io.EOF && err != io.ErrUnexpectedEOF && len(head) < peekSize {
			return nil, because("broken compression", err)
		}
		head = unpacked[:n]
	}
	if isUTF16(head) {
		head, _ = io.ReadAll(inUTF8(bufio.NewReader(bytes.NewReader(head[:len(head)&^1]))))
	}
	return head[:min(len(head), headSize)], nil
}

func (r *reader) stdin() bool {
	if r.o.Stdin == nil {
		return r.fail(Place{File: "-"}, errors.New("no standard input"))
	}
	return r.open(file{name: "-", id: "-"}, struct{ io.Reader }{r.o.Stdin}, true)
}

// firstLine returns the head of standard input. It waits for the first line with
// text only: the writer may be waiting for the answer to it.
func firstLine(b *bufio.Reader) []byte {
	for n := 1; ; {
		_, err := b.Peek(n)
		head, _ := b.Peek(b.Buffered())
		if i := bytes.IndexByte(head, '\n'); err != nil || len(head) >= headSize || i >= 0 && len(bytes.TrimSpace(head[:i])) > 0 {
			return head[:min(len(head), headSize)]
		}
		n = len(head) + 1
	}
}

// inUTF8 returns in, converted if it begins with the byte order mark of UTF-16.
func inUTF8(in *bufio.Reader) *bufio.Reader {
	head, _ := in.Peek(4)
	if !isUTF16(head) {
		return in
	}
	return bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), 1<<16)
}

// isUTF16 reports whether b begins with the byte order mark of UTF-16 and not with
// that of UTF-32.
func isUTF16(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xfe, 0xff}) ||
		bytes.HasPrefix(b, []byte{0xff, 0xfe}) && !bytes.HasPrefix(b, []byte{0xff, 0xfe, 0, 0})
}

// A counted is a file that counts its bytes as they are read.
type counted struct {
	*os.File
	r *reader
	n int64 // read so far, from the beginning
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.n += int64(n)
	c.r.count(int64(n))
	return n, err
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.File.ReadAt(p, at)
	c.r.count(int64(n))
	return n, err
}
