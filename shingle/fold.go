package shingle

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/unidata"
)

// A folder folds a piece of text into bytes in which every token is a run of word
// bytes: ASCII letters (of either case), digits, bytes outside ASCII, and the
// apostrophe where it is between letters. Separators become ASCII bytes that are not
// word bytes. Where two tokens adjoin, as ideographs do, a space is written between
// them.
type folder struct {
	table   *unidata.Table
	letters *letters   // an element of lettersOf
	kinds   *kindTable // an element of kindTables
	buf     []byte     // folded text, followed by room for one 64-byte step
	n       int        // length of the folded text
	state   uint64

	runs   *runTable                  // made by runTables; nil until it is needed
	pages  *pageTable                 // made by pageTables; nil until it is needed
	mended [2 * (blockSize + 16)]byte // a block with spaces for its broken bytes, and spare room

	// Origins of the folded bytes. Unless mixed, byte i comes from byte base+i of the
	// text. Otherwise, if origins are requested, it comes from the bytes base+start[i]
	// to base+end[i], including dropped marks.
	base       int
	mixed      bool
	origins    bool
	start, end []int32
}

// maxMarks is the largest number of marks that another one may move before: the
// limit of the stream-safe format of Unicode Standard Annex 15.
const maxMarks = 30

// unsettled is the number of folded bytes at the end that later text may still
// change: a base character and its marks.
const unsettled = 4 * (maxMarks + 2)

// slack is the number of readable bytes required after the folded text.
const slack = 64

// reserve makes room for a total of n bytes.
func (f *folder) reserve(n int) {
	if len(f.buf) < n {
		f.buf = append(make([]byte, 0, n+n/2), f.buf[:f.n]...)[:n+n/2]
	}
	if f.origins && len(f.start) < len(f.buf) {
		f.start = append(make([]int32, 0, len(f.buf)), f.start[:min(f.n, len(f.start))]...)[:len(f.buf)]
		f.end = append(make([]int32, 0, len(f.buf)), f.end[:min(f.n, len(f.end))]...)[:len(f.buf)]
	}
}

// reset makes f ready for another text.
func (f *folder) reset() { f.n, f.state, f.mixed = 0, 0, false }

// feed folds a piece of text that begins at offset at and follows the text folded so
// far. Pieces are cut between code points.
func (f *folder) feed(text []byte, at int) {
	if f.n == 0 {
		f.base, f.mixed = at, false
	}
	// A code point becomes a space and up to three bytes, or twice that if its encoding
	// has three bytes; an ASCII byte stays one byte, with at most one space before a
	// run of them.
	f.reserve(f.n + 3*len(text) + 4*slack)
	at -= f.base
	for i := 0; i < len(text); {
		if n := f.ascii(text[i:], at+i); n > 0 {
			i += n
			continue
		}
		if !f.mixed && f.origins {
			for k := range f.n {
				f.start[k], f.end[k] = int32(k), int32(k+1)
			}
		}
		f.mixed = true
		i = f.others(text, i, at)
	}
}

// drop forgets the first n folded bytes.
func (f *folder) drop(n int) {
	copy(f.buf, f.buf[n:f.n])
	f.n -= n
	if !f.mixed {
		f.base += n
		return
	}
	if !f.origins || f.n == 0 {
		return
	}
	copy(f.start, f.start[n:n+f.n])
	copy(f.end, f.end[n:n+f.n])
	shift := f.start[0]
	f.base += int(shift)
	for k := range f.n {
		f.start[k] -= shift
		f.end[k] -= shift
	}
}

// origin returns the span of the text from which the folded bytes from start to end
// come. Without origins that is correct only for ASCII.
func (f *folder) origin(start, end int) Span {
	if f.mixed && f.origins {
		start, end = int(f.start[start]), int(f.end[end-1])
	}
	return Span{f.base + start, f.base + end}
}

// ascii folds the run of ASCII that begins text, and returns its length. The
// run is at offset at.
func (f *folder) ascii(text []byte, at int) int {
	if text[0] >= 0x80 {
		return 0
	}
	f.enter(unidata.Letter, at)
	n := copyASCII(f.buf[f.n:], text)
	if f.origins && f.mixed {
		for k := range n {
			f.start[f.n+k], f.end[f.n+k] = int32(at+k), int32(at+k+1)
		}
	}
	f.n += n
	f.state = asciiState[text[n-1]&0x7f]
	return n
}

// copyASCIIGeneric copies src to dst up to its first byte outside ASCII, and returns
// how many ASCII bytes it copied. dst has room for eight more bytes.
func copyASCIIGeneric(dst, src []byte) int {
	n := 0
	for ; len(src)-n >= 64; n += 64 {
		s := (*[64]byte)(src[n:])
		a := binary.LittleEndian.Uint64(s[:]) | binary.LittleEndian.Uint64(s[8:])
		b := binary.LittleEndian.Uint64(s[16:]) | binary.LittleEndian.Uint64(s[24:])
		c := binary.LittleEndian.Uint64(s[32:]) | binary.LittleEndian.Uint64(s[40:])
		d := binary.LittleEndian.Uint64(s[48:]) | binary.LittleEndian.Uint64(s[56:])
		if (a|b|c|d)&high != 0 {
			break
		}
	}
	copy(dst, src[:n])
	for ; len(src)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(src[n:])
		binary.LittleEndian.PutUint64(dst[n:], w)
		if w &= high; w != 0 {
			return n + bits.TrailingZeros64(w)/8
		}
	}
	if n < len(src) && len(src) >= 8 {
		// Copy the last eight bytes, some of them for the second time.
		w := binary.LittleEndian.Uint64(src[len(src)-8:])
		binary.LittleEndian.PutUint64(dst[len(src)-8:], w)
		if w &= high; w == 0 {
			return len(src)
		}
		return len(src) - 8 + bits.TrailingZeros64(w)/8
	}
	for ; n < len(src) && src[n] < 0x80; n++ {
		dst[n] = src[n]
	}
	return n
}

// enter goes to the state after a code point of the given class, which is at offset
// at, and writes a space before the code point where tokens adjoin.
func (f *folder) enter(class, at int) {
	row := rows[class] >> f.state
	if row>>spaceBit&1 != 0 {
		f.space(at)
	}
	f.state = row & stateBits
}

func (f *folder) space(at int) {
	f.buf[f.n] = ' '
	if f.origins {
		f.start[f.n], f.end[f.n] = int32(at), int32(at)
	}
	f.n++
}

// others folds text[i:] up to a long run of ASCII and returns the index of that run;
// text[0] is at offset at.
func (f *folder) others(text []byte, i, at int) int {
	var tail [2 * (blockSize + 16)]byte
	for i < len(text) {
		src := text[i:]
		if f.origins {
			if src[0] < 0x80 {
				return i
			}
			e, size, delta := lookup(f.table, src)
			f.put(e, delta, src[:size], at+i, at+i+size)
			i += size
			continue
		}
		n := len(src)
		if n < blockSize+16 {
			clear(tail[copy(tail[:], src):])
			src = tail[:]
		}
		if n = f.block(src, n, at+i); n == 0 {
			return i
		}
		i += n
	}
	return i
}

// lookup returns the entry of the code point that begins b, and its length; a byte
// that begins no code point is a separator.
func lookup(t *unidata.Table, b []byte) (e unidata.Entry, size int, delta rune) {
	const bad = unidata.Entry(unidata.Sep<<24 | 1<<28 | ' ')
	c := b[0]
	switch {
	case c < 0x80:
		return t.Low[unidata.ASCII+int(c)], 1, 0
	case c >= 0xc0 && c < 0xe0 && len(b) > 1 && b[1]&0xc0 == 0x80:
		return t.Low[uint32(c)&0x1f<<6|uint32(b[1])&0x3f], 2, 0
	case c >= 0xe0 && c < 0xf0 && len(b) > 2 && b[1]&0xc0 == 0x80 && b[2]&0xc0 == 0x80:
		return t.Three(uint32(c) | uint32(b[1])<<8 | uint32(b[2])<<16), 3, 0
	case c >= 0xf0:
		if r, n := utf8.DecodeRune(b); n == 4 {
			e, delta := t.Four(r)
			return e, 4, delta
		}
	}
	return bad, 1, 0
}

// put writes the folded form of the code point src, which lies from at to end.
func (f *folder) put(e unidata.Entry, delta rune, src []byte, at, end int) {
	if e&unidata.Special != 0 {
		f.special(e, at, end)
		return
	}
	f.enter(e.Class(), at)
	from := f.n
	if e.Len() == 4 {
		r, _ := utf8.DecodeRune(src)
		f.n += utf8.EncodeRune(f.buf[f.n:], r+delta)
	} else {
		binary.LittleEndian.PutUint32(f.buf[f.n:], uint32(e))
		f.n += e.Len()
	}
	f.from(from, at, end)
}

// from records the origin [start, end) of the folded bytes that begin at index from.
// If there are none, the code point had no effect, and the origin of the byte before
// is extended.
func (f *folder) from(from, start, end int) {
	if !f.origins {
		return
	}
	if from == f.n && from > 0 && f.end[from-1] == int32(start) {
		f.end[from-1] = int32(end)
	}
	for k := from; k < f.n; k++ {
		f.start[k], f.end[k] = int32(start), int32(end)
	}
}
