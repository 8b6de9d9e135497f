package input

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow bounds what a Zstandard frame makes its reader keep: no usual
	// level writes more, and a hostile frame could ask for the whole memory.
	maxWindow = 128 << 20

	// A compressed file may expand freely to freeSize, and to maxRatio times its
	// size beyond that. Copies of a page by the thousand compress well, so the
	// ratio is about the most that gzip can reach at all.
	freeSize = 1 << 30
	maxRatio = 1000
)

var errBomb = fmt.Errorf("expands to more than %d times its size, like a decompression bomb; the rest of the file is lost (unpack it yourself if it is meant to)", maxRatio)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// packed reports whether b begins like what decompress unpacks.
func packed(b []byte) bool { return bytes.HasPrefix(b, gzipMagic) || bytes.HasPrefix(b, zstdMagic) }

// decompress returns the plain bytes of in, which may be gzip, Zstandard or
// plain: its first bytes tell, not its name. Call done when finished.
func decompress(in io.Reader) (plain io.Reader, done func(), err error) {
	count := &counter{in: in}
	b := bufio.NewReaderSize(count, 1<<16)
	magic, _ := b.Peek(4)
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, err
		}
		return &guard{in: z, packed: count}, func() { z.Close() }, nil
	case bytes.HasPrefix(magic, zstdMagic):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return &guard{in: z, packed: count}, z.Close, nil
	}
	return b, func() {}, nil
}

// A counter counts what is read through it.
type counter struct {
	in io.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// A guard ends the reading of what expands beyond belief.
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
