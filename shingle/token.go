package shingle

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/neardup/neardup/internal/unidata"
)

// piece is how many bytes of text are taken at a time: the folded text, its
// masks, token bounds and hashes then stay in the first-level cache.
const piece = 4096

// A tokenizer turns pieces of text into token hashes. All its memory is reused.
type tokenizer struct {
	folder
	unit   Unit
	masks  []uint64
	bounds []uint32 // start and end of each token in the folded text
	hashes []uint64
}

var tokenizers = sync.Pool{New: func() any { return new(tokenizer) }}

func (s Shingler) tokenizer(origins bool) *tokenizer {
	t := tokenizers.Get().(*tokenizer)
	t.unit, t.origins, t.table = s.Unit, origins, unidata.Plain()
	if s.KeepAccents {
		t.table = unidata.Kept()
	}
	return t
}

// bytesOf returns the bytes of s, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// cut returns where text may be cut so that neither a token nor anything that
// depends on its surroundings crosses the cut: at most n if such a place is
// found there, otherwise later.
func (t *tokenizer) cut(text []byte, n int) int {
	for from := 0; n < len(text); from, n = n, 2*n {
		if k := t.cutBetween(text, from, n); k > 0 {
			return k
		}
	}
	return len(text)
}

// cutBetween returns the last place to cut in text[from+1:to+1], or 0.
func (t *tokenizer) cutBetween(text []byte, from, to int) int {
	for i := to - 1; i >= max(from, to-piece/4); i-- {
		if c := text[i]; c < 0x80 && !asciiWord[c] && c != '\'' {
			return i + 1
		}
	}
	for i := to - 1; i > from; i-- {
		c := text[i]
		if c < 0x80 {
			if !asciiWord[c] && c != '\'' {
				return i + 1
			}
			continue
		}
		if !utf8.RuneStart(c) {
			continue
		}
		e, _, _ := lookup(t.table, text[i:])
		if e&unidata.Special != 0 {
			continue
		}
		switch e.Class() {
		case unidata.Sep, unidata.Single:
			return i
		case unidata.Cluster:
			if i < 3 {
				continue
			}
			p, size, _ := lookup(t.table, text[i-3:i])
			if size == 3 && p&unidata.Special == 0 && (p.Class() == unidata.Cluster || p.Class() == unidata.Extend) {
				return i
			}
		}
	}
	return 0
}

// run folds a piece of text and finds and hashes its tokens: t.bounds holds
// their places in the folded text, t.hashes their hashes behind those it held.
func (t *tokenizer) run(text []byte) {
	t.fold(text)
	if t.unit == Chars {
		t.chars()
		return
	}
	blocks := (t.n + 63) / 64
	if len(t.masks) < blocks+1 {
		t.masks = make([]uint64, blocks*3/2+2)
	}
	if need := t.n + 64; cap(t.bounds) < need {
		t.bounds = make([]uint32, 0, need*3/2)
	}
	maskGeneric(t.masks[:blocks], t.buf)
	t.bounds = t.bounds[:boundsGeneric(t.bounds[:cap(t.bounds)], t.masks[:blocks])]
	old, n := len(t.hashes), len(t.bounds)/2
	if cap(t.hashes) < old+n+16 {
		t.hashes = append(make([]uint64, 0, (old+n+16)*3/2), t.hashes...)
	}
	t.hashes = t.hashes[:old+n]
	hashGeneric(t.hashes[old:], t.buf, t.bounds)
}

// chars is run for single characters.
func (t *tokenizer) chars() {
	t.bounds = t.bounds[:0]
	for i := 0; i < t.n; {
		c := t.buf[i]
		n := 1
		if c >= 0x80 {
			_, n = utf8.DecodeRune(t.buf[i:t.n])
		}
		if c >= 0x80 || asciiWord[c] {
			t.bounds = append(t.bounds, uint32(i), uint32(i+n))
			t.hashes = append(t.hashes, hashToken(t.buf, i, i+n))
		}
		i += n
	}
}

// span returns where the i-th token of the last piece stands in that piece.
func (t *tokenizer) span(i int) Span {
	s, e := t.bounds[2*i], t.bounds[2*i+1]
	if !t.mixed {
		return Span{int(s), int(e)}
	}
	return Span{int(t.start[s]), int(t.end[e-1])}
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// maskGeneric sets bit i%64 of dst[i/64] if buf[i] is a word byte.
func maskGeneric(dst []uint64, buf []byte) {
	var last, quote, letters, words uint64 // of the block before
	for i := range dst {
		q, l, w := classify((*[64]byte)(buf[i*64:]))
		if i > 0 {
			dst[i-1] = words | quote&(letters<<1|last)&(letters>>1|l<<63)
			last = letters >> 63
		}
		quote, letters, words = q, l, w
	}
	if n := len(dst); n > 0 {
		dst[n-1] = words | quote&(letters<<1|last)&(letters>>1)
	}
}

// classify returns which of 64 bytes are apostrophes, letters and word bytes.
func classify(b *[64]byte) (quote, letters, words uint64) {
	for k := range 8 {
		c := binary.LittleEndian.Uint64(b[k*8:])
		c7 := c &^ high
		l := c7 | ones*0x20
		l = (l + ones*(0x80-'a')) &^ (l + ones*(0x80-'{'))
		d := (c7 + ones*(0x80-'0')) &^ (c7 + ones*(0x80-':'))
		// Only the top bit of each byte counts, and only below 0x80.
		q := ^((c7 ^ ones*'\'') + ones*0x7f) &^ c & high
		l = (l | c) & high
		w := l | d&high
		quote |= q >> 7 * 0x0102040810204080 >> 56 << (8 * k)
		letters |= l >> 7 * 0x0102040810204080 >> 56 << (8 * k)
		words |= w >> 7 * 0x0102040810204080 >> 56 << (8 * k)
	}
	return quote, letters, words
}

// boundsGeneric writes where runs of set bits start and end, alternately.
func boundsGeneric(dst []uint32, masks []uint64) int {
	n := 0
	var carry uint64
	for i, m := range masks {
		edges := m ^ (m<<1 | carry)
		carry = m >> 63
		for ; edges != 0; edges &= edges - 1 {
			dst[n] = uint32(i*64 + bits.TrailingZeros64(edges))
			n++
		}
	}
	if carry != 0 {
		dst[n] = uint32(len(masks) * 64)
		n++
	}
	return n
}

func hashGeneric(dst []uint64, buf []byte, bounds []uint32) {
	for i := range dst {
		dst[i] = hashToken(buf, int(bounds[2*i]), int(bounds[2*i+1]))
	}
}
