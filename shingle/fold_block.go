package shingle

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/internal/unidata"
)

// blockSize is the number of bytes that block takes at a time.
const blockSize = 64

// utf8Masks classify the bytes of a block.
type utf8Masks struct {
	high, cont, three, four uint64 // bytes outside ASCII; continuation bytes; first bytes of three or more; first bytes of four
}

// block folds the complete code points in the first block of text, and perhaps in
// the following ones, up to n bytes, and returns the number of bytes folded. It
// returns 0 if the first block is all ASCII. If n is below blockSize+16, text must
// have 2*(blockSize+16) readable bytes.
func (f *folder) block(text []byte, n, at int) int {
	var m utf8Masks
	classifyUTF8(&m, text)
	size := min(n, blockSize)
	valid := ^uint64(0) >> (blockSize - size)
	if m.high &= valid; m.high == 0 {
		return 0
	}
	leads := m.high &^ m.cont
	full := size == blockSize
	if full {
		// An incomplete code point is left for the next block.
		if open := leads&(1<<63) | m.three&(3<<62) | m.four&(7<<61); open != 0 {
			size = bits.TrailingZeros64(open)
			valid = 1<<size - 1
			leads &= valid
		}
	}
	if leads<<1|m.three&valid<<2|m.four&valid<<3 != m.cont&valid {
		broken := m.broken(valid)
		text = f.withSpaces(text, broken)
		if leads &^= broken; leads == 0 {
			return f.ascii(text[:size], at)
		}
		full, n = false, size
		m.three &^= broken
	}
	all := n
	three := m.three & valid
	whole := (*[blockSize + 16]byte)(text)
	if full && leads == three && bits.OnesCount64(leads) >= dense && mayBeUnspaced(whole[bits.TrailingZeros64(leads)&63]) {
		if read := f.unspaced(text[:min(len(text), n+16)]); read > 0 {
			return read
		}
		if cpu.Active() >= cpu.AVX512 {
			n = size // the next block may have other code points
		}
	}
	if full && bits.OnesCount64(leads&^three) >= dense {
		if read := f.letterBlocks(text[:min(len(text), n+16)]); read > 0 {
			return read
		}
		if bits.OnesCount64(three) < 3 {
			n = size // the next block may have other code points
		}
	}
	if full && hasPages() && bits.OnesCount64(leads) >= dense && mayHavePage(whole[bits.TrailingZeros64(leads)&63]) {
		if read := f.byPages(text[:min(len(text), all+16)], at); read > 0 {
			return read
		}
	}
	if f.inPlace(whole, leads, size, three) {
		return size
	}
	return f.run(text, n, at)
}

// broken returns a mask of the bytes that belong to no code point: first bytes that
// the following bytes do not complete, and continuation bytes without a first byte.
func (m *utf8Masks) broken(valid uint64) uint64 {
	cont := m.cont & valid
	leads := m.high & valid &^ cont
	three, four := m.three&valid, m.four&valid
	leads &= cont >> 1 & (^three | cont>>2) & (^four | cont>>3)
	return m.high & valid &^ (leads | leads<<1 | leads&three<<2 | leads&four<<3)
}

// withSpaces returns a copy of the first block of text in which broken bytes, which
// separate tokens, are replaced by spaces.
func (f *folder) withSpaces(text []byte, broken uint64) []byte {
	copy(f.mended[:], text[:blockSize+16])
	for ; broken != 0; broken &= broken - 1 {
		f.mended[bits.TrailingZeros64(broken)] = ' '
	}
	return f.mended[:]
}

// inPlace folds the first n bytes of text, which are whole code points, if each keeps
// its number of bytes and none adjoins another token. Otherwise it returns false and
// does nothing. leads marks the first bytes of code points outside ASCII, and three
// marks those with three bytes.
func (f *folder) inPlace(text *[blockSize + 16]byte, leads uint64, n int, three uint64) bool {
	if rows[unidata.Letter]>>f.state>>spaceBit&1 != 0 {
		return false
	}
	out := (*[blockSize + 16]byte)(f.buf[f.n:])
	*out = *text
	two := leads &^ three
	if bits.OnesCount64(two) > blockSize/10 {
		two &^= foldTwos(out, text, f.letters, two)
	}
	for ; two != 0; two &= two - 1 {
		q := bits.TrailingZeros64(two) & 63
		v := f.letters.two[binary.BigEndian.Uint16(text[q:q+2])&0x1fff]
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
		f.state = stateLetter
	}
	return true
}

// letters holds the two-byte code points that fold to two bytes: a letter, a mark,
// or two spaces for a separator.
type letters struct {
	// The two bytes, 0 for any other code point. The index is the encoding,
	// big-endian, without its three upper bits.
	two [8192]uint16
	// The same table for vectors, by the first bytes 0xc0+2*i.
	pairs [16]pairTable
	// Not 0 for the separators from U+2000 to U+203F: dashes, quotes and spaces.
	separators [64]uint8
}

// A pairTable holds the first and the second folded bytes for the 128 code points of
// two adjoining first bytes, an even one and the next.
type pairTable [2][128]uint8

// lettersOf holds the letters of each folding table.
var lettersOf = func() (t [2]letters) {
	for k, table := range []*unidata.Table{unidata.Plain(), unidata.Kept()} {
		two := &t[k].two
		for r := 0x80; r < 0x800; r++ {
			v := &two[r>>6<<8|0x80|r&0x3f]
			switch e := table.Low[r]; {
			case e&unidata.Special != 0:
			case e.Class() == unidata.Sep:
				*v = ' '<<8 | ' '
			case (e.Class() == unidata.Letter || e.Class() == unidata.Extend) && e.Len() == 2:
				*v = uint16(e)
			}
		}
		for i := range t[k].separators {
			if e := table.Three(0xe2 | 0x80<<8 | uint32(0x80+i)<<16); e&unidata.Special == 0 && e.Class() == unidata.Sep {
				t[k].separators[i] = 1
			}
		}
		for i := range t[k].pairs {
			for c := range 128 {
				v := two[i<<9|c>>6<<8|0x80|c&0x3f]
				t[k].pairs[i][0][c], t[k].pairs[i][1][c] = uint8(v), uint8(v>>8)
			}
		}
	}
	return t
}()

// letterBlocks folds blocks of text as long as all their code points outside ASCII
// are separators or two-byte ones that fold to two bytes. It returns the number of
// bytes folded.
func (f *folder) letterBlocks(text []byte) int {
	if rows[unidata.Letter]>>f.state>>spaceBit&1 != 0 {
		return 0
	}
	read := foldLetters(f.buf[f.n:], text, f.letters)
	if read == 0 {
		return 0
	}
	f.n += read
	if c := f.buf[f.n-1]; c < 0x80 {
		f.state = asciiState[c]
	} else {
		f.state = stateLetter
	}
	return read
}

// foldLettersGeneric folds blocks of text to out, byte for byte. It stops at a block
// that is not followed by 16 more bytes, is all ASCII, is not valid, or has code
// points that are not in k, and returns the number of bytes folded.
func foldLettersGeneric(out, text []byte, k *letters) (read int) {
	for len(text)-read >= blockSize+16 {
		b, o := text[read:read+blockSize], out[read:]
		copy(o, b)
		if slices.Max(b) >= 0xf0 {
			return read
		}
		i, others := 0, false
		for i < blockSize {
			c, size := b[i], 1
			if c >= 0xc0 {
				size = 2 + int(c>>5&1)
			}
			others = others || c >= 0x80
			if i+size > blockSize {
				break // the next block begins with this code point
			}
			switch {
			case c < 0x80:
				i++
				continue
			case c >= 0xc0 && c < 0xe0 && b[i+1]&0xc0 == 0x80:
				v := k.two[uint(c&0x1f)<<8|uint(b[i+1])]
				if v == 0 {
					return read
				}
				o[i], o[i+1] = uint8(v), uint8(v>>8)
				i += 2
			case c == 0xe2 && b[i+1] == 0x80 && b[i+2]&0xc0 == 0x80 && k.separators[b[i+2]&0x3f] != 0:
				copy(o[i:], "   ")
				i += 3
			default:
				return read
			}
		}
		if !others {
			break
		}
		read += i
	}
	return read
}

// foldTwosGeneric folds into out the code points of text that begin at the bits of two,
// if they share a table with the first one and become two bytes. It returns the bits of
// the code points that it folded. It leaves all bytes after the first 64 unchanged.
func foldTwosGeneric(out, text *[blockSize + 16]byte, k *letters, two uint64) (done uint64) {
	first := text[bits.TrailingZeros64(two)&63] &^ 1
	for ; two != 0; two &= two - 1 {
		q := bits.TrailingZeros64(two) & 63
		v := k.two[uint(text[q]&0x1f)<<8|uint(text[q+1])]
		if text[q]&^1 == first && v != 0 {
			out[q], out[q+1] = uint8(v), uint8(v>>8)
			done |= 1 << q
		}
	}
	return done
}

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

// gather moves the top bits of the eight bytes of w, whose other bits are 0, into
// the lowest byte.
func gather(w uint64) uint64 { return w >> 7 * 0x0102040810204080 >> 56 }
