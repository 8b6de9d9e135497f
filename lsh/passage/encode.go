package passage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
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
	formatVersion = 2
	blockSize     = 1 << 20 // number of bytes after which a block is written
	postingSize   = 16      // number of bytes of a posting, of which a block holds a whole number
)

// WriteTo writes the index in the format that FORMAT.md describes: ids, times,
// texts, skipped spans and tokens of the documents, in the order in which they were
// added, and their fingerprints, so that [Read] need not compute them. Documents
// that are added during the call are not in the file.
func (ix *Index) WriteTo(w io.Writer) (int64, error) {
	docs, ps := ix.snapshot()
	out := blockWriter{w: w}
	out.write(wire.AppendHeader(nil, formatMagic, formatVersion))
	out.block([]byte(ix.opts.scheme()))
	var block []byte
	number := make([]uint32, len(docs))
	count := uint32(0)
	for i, d := range docs {
		if d == nil {
			continue
		}
		number[i] = count
		count++
		block = d.text.AppendTokens(appendDocument(block, d))
		if len(block) >= blockSize {
			out.block(block)
			block = block[:0]
		}
	}
	if len(block) > 0 {
		out.block(block)
	}
	out.block(nil)
	block = block[:0]
	for k, p := range ps.run {
		doc, pos := ps.place(k)
		block = binary.LittleEndian.AppendUint64(block, p.hash())
		block = binary.LittleEndian.AppendUint32(block, number[doc])
		block = binary.LittleEndian.AppendUint32(block, pos)
		if len(block) == blockSize || k == len(ps.run)-1 {
			out.block(block)
			block = block[:0]
		}
	}
	out.block(nil)
	out.write(binary.LittleEndian.AppendUint64(nil, uint64(count)))
	out.write(binary.LittleEndian.AppendUint64(nil, uint64(len(ps.run))))
	if out.err != nil {
		return out.n, fmt.Errorf("passage: %w", out.err)
	}
	return out.n, nil
}

// scheme names the rules for tokens and fingerprints. It is stored in files:
// different rules must have a different name.
func (o Options) scheme() string {
	sh := o.Aligner.Shingler
	sh.Size, sh.Multiset = 0, false // irrelevant here
	return fmt.Sprintf("%v fingerprints:1 window:%d", sh, o.window())
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

// A blockWriter writes blocks until the first error.
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

// Read returns an index with the documents that [Index.WriteTo] wrote. It uses opts,
// whatever the options of the index that was written. It reads to the end of r.
// Errors wrap [ErrFormat], [ErrVersion] or [ErrCorrupt], or come from r. Like [New],
// it panics on invalid opts. Memory is proportional to the bytes present, not to
// declared lengths.
//
// Tokens and fingerprints are read from the file if the options give the same ones,
// that is, if they have the same Shingler and equivalent values of Run and
// MinTokens. Otherwise, and for files of version 1, it takes as long as adding the
// documents.
func Read(r io.Reader, opts Options) (*Index, error) {
	rd := reader{br: bufio.NewReaderSize(r, 1<<16), ix: New(opts)}
	if err := rd.read(); err != nil {
		return nil, fmt.Errorf("passage: %w", err)
	}
	return rd.ix, nil
}

// A reader reads a file into an index.
type reader struct {
	br      *bufio.Reader
	ix      *Index
	next    uint64 // the number of the next block
	version byte
	same    bool         // whether the stored tokens and fingerprints fit the options
	content bytes.Buffer // content of the last block read
	runs    [][]posting  // postings of each block read
	last    posting
	count   uint64 // number of postings read
}

func (rd *reader) read() error {
	if err := rd.header(); err != nil {
		return err
	}
	if rd.version > 1 {
		scheme, err := rd.block()
		if err != nil {
			return err
		}
		rd.same = string(scheme) == rd.ix.opts.scheme()
	}
	if err := rd.blocks(rd.documents); err != nil {
		return err
	}
	if rd.version > 1 {
		if err := rd.blocks(rd.postings); err != nil {
			return err
		}
	}
	if err := rd.number("documents", uint64(rd.ix.live)); err != nil {
		return err
	}
	if rd.version > 1 {
		if err := rd.number("fingerprints", rd.count); err != nil {
			return err
		}
	}
	if len(rd.runs) > 0 {
		rd.ix.store.runs = [][]posting{slices.Concat(rd.runs...)}
	}
	if rd.same {
		rd.ix.store.sealed = len(rd.ix.docs)
	}
	if _, err := rd.br.ReadByte(); err == nil {
		return fmt.Errorf("stray bytes after the end: %w", ErrCorrupt)
	} else if err != io.EOF {
		return err
	}
	return nil
}

// blocks calls use with the content of each block up to the empty one.
func (rd *reader) blocks(use func(content []byte) error) error {
	for {
		number := rd.next
		content, err := rd.block()
		if err != nil || len(content) == 0 {
			return err
		}
		if err := use(content); err != nil {
			return fmt.Errorf("block %d: %w", number, err)
		}
	}
}

// number reads a count and checks that it equals n, the number of items read.
func (rd *reader) number(things string, n uint64) error {
	var word [8]byte
	if _, err := io.ReadFull(rd.br, word[:]); err != nil {
		return cut(err)
	}
	if declared := binary.LittleEndian.Uint64(word[:]); declared != n {
		return fmt.Errorf("%d %s declared, but %d found: %w", declared, things, n, ErrCorrupt)
	}
	return nil
}

// cut turns an unexpected end of the file into ErrCorrupt.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the file is truncated: %w", ErrCorrupt)
	}
	return err
}

func (rd *reader) header() error {
	head := make([]byte, len(formatMagic))
	if n, err := io.ReadFull(rd.br, head); string(head[:n]) != formatMagic {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		return fmt.Errorf("no %q at the start: %w", formatMagic, ErrFormat)
	}
	version, err := rd.br.ReadByte() // a uvarint below 128 has one byte
	switch {
	case err != nil:
		return cut(err)
	case version == 0 || version > formatVersion:
		return fmt.Errorf("the newest known version is %d: %w", formatVersion, ErrVersion)
	}
	rd.version = version
	return nil
}

// block reads a block. The bytes are valid until the next call.
func (rd *reader) block() (content []byte, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("block %d: %w", rd.next, err)
		}
		rd.next++
	}()
	var word [8]byte
	if _, err := io.ReadFull(rd.br, word[:]); err != nil {
		return nil, cut(err)
	}
	size := binary.LittleEndian.Uint64(word[:])
	if size > 1<<40 {
		return nil, fmt.Errorf("block of %d bytes declared: %w", size, ErrCorrupt)
	}
	rd.content.Reset()
	if _, err := io.CopyN(&rd.content, rd.br, int64(size)); err != nil {
		return nil, cut(err)
	}
	if _, err := io.ReadFull(rd.br, word[:]); err != nil {
		return nil, cut(err)
	}
	if got, want := blockSum(rd.next, rd.content.Bytes()), binary.LittleEndian.Uint64(word[:]); got != want {
		return nil, fmt.Errorf("the checksum is %016x, but %016x is stored: %w", got, want, ErrCorrupt)
	}
	return rd.content.Bytes(), nil
}

// documents reads the documents of a block and adds them.
func (rd *reader) documents(content []byte) error {
	for rest := wire.NewReader(content); rest.Len() > 0; {
		if err := rd.document(rest); err != nil {
			return err
		}
	}
	return nil
}

func (rd *reader) document(r *wire.Reader) error {
	ix := rd.ix
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
		r.Failf("text of %d bytes is too long", len(text))
	}
	skip := make([]shingle.Span, r.Count(2))
	start, end := uint64(0), uint64(0)
	for i := range skip {
		start += r.Uvarint()
		n := r.Uvarint()
		if start < end || start > uint64(len(text)) || n > uint64(len(text))-start {
			r.Failf("a skipped span is out of order or beyond the text")
			break
		}
		end = start + n
		skip[i] = shingle.Span{Start: int(start), End: int(end)}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if _, ok := ix.byID[id]; ok {
		return fmt.Errorf("document %q occurs twice: %w", id, ErrCorrupt)
	}
	if rd.version == 1 {
		ix.AddAt(id, at, text, skip...)
		return nil
	}
	tokens := r.Rest()
	t, rest, err := ix.opts.Aligner.Restore(text, tokens, skip...)
	if err != nil {
		return fmt.Errorf("document %q: %v: %w", id, err, ErrCorrupt)
	}
	r.Bytes(len(tokens) - len(rest))
	if !rd.same {
		ix.AddAt(id, at, text, skip...)
		return nil
	}
	ix.insert(&document{id, t, at, skip})
	return nil
}

// postings reads the postings of a block; they follow all documents and the postings
// read before.
func (rd *reader) postings(content []byte) error {
	if len(content)%postingSize != 0 {
		return fmt.Errorf("incomplete fingerprint at the end of a block: %w", ErrCorrupt)
	}
	n := len(content) / postingSize
	rd.count += uint64(n)
	if !rd.same {
		return nil
	}
	docs := rd.ix.docs
	run := make([]posting, n)
	for i := range run {
		b := content[i*postingSize:][:postingSize]
		doc, pos := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		if uint64(doc) >= uint64(len(docs)) || uint64(pos)+gram > uint64(docs[doc].text.Len()) {
			return fmt.Errorf("fingerprint outside its document: %w", ErrCorrupt)
		}
		p := newPosting(binary.LittleEndian.Uint64(b), rd.ix.store.numbers.first[doc]+pos)
		if (i > 0 || rd.count > uint64(n)) && comparePostings(rd.last, p) >= 0 {
			return fmt.Errorf("fingerprints are out of order: %w", ErrCorrupt)
		}
		run[i], rd.last = p, p
	}
	rd.runs = append(rd.runs, run)
	return nil
}
