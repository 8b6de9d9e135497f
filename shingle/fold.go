package shingle

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/unidata"
)

// A folder folds a piece of text into bytes in which every token is a run of
// word bytes: ASCII letters (of either case), digits, and bytes from 0x80, and
// the apostrophe where it stands between letters. Whatever separates tokens
// becomes an ASCII byte that is no word byte; where two tokens adjoin, as
// ideographs do, a space comes between them.
type folder struct {
	table *unidata.Table
	two   *[8192]uint16 // of twos
	buf   []byte        // folded text, then room for one 64-byte step
	n     int           // bytes folded
	state uint64

	// Where folded bytes come from. Unless mixed, byte i stands for byte base+i
	// of the text. Otherwise, if origins are wanted, for the bytes from
	// base+start[i] to base+end[i], dropped marks included.
	base       int
	mixed      bool
	origins    bool
	start, end []int32
}

// maxMarks is how many marks another one may move before: the limit of the
// stream-safe format of Unicode Standard Annex 15.
const maxMarks = 30

// unsettled is how many folded bytes at the end may still change with what
// follows: a base and its marks.
const unsettled = 4 * (maxMarks + 2)

// slack is how many bytes must be readable behind the folded text.
const slack = 64

// States are classes; none is that between tokens.
const none = unidata.Sep

// rows[class] holds, in the eight bits from 8*k on, what a code point of the
// class does in state k: bit 0 is set if a space comes first, bits 3 to 5 are
// the state after it. So the states of a text depend on each other only by a
// shift.
var rows [16]uint64

const stateBits = 7 << 3

func init() {
	for k, s := range states {
		for c := range uint8(len(rows)) {
			n := next(s, c)
			f := uint64(slices.Index(states[:], n&^brk)) << 3
			if n&brk != 0 {
				f |= 1
			}
			rows[c] |= f << (8 * k)
		}
	}
}

// states are the classes that a state may be; a folder's state is the place
// here, times eight.
var states = [8]uint8{
	none, unidata.Letter, unidata.Single, unidata.Katakana, unidata.Hiragana,
	unidata.Cluster, unidata.Stacker, unidata.Apostrophe,
}

const brk = 0x80

// next says what a folded code point of class c does in state s.
func next(s, c uint8) uint8 {
	switch c {
	case unidata.Sep:
		return none
	case unidata.Ignore, 12, 13, 14, 15:
		return s
	case unidata.Extend, unidata.Accent:
		switch s {
		case none, unidata.Apostrophe:
			return unidata.Letter
		case unidata.Stacker:
			return unidata.Cluster
		}
		return s
	case unidata.Letter:
		if s == none || s == unidata.Letter || s == unidata.Apostrophe {
			return c
		}
	case unidata.Katakana, unidata.Hiragana:
		if s == none || s == c {
			return c
		}
	case unidata.Cluster:
		if s == none || s == unidata.Stacker {
			return c
		}
	case unidata.Prefix:
		// A prefix vowel joins what follows, as a stacker does.
		if s == none {
			return unidata.Stacker
		}
		return brk | unidata.Stacker
	case unidata.Stacker:
		return c
	case unidata.Apostrophe:
		if s == unidata.Letter {
			return c
		}
		if s == none {
			return none
		}
		return brk | none
	}
	if s == none {
		return c
	}
	return brk | c
}

// reserve makes room for n bytes in all.
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

// feed folds a piece of text that begins at offset at, behind what was folded
// before. Pieces are cut between code points.
func (f *folder) feed(text []byte, at int) {
	if f.n == 0 {
		f.base, f.mixed = at, false
	}
	// A code point of two bytes or three becomes a space and up to three bytes,
	// an ASCII byte itself with at most one space before a run of them.
	f.reserve(f.n + 2*len(text) + 4*slack)
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

// origin returns where the folded bytes from start to end come from. Without
// origins that is right for ASCII only.
func (f *folder) origin(start, end int) Span {
	if f.mixed && f.origins {
		start, end = int(f.start[start]), int(f.end[end-1])
	}
	return Span{f.base + start, f.base + end}
}

// ascii folds the run of ASCII that begins text, and returns its length. The
// run stands at offset at.
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

// asciiState is the state behind each ASCII byte.
var asciiState = func() (t [128]uint64) {
	for c := range t {
		switch {
		case asciiWord[c]:
			t[c] = 1 << 3
		case c == '\'':
			t[c] = 7 << 3
		}
	}
	return t
}()

// copyASCIIGeneric copies src to dst up to its first byte from 0x80, and returns how
// many bytes it copied. dst has room for eight bytes more.
func copyASCIIGeneric(dst, src []byte) int {
	n := 0
	for ; len(src)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(src[n:])
		binary.LittleEndian.PutUint64(dst[n:], w)
		if w &= high; w != 0 {
			return n + bits.TrailingZeros64(w)/8
		}
	}
	for ; n < len(src) && src[n] < 0x80; n++ {
		dst[n] = src[n]
	}
	return n
}

// enter goes to the state behind a code point of a class, which stands at
// offset at, with a space ahead of it where tokens adjoin.
func (f *folder) enter(class, at int) {
	row := rows[class] >> f.state
	if row&1 != 0 {
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

// others folds text[i:] up to a long run of ASCII and returns where that is;
// text[0] stands at offset at.
func (f *folder) others(text []byte, i, at int) int {
	var tail [blockSize + slack/4]byte
	for i < len(text) {
		src := text[i:]
		n, ok := min(blockSize, len(src)), false
		if f.origins {
			if src[0] < 0x80 {
				return i
			}
			e, size, delta := lookup(f.table, src)
			f.put(e, delta, src[:size], at+i)
			i += size
			continue
		}
		if len(src) < blockSize+slack/4 {
			clear(tail[copy(tail[:], src):])
			src = tail[:]
		}
		n, ok = f.block(src, n, at+i)
		switch {
		case n == 0:
			return i
		case ok:
			i += n
			continue
		}
		for end := i + n; i < end; {
			e, size, delta := lookup(f.table, text[i:])
			f.put(e, delta, text[i:i+size], at+i)
			i += size
		}
	}
	return i
}

// blockSize is how many bytes block takes at a time.
const blockSize = 64

// utf8Masks says what the bytes of a block are.
type utf8Masks struct {
	high, cont, three, four uint64 // from 0x80, continuing, leads of three and more, of four
}

// block folds the code points that are complete in the first n bytes of text,
// at most 64, and returns how many bytes they have. It returns 0 if all are
// ASCII, and false without doing anything if they are not in valid order.
// There are 16 bytes more to read.
func (f *folder) block(text []byte, n, at int) (int, bool) {
	var m utf8Masks
	classifyUTF8(&m, text)
	valid := ^uint64(0) >> (blockSize - n)
	if m.high &= valid; m.high == 0 {
		return 0, true
	}
	leads := m.high &^ m.cont
	if n == blockSize {
		// A code point that is not complete is for the next block.
		if open := leads&(1<<63) | m.three&(3<<62) | m.four&(7<<61); open != 0 {
			n = bits.TrailingZeros64(open)
			valid = 1<<n - 1
			leads &= valid
		}
	}
	if leads<<1|m.three&valid<<2|m.four&valid<<3 != m.cont&valid {
		return n, false
	}
	if f.inPlace((*[blockSize + 16]byte)(text), leads, n, m.three&valid) {
		return n, true
	}
	text = text[:blockSize+16]
	sparse := bits.OnesCount64(leads) < blockSize/6
	next := leads
	if !sparse {
		next = valid &^ m.cont
	}
	t, buf, o, state := f.table, f.buf, f.n, f.state
	if !sparse {
		next, o, state = foldPoints(t, buf, text, next, o, state)
	}
	for p := 0; ; {
		q := min(n, bits.TrailingZeros64(next))
		if sparse && q > p {
			// The run of ASCII ahead of the next other code point.
			buf[o] = ' '
			o += int(rows[unidata.Letter] >> (state & stateBits) & 1)
			for k := p; k < q; k += 8 {
				binary.LittleEndian.PutUint64(buf[o+k-p:], binary.LittleEndian.Uint64(text[k:]))
			}
			o += q - p
			state = asciiState[text[q-1]&0x7f]
		}
		if q == n {
			break
		}
		w := binary.LittleEndian.Uint32(text[q:])
		var e unidata.Entry
		if c := w & 0xff; c < 0xe0 {
			// ASCII and two bytes without a branch.
			k := c | unidata.ASCII
			k ^= (k ^ (c&0x1f<<6 | w>>8&0x3f)) & -(c >> 7)
			e = t.Low[k]
			p = q + 2
		} else if c < 0xf0 {
			e = t.Three(w & 0xffffff)
			p = q + 3
		} else {
			e = unidata.Special
			p = q + 4
		}
		if e&unidata.Special != 0 {
			f.n, f.state = o, state
			e, size, delta := lookup(t, text[q:])
			f.put(e, delta, text[q:q+size], at+q)
			buf, o, state = f.buf, f.n, f.state
			if next &= next - 1; !sparse {
				next, o, state = foldPoints(t, buf, text, next, o, state)
			}
			continue
		}
		row := rows[e>>24&15] >> (state & stateBits)
		buf[o] = ' '
		o += int(row & 1)
		state = row & stateBits
		binary.LittleEndian.PutUint32(buf[o:], uint32(e))
		o += e.Len()
		next &= next - 1
	}
	f.n, f.state = o, state
	return n, true
}

// inPlace folds the first n bytes of text, which are whole code points, leads
// the first bytes of those outside ASCII and three of those of three bytes, if
// each becomes as many bytes as it has, and none adjoins another token. It
// returns false without doing anything otherwise.
func (f *folder) inPlace(text *[blockSize + 16]byte, leads uint64, n int, three uint64) bool {
	if rows[unidata.Letter]>>f.state&1 != 0 {
		return false
	}
	out := (*[blockSize + 16]byte)(f.buf[f.n:])
	*out = *text
	for two := leads &^ three; two != 0; two &= two - 1 {
		q := bits.TrailingZeros64(two) & 63
		v := f.two[binary.BigEndian.Uint16(text[q:q+2])&0x1fff]
		if v == 0 {
			return false
		}
		binary.LittleEndian.PutUint16(out[q:q+2], v)
	}
	for ; three != 0; three &= three - 1 {
		q := bits.TrailingZeros64(three) & 63
		w := binary.LittleEndian.Uint32(text[q : q+4])
		if w&0xf0 == 0xf0 {
			return false
		}
		e := f.table.Three(w & 0xffffff)
		if e&unidata.Special != 0 {
			return false
		}
		switch e.Class() {
		case unidata.Sep:
			out[q], out[q+1], out[q+2] = ' ', ' ', ' '
		case unidata.Letter, unidata.Extend:
			if e>>28 != 3 {
				return false
			}
			out[q], out[q+1], out[q+2] = byte(e), byte(e>>8), byte(e>>16)
		default:
			return false
		}
	}
	f.n += n
	if c := out[n-1]; c < 0x80 {
		f.state = asciiState[c]
	} else {
		f.state = 1 << 3
	}
	return true
}

// twos holds, for each table, what two bytes become that become two bytes of a
// letter or mark, or two spaces for a separator; 0 is anything else. The index
// is the encoding, big-endian, without its three upper bits.
var twos = func() (t [2][8192]uint16) {
	for k, table := range []*unidata.Table{unidata.Plain(), unidata.Kept()} {
		for r := 0x80; r < 0x800; r++ {
			v := &t[k][r>>6<<8|0x80|r&0x3f]
			switch e := table.Low[r]; {
			case e&unidata.Special != 0:
			case e.Class() == unidata.Sep:
				*v = ' '<<8 | ' '
			case (e.Class() == unidata.Letter || e.Class() == unidata.Extend) && e.Len() == 2:
				*v = uint16(e)
			}
		}
	}
	return t
}()

// classifyUTF8Generic sets m for the first 64 bytes of b.
func classifyUTF8Generic(m *utf8Masks, b []byte) {
	b = b[:blockSize]
	*m = utf8Masks{}
	for k := 0; k < blockSize; k += 8 {
		w := binary.LittleEndian.Uint64(b[k:])
		h := w & high
		two := h & (w << 1)
		three := two & (w << 2)
		m.high |= gather(h) << k
		m.cont |= gather(h&^two) << k
		m.three |= gather(three) << k
		m.four |= gather(three&(w<<3)) << k
	}
}

// gather puts the top bits of the eight bytes of w, which has no others, into
// the lowest byte.
func gather(w uint64) uint64 { return w >> 7 * 0x0102040810204080 >> 56 }

// lookup returns the entry of the code point that begins b, and its length; a
// byte that begins none is a separator.
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

// put writes what one code point, standing at offset at, becomes.
func (f *folder) put(e unidata.Entry, delta rune, src []byte, at int) {
	if e&unidata.Special != 0 {
		f.special(e, src, at)
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
	f.from(from, at, at+len(src))
}

// from notes that the bytes from from on stand for [start, end) of the text;
// if there are none, the byte before is followed by something without effect.
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

// special writes what a code point becomes that takes more than a table.
func (f *folder) special(e unidata.Entry, src []byte, at int) {
	text := e.Text()
	f.reserve(f.n + 2*len(text) + 2*piece + 4*slack)
	if kind := e.Kind(); kind != unidata.Expand {
		r, _ := utf8.DecodeRuneInString(text)
		f.joining(kind, e.Class(), r, at, at+len(src))
		return
	}
	for len(text) > 0 {
		if c := text[0]; c < 0x80 {
			f.ascii(bytesOf(text[:1]), at)
			f.from(f.n-1, at, at+len(src))
			text = text[1:]
			continue
		}
		b := bytesOf(text[:min(4, len(text))])
		e, size, delta := lookup(f.table, b)
		if e&unidata.Special != 0 && e.Kind() == unidata.Expand {
			// Already folded: stands for itself.
			e = unidata.Entry(e.Class()<<24 | size<<28)
			for i := range size {
				e |= unidata.Entry(b[i]) << (8 * i)
			}
		}
		before := f.n
		if f.put(e, delta, b[:size], at); f.n > before {
			f.from(before, at, at+len(src))
		}
		text = text[size:]
	}
}

// joining writes a mark or jamo that may change what stands before it.
func (f *folder) joining(kind, class int, r rune, start, end int) {
	last, n := utf8.DecodeLastRune(f.buf[:f.n])
	if f.n == 0 {
		last, n = 0, 0
	}
	composed := rune(0)
	switch kind {
	case unidata.HangulV:
		if last >= 0x1100 && last <= 0x1112 {
			composed = 0xac00 + (last-0x1100)*588 + (r-0x1161)*28
		}
	case unidata.HangulT:
		if last >= 0xac00 && last <= 0xd7a3 && (last-0xac00)%28 == 0 {
			composed = last + r - 0x11a7
		}
	case unidata.Voicing:
		composed = voice(last, r)
	}
	if composed != 0 {
		from := f.n - n
		if f.origins {
			start = int(f.start[from])
		}
		f.n = from + utf8.EncodeRune(f.buf[from:], composed)
		f.from(from, start, end)
		return
	}
	if class == unidata.Accent && (f.n == 0 || f.buf[f.n-1] < 0x80 && !asciiWord[f.buf[f.n-1]]) {
		return
	}
	f.enter(class, start)
	// A mark moves before marks of a higher combining class.
	from := f.n
	order := unidata.OrderOf(r)
	if order != 0 {
		for range maxMarks {
			last, n := utf8.DecodeLastRune(f.buf[:from])
			if from == 0 || unidata.OrderOf(last) <= order {
				break
			}
			from -= n
		}
	}
	size := utf8.RuneLen(r)
	copy(f.buf[from+size:], f.buf[from:f.n])
	utf8.EncodeRune(f.buf[from:], r)
	f.n += size
	if f.origins {
		// Marks that changed places stand for their place together.
		if from < f.n-size {
			start = int(f.start[from])
		}
		f.from(from, start, end)
	}
}

// voice composes a kana with the voiced or half-voiced sound mark; 0 if it has
// no such form.
func voice(kana, mark rune) rune {
	base := kana
	if kana >= 0x30a1 && kana <= 0x30fe {
		base -= 0x60
	}
	switch {
	case base >= 0x306f && base <= 0x307b && (base-0x306f)%3 == 0: // ha to ho
		return kana + 1 + mark - 0x3099
	case mark != 0x3099:
	case base >= 0x304b && base <= 0x3061 && base%2 == 1, // ka to chi
		base >= 0x3064 && base <= 0x3068 && base%2 == 0, // tsu, te, to
		base == 0x309d: // iteration mark
		return kana + 1
	case base == 0x3046: // u
		return kana + 0x4e
	case kana >= 0x30ef && kana <= 0x30f2: // wa, wi, we, wo
		return kana + 8
	}
	return 0
}
