package warc

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sort"

	"github.com/klauspost/compress/gzip"
)

// A stream reads the unpacked bytes of a file, with look-ahead, and keeps track of
// their places in the file.
type stream struct {
	source source
	buf    []byte // read but not consumed
	taken  int64  // number of bytes before buf
	err    error  // error after buf
	starts []start
	packed *counter // counts the bytes read from the file; nil if it is not compressed
	filled int64    // unpacked bytes read
	bomb   bool     // more was unpacked than maxUnpacked allows
}

// A compressed file may unpack to freeSize bytes, and beyond that to maxUnpacked
// times its size, about the most that gzip can reach.
const (
	freeSize    = 256 << 20
	maxUnpacked = 1000
)

// A source reads a file's unpacked bytes. Read never returns bytes of two gzip
// members at once.
type source interface {
	io.Reader
	// at returns the offset in the file of the bytes last returned by Read: the offset
	// of their member, or their own.
	at() int64
	// skip looks for a place after an error of Read from which reading can continue. It
	// returns false if there is none.
	skip() bool
	close()
}

// A start records that the unpacked bytes starting at plain come from offset file.
// In a gzip member this is the offset of all of them, otherwise only of the first.
type start struct{ plain, file int64 }

const fillSize = 64 << 10

func newStream(in io.Reader) (*stream, error) {
	count := &counter{in: in}
	b := bufio.NewReaderSize(count, fillSize)
	first, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}):
		return &stream{source: &gzipSource{in: b, count: count}, packed: count}, nil
	case isZstandard(first):
		z, err := newZstandard(b)
		if err != nil {
			return nil, err
		}
		return &stream{source: &plainSource{in: z, done: z.Close}, packed: count}, nil
	}
	return &stream{source: &plainSource{in: b, done: func() {}}}, nil
}

func (s *stream) close() { s.source.close() }

// compressed reports whether places in the file are the offsets of gzip members.
func (s *stream) compressed() bool { _, ok := s.source.(*gzipSource); return ok }

// offset returns the offset in the file of the next byte.
func (s *stream) offset() int64 {
	if len(s.buf) == 0 && s.err != nil && s.compressed() {
		return s.source.at() // no byte of the source's current member was consumed
	}
	return s.place(s.taken)
}

// place returns the offset in the file of the given unpacked byte.
func (s *stream) place(plain int64) int64 {
	i := sort.Search(len(s.starts), func(i int) bool { return s.starts[i].plain > plain })
	if i == 0 {
		return s.source.at()
	}
	st := s.starts[i-1]
	if s.compressed() {
		return st.file
	}
	return st.file + plain - st.plain
}

// mark drops starts that are no longer needed for any offset.
func (s *stream) mark() {
	i := sort.Search(len(s.starts), func(i int) bool { return s.starts[i].plain > s.taken })
	if i > 1 {
		s.starts = append(s.starts[:0], s.starts[i-1:]...)
	}
}

// fill reads more. It returns false if there is no more; s.err then has the reason.
func (s *stream) fill() bool {
	for tries := 0; s.err == nil; tries++ {
		if cap(s.buf)-len(s.buf) < fillSize/4 {
			s.buf = append(make([]byte, 0, max(fillSize, 2*len(s.buf))), s.buf...)
		}
		n, err := s.source.Read(s.buf[len(s.buf):cap(s.buf)])
		if n > 0 {
			st := start{s.taken + int64(len(s.buf)), s.source.at()}
			if k := len(s.starts); k == 0 || s.starts[k-1].file != st.file && s.compressed() {
				s.starts = append(s.starts, st)
			}
		}
		s.buf = s.buf[:len(s.buf)+n]
		s.filled += int64(n)
		if s.packed != nil && s.filled > freeSize && s.filled/maxUnpacked > s.packed.n {
			s.err = fmt.Errorf("the file unpacks to more than %d times its size: %w", maxUnpacked, ErrLimit)
			s.bomb = true
			return false
		}
		if s.err = err; n > 0 {
			return true
		}
		if tries > 100 && err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return false
}

// peek returns the next n bytes without consuming them, or the bytes that are left
// and an error.
func (s *stream) peek(n int) ([]byte, error) {
	for len(s.buf) < n {
		if !s.fill() {
			return s.buf, s.err
		}
	}
	return s.buf[:n], nil
}

// discard consumes n bytes returned by peek.
func (s *stream) discard(n int) {
	s.buf = s.buf[n:]
	s.taken += int64(n)
}

// discardAll consumes n bytes.
func (s *stream) discardAll(n int64) error {
	for n > 0 {
		if len(s.buf) == 0 && !s.fill() {
			return s.err
		}
		k := min(n, int64(len(s.buf)))
		s.discard(int(k))
		n -= k
	}
	return nil
}

// take consumes and returns the next n bytes, or the bytes that are left and an
// error.
func (s *stream) take(n int64) ([]byte, error) {
	block := make([]byte, 0, min(n, 4*fillSize)) // grows only as bytes arrive
	for int64(len(block)) < n {
		if len(s.buf) == 0 && !s.fill() {
			return block, s.err
		}
		k := min(n-int64(len(block)), int64(len(s.buf)))
		block = append(block, s.buf[:k]...)
		s.discard(int(k))
	}
	return block, nil
}

// A rest reads n bytes of a stream, or fails if the stream ends earlier.
type rest struct {
	s *stream
	n int64
}

func (r *rest) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	if len(r.s.buf) == 0 && !r.s.fill() {
		if r.s.err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, r.s.err
	}
	n := copy(p[:min(int64(len(p)), r.n)], r.s.buf)
	r.s.discard(n)
	r.n -= int64(n)
	return n, nil
}

// line consumes and returns the next line with its end, which the last one may lack.
// A line longer than limit causes ErrLimit and is not consumed.
func (s *stream) line(limit int) ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(s.buf[seen:], '\n'); i >= 0 && seen+i < limit {
			line := s.buf[: seen+i+1 : seen+i+1]
			s.discard(len(line))
			return line, nil
		} else if i >= 0 || len(s.buf) >= limit {
			return nil, ErrLimit
		}
		seen = len(s.buf)
		if !s.fill() {
			return nil, s.err
		}
	}
}

// recordStart is the separator between one record and the next.
var recordStart = []byte("\r\n\r\n" + magic)

// unreadRecord returns to the stream the part of a block that looks like the
// beginning of another record.
func (s *stream) unreadRecord(block []byte) {
	i := bytes.Index(block, recordStart)
	if i < 0 {
		return
	}
	again := block[i:]
	s.buf = append(bytes.Clone(again), s.buf...)
	s.taken -= int64(len(again))
}

// resync skips bytes up to the next record, which is at the beginning of a line.
// After an error of the source it looks for a place to continue.
func (s *stream) resync() {
	if b, _ := s.peek(len(magic)); string(b) == magic {
		return
	}
	for {
		i := bytes.Index(s.buf, []byte("\n"+magic))
		if i >= 0 {
			s.discard(i + 1)
			return
		}
		// The end of the buffer may be the beginning of a match.
		if keep := len(magic); len(s.buf) > keep {
			s.discard(len(s.buf) - keep)
		}
		if s.fill() {
			continue
		}
		if s.err == io.EOF || s.bomb || !s.source.skip() {
			s.discard(len(s.buf))
			s.err = io.EOF
			return
		}
		// A member begins with a record.
		s.discard(len(s.buf))
		s.err = nil
		if b, _ := s.peek(len(magic)); string(b) == magic {
			return
		}
	}
}

// A plainSource reads a file that is not compressed, or is compressed in a way that
// makes offsets useless.
type plainSource struct {
	in   io.Reader
	n    int64 // number of bytes before those last returned by Read
	last int
	done func()
}

func (p *plainSource) Read(b []byte) (int, error) {
	p.n += int64(p.last)
	n, err := p.in.Read(b)
	p.last = n
	return n, err
}

func (p *plainSource) at() int64  { return p.n }
func (p *plainSource) skip() bool { return false }
func (p *plainSource) close()     { p.done() }

// A gzipSource reads one gzip member after the other.
type gzipSource struct {
	in     *bufio.Reader
	count  *counter
	z      *gzip.Reader
	member int64 // offset of the member
	open   bool
}

// position returns the number of bytes of the file consumed by members.
func (g *gzipSource) position() int64 { return g.count.n - int64(g.in.Buffered()) }

func (g *gzipSource) Read(b []byte) (int, error) {
	for {
		if !g.open {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.z.Read(b)
		if err == io.EOF {
			g.open = false
			if err = nil; n == 0 {
				continue
			}
		}
		return n, err
	}
}

// next opens the next member.
func (g *gzipSource) next() error {
	g.member = g.position()
	if _, err := g.in.Peek(1); err != nil {
		return err // io.EOF if the file ends after a whole member
	}
	var err error
	if g.z == nil {
		g.z, err = gzip.NewReader(g.in)
	} else {
		err = g.z.Reset(g.in)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	g.z.Multistream(false)
	g.open = true
	return nil
}

func (g *gzipSource) at() int64 { return g.member }

// skip looks for the next header of a member: identification, the only compression
// method, and no reserved flag (RFC 1952, section 2.3).
func (g *gzipSource) skip() bool {
	g.open = false
	for {
		b, err := g.in.Peek(4)
		if err != nil {
			return false
		}
		if b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 && b[3]&0xe0 == 0 {
			return true
		}
		rest, _ := g.in.Peek(g.in.Buffered())
		if i := bytes.IndexByte(rest[1:], 0x1f); i >= 0 {
			g.in.Discard(i + 1)
		} else {
			g.in.Discard(len(rest))
		}
	}
}

func (g *gzipSource) close() {
	if g.z != nil {
		g.z.Close()
	}
}

// A counter counts the bytes read through it.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}
