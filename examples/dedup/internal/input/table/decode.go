package table

import (
	"encoding/binary"
	"fmt"
	"math"
)

var errShort = fmt.Errorf("%w: a page has fewer values than it declares", ErrCorrupt)

// plainBytes are values, each after its length (encoding PLAIN).
type plainBytes struct{ b []byte }

func (p *plainBytes) next() ([]byte, error) {
	if len(p.b) < 4 {
		return nil, errShort
	}
	n := int64(binary.LittleEndian.Uint32(p.b))
	if n > int64(len(p.b)-4) {
		return nil, fmt.Errorf("%w: a value of %d bytes, but only %d bytes are left", ErrCorrupt, n, len(p.b)-4)
	}
	v := p.b[4 : 4+n : 4+n]
	p.b = p.b[4+n:]
	return v, nil
}

// plainFixed are values of one length (encoding PLAIN).
type plainFixed struct {
	b []byte
	n int
}

func (p *plainFixed) next() ([]byte, error) {
	if len(p.b) < p.n {
		return nil, errShort
	}
	v := p.b[:p.n:p.n]
	p.b = p.b[p.n:]
	return v, nil
}

// indices are numbers of values in a dictionary (encoding RLE_DICTIONARY).
type indices struct {
	hybrid
	dict [][]byte
}

func (d *indices) next() ([]byte, error) {
	i, err := d.hybrid.next()
	if err != nil {
		return nil, err
	}
	if int64(i) >= int64(len(d.dict)) {
		return nil, fmt.Errorf("%w: index %d into a dictionary of %d values", ErrCorrupt, i, len(d.dict))
	}
	return d.dict[i], nil
}

// A hybrid decodes runs of equal numbers and of packed ones (encoding RLE).
type hybrid struct {
	b      []byte
	width  int    // bits per number
	run    uint64 // numbers left in the run
	packed bool
	value  uint32
	bit    int // position of the next packed number
}

func (h *hybrid) next() (uint32, error) {
	for h.run == 0 {
		if err := h.begin(); err != nil {
			return 0, err
		}
	}
	h.run--
	if !h.packed {
		return h.value, nil
	}
	v := unpackBits(h.b, h.bit, h.width)
	if h.bit += h.width; h.run == 0 {
		h.b = h.b[h.bit/8:]
	}
	return uint32(v), nil
}

// begin reads the head of a run.
func (h *hybrid) begin() error {
	head, n := binary.Uvarint(h.b)
	if n <= 0 {
		return errShort
	}
	h.b = h.b[n:]
	if h.packed = head&1 == 1; h.packed {
		// Groups of eight; the last one may be truncated after the last value needed.
		groups := head >> 1
		if h.width > 0 {
			groups = min(groups, uint64(len(h.b)+h.width-1)/uint64(h.width))
			if whole := groups * uint64(h.width); whole > uint64(len(h.b)) {
				h.b = append(h.b[:len(h.b):len(h.b)], make([]byte, whole-uint64(len(h.b)))...)
			}
		}
		if h.run, h.bit = groups*8, 0; groups == 0 && head>>1 > 0 {
			return errShort
		}
		return nil
	}
	bytes := (h.width + 7) / 8
	if len(h.b) < bytes {
		return errShort
	}
	var v [4]byte
	copy(v[:], h.b[:bytes])
	h.value, h.b, h.run = binary.LittleEndian.Uint32(v[:]), h.b[bytes:], head>>1
	return nil
}

// unpackBits returns the number of width bits that begins at the given bit of b and
// must lie within b. The lowest bit comes first.
func unpackBits(b []byte, bit, width int) uint64 {
	b, shift := b[bit/8:], bit%8
	if len(b) >= 8 && width+shift <= 64 {
		return binary.LittleEndian.Uint64(b) >> shift & (1<<width - 1)
	}
	v := uint64(0)
	for i := 0; i*8 < width+shift; i++ {
		if s := i*8 - shift; s >= 0 {
			v |= uint64(b[i]) << s
		} else {
			v |= uint64(b[i]) >> -s
		}
	}
	if width == 64 {
		return v
	}
	return v & (1<<width - 1)
}

// A delta decodes numbers by their differences (encoding DELTA_BINARY_PACKED).
type delta struct {
	b       []byte
	total   uint64 // numbers left
	last    int64
	first   bool // the next number is the first one
	inBlock int  // numbers per miniblock
	minis   int  // miniblocks per block
	widths  []byte
	least   int64
	left    int // numbers left in the miniblock
	width   int
	bit     int
}

func newDelta(b []byte) (*delta, error) {
	t := compact{b: b}
	block, minis, total := t.uvarint(), t.uvarint(), t.uvarint()
	d := &delta{total: total, last: t.varint(), first: true}
	if t.failed || minis == 0 || minis > 512 || block > 1<<16 || block/minis*minis != block || block/minis%8 != 0 || block == 0 {
		return nil, fmt.Errorf("%w: %d deltas declared, in blocks of %d with %d parts", ErrCorrupt, total, block, minis)
	}
	d.b, d.inBlock, d.minis = b[t.i:], int(block/minis), int(minis)
	return d, nil
}

func (d *delta) next() (int64, error) {
	if d.total == 0 {
		return 0, errShort
	}
	d.total--
	if d.first {
		d.first = false
		return d.last, nil
	}
	if d.left == 0 {
		if err := d.begin(); err != nil {
			return 0, err
		}
	}
	d.last += d.least + int64(unpackBits(d.b, d.bit, d.width))
	d.bit += d.width
	if d.left--; d.left == 0 {
		d.b = d.b[min(len(d.b), d.inBlock*d.width/8):]
	}
	return d.last, nil
}

// begin reads the head of a miniblock, preceded by that of a block if it is the
// first.
func (d *delta) begin() error {
	if len(d.widths) == 0 {
		t := compact{b: d.b}
		d.least = t.varint()
		if t.failed || len(d.b)-t.i < d.minis {
			return errShort
		}
		d.widths = d.b[t.i : t.i+d.minis]
		d.b = d.b[t.i+d.minis:]
	}
	d.width, d.widths = int(d.widths[0]), d.widths[1:]
	if d.width > 64 {
		return fmt.Errorf("%w: a delta of %d bits", ErrCorrupt, d.width)
	}
	d.left, d.bit = d.inBlock, 0
	// The last one may be truncated after the last value needed.
	need := (min(uint64(d.inBlock), d.total+1)*uint64(d.width) + 7) / 8
	if uint64(len(d.b)) < need {
		return errShort
	}
	return nil
}

// rest returns the bytes after the numbers, once all of these have been read.
func (d *delta) rest() []byte {
	if d.left > 0 { // the miniblock is padded
		d.b = d.b[min(len(d.b), d.inBlock*d.width/8):]
	}
	return d.b
}

// all returns the numbers, which must be valid lengths.
func (d *delta) all(limit int) ([]int32, error) {
	var all []int32
	for d.total > 0 {
		if len(all) >= limit {
			return nil, fmt.Errorf("%w: a page with more than %d lengths", ErrCorrupt, limit)
		}
		v, err := d.next()
		if err != nil {
			return nil, err
		}
		if v < 0 || v > math.MaxInt32 {
			return nil, fmt.Errorf("%w: a value with the length %d", ErrCorrupt, v)
		}
		all = append(all, int32(v))
	}
	return all, nil
}

// numbers are the numbers of a delta, as values.
type numbers struct {
	*delta
	length int
	v      [8]byte
}

func (n *numbers) next() ([]byte, error) {
	v, err := n.delta.next()
	binary.LittleEndian.PutUint64(n.v[:], uint64(v))
	return n.v[:n.length], err
}

// lengths are values that follow all their lengths (encoding
// DELTA_LENGTH_BYTE_ARRAY).
type lengths struct {
	lengths []int32
	b       []byte
}

func newLengths(b []byte, limit int) (*lengths, error) {
	d, err := newDelta(b)
	if err != nil {
		return nil, err
	}
	all, err := d.all(limit)
	return &lengths{all, d.rest()}, err
}

func (l *lengths) next() ([]byte, error) {
	if len(l.lengths) == 0 {
		return nil, errShort
	}
	n := int(l.lengths[0])
	if n > len(l.b) {
		return nil, fmt.Errorf("%w: a value of %d bytes, but only %d bytes are left", ErrCorrupt, n, len(l.b))
	}
	v := l.b[:n:n]
	l.lengths, l.b = l.lengths[1:], l.b[n:]
	return v, nil
}

// prefixes are values that share a prefix with the previous value (encoding
// DELTA_BYTE_ARRAY).
type prefixes struct {
	prefixes []int32
	suffixes *lengths
	last     []byte
	limit    int // largest length of a value
}

func newPrefixes(b []byte, n, limit int) (*prefixes, error) {
	d, err := newDelta(b)
	if err != nil {
		return nil, err
	}
	all, err := d.all(n)
	if err != nil {
		return nil, err
	}
	suffixes, err := newLengths(d.rest(), n)
	return &prefixes{all, suffixes, nil, limit}, err
}

func (p *prefixes) next() ([]byte, error) {
	suffix, err := p.suffixes.next()
	if err != nil {
		return nil, err
	}
	if len(p.prefixes) == 0 {
		return nil, errShort
	}
	n := int(p.prefixes[0])
	p.prefixes = p.prefixes[1:]
	switch {
	case n > len(p.last):
		return nil, fmt.Errorf("%w: a value repeats %d bytes of the previous value, which has only %d", ErrCorrupt, n, len(p.last))
	case n+len(suffix) > p.limit:
		return nil, fmt.Errorf("a value of %d bytes: %w", n+len(suffix), ErrLimit)
	}
	p.last = append(p.last[:n], suffix...)
	return p.last, nil
}
