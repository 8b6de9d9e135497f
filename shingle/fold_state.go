package shingle

import (
	"slices"

	"github.com/neardup/neardup/internal/unidata"
)

// A state is a class; none is the state between tokens.
const none = unidata.Sep

// The effect of a code point of a class in state k is in the eight bits of
// rows[class] that begin at bit 8*k: bits 3 to 5 are the next state, bit 6 is set if
// a space comes first. So a state depends on the previous one only through a shift.
// The upper bits of an index are the length of an entry and are ignored.
var rows [128]uint64

const (
	stateBits = 7 << 3
	spaceBit  = 6
)

// The states other than none.
const (
	stateLetter = (iota + 1) << 3
	stateSingle
	stateKatakana
	stateHiragana
	stateCluster
	stateStacker
	stateApostrophe
)

func init() {
	for k, s := range states {
		for c := range uint8(len(rows)) {
			n := next(s, c&15)
			f := uint64(slices.Index(states[:], n&^brk)) << 3
			if n&brk != 0 {
				f |= 1 << spaceBit
			}
			rows[c] |= f << (8 * k)
		}
	}
}

// states lists the classes that can be states; the state in a folder is the index
// here, times eight.
var states = [8]uint8{
	none, unidata.Letter, unidata.Single, unidata.Katakana, unidata.Hiragana,
	unidata.Cluster, unidata.Stacker, unidata.Apostrophe,
}

const brk = 0x80

// next returns the effect of a folded code point of class c in state s.
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
		// A prefix vowel joins the following consonant, like a stacker.
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

// asciiState is the state after each ASCII byte.
var asciiState = func() (t [128]uint64) {
	for c := range t {
		switch {
		case asciiWord[c]:
			t[c] = stateLetter
		case c == '\'':
			t[c] = stateApostrophe
		}
	}
	return t
}()
