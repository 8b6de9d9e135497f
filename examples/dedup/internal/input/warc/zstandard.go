package warc

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	zstandardMagic  = 0xfd2fb528
	dictionaryMagic = 0x184d2a5d // the skippable frame that may come first and hold a dictionary
	maxDictionary   = 16 << 20
	maxWindow       = 128 << 20
)

func isZstandard(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	m := binary.LittleEndian.Uint32(b)
	return m == zstandardMagic || m == dictionaryMagic
}

// newZstandard returns the unpacked bytes of in, which may begin with a dictionary
// for its frames, as defined by IIPC's "Use of Zstandard in WARC files" (version
// 1.0).
func newZstandard(in *bufio.Reader) (*zstd.Decoder, error) {
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)}
	if head, err := in.Peek(8); err == nil && binary.LittleEndian.Uint32(head) == dictionaryMagic {
		in.Discard(8)
		size := binary.LittleEndian.Uint32(head[4:])
		dict, err := io.ReadAll(io.LimitReader(in, min(int64(size), maxDictionary+1)))
		switch {
		case err != nil:
			return nil, err
		case len(dict) > maxDictionary:
			return nil, fmt.Errorf("a dictionary of %d bytes: %w", size, ErrLimit)
		case len(dict) < int(size):
			return nil, fmt.Errorf("the file ends within its dictionary: %w", io.ErrUnexpectedEOF)
		}
		if isZstandard(dict) {
			if dict, err = unpackDictionary(dict); err != nil {
				return nil, err
			}
		}
		options = append(options, zstd.WithDecoderDicts(dict))
	}
	return zstd.NewReader(in, options...)
}

// unpackDictionary unpacks a dictionary that is itself compressed.
func unpackDictionary(packed []byte) ([]byte, error) {
	z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	dict, err := io.ReadAll(io.LimitReader(z, maxDictionary+1))
	if err == nil && len(dict) > maxDictionary {
		err = fmt.Errorf("a dictionary of more than %d bytes: %w", maxDictionary, ErrLimit)
	}
	return dict, err
}
