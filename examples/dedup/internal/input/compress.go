package input

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	// largestWindow bounds the memory that a Zstandard frame demands of its reader: no
	// common compression level needs more, and a hostile frame could demand all memory.
	largestWindow = 128 << 20

	// A compressed file may expand freely to freeSize, and beyond that to maxRatio times
	// its size. Thousands of copies of a page compress well, so the ratio is close to
	// the most that gzip can reach.
	freeSize = 1 << 30
	maxRatio = 1000
)

var errBomb = because("a decompression bomb", fmt.Errorf("expands to more than %d times its size, like a decompression bomb; the rest of the file is lost (if it is genuine, unpack it first)", maxRatio))

// A packingFormat is a compression format.
type packingFormat struct {
	extension string
	magic     string
	open      func(in io.Reader, maxWindow int) (io.Reader, func(), error)
}

// packings are recognized by their first bytes, not by the name of a file.
var packings = []packingFormat{
	{".gz", "\x1f\x8b", func(in io.Reader, _ int) (io.Reader, func(), error) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	}},
	{".zst", "\x28\xb5\x2f\xfd", func(in io.Reader, maxWindow int) (io.Reader, func(), error) {
		// Lower memory: a declared window is allocated only as far as it is used.
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(uint64(maxWindow)), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}},
	{".bz2", "BZh", func(in io.Reader, _ int) (io.Reader, func(), error) {
		return bzip2.NewReader(in), func() {}, nil
	}},
	{".xz", "\xfd7zXZ\x00", openXZ},
}

// Packings returns the extensions of the compression formats that can be read.
func Packings() (extensions []string) {
	for _, p := range packings {
		extensions = append(extensions, p.extension)
	}
	return extensions
}

// packingOf returns the compression of b, or nil.
func packingOf(b []byte) *packingFormat {
	for i, p := range packings {
		// Text may begin with BZh, but does not continue with a level and the digits of pi.
		if bytes.HasPrefix(b, []byte(p.magic)) && (p.extension != ".bz2" || len(b) >= 10 && string(b[4:10]) == "1AY&SY") {
			return &packings[i]
		}
	}
	return nil
}

// unpack returns the unpacked bytes of in, whose first bytes show the compression.
// Call done when finished. A file that takes more memory than maxWindow to unpack is
// an error.
func unpack(in *bufio.Reader, maxWindow int) (plain *bufio.Reader, done func(), err error) {
	head, _ := in.Peek(4)
	if string(head) == "BZh9" || len(head) == 4 && string(head[:3]) == "BZh" {
		head, _ = in.Peek(10)
	} else if len(head) > 0 && head[0] == 0xfd {
		head, _ = in.Peek(6)
	}
	p := packingOf(head)
	if p == nil {
		return in, func() {}, nil
	}
	if n := unpackingMemory(in); n > maxWindow {
		return nil, nil, because("too much memory", fmt.Errorf("takes %d MiB of memory to unpack; raise -memory, or repack it", n>>20))
	}
	count := &counter{in: in}
	z, done, err := p.open(count, maxWindow)
	if err != nil {
		return nil, nil, because("broken compression", err)
	}
	return bufio.NewReaderSize(&guard{in: z, packed: count}, 1<<16), done, nil
}

// maxWindow returns the memory that unpacking a file may take.
func (o Options) maxWindow() int {
	if o.Ahead > 0 {
		return int(min(largestWindow, max(o.Ahead, 8<<20)))
	}
	return largestWindow
}

// unpackingMemory returns the memory needed to unpack a file, as declared by its
// first frame.
func unpackingMemory(in *bufio.Reader) int {
	head, _ := in.Peek(zstd.HeaderMaxSize)
	var h zstd.Header
	if !bytes.HasPrefix(head, []byte(packings[1].magic)) || h.Decode(head) != nil {
		return 0
	}
	return int(min(h.WindowSize, math.MaxInt32))
}

// openXZ opens an XZ file; its header declares the memory needed to read it.
func openXZ(in io.Reader, maxWindow int) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(in, 1<<16)
	// The stream header has 12 bytes; a block header begins with its size, flags and
	// filters, and LZMA2 has one byte of properties (The .xz File Format, 5.3.1).
	head, _ := b.Peek(12 + 64)
	if i := bytes.Index(head[min(12, len(head)):], []byte{0x21, 0x01}); i >= 0 && 12+i+2 < len(head) {
		if bits := head[12+i+2]; bits > 40 || (2|uint64(bits&1))<<(bits/2+11) > uint64(maxWindow) {
			return nil, nil, fmt.Errorf("an XZ file that takes more than %d MiB of memory to unpack", maxWindow>>20)
		}
	}
	z, err := xz.NewReader(b)
	if err != nil {
		return nil, nil, err
	}
	return &noPanic{z}, func() {}, nil
}

// A noPanic turns panics into errors, for example from a reader that cannot allocate
// the size declared by a hostile file.
type noPanic struct{ in io.Reader }

func (r *noPanic) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("broken XZ: %v", v)
		}
	}()
	return r.in.Read(p)
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

// A guard stops reading a file that expands beyond the limits.
type guard struct {
	in     io.Reader
	packed *counter
	n      int64
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	g.n += int64(n)
	if g.n > freeSize && g.n/maxRatio > g.packed.n {
		return 0, errBomb
	}
	return n, err
}
