package passage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/shingle"
)

// The errors of [Read], always wrapped.
var (
	ErrFormat  = wire.ErrFormat  // not a file of this package
	ErrVersion = wire.ErrVersion // written by a later version
	ErrCorrupt = wire.ErrCorrupt // damaged or cut short
)

const (
	formatMagic   = "NDpa"
	formatVersion = 1
	blockSize     = 1 << 20 // bytes after which a block is written
)

// WriteTo writes the documents of the index in the format that FORMAT.md
// describes: ids, times, texts and skipped spans, in the order in which they
// were added. Tokens and fingerprints are not written; [Read] makes them anew,
// so a file does not depend on how a text is tokenized. Documents that are added
// meanwhile are not in the file.
func (ix *Index) WriteTo(w io.Writer) (int64, error) {
	ix.mu.RLock()
	docs := append([]*document(nil), ix.docs...)
	ix.mu.RUnlock()
	out := blockWriter{w: w}
	out.write(wire.AppendHeader(nil, formatMagic, formatVersion))
	var block []byte
	count := uint64(0)
	for _, d := range docs {
		if d == nil {
			continue
		}
		count++
		block = appendDocument(block, d)
		if len(block) >= blockSize {
			out.block(block)
			block = block[:0]
		}
	}
	if len(block) > 0 {
		out.block(block)
	}
	out.block(nil)
	out.write(binary.LittleEndian.AppendUint64(nil, count))
	if out.err != nil {
		return out.n, fmt.Errorf("passage: %w", out.err)
	}
	return out.n, nil
}

func appendDocument(dst []byte, d *document) []byte {
	dst = wire.AppendString(dst, d.id)
	if d.time.IsZero() {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(d.time.Unix()))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.time.Nanosecond()))
	}
	dst = wire.AppendString(dst, d.text.String())
	dst = binary.AppendUvarint(dst, uint64(len(d.skip)))
	at := 0
	for _, s := range d.skip {
		dst = binary.AppendUvarint(dst, uint64(s.Start-at))
		dst = binary.AppendUvarint(dst, uint64(s.Len()))
		at = s.Start
	}
	return dst
}

// A blockWriter writes blocks until an error.
type blockWriter struct {
	w    io.Writer
	n    int64
	next uint64
	err  error
}

func (b *blockWriter) write(p []byte) {
	if b.err == nil {
		var n int
		n, b.err = b.w.Write(p)
		b.n += int64(n)
	}
}

// block writes the length of a block, the block, and the checksum of its number
// and bytes.
func (b *blockWriter) block(p []byte) {
	b.write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
	b.write(p)
	b.write(binary.LittleEndian.AppendUint64(nil, blockSum(b.next, p)))
	b.next++
}

func blockSum(number uint64, p []byte) uint64 {
	d := xxhash.New()
	d.Write(binary.LittleEndian.AppendUint64(nil, number))
	d.Write(p)
	return d.Sum64()
}

// Read returns an index with the documents that [Index.WriteTo] wrote, working
// as opts says, whatever the options of the index that was written. It reads to
// the end of r. Errors wrap [ErrFormat], [ErrVersion] or [ErrCorrupt], or are
// those of r. Like [New] it panics on nonsense in opts. Memory follows the bytes
// that are there, whatever lengths they declare. It takes as long as adding the
// documents.
func Read(r io.Reader, opts Options) (*Index, error) {
	ix := New(opts)
	br := bufio.NewReader(r)
	if err := readHeader(br); err != nil {
		return nil, fmt.Errorf("passage: %w", err)
	}
	for number := uint64(0); ; number++ {
		block, err := readBlock(br, number)
		if err != nil {
			return nil, fmt.Errorf("passage: block %d: %w", number, err)
		}
		if len(block) == 0 {
			break
		}
		for rest := wire.NewReader(block); rest.Len() > 0; {
			if err := ix.readDocument(rest); err != nil {
				return nil, fmt.Errorf("passage: block %d: %w", number, err)
			}
		}
	}
	var count [8]byte
	if _, err := io.ReadFull(br, count[:]); err != nil {
		return nil, fmt.Errorf("passage: %w", cut(err))
	}
	if n := binary.LittleEndian.Uint64(count[:]); n != uint64(ix.live) {
		return nil, fmt.Errorf("passage: %d documents declared, %d there: %w", n, ix.live, ErrCorrupt)
	}
	if _, err := br.ReadByte(); err == nil {
		return nil, fmt.Errorf("passage: bytes after the end: %w", ErrCorrupt)
	} else if err != io.EOF {
		return nil, fmt.Errorf("passage: %w", err)
	}
	return ix, nil
}

// cut turns the end of a file where more should be into ErrCorrupt.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("cut short: %w", ErrCorrupt)
	}
	return err
}

func readHeader(br *bufio.Reader) error {
	head := make([]byte, len(formatMagic))
	if n, err := io.ReadFull(br, head); string(head[:n]) != formatMagic {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		return fmt.Errorf("no %q at the start: %w", formatMagic, ErrFormat)
	}
	switch version, err := br.ReadByte(); { // a uvarint that is 1 has one byte
	case err != nil:
		return cut(err)
	case version != formatVersion:
		return fmt.Errorf("newest version known is %d: %w", formatVersion, ErrVersion)
	}
	return nil
}

func readBlock(br *bufio.Reader, number uint64) ([]byte, error) {
	var word [8]byte
	if _, err := io.ReadFull(br, word[:]); err != nil {
		return nil, cut(err)
	}
	size := binary.LittleEndian.Uint64(word[:])
	if size > 1<<40 {
		return nil, fmt.Errorf("%d bytes declared: %w", size, ErrCorrupt)
	}
	var block bytes.Buffer
	if _, err := io.CopyN(&block, br, int64(size)); err != nil {
		return nil, cut(err)
	}
	if _, err := io.ReadFull(br, word[:]); err != nil {
		return nil, cut(err)
	}
	if got, want := blockSum(number, block.Bytes()), binary.LittleEndian.Uint64(word[:]); got != want {
		return nil, fmt.Errorf("checksum %016x, stored %016x: %w", got, want, ErrCorrupt)
	}
	return block.Bytes(), nil
}

func (ix *Index) readDocument(r *wire.Reader) error {
	id := r.String()
	var at time.Time
	switch r.Byte() {
	case 0:
	case 1:
		sec, nsec := r.Uint64(), r.Uint32()
		if at = time.Unix(int64(sec), int64(nsec)).UTC(); nsec >= 1e9 || at.IsZero() {
			r.Failf("impossible time")
		}
	default:
		r.Failf("unknown kind of time")
	}
	text := r.String()
	if len(text) > math.MaxInt32 {
		r.Failf("text of %d bytes", len(text))
	}
	skip := make([]shingle.Span, r.Count(2))
	start, end := uint64(0), uint64(0)
	for i := range skip {
		start += r.Uvarint()
		n := r.Uvarint()
		if start < end || start > uint64(len(text)) || n > uint64(len(text))-start {
			r.Failf("skipped span out of order or beyond the text")
			break
		}
		end = start + n
		skip[i] = shingle.Span{Start: int(start), End: int(end)}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if _, ok := ix.byID[id]; ok {
		return fmt.Errorf("document %q twice: %w", id, ErrCorrupt)
	}
	ix.AddAt(id, at, text, skip...)
	return nil
}
