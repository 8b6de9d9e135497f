package shingle

import (
	"math/bits"

	"github.com/neardup/neardup/internal/unidata"
)

// Chinese and Japanese adjoin tokens at every other code point and yet keep
// their bytes, but for punctuation. So whole blocks of them are told apart by
// masks, and the spaces between adjoining tokens put in at once.

// kinds says which bytes of a block are word bytes of ASCII or apostrophes or,
// outside ASCII, begin a code point of a class.
type kinds struct{ letter, single, hiragana, katakana, extend, sep uint64 }

// The pages of code points that kindTables cover, 128 each, by their first two
// bytes: kana, punctuation of ideographs, full-width forms, quotes and dashes.
// CJK unified ideographs are recognized without a table.
var kindPages = [4][2]byte{{0xe3, 0x80}, {0xe3, 0x82}, {0xef, 0xbc}, {0xe2, 0x80}}

// Bits of kindTables; 0 is what folding changes or takes no note of.
const (
	kindLetter   = 0x80 >> iota
	kindSingle   // 0x40
	kindHiragana // 0x20
	kindKatakana // 0x10
	kindExtend   // 0x08
	kindSep      // 0x04
)

// kindTables holds, for each table, the kinds of the code points of kindPages.
var kindTables = func() (t [2][4 * 128]uint8) {
	for k, table := range []*unidata.Table{unidata.Plain(), unidata.Kept()} {
		for p, page := range kindPages {
			for i := range 128 {
				utf8 := uint32(page[0]) | uint32(page[1]+uint8(i>>6))<<8 | uint32(0x80|i&0x3f)<<16
				t[k][p*128+i] = kindOf(table.Three(utf8), utf8)
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

// kindOfState holds the kind of what goes before in each state; 0 is a state
// that kinds do not know.
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

// unspaced folds the first n bytes of text, which are whole code points, leads
// the first bytes of those outside ASCII, if these are of kinds that it knows.
// It returns false without doing anything otherwise.
func (f *folder) unspaced(text *[blockSize + 16]byte, leads uint64, n int) bool {
	before := kindOfState[f.state>>3]
	if before == 0 {
		return false
	}
	var k kinds
	out := (*[2 * blockSize]byte)(f.buf[f.n:])
	if !findKinds(&k, out, text, f.kinds) ||
		leads&^(k.letter|k.single|k.hiragana|k.katakana|k.extend|k.sep) != 0 {
		return false
	}
	// Times 7 is all three bytes of code points for their first.
	var (
		letter   = k.letter + (k.letter&leads)*6
		single   = k.single * 7
		hiragana = k.hiragana * 7
		katakana = k.katakana * 7
		extend   = k.extend * 7
		sep      = ^(letter | single | hiragana | katakana | extend)
	)
	// behind gives what comes behind bytes of a kind.
	behind := func(m uint64, kind uint8) uint64 {
		return m<<1 | uint64(before/kind&1)
	}
	// A mark is of the kind of what precedes; by itself, it is a letter. Adding
	// its first bit to a run of marks clears the run.
	marks := func(behind uint64) uint64 { return extend &^ (extend + behind&extend) }
	letter |= marks(behind(letter, kindLetter) | behind(sep, kindSep))
	single |= marks(behind(single, kindSingle))
	hiragana |= marks(behind(hiragana, kindHiragana))
	katakana |= marks(behind(katakana, kindKatakana))
	var (
		afterL = behind(letter, kindLetter)
		afterS = behind(single, kindSingle)
		afterH = behind(hiragana, kindHiragana)
		afterK = behind(katakana, kindKatakana)
	)
	breaks := k.single&(afterL|afterS|afterH|afterK) |
		letter&(afterS|afterH|afterK) |
		hiragana&(afterL|afterS|afterK) |
		katakana&(afterL|afterS|afterH)
	breaks &= ^uint64(0) >> (blockSize - n)
	if breaks != 0 {
		insertSpaces(out, breaks)
	}
	f.n += n + bits.OnesCount64(breaks)
	if c := text[n-1]; c < 0x80 {
		f.state = asciiState[c]
		return true
	}
	last := n - 1 // has one kind at most; branches would be mispredicted
	f.state = letter>>last&1*stateLetter | single>>last&1*stateSingle |
		hiragana>>last&1*stateHiragana | katakana>>last&1*stateKatakana
	return true
}

// findKindsGeneric sets k for the first 64 bytes of text and writes them to
// out, separators outside ASCII as spaces. What folding changes has no kind.
func findKindsGeneric(k *kinds, out *[2 * blockSize]byte, text *[blockSize + 16]byte, table *[4 * 128]uint8) {
	*k = kinds{}
	copy(out[:], text[:blockSize])
	for i, c := range text[:blockSize] {
		bit := uint64(1) << i
		if c < 0x80 {
			if asciiWord[c] || c == '\'' {
				k.letter |= bit
			}
			continue
		}
		kind := uint8(0)
		second, third := text[i+1], text[i+2]
		if c >= 0xe5 && c <= 0xe9 || c == 0xe4 && second >= 0xb8 {
			kind = kindSingle
		}
		for p, page := range kindPages {
			if c == page[0] && second&0xfe == page[1] {
				kind = table[p*128+int(second&1)<<6+int(third&0x3f)]
			}
		}
		switch kind {
		case kindLetter:
			k.letter |= bit
		case kindSingle:
			k.single |= bit
		case kindHiragana:
			k.hiragana |= bit
		case kindKatakana:
			k.katakana |= bit
		case kindExtend:
			k.extend |= bit
		case kindSep:
			k.sep |= bit
			copy(out[i:blockSize], "   ")
		}
	}
}

// insertSpacesGeneric puts a space ahead of each of the first 64 bytes of out
// that breaks names, at most 17 of either half.
func insertSpacesGeneric(out *[2 * blockSize]byte, breaks uint64) {
	o := blockSize + bits.OnesCount64(breaks)
	for i := blockSize - 1; i >= 0 && o > i+1; i-- {
		o--
		out[o] = out[i]
		if breaks>>i&1 != 0 {
			o--
			out[o] = ' '
		}
	}
}
