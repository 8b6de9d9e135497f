package table

import (
	"bytes"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// An unpacker decompresses pages.
type unpacker struct {
	gzip *gzip.Reader
	zstd *zstd.Decoder
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// The largest expansion of a byte in these formats.
const (
	snappyRatio = 64
	lz4Ratio    = 256
)

// unpack returns the plain bytes of a page, which must be size bytes.
func (u *unpacker) unpack(codec format.CompressionCodec, b []byte, size int) (plain []byte, err error) {
	switch codec {
	case format.Uncompressed:
		plain = b
	case format.Snappy:
		if n, err := s2.DecodedLen(b); err != nil || n != size || size/snappyRatio > len(b) {
			return nil, fmt.Errorf("%w: %d bytes declared for a Snappy block of %d bytes", ErrCorrupt, size, len(b))
		}
		plain, err = s2.Decode(nil, b)
	case format.Gzip:
		plain, err = u.gunzip(b, size)
	case format.Brotli:
		plain, err = readAtMost(brotli.NewReader(bytes.NewReader(b)), size)
	case format.Zstd:
		plain, err = u.unzstd(b, size)
	case format.Lz4Raw:
		if size/lz4Ratio > len(b) {
			return nil, fmt.Errorf("%w: %d bytes declared for an LZ4 block of %d bytes", ErrCorrupt, size, len(b))
		}
		plain = make([]byte, size)
		var n int
		n, err = lz4.UncompressBlock(b, plain)
		plain = plain[:max(n, 0)]
	default:
		return nil, fmt.Errorf("compression %v: %w", codec, ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v: %w", ErrCorrupt, codec, err)
	}
	if len(plain) != size {
		return nil, fmt.Errorf("%w: a page that declares %d bytes unpacks to %d", ErrCorrupt, size, len(plain))
	}
	return plain, nil
}

func (u *unpacker) gunzip(b []byte, size int) (_ []byte, err error) {
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader(bytes.NewReader(b))
	} else {
		err = u.gzip.Reset(bytes.NewReader(b))
	}
	if err != nil {
		return nil, err
	}
	return readAtMost(u.gzip, size)
}

func (u *unpacker) unzstd(b []byte, size int) (_ []byte, err error) {
	if u.zstd == nil {
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
	}
	if err == nil {
		err = u.zstd.Reset(bytes.NewReader(b))
	}
	if err != nil {
		return nil, err
	}
	return readAtMost(u.zstd, size)
}

// readAtMost reads at most one byte more than size, and allocates as bytes arrive.
func readAtMost(r io.Reader, size int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(min(size, 1<<20) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(r, int64(size)+1))
	return b.Bytes(), err
}
