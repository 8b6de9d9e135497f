// Package unidata holds frozen tables of the folded form of each code point and its
// role in a token. They do not depend on the tables of any other package, so a text
// folds alike under every Go release.
package unidata

//go:generate sh -c "GOWORK=off go run -C _gen . && mv _gen/tables.go tables.go"

// The classes of folded code points. Tokens break between classes.
const (
	Sep        = iota // separates tokens
	Letter            // letters and digits of scripts with spaces: a run is a token
	Single            // an ideograph: a separate token
	Katakana          // a run is a token
	Extend            // marks: belong to the preceding character
	Prefix            // vowels written before their consonant: belong to that consonant
	Cluster           // consonants of scripts without spaces: begin a token
	Stacker           // joins the next consonant to the cluster
	Apostrophe        // joins two letters
	Ignore            // has no effect
	Hiragana          // a run is a token
	Accent            // marks that are dropped without a letter before them
)

// The treatments of an entry with the [Special] bit.
const (
	Expand  = iota // several code points, each with its own class
	Reorder        // a mark that canonical order may place before earlier ones
	HangulV        // a vowel that composes with the consonant before
	HangulT        // a final consonant that composes with the syllable before
	Voicing        // a sound mark that composes with the kana before
)

// An Entry is the folded form of a code point. Unless it is special, it has up to
// three bytes of UTF-8 in bits 0-23, the class in bits 24-27, and the number of
// bytes in bits 28-30.
type Entry uint32

// Special marks an entry for which writing its bytes is not enough.
const Special Entry = 1 << 31

// Class returns the class.
func (e Entry) Class() int { return int(e >> 24 & 15) }

// Len returns the number of bytes of an ordinary entry.
func (e Entry) Len() int { return int(e >> 28) }

// Kind returns the treatment of a special entry.
func (e Entry) Kind() int { return int(e >> 28 & 7) }

// Text returns the folded text of a special entry.
func (e Entry) Text() string {
	off := e & 0xffff
	return expansions[off : off+e>>16&0x3f]
}

// A Range is the folded form of a range of supplementary code points.
type Range struct {
	Lo, Hi rune
	Entry  Entry // if its Len is 4, the code point is shifted by Delta
	Delta  rune
}

// ASCII is the index at which ASCII begins in Low.
const ASCII = 2048

// A Table defines one way of folding.
type Table struct {
	Low    [ASCII + 128]Entry // by two-byte encoding (separators where it is overlong), then by ASCII
	Index  [1024]uint16       // by code point / 64: index in blocks, for the rest of the BMP
	Ranges []Range            // code points above U+FFFF that are not separators
}

// An Order is the canonical combining class of a range of marks.
type Order struct {
	Lo, Hi rune
	Class  uint8
}

// Plain returns the table that folds accents away.
func Plain() *Table { return &plain }

// Kept returns the table that keeps accents.
func Kept() *Table { return &kept }

// Three returns the entry of a code point of the BMP from U+0800 whose UTF-8
// is utf8, little-endian, with the upper byte zero.
func (t *Table) Three(utf8 uint32) Entry {
	e := blocks[t.Index[(utf8&0xf)<<6|utf8>>8&0x3f]][utf8>>16&0x3f]
	// An entry without bytes means the bytes of the code point itself. This is harmless
	// for code points that fold to nothing, because their length is 0.
	return e | Entry(utf8&0xffffff)&Entry(int32(e&0xffffff-1)>>31)
}

// Blocks returns the first of the blocks to which the indexes of tables refer.
func Blocks() *[64]Entry { return &blocks[0] }

// Four returns the entry of a code point above U+FFFF, and the distance by which to
// shift the code point if the entry's length is 4.
func (t *Table) Four(r rune) (Entry, rune) {
	lo, hi := 0, len(t.Ranges)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if t.Ranges[m].Hi < r {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(t.Ranges) && t.Ranges[lo].Lo <= r {
		return t.Ranges[lo].Entry, t.Ranges[lo].Delta
	}
	return Sep<<24 | 1<<28 | ' ', 0
}

// OrderOf returns the canonical combining class of a mark that tokens keep.
func OrderOf(r rune) uint8 {
	lo, hi := 0, len(orders)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if orders[m].Hi < r {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(orders) && orders[lo].Lo <= r {
		return orders[lo].Class
	}
	return 0
}
