package table

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"
)

const (
	headerWindow = 4 << 10 // fits most headers
	maxHeader    = 4 << 20 // a header may contain the smallest and the largest value of its page
	maxValues    = 1 << 26 // largest number of values in a page

	// plainDictionary is the old name of RLE_DICTIONARY.
	plainDictionary = format.Encoding(2)
)

// A chunk is a column of a row group.
type chunk struct {
	rows   *Rows
	c      Column
	codec  format.CompressionCodec
	at     int64 // offset of the next page in the file
	end    int64
	left   int64 // values that the page still has, including nulls
	levels hybrid
	values decoder
	dict   [][]byte
	bad    error
}

// A decoder returns the values of a page that are not null.
type decoder interface {
	next() ([]byte, error)
}

func (r *Rows) newChunk(c Column, p place) *chunk {
	ch := &chunk{rows: r, c: c, codec: p.codec, at: p.at, end: p.at + p.size}
	if p.at < 0 || p.size < 0 || p.size > r.f.size || p.at > r.f.size-p.size {
		ch.bad = fmt.Errorf("%w: a column chunk from byte %d to %d in a file of %d bytes", ErrCorrupt, ch.at, ch.end, r.f.size)
	}
	return ch
}

// next returns the next value, nil if it is null, and io.EOF after the last.
func (ch *chunk) next() ([]byte, error) {
	for ch.left == 0 {
		if ch.bad == nil {
			ch.bad = ch.page()
		}
		if ch.bad != nil {
			return nil, ch.bad
		}
	}
	ch.left--
	if ch.c.levels > 0 {
		level, err := ch.levels.next()
		if err != nil {
			return nil, fmt.Errorf("definition levels: %w", err)
		}
		if int(level) < ch.c.levels {
			return nil, nil
		}
	}
	v, err := ch.values.next()
	if v == nil && err == nil {
		v = []byte{}
	}
	return v, err
}

// page reads the next page.
func (ch *chunk) page() error {
	if ch.at >= ch.end {
		return io.EOF
	}
	h, err := ch.header()
	if err != nil {
		return err
	}
	data := make([]byte, h.packed) // no more than the chunk has
	if n, err := ch.rows.f.r.ReadAt(data, ch.at); n < len(data) {
		return err
	}
	ch.at += h.packed
	switch h.kind {
	case dictionaryPage:
		return ch.dictionary(h, data)
	case dataPage, dataPageV2:
		return ch.data(h, data)
	}
	return nil // an index page; no writer makes these yet
}

// header reads the header of the next page and checks it.
func (ch *chunk) header() (pageHeader, error) {
	for window := int64(headerWindow); ; window *= 16 {
		b := make([]byte, min(window, ch.end-ch.at))
		if n, err := ch.rows.f.r.ReadAt(b, ch.at); n < len(b) {
			return pageHeader{}, err
		}
		h, ok := parsePageHeader(b)
		if !ok {
			if window < maxHeader && window < ch.end-ch.at {
				continue
			}
			return h, fmt.Errorf("%w: no valid page header at byte %d", ErrCorrupt, ch.at)
		}
		at := ch.at
		ch.at += int64(h.bytes)
		switch {
		case h.packed < 0 || h.size < 0 || h.values < 0 || h.packed > ch.end-ch.at ||
			h.defBytes < 0 || h.repBytes < 0 || h.defBytes+h.repBytes > min(h.packed, h.size):
			return h, fmt.Errorf("%w: the page at byte %d declares %d values, %d bytes packed and %d unpacked", ErrCorrupt, at, h.values, h.packed, h.size)
		case h.size > int64(ch.rows.maxPage) || h.packed > int64(ch.rows.maxPage) || h.values > maxValues:
			return h, fmt.Errorf("the page at byte %d declares %d values, %d bytes packed and %d unpacked: %w", at, h.values, h.packed, h.size, ErrLimit)
		}
		return h, nil
	}
}

// dictionary reads the values to which later pages refer.
func (ch *chunk) dictionary(h pageHeader, data []byte) error {
	data, err := ch.rows.unpack.unpack(ch.codec, data, int(h.size))
	if err != nil {
		return fmt.Errorf("dictionary: %w", err)
	}
	values, err := ch.plain(data)
	if err != nil {
		return err
	}
	ch.dict = nil
	for range h.values {
		v, err := values.next()
		if err != nil {
			return fmt.Errorf("dictionary: %w", err)
		}
		ch.dict = append(ch.dict, v)
	}
	return nil
}

// data reads a page of values.
func (ch *chunk) data(h pageHeader, data []byte) (err error) {
	var levels []byte
	if h.kind == dataPageV2 {
		levels = data[h.repBytes : h.repBytes+h.defBytes]
		data = data[h.repBytes+h.defBytes:]
		h.size -= h.repBytes + h.defBytes
	}
	if h.kind == dataPage || !h.plain {
		if data, err = ch.rows.unpack.unpack(ch.codec, data, int(h.size)); err != nil {
			return err
		}
	}
	if h.kind == dataPage && ch.c.levels > 0 {
		if h.levels != int64(format.RLE) {
			return fmt.Errorf("definition levels in encoding %v: %w", format.Encoding(h.levels), ErrUnsupported)
		}
		n := uint32(0)
		if len(data) >= 4 {
			n = binary.LittleEndian.Uint32(data)
		}
		if len(data) < 4 || int64(n) > int64(len(data)-4) {
			return fmt.Errorf("%w: definition levels of %d bytes in a page of %d", ErrCorrupt, n, len(data))
		}
		levels, data = data[4:4+n], data[4+n:]
	}
	ch.levels = hybrid{b: levels, width: bits.Len(uint(ch.c.levels))}
	ch.left = h.values
	ch.values, err = ch.decoder(format.Encoding(h.encoding), data, int(h.values))
	return err
}

// decoder returns a decoder for n values.
func (ch *chunk) decoder(e format.Encoding, data []byte, n int) (decoder, error) {
	bytes := ch.c.kind == format.ByteArray
	switch {
	case e == format.Plain:
		return ch.plain(data)
	case e == format.RLEDictionary || e == plainDictionary:
		d := &indices{dict: ch.dict}
		if len(data) > 0 {
			d.hybrid = hybrid{b: data[1:], width: int(data[0])}
		}
		if d.width > 32 {
			return nil, fmt.Errorf("%w: dictionary indices of %d bits", ErrCorrupt, d.width)
		}
		return d, nil
	case e == format.DeltaBinaryPacked && (ch.c.kind == format.Int32 || ch.c.kind == format.Int64):
		d, err := newDelta(data)
		return &numbers{delta: d, length: ch.c.width()}, err
	case e == format.DeltaLengthByteArray && bytes:
		return newLengths(data, n)
	case e == format.DeltaByteArray && (bytes || ch.c.kind == format.FixedLenByteArray):
		return newPrefixes(data, n, ch.rows.maxPage)
	}
	return nil, fmt.Errorf("encoding %v: %w", e, ErrUnsupported)
}

func (ch *chunk) plain(data []byte) (decoder, error) {
	if ch.c.kind == format.ByteArray {
		return &plainBytes{data}, nil
	}
	n := ch.c.width()
	if n <= 0 {
		return nil, fmt.Errorf("%w: values of %d bytes", ErrCorrupt, n)
	}
	return &plainFixed{data, n}, nil
}

// width returns the length of a value whose type is not BYTE_ARRAY.
func (c Column) width() int {
	switch c.kind {
	case format.Int32:
		return 4
	case format.Int64:
		return 8
	case format.Int96:
		return 12
	}
	return c.length
}
