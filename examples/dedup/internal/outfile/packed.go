package outfile

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// A Packed writes to a file and compresses the bytes if the file's extension asks
// for it. Close does not close the file.
type Packed struct {
	io.Writer
	buffer *bufio.Writer
	gzip   *gzip.Writer // nil if the output is not gzip
	flush  []func() error
}

// NewPacked returns a writer to w that compresses according to the extension of
// name: .gz, .zst, .xz, or none for any other; .bz2 is an error.
func NewPacked(w io.Writer, name string) (*Packed, error) {
	b := bufio.NewWriterSize(w, 1<<16)
	switch filepath.Ext(name) {
	case ".gz":
		z := gzip.NewWriter(b)
		return &Packed{Writer: z, buffer: b, gzip: z, flush: []func() error{z.Close, b.Flush}}, nil
	case ".zst":
		z, err := zstd.NewWriter(b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &Packed{Writer: z, buffer: b, flush: []func() error{z.Close, b.Flush}}, nil
	case ".xz":
		z, err := xz.NewWriter(b)
		if err != nil {
			return nil, err
		}
		return &Packed{Writer: z, buffer: b, flush: []func() error{z.Close, b.Flush}}, nil
	case ".bz2":
		return nil, fmt.Errorf("%s: bzip2 can be read but not written; use .gz, .zst or .xz", name)
	}
	return &Packed{Writer: b, buffer: b, flush: []func() error{b.Flush}}, nil
}

// EndMember ends the member of a gzip file: in a web archive every record has its
// own member, so that it can be read by its offset.
func (p *Packed) EndMember() error {
	if p.gzip == nil {
		return nil
	}
	if err := p.gzip.Close(); err != nil {
		return err
	}
	p.gzip.Reset(p.buffer)
	p.flush = []func() error{p.buffer.Flush} // an additional empty member would not be a record
	return nil
}

// Close writes pending bytes.
func (p *Packed) Close() error {
	for _, f := range p.flush {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
