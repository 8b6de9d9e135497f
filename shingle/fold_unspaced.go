package shingle

import "github.com/neardup/neardup/internal/unidata"

// In Chinese and Japanese most code points are separate tokens and yet keep
// their bytes, except punctuation. So whole blocks are classified by masks, and the
// spaces between adjoining tokens are inserted at once.

// kindPages are the pages of 128 code points that a kindTable covers, each given by
// the first two bytes of its first code point: kana, ideographic punctuation, full-width
// forms, quotes and dashes. CJK unified ideographs are recognized without a table.
var kindPages = [4][2]byte{{0xe3, 0x80}, {0xe3, 0x82}, {0xef, 0xbc}, {0xe2, 0x80}}

// Bits of kindTables; 0 is for code points that folding changes or that are not
// covered.
const (
	kindLetter   = 0x80 >> iota
	kindSingle   // 0x40
	kindHiragana // 0x20
	kindKatakana // 0x10
	kindExtend   // 0x08
	kindSep      // 0x04
)

// A kindTable holds the kinds of the code points of kindPages, then of ASCII.
type kindTable [5 * 128]uint8

// kindTables holds the kinds for each folding table.
var kindTables = func() (t [2]kindTable) {
	for k, table := range []*unidata.Table{unidata.Plain(), unidata.Kept()} {
		for p, page := range kindPages {
			for i := range 128 {
				utf8 := uint32(page[0]) | uint32(page[1]+uint8(i>>6))<<8 | uint32(0x80|i&0x3f)<<16
				t[k][p*128+i] = kindOf(table.Three(utf8), utf8)
			}
		}
		for c := range 128 {
			if asciiWord[c] || c == '\'' {
				t[k][len(kindPages)*128+c] = kindLetter
			}
		}
	}
	return t
}()

// kindOf returns the kind of the code point that is encoded as utf8.
func kindOf(e unidata.Entry, utf8 uint32) uint8 {
	switch {
	case e&unidata.Special != 0:
		return 0
	case e.Class() == unidata.Sep:
		return kindSep
	case e.Len() != 3 || uint32(e)&0xffffff != utf8:
		return 0
	}
	switch e.Class() {
	case unidata.Letter:
		return kindLetter
	case unidata.Single:
		return kindSingle
	case unidata.Hiragana:
		return kindHiragana
	case unidata.Katakana:
		return kindKatakana
	case unidata.Extend:
		return kindExtend
	}
	return 0
}

// kindOfState holds the kind of the preceding text in each state, or 0 for a state
// that kinds do not cover.
var kindOfState = func() (t [8]uint8) {
	for i, s := range states {
		switch s {
		case none:
			t[i] = kindSep
		case unidata.Letter, unidata.Apostrophe:
			t[i] = kindLetter
		case unidata.Single:
			t[i] = kindSingle
		case unidata.Hiragana:
			t[i] = kindHiragana
		case unidata.Katakana:
			t[i] = kindKatakana
		}
	}
	return t
}()

// stateOfKind holds the state after a kind, indexed by the upper half of the kind.
var stateOfKind = [16]uint64{
	kindLetter >> 4:   stateLetter,
	kindSingle >> 4:   stateSingle,
	kindHiragana >> 4: stateHiragana,
	kindKatakana >> 4: stateKatakana,
}

// mayBeUnspaced reports whether code points with this first byte may have a kind.
func mayBeUnspaced(c byte) bool { return c >= 0xe2 && c <= 0xe9 || c == 0xef }

// unspaced folds blocks of text as long as their code points outside ASCII are of
// the covered kinds, and returns the number of bytes folded.
func (f *folder) unspaced(text []byte) int {
	before := kindOfState[f.state>>3]
	if before == 0 {
		return 0
	}
	read, written, after := foldUnspaced(f.buf[f.n:], text, f.kinds, before)
	if read == 0 {
		return 0
	}
	f.n += written
	if c := text[read-1]; c < 0x80 {
		f.state = asciiState[c] // distinguishes apostrophes from letters
	} else {
		f.state = stateOfKind[after>>4]
	}
	return read
}

// foldUnspacedGeneric folds blocks of text to out. It stops at a block that is all
// ASCII, has a code point without a kind, or is followed by fewer than 16 bytes. A
// block is 64 bytes, without an incomplete code point at its end. before is the kind
// of the preceding text. It returns the numbers of bytes read and written, and the
// kind of the last byte. out has room for twice the text.
func foldUnspacedGeneric(out, text []byte, table *kindTable, before uint8) (read, written int, after uint8) {
	for len(text)-read >= blockSize+16 {
		block := text[read : read+blockSize]
		kind, o, ascii := before, written, true
		i := 0
		for i < len(block) {
			c, k, size := block[i], uint8(0), 1
			switch {
			case c < 0x80:
				if k = table[len(kindPages)*128+int(c)]; k == 0 {
					k = kindSep
				}
			case c < 0xc0:
				return read, written, before
			case i+3 > len(block):
				block = block[:i]
				continue
			default:
				ascii, size = false, 3
				k = kindAt(table, c, block[i+1], block[i+2])
			}
			switch k {
			case 0:
				return read, written, before
			case kindExtend:
				// A mark has the kind of the preceding code point; on its own, it is a letter.
				if k = kind; k == kindSep {
					k = kindLetter
				}
			default:
				if kind != kindSep && k != kindSep && (k != kind || k == kindSingle) {
					out[o] = ' '
					o++
				}
			}
			copy(out[o:], block[i:i+size])
			if k == kindSep && size == 3 {
				copy(out[o:], "   ")
			}
			i, o, kind = i+size, o+size, k
		}
		if ascii {
			break
		}
		read, written, before = read+i, o, kind
	}
	return read, written, before
}

// kindAt returns the kind of a code point of three bytes, or 0 if it has none.
func kindAt(table *kindTable, first, second, third byte) uint8 {
	if second&0xc0 != 0x80 || third&0xc0 != 0x80 {
		return 0
	}
	if first >= 0xe5 && first <= 0xe9 || first == 0xe4 && second >= 0xb8 {
		return kindSingle
	}
	for p, page := range kindPages {
		if first == page[0] && second&0xfe == page[1] {
			return table[p*128+int(second&1)<<6+int(third&0x3f)]
		}
	}
	return 0
}
