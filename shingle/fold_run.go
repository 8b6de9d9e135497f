package shingle

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/unidata"
)

// A runTable holds the folded forms of code points, found with one look-up each.
type runTable struct {
	// Indexed by encoding: ASCII, then code points of two and of three bytes, then
	// those of four bytes at or above fourAt. An entry is a unidata.Entry with all its
	// bytes, at most three, or one of the following.
	entries [fourBase + fourCount]uint32
	// The two entries of code points that fold to two.
	doubles [][2]uint32
}

const (
	// ordered is set in entries of marks whose canonical order may matter, and of code
	// points that fold to nothing. Two of them in a row are left to folder.put.
	ordered = 1 << 30
	// special alone marks entries that are always left to folder.put.
	special = 1 << 31
	// double marks entries that fold to two code points: both bits are set, and the
	// other bits are the index in doubles.
	double = special | ordered
)

// Offsets in entries.
const (
	twoBase   = 0x80
	threeBase = twoBase + 0x800
	fourBase  = threeBase + 0x10000
	fourAt    = 0x1d000 // the first code point covered: mathematical letters, recent alphabets, emoji
	fourCount = 0x20000 - fourAt
)

// The smallest encodings of two and three bytes, with the marker bits of their bytes
// left in; the bytes are combined with a shift of six bits.
const (
	leastTwo   = 0xc0<<6 + 0x80
	leastThree = 0xe0<<12 + 0x80<<6 + 0x80
)

// runTables makes the table that folds accents away and the one that keeps them.
var runTables = [2]func() *runTable{
	sync.OnceValue(func() *runTable { return newRunTable(unidata.Plain()) }),
	sync.OnceValue(func() *runTable { return newRunTable(unidata.Kept()) }),
}

func newRunTable(table *unidata.Table) *runTable {
	t := new(runTable)
	for c := range 0x80 {
		t.entries[c] = uint32(table.Low[unidata.ASCII+c])
	}
	for r := range 0x800 {
		t.entries[twoBase+r] = t.entry(table, table.Low[r], 2)
	}
	for r := range 0x10000 {
		e := table.Three(uint32(0xe0|r>>12) | uint32(0x80|r>>6&0x3f)<<8 | uint32(0x80|r&0x3f)<<16)
		t.entries[threeBase+r] = t.entry(table, e, 3)
	}
	for r := range fourCount {
		e, _ := table.Four(rune(fourAt + r))
		t.entries[fourBase+r] = t.entry(table, e, 4)
	}
	return t
}

// entry returns the entry of a code point that takes size bytes.
func (t *runTable) entry(table *unidata.Table, e unidata.Entry, size int) uint32 {
	if e&unidata.Special == 0 {
		if e.Len() == 4 {
			return special
		}
		mark := e.Class() == unidata.Extend || e.Class() == unidata.Stacker || e.Class() == unidata.Accent
		if r, _ := utf8.DecodeLastRune(bytesOfEntry(e)); e.Len() == 0 || mark && unidata.OrderOf(r) != 0 {
			return uint32(e) | ordered
		}
		return uint32(e)
	}
	text := e.Text()
	switch e.Kind() {
	case unidata.Reorder:
		if len(text) <= 3 && utf8.RuneCountInString(text) == 1 && e.Class() != unidata.Accent {
			return packed(text, e.Class()) | ordered
		}
	case unidata.Expand:
		if utf8.RuneCountInString(text) != 2 || len(text) > 4 && size == 2 {
			break // a space may precede each: see feed
		}
		_, n := utf8.DecodeRuneInString(text)
		a, b := t.part(table, text[:n]), t.part(table, text[n:])
		if (a|b)&special == 0 && a&b&ordered == 0 {
			t.doubles = append(t.doubles, [2]uint32{a, b})
			return double | uint32(len(t.doubles)-1)
		}
	}
	return special
}

// part returns the entry of one code point of an expansion, treated as in
// folder.special.
func (t *runTable) part(table *unidata.Table, text string) uint32 {
	if c := text[0]; c < 0x80 {
		if asciiWord[c] {
			return packed(text, unidata.Letter)
		}
		return special
	}
	if len(text) > 3 {
		return special
	}
	e, _, _ := lookup(table, bytesOf(text))
	if e&unidata.Special != 0 && e.Kind() == unidata.Expand {
		return packed(text, e.Class())
	}
	return t.entry(table, e, len(text))
}

// packed returns the entry of up to three bytes and a class.
func packed(text string, class int) uint32 {
	e := uint32(class)<<24 | uint32(len(text))<<28
	for i := range len(text) {
		e |= uint32(text[i]) << (8 * i)
	}
	return e
}

// bytesOfEntry returns the bytes of an entry that has up to three.
func bytesOfEntry(e unidata.Entry) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(e))[:e.Len()]
}

// run folds the beginning of text as long as it is valid and every block has
// something outside ASCII, and returns the number of bytes folded. The first n bytes
// of text are to be folded; a block needs blockSize+16 readable bytes.
func (f *folder) run(text []byte, n, at int) int {
	if f.runs == nil {
		f.runs = runTables[0]()
		if f.letters == &lettersOf[1] {
			f.runs = runTables[1]()
		}
	}
	for i := 0; ; {
		read, written, state, stopped := foldRun(f.buf[f.n:], text[i:], n-i, f.runs, f.state)
		f.n, f.state = f.n+written, state
		if i += read; !stopped {
			return i
		}
		e, size, delta := lookup(f.table, text[i:n])
		f.put(e, delta, text[i:i+size], at+i, at+i+size)
		i += size
	}
}

// runBlocks is the largest number of blocks that foldRun takes at a time, so that
// faster functions are tried again from time to time.
const runBlocks = 8

// foldRunGeneric folds blocks of text to out, which has room for three times their
// size plus a block. It stops at a block that has fewer than blockSize+16 bytes, is
// not valid, or is all ASCII. It returns how many of the first n bytes it has read,
// how many it has written, the state after them, and whether it stopped at a code
// point for folder.put.
func foldRunGeneric(out, text []byte, n int, t *runTable, state uint64) (read, written int, after uint64, stopped bool) {
	o, prev := 0, uint32(ordered) // nothing is known about the preceding text
	for range runBlocks {
		if read >= n || len(text)-read < blockSize+16 {
			break
		}
		b := (*[blockSize + 16]byte)(text[read:])
		size := min(blockSize, n-read)
		valid := ^uint64(0) >> (blockSize - size)
		var m utf8Masks
		classifyUTF8(&m, b[:])
		if m.high &= valid; m.high == 0 {
			break
		}
		leads, three, four, cont := m.high&^m.cont, m.three&valid, m.four&valid, m.cont&valid
		if open := leads&(1<<63) | three&(3<<62) | four&(7<<61); open != 0 {
			// The last code point is left for the next block.
			size = bits.TrailingZeros64(open)
			valid = 1<<size - 1
			leads, three, four, cont = leads&valid, three&valid, four&valid, cont&valid
		}
		if leads<<1|three<<2|four<<3 != cont {
			break
		}
		next := leads
		if bits.OnesCount64(leads) >= dense {
			next = valid &^ cont
		}
		for p := 0; ; {
			q := min(size, bits.TrailingZeros64(next))
			if q > p {
				// The run of ASCII before the next other code point.
				out[o] = ' '
				o += int(rows[unidata.Letter] >> (state & stateBits) >> spaceBit & 1)
				for k := p; k < q; k += 8 {
					binary.LittleEndian.PutUint64(out[o+k-p:], binary.LittleEndian.Uint64(b[k:]))
				}
				o += q - p
				state = asciiState[b[q-1]&0x7f]
				prev = 0
			}
			if q == size {
				break
			}
			next &= next - 1
			i, c := uint32(0), uint32(b[q])
			switch two := c<<6 + uint32(b[q+1]); {
			case c < 0x80:
				i, p = c, q+1
			case c < 0xe0:
				i, p = two-leastTwo+twoBase, q+2
			case c < 0xf0:
				i, p = two<<6+uint32(b[q+2])-leastThree+threeBase, q+3
			default:
				r := c&0xf<<18 | uint32(b[q+1])&0x3f<<12 | uint32(b[q+2])&0x3f<<6 | uint32(b[q+3])&0x3f
				if r-fourAt >= fourCount {
					return read + q, o, state, true
				}
				i, p = r-fourAt+fourBase, q+4
			}
			e := t.entries[i]
			if (e|e&prev<<1)&special != 0 {
				if e < double {
					return read + q, o, state, true
				}
				d := t.doubles[e&0xffff]
				if d[0]&prev&ordered != 0 {
					return read + q, o, state, true
				}
				row := rows[d[0]>>24&0x7f] >> (state & stateBits)
				out[o] = ' '
				o += int(row >> spaceBit & 1)
				state = row & stateBits
				binary.LittleEndian.PutUint32(out[o:], d[0])
				o += int(d[0] >> 28 & 3)
				e = d[1]
			}
			prev = e
			row := rows[e>>24&0x7f] >> (state & stateBits)
			out[o] = ' '
			o += int(row >> spaceBit & 1)
			state = row & stateBits
			binary.LittleEndian.PutUint32(out[o:], e)
			o += int(e >> 28 & 3)
		}
		read += size
	}
	return read, o, state, false
}

// In a block with at least dense code points outside ASCII, ASCII bytes are also
// folded one by one instead of in runs.
const dense = 10
