package stage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A Document is a line that [Options.Sketch] reads. Other fields are ignored. The
// zero Document is invalid: it has neither ref nor id.
type Document struct {
	Ref  *int64  `json:"ref"`
	ID   *string `json:"id"`
	Text string  `json:"text"`

	// Mask lists the spans of Text that are left out: the first byte and the byte after
	// the last one, ascending.
	Mask [][2]int `json:"mask"`
}

// spans returns the mask.
func (d *Document) spans(dst []shingle.Span) ([]shingle.Span, error) {
	end := 0
	for _, m := range d.Mask {
		if m[0] < end || m[1] < m[0] || m[1] > len(d.Text) {
			return nil, fmt.Errorf("mask %v: must be ascending spans within a text of %d bytes", d.Mask, len(d.Text))
		}
		end = m[1]
		dst = append(dst, shingle.Span{Start: m[0], End: m[1]})
	}
	return dst, nil
}

// Sketch reads documents and writes a line for each that is not empty: its ref, the
// digest of signature and set, the keys of its bands separated by commas, a byte for
// each register, the set in ascending order, and the id as a JSON string. With
// Estimate, the registers replace the set. Binary data is base64, with little-endian
// numbers.
func (o Options) Sketch(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	mh := o.sketcher()
	var (
		hashes []uint64
		regs   []uint32
		keys   []uint64
		raw    []byte
		packed []byte
		mask   []shingle.Span
		id     bytes.Buffer
	)
	encode := json.NewEncoder(&id)
	encode.SetEscapeHTML(false)
	return filter("sketch", in, out, func(line []byte, w *printer) error {
		var d Document
		if err := json.Unmarshal(line, &d); err != nil {
			return err
		}
		if d.Ref == nil {
			return errors.New(`no "ref"`)
		}
		if d.ID == nil {
			return errors.New(`no "id"`)
		}
		if *d.Ref < 0 || *d.Ref > maxRef {
			return fmt.Errorf("ref %d is not from 0 to 2^62", *d.Ref)
		}
		var err error
		if mask, err = d.spans(mask[:0]); err != nil {
			return err
		}
		hashes = o.Shingler.AppendHashes(hashes[:0], d.Text, mask...)
		if len(hashes) == 0 {
			return nil
		}
		regs = mh.AppendValues(regs[:0], hashes)
		keys = minhash.BandKeys(keys[:0], regs, o.Banding.Bands, o.Banding.Rows, o.Seed)
		raw = raw[:0]
		for _, v := range regs {
			raw = binary.LittleEndian.AppendUint32(raw, v)
		}
		compared := raw
		if !o.Estimate {
			for _, x := range shingle.MakeSet(hashes) {
				raw = binary.LittleEndian.AppendUint64(raw, x)
			}
			compared = raw[4*len(regs):]
		}
		sum := sha256.Sum256(raw)
		w.buf = strconv.AppendInt(w.buf[:0], *d.Ref, 10)
		w.buf = append(w.buf, '\t')
		w.buf = hex.AppendEncode(w.buf, sum[:16])
		for i, key := range keys {
			w.buf = append(w.buf, "\t,"[min(i, 1)])
			w.buf = strconv.AppendInt(w.buf, int64(key), 10) // many engines have no unsigned integers
		}
		w.buf = append(w.buf, '\t')
		_, _ = w.Write(w.buf)
		packed = sorted.Pack(packed[:0], regs)
		w.encoded(packed)
		_ = w.WriteByte('\t')
		w.encoded(compared)
		_ = w.WriteByte('\t')
		id.Reset()
		if err := encode.Encode(d.ID); err != nil { // Encode also writes the end of the line
			return err
		}
		_, err = w.Write(id.Bytes())
		return err
	}, nil)
}

// Duplicates reads refs and digests, sorted by the digest and then by the ref, and
// writes each ref with the first ref of the same digest: the document itself, or the
// first document that it is an exact duplicate of.
func (o Options) Duplicates(in io.Reader, out io.Writer) error {
	var (
		digest []byte
		first  int64
		last   int64
		column [2][]byte
	)
	return filter("duplicates", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		ref, err := refOf(column[0])
		if err != nil {
			return err
		}
		switch c := bytes.Compare(column[1], digest); {
		case c < 0:
			return errors.New("not sorted by digest")
		case c > 0:
			digest, first = append(digest[:0], column[1]...), ref
		case ref <= last:
			return errOrder(ref, last)
		}
		last = ref
		w.ints(ref, first)
		return nil
	}, nil)
}

// errOrder returns the error for a ref that is not above the previous one.
func errOrder(ref, last int64) error {
	if ref == last {
		return fmt.Errorf("ref %d occurs twice: every document needs its own", ref)
	}
	return fmt.Errorf("not sorted by number: ref %d follows %d", ref, last)
}

// Bands reads refs with their keys and writes a line for each band.
func (o Options) Bands(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	var column [2][]byte
	return filter("bands", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		ref, err := refOf(column[0])
		if err != nil {
			return err
		}
		if n := bytes.Count(column[1], []byte(",")) + 1; n != o.Banding.Bands {
			return fmt.Errorf("%d keys, but the banding %v has %d", n, o.Banding, o.Banding.Bands)
		}
		for band := range o.Banding.Bands {
			var key []byte
			key, column[1], _ = bytes.Cut(column[1], []byte(","))
			k, err := strconv.ParseInt(string(key), 10, 64)
			if err != nil {
				return fmt.Errorf("key %s is not a number", excerpt(key))
			}
			w.ints(int64(band), k, ref)
		}
		return nil
	}, nil)
}
