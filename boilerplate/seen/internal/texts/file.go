package texts

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sort"
	"sync"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/shingle"
)

// A file never changes once it has its name. It contains, with all numbers
// little-endian:
//
//	magic      8 bytes
//	texts      one record each, see appendText, in the order in which they were put
//	tables     places: for each text in order, the offset and the size of its record;
//	           ids: the hash of each ID and the number of its text, ascending;
//	           fingerprints: each one with the number of a text that has it, ascending
//	first keys of the blocks of each table, 8 bytes each
//	tail       8 bytes for the start and 8 for the entries of each table, 8 for the
//	           start of the first keys, 4 for the CRC-32C of first keys and tail
//
// A table is entries of 12 bytes (a key of 8, a value of 4) in blocks of 256, each
// followed by its CRC-32C. The first keys are in memory while a file is open;
// everything else is read and checked when it is needed.
const (
	magic      = "nstexts1"
	blockSize  = 256
	entryBytes = 12
	tables     = 3
	tailBytes  = 16*tables + 8 + 4
)

// The tables of a file:
const (
	places = iota
	ids
	prints
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type entry struct {
	key   uint64
	value uint32
}

// appendText appends the record of a text: its ID; the number of spans left out, and
// for each the distance from the one before and the length; the text; and the
// CRC-32C of all that.
func appendText(b []byte, t Text) []byte {
	at := len(b)
	b = wire.AppendString(b, t.ID)
	b = binary.AppendUvarint(b, uint64(len(t.Skip)))
	end := 0
	for _, s := range t.Skip {
		b = binary.AppendUvarint(b, uint64(s.Start-end))
		b = binary.AppendUvarint(b, uint64(s.End-s.Start))
		end = s.End
	}
	b = wire.AppendString(b, t.Text)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

func parseText(b []byte) (t Text, err error) {
	n := len(b) - 4
	if n < 0 || crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return t, wire.ErrCorrupt
	}
	r := wire.NewReader(b[:n])
	t.ID = r.String()
	end := uint64(0)
	for range r.Count(2) {
		start := end + r.Uvarint()
		end = start + r.Uvarint()
		t.Skip = append(t.Skip, shingle.Span{Start: int(start), End: int(end)})
	}
	t.Text = r.String()
	if end > uint64(len(t.Text)) {
		r.Failf("the last span ends at byte %d of a text of %d bytes", end, len(t.Text))
	}
	return t, r.End()
}

// A writer writes a file: first the texts, then the tables in order, each with
// ascending keys except the first.
type writer struct {
	f        *os.File
	w        *bufio.Writer
	at       uint64
	starts   [tables]uint64
	counts   [tables]uint64
	firsts   [tables][]uint64
	unsynced int
	table    int
	block    []byte
	places   []entry
	buf      []byte
	err      error
}

func newWriter(name string) (*writer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	w := &writer{f: f, w: bufio.NewWriterSize(f, 1<<18), table: -1}
	w.write([]byte(magic))
	return w, nil
}

// syncEvery is the number of bytes written between flushes: see syncEvery in package
// seen.
const syncEvery = 2 << 20

func (w *writer) write(b []byte) {
	w.at += uint64(len(b))
	w.unsynced += len(b)
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	if w.err == nil && w.unsynced >= syncEvery {
		w.unsynced = 0
		if w.err = w.w.Flush(); w.err == nil {
			w.err = w.f.Sync()
		}
	}
}

// record writes the record of a text.
func (w *writer) record(b []byte) {
	w.places = append(w.places, entry{w.at, uint32(len(b))})
	w.write(b)
}

// begin starts the next table.
func (w *writer) begin() {
	w.flush()
	w.table++
	w.starts[w.table] = w.at
}

func (w *writer) entry(e entry) {
	if len(w.block) == 0 {
		w.firsts[w.table] = append(w.firsts[w.table], e.key)
	}
	w.counts[w.table]++
	w.block = binary.LittleEndian.AppendUint64(w.block, e.key)
	w.block = binary.LittleEndian.AppendUint32(w.block, e.value)
	if len(w.block) == blockSize*entryBytes {
		w.flush()
	}
}

func (w *writer) flush() {
	if len(w.block) > 0 {
		w.write(binary.LittleEndian.AppendUint32(w.block, crc32.Checksum(w.block, castagnoli)))
		w.block = w.block[:0]
	}
}

// finish ends the file, makes it durable and closes it.
func (w *writer) finish() error {
	w.flush()
	var b []byte
	start := w.at
	for _, f := range w.firsts {
		b = wire.AppendUint64s(b, f)
	}
	for i := range tables {
		b = wire.AppendUint64s(b, []uint64{w.starts[i], w.counts[i]})
	}
	b = binary.LittleEndian.AppendUint64(b, start)
	w.write(binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err == nil {
		w.err = w.f.Sync()
	}
	return errors.Join(w.err, w.f.Close())
}

// A file is an open file of texts.
type file struct {
	span
	f      *os.File
	size   int64
	starts [tables]uint64
	counts [tables]uint64
	firsts [tables][]uint64
}

func openFile(name string, n span) (*file, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	x := &file{f: f, span: n}
	if err := x.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return x, nil
}

// read reads the end of a file.
func (x *file) read() error {
	info, err := x.f.Stat()
	if err != nil {
		return err
	}
	x.size = info.Size()
	if x.size < int64(len(magic)+tailBytes) {
		return wire.ErrCorrupt
	}
	head := make([]byte, len(magic))
	if _, err := x.f.ReadAt(head, 0); err != nil {
		return err
	}
	if string(head) != magic {
		return wire.ErrFormat
	}
	start := make([]byte, 12)
	if _, err := x.f.ReadAt(start, x.size-12); err != nil {
		return err
	}
	at := binary.LittleEndian.Uint64(start)
	if at > uint64(x.size-tailBytes) {
		return wire.ErrCorrupt
	}
	b := make([]byte, x.size-int64(at))
	if _, err := x.f.ReadAt(b, int64(at)); err != nil {
		return err
	}
	n := len(b) - 4
	if crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return wire.ErrCorrupt
	}
	tail := wire.NewReader(b[len(b)-tailBytes:])
	r := wire.NewReader(b[:len(b)-tailBytes])
	for i := range tables {
		x.starts[i], x.counts[i] = tail.Uint64(), tail.Uint64()
		blocks := (x.counts[i] + blockSize - 1) / blockSize
		if blocks > uint64(r.Len())/8 || x.starts[i] > at || x.counts[i]*entryBytes+4*blocks > at-x.starts[i] {
			return wire.ErrCorrupt
		}
		x.firsts[i] = r.Uint64s(nil, int(blocks))
	}
	return r.End()
}

// texts returns the number of texts in the file.
func (x *file) texts() int { return int(x.counts[places]) }

// blocks is a pool of buffers for one block each.
var blocks = sync.Pool{New: func() any { return new([blockSize*entryBytes + 4]byte) }}

// block reads a block of a table into b and returns the bytes of its entries.
func (x *file) block(b *[blockSize*entryBytes + 4]byte, table, n int) ([]byte, error) {
	left := int(min(x.counts[table]-uint64(n)*blockSize, blockSize))
	whole := b[:left*entryBytes+4]
	if _, err := x.f.ReadAt(whole, int64(x.starts[table])+int64(n)*int64(len(b))); err != nil {
		return nil, err
	}
	body := whole[:len(whole)-4]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(whole[len(body):]) {
		return nil, fmt.Errorf("%s: wrong checksum of block %d of table %d: %w", x.f.Name(), n, table, wire.ErrCorrupt)
	}
	return body, nil
}

// entryOf returns an entry of a block.
func entryOf(block []byte, i int) entry {
	b := block[i*entryBytes:]
	return entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])}
}

// find appends the values of a key, at most the given number.
func (x *file) find(dst []uint32, table int, key uint64, most int) ([]uint32, error) {
	firsts := x.firsts[table]
	n := sort.Search(len(firsts), func(i int) bool { return firsts[i] >= key })
	if n > 0 {
		n-- // the previous block may end with the same key
	}
	b := blocks.Get().(*[blockSize*entryBytes + 4]byte)
	defer blocks.Put(b)
	for ; n < len(firsts) && firsts[n] <= key; n++ {
		body, err := x.block(b, table, n)
		if err != nil {
			return dst, err
		}
		size := len(body) / entryBytes
		for i := sort.Search(size, func(i int) bool { return entryOf(body, i).key >= key }); i < size; i++ {
			e := entryOf(body, i)
			if e.key != key || len(dst) >= most {
				return dst, nil
			}
			dst = append(dst, e.value)
		}
	}
	return dst, nil
}

// record returns the record of a text.
func (x *file) record(n int) ([]byte, error) {
	b := blocks.Get().(*[blockSize*entryBytes + 4]byte)
	defer blocks.Put(b)
	body, err := x.block(b, places, n/blockSize)
	if err != nil {
		return nil, err
	}
	p := entryOf(body, n%blockSize)
	if p.key > uint64(x.size) || uint64(p.value) > uint64(x.size)-p.key {
		return nil, fmt.Errorf("%s: text %d: %w", x.f.Name(), n, wire.ErrCorrupt)
	}
	out := make([]byte, p.value)
	_, err = x.f.ReadAt(out, int64(p.key))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return out, err
}

// text returns a text by its number.
func (x *file) text(n int) (Text, error) {
	b, err := x.record(n)
	if err != nil {
		return Text{}, err
	}
	t, err := parseText(b)
	if err != nil {
		return t, fmt.Errorf("%s: text %d: %w", x.f.Name(), n, err)
	}
	return t, nil
}

// cursor returns a cursor at the beginning of a table.
func (x *file) cursor(table int) *cursor { return &cursor{x: x, table: table} }

// A cursor walks through a table.
type cursor struct {
	x     *file
	table int
	next  int // next block
	at    int // number of entries returned from the current block
	body  []byte
	bytes [blockSize*entryBytes + 4]byte
}

// entry returns the next entry; ok is false at the end.
func (c *cursor) entry() (e entry, ok bool, err error) {
	if c.at == len(c.body)/entryBytes {
		if c.next == len(c.x.firsts[c.table]) {
			return e, false, nil
		}
		if c.body, err = c.x.block(&c.bytes, c.table, c.next); err != nil {
			return e, false, err
		}
		c.next++
		c.at = 0
	}
	c.at++
	return entryOf(c.body, c.at-1), true, nil
}
