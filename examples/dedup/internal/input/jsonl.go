package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// maxLine bounds a line of JSON Lines; it is far beyond any real document.
	maxLine = 64 << 20

	// chunkSize is the number of bytes of a file that are decoded together.
	chunkSize = 256 << 10
)

// readJSONLines reads a document from every line of a file.
func readJSONLines(f *File) bool {
	r, file := f.r, f.Name
	c := chunker{in: f.In, eager: file == "-", maxLine: r.o.maxDoc(maxLine)}
	line := 1
	for {
		data, long, err := c.next()
		if len(data) > 0 {
			first := line
			line += bytes.Count(data, []byte("\n"))
			if !r.add(len(data), func(s *scratch, emit emitFunc, _ func(int)) {
				r.lines(file, first, data, s, emit)
				s.keep(data)
			}) {
				return false
			}
		}
		switch {
		case err == io.EOF:
			return true
		case err != nil:
			return r.fail(Place{File: file, Line: line}, lost(err))
		case long:
			if !r.fail(Place{File: file, Line: line}, because("too long", fmt.Errorf("line longer than %d MiB; skipped", c.maxLine>>20))) {
				return false
			}
			line++
		}
	}
}

// lost returns the error that reports the loss of the rest of the file.
func lost(err error) error {
	if errors.Is(err, errBomb) {
		return err
	}
	return because("lost", fmt.Errorf("%w; the rest of the file is lost", err))
}

// lines emits the documents of data, whose first line has the number n.
func (r *reader) lines(file string, n int, data []byte, s *scratch, emit emitFunc) {
	p := parsers.Get().(*lineParser)
	defer parsers.Put(p)
	p.memory = s
	defer func() { p.memory = nil }()
	p.setFields(r.o.Fields.names())
	for ; len(data) > 0; n++ {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		place := Place{File: file, Line: n}
		d, err := p.parse(line)
		if err != nil {
			if !emit(nil, failure(place, err)) {
				return
			}
			continue
		}
		d.Format, d.Place = JSONL, place
		if r.o.KeepRaw {
			d.Raw = line
			if !s.brief {
				d.Raw = bytes.Clone(line)
			}
		}
		var bad error
		if !p.valid {
			bad = flawed(place, because("not UTF-8", errors.New("not valid UTF-8; each bad byte is read as U+FFFD (three bytes in offsets)")))
		}
		if !emit(d, bad) {
			return
		}
	}
}

// A chunker divides its input at line ends.
type chunker struct {
	in io.Reader

	// eager returns lines as soon as they arrive: the writer may wait for an answer
	// before writing more.
	eager   bool
	maxLine int

	buf  []byte // read but not returned yet
	line int    // offset in buf of the last line
	err  error
}

// chunks holds free buffers of chunkSize bytes.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

func newChunk() []byte { return chunks.Get().(*[chunkSize]byte)[:0] }

// recycle returns a buffer from next.
func recycle(data []byte) {
	if cap(data) == chunkSize {
		chunks.Put((*[chunkSize]byte)(data[:chunkSize]))
	}
}

// next returns some whole lines, or the last one without its end. If long is set,
// the line after them was too long and has been skipped. The error concerns the
// bytes after all of these; a line that it cuts off is not returned.
func (c *chunker) next() (data []byte, long bool, err error) {
	if c.buf == nil {
		c.buf = newChunk()
	}
	for c.err == nil {
		if len(c.buf)-c.line > c.maxLine {
			c.passOver()
			return c.cut(), true, nil
		}
		if cap(c.buf)-len(c.buf) < chunkSize/8 {
			c.buf = append(make([]byte, 0, min(2*cap(c.buf), len(c.buf)+c.maxLine/4)), c.buf...)
		}
		old := len(c.buf)
		var n int
		n, c.err = c.in.Read(c.buf[old:cap(c.buf)])
		c.buf = c.buf[:old+n]
		if end := lastLine(c.buf[old:]); end >= 0 {
			c.line = old + end + 1
		}
		if c.line > 0 && (c.eager || len(c.buf) >= chunkSize-chunkSize/8) {
			return c.cut(), false, nil
		}
	}
	if c.err == io.EOF {
		c.line = len(c.buf)
	}
	return c.cut(), false, c.err
}

// lastLine returns the last line end of b, or -1. It first looks for a block with a
// line end, which is a fast search; searching backwards is slow.
func lastLine(b []byte) int {
	const block = 1 << 12
	for start := max(0, len(b)-block); ; start = max(0, start-block) {
		if bytes.IndexByte(b[start:], '\n') >= 0 {
			return start + bytes.LastIndexByte(b[start:], '\n')
		}
		if start == 0 {
			return -1
		}
		b = b[:start]
	}
}

// cut returns the whole lines of the buffer and keeps the bytes after them.
func (c *chunker) cut() []byte {
	data := c.buf[:c.line]
	rest := c.buf[c.line:]
	if cap(c.buf) > chunkSize {
		// If one line is long, others probably are, and growing means copying.
		c.buf = append(make([]byte, 0, max(cap(c.buf)/2, 2*len(rest), chunkSize+1)), rest...)
	} else {
		c.buf = append(newChunk(), rest...)
	}
	c.line = 0
	return data
}

// passOver drops the incomplete line at the end of the buffer.
func (c *chunker) passOver() {
	c.buf = append(make([]byte, 0, c.line+chunkSize), c.buf[:c.line]...)
	buf := make([]byte, 1<<16)
	for c.err == nil {
		var n int
		n, c.err = c.in.Read(buf)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			c.buf = append(c.buf, buf[end+1:n]...)
			return
		}
	}
}
