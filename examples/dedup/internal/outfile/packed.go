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
// for it. Bytes are compressed and written on other goroutines while the caller
// prepares the next ones, so an error may be returned by a later call. Close does not
// close the file.
type Packed struct {
	io.Writer
	behind *behind
	member func() error // ends a member of a gzip file; nil for other files
	flush  []func() error
}

// NewPacked returns a writer to w that compresses according to the extension of
// name: .gz, .zst, .xz, or none for any other; .bz2 is an error.
func NewPacked(w io.Writer, name string) (*Packed, error) {
	if filepath.Ext(name) == ".bz2" {
		return nil, fmt.Errorf("%s: bzip2 can be read but not written; use .gz, .zst or .xz", name)
	}
	b := bufio.NewWriterSize(w, 1<<16)
	switch filepath.Ext(name) {
	case ".gz":
		z := gzip.NewWriter(b)
		h := &behind{to: z}
		end := z.Close
		member := func() error {
			if err := z.Close(); err != nil {
				return err
			}
			z.Reset(b)
			end = func() error { return nil } // an additional empty member would not be a record
			return nil
		}
		return &Packed{Writer: h, behind: h, member: member, flush: []func() error{h.flush, func() error { return end() }, b.Flush}}, nil
	case ".zst":
		// The second goroutine of this encoder changes no byte of the output.
		z, err := zstd.NewWriter(b, zstd.WithEncoderConcurrency(2))
		if err != nil {
			return nil, err
		}
		return &Packed{Writer: z, flush: []func() error{z.Close, b.Flush}}, nil
	case ".xz":
		z, err := xz.NewWriter(b)
		if err != nil {
			return nil, err
		}
		h := &behind{to: z}
		return &Packed{Writer: h, flush: []func() error{h.flush, z.Close, b.Flush}}, nil
	}
	h := &behind{to: w}
	return &Packed{Writer: h, flush: []func() error{h.flush}}, nil
}

// EndMember ends the member of a gzip file: in a web archive every record has its
// own member, so that it can be read by its offset.
func (p *Packed) EndMember() error {
	if p.member == nil {
		return nil
	}
	return p.behind.next(p.member)
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
