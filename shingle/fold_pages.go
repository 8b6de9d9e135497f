package shingle

import (
	"sync"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/unidata"
)

// Most texts take their code points from few pages of 128. All code points of a page
// are folded at once, with one look-up for each byte of the folded form and one for
// the kind. So whole blocks are folded page by page, in particular Thai and polytonic
// Greek.

// A page holds the bytes that 128 code points become, followed by their kinds.
type page [4][128]uint8

// The bits of a kind; 0 is for a code point that pages do not fold. The lowest two
// bits are the number of bytes in the folded form.
const (
	pageSep     = 1 << (2 + iota)
	pageExtend  // a mark, including accents
	pageCluster // with pageStacker, a prefix vowel
	pageStacker
	pageLow  // the lower bit of a mark's level in canonical order
	pageHigh // the upper bit of that level

	pageLetter  = 0
	pageNothing = pageSep | pageExtend      // with 0 bytes: a code point that has no effect
	pageSpaced  = pageCluster | pageStacker // a space may be written before or after it
)

// A pageTable holds the pages of one folding table.
type pageTable struct {
	index [1024]uint16 // indexed by code point / 128: index of the page in list, or 0 if it has none
	list  []page       // the first one holds the kinds of ASCII
}

// pageTables makes the table that folds accents away and the one that keeps them.
var pageTables = [2]func() *pageTable{
	sync.OnceValue(func() *pageTable { return newPageTable(runTables[0]()) }),
	sync.OnceValue(func() *pageTable { return newPageTable(runTables[1]()) }),
}

func newPageTable(runs *runTable) *pageTable {
	t := &pageTable{list: make([]page, 1)}
	for c := range 128 {
		switch {
		case asciiWord[c]:
			t.list[0][3][c] = pageLetter | 1
		case c != '\'':
			t.list[0][3][c] = pageSep | 1
		}
	}
	for r := 0x80; r < 0x20000; r += 128 {
		var p page
		known := false
		for i := range 128 {
			e, size := runs.at(rune(r + i))
			kind := pageKind(e, size)
			if kind != 0 {
				known = true
				p[0][i], p[1][i], p[2][i], p[3][i] = uint8(e), uint8(e>>8), uint8(e>>16), kind
			}
		}
		// Ideographs and Hangul span too many pages to store.
		if known && (r < 0x3000 || r >= 0xd7c0) {
			t.index[r/128] = uint16(len(t.list))
			t.list = append(t.list, p)
		}
	}
	return t
}

// mayHavePage reports whether there are pages for code points with this first byte; it
// takes little time where most code points are ideographs or Hangul.
func mayHavePage(c byte) bool { return c < 0xe3 || c > 0xed }

// at returns the entry of a code point above ASCII, and its number of bytes.
func (t *runTable) at(r rune) (e uint32, size int) {
	switch {
	case r < 0x800:
		return t.entries[twoBase+r], 2
	case r < 0x10000:
		return t.entries[threeBase+r], 3
	case r >= fourAt && r < fourAt+fourCount:
		return t.entries[fourBase+r-fourAt], 4
	}
	return special, 4
}

// pageKind returns the kind of a code point with the given number of bytes.
func pageKind(e uint32, size int) uint8 {
	n := int(e >> 28 & 3)
	if n == 0 && e < special && e>>24&15 == unidata.Ignore {
		return pageNothing
	}
	if e >= special || n == 0 || n > size {
		return 0
	}
	kind := uint8(n)
	switch e >> 24 & 15 {
	case unidata.Sep:
		kind |= pageSep
	case unidata.Letter:
	case unidata.Extend, unidata.Accent:
		kind |= pageExtend
	case unidata.Cluster:
		kind |= pageCluster
	case unidata.Prefix:
		kind |= pageCluster | pageStacker
	case unidata.Stacker:
		kind |= pageStacker
	default:
		return 0
	}
	if e&ordered != 0 {
		r, _ := utf8.DecodeRune(bytesOfEntry(unidata.Entry(e)))
		switch order := unidata.OrderOf(r); {
		case order < 10:
			kind |= pageLow
		case order < 106:
			kind |= pageHigh
		default:
			kind |= pageHigh | pageLow
		}
	}
	return kind
}

// byPages folds the beginning of text as long as it is valid and every block has
// code points of few pages, and returns the number of bytes folded.
func (f *folder) byPages(text []byte, at int) int {
	if f.pages == nil {
		k := 0
		if f.letters == &lettersOf[1] {
			k = 1
		}
		f.pages, f.runs = pageTables[k](), runTables[k]()
	}
	for i := 0; ; {
		read, written, state, stopped := foldPages(f.buf[f.n:], text[i:], f.pages, f.runs, f.state)
		f.n, f.state = f.n+written, state
		if i += read; !stopped {
			return i
		}
		e, size, delta := lookup(f.table, text[i:])
		f.put(e, delta, text[i:i+size], at+i, at+i+size)
		i += size
	}
}
