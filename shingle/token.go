package shingle

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/neardup/neardup/internal/unidata"
)

// piece is the number of bytes of text that are read at a time: the folded text, its
// masks, token bounds and hashes then stay in the first-level cache.
const piece = 4096

// A tokenizer turns a text, given piece by piece, into token hashes. Its memory
// is reused and does not grow with the text.
type tokenizer struct {
	folder
	unit     Unit
	size     int // number of tokens in a shingle
	multiset bool
	masks    []uint64
	bounds   []uint32 // start and end of each token of the last step, in folded bytes
	hashes   []uint64 // hashes of the tokens of the last step, after some from earlier steps
	first    int      // tokens of the last step begin at hashes[first]
	done     int      // folded bytes that the last step has processed
	open     int      // number of folded bytes, if all belong to one unfinished token
	begun    bool     // whether a shingle has been made
	*keyed            // hash functions

	// The unread rest of a text that is in memory as a whole: see more.
	rest  []byte
	at    int // offset of rest in the text
	spans []Span

	out []uint64 // a buffer for hashes that are then copied
	in  []byte   // a buffer for the text of a stream

	// For a token of more than longest bytes, which is hashed part by part:
	long      bool // the open token is longer than longest
	longStart int
	digest    digest
	longFirst bool // the first token of the last step was longer than longest
	firstAt   int  // offset at which that token began
}

// keepOut is the largest capacity of out, in hashes, that is kept for the next text.
const keepOut = 1 << 16

// An open token of more than longest bytes is hashed part by part.
const longest = 8192

var tokenizers = sync.Pool{New: func() any { return new(tokenizer) }}

// tokenizer returns a tokenizer; release it after use. It panics if s is invalid.
func (s Shingler) tokenizer(origins bool) *tokenizer {
	size := sizeOf(s.Unit, s.Size)
	t := tokenizers.Get().(*tokenizer)
	t.unit, t.size, t.multiset, t.origins, t.table = s.Unit, size, s.Multiset, origins, unidata.Plain()
	switch {
	case s.Seed == 0:
		t.keyed = unkeyed
	case t.keyed == nil || t.seed != s.Seed:
		t.keyed = newKeyed(s.Seed)
	}
	k := 0
	if s.KeepAccents {
		k, t.table = 1, unidata.Kept()
	}
	if t.letters != &lettersOf[k] {
		t.runs, t.pages = nil, nil
	}
	t.letters, t.kinds = &lettersOf[k], &kindTables[k]
	t.reset()
	t.hashes, t.first, t.done, t.open, t.begun, t.long, t.longFirst = t.hashes[:0], 0, 0, 0, false, false, false
	return t
}

// release returns t to the pool, without the text that it read.
func (t *tokenizer) release() {
	t.rest, t.spans = nil, nil
	tokenizers.Put(t)
}

// read returns a tokenizer of text without the spans to skip. Call more to advance
// it, and release it after use. Set origins if positions are needed.
func (s Shingler) read(text string, skip []Span, origins bool) *tokenizer {
	checkSpans(skip)
	t := s.tokenizer(origins || len(skip) > 0)
	t.rest, t.at, t.spans = bytesOf(text), 0, skip
	return t
}

// more reads the next piece of the text and appends the hashes of its complete
// tokens to t.hashes; it returns false at the end.
func (t *tokenizer) more() bool {
	if len(t.rest) == 0 {
		return false
	}
	n := pieceOf(t.rest)
	t.step(t.rest[:n], t.at, n == len(t.rest))
	t.spans = t.skip(t.spans)
	t.rest, t.at = t.rest[n:], t.at+n
	return true
}

// last reports whether the last step was the last one of the text.
func (t *tokenizer) last() bool { return len(t.rest) == 0 }

// bytesOf returns the bytes of s, which must not be modified.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// pieceOf returns the length of the piece at the start of text: at most piece bytes,
// ending between code points.
func pieceOf(text []byte) int {
	if len(text) <= piece {
		return len(text)
	}
	for n := piece; n > piece-utf8.UTFMax; n-- {
		if utf8.RuneStart(text[n]) {
			return n
		}
	}
	return piece // four continuation bytes in a row: the text is invalid here anyway
}

// step reads the next piece of a text, which begins at offset at, and appends the
// hashes of the complete tokens to t.hashes.
func (t *tokenizer) step(text []byte, at int, last bool) {
	t.drop(t.done)
	t.feed(text, at)
	if last {
		t.buf[t.n] = ' '
		if t.origins && t.mixed {
			t.start[t.n], t.end[t.n] = 0, 0
		}
		t.n++
	}
	t.first, t.done = len(t.hashes), t.settled(last)
	if t.unit == Chars {
		t.chars()
		return
	}
	t.words()
	if t.n-t.done > longest {
		t.swallow()
	}
}

// settled returns the number of folded bytes, up to the end of a token, that later
// text cannot change.
func (t *tokenizer) settled(last bool) int {
	if last {
		return t.n
	}
	if t.unit == Chars {
		n := max(0, t.n-unsettled)
		for n > 0 && !utf8.RuneStart(t.buf[n]) {
			n--
		}
		return n
	}
	// Skip bytes that were scanned before, up to those that may have changed.
	from := max(0, t.open-unsettled)
	t.open = 0
	for i := t.n - 1; i >= from; i-- {
		for i >= from+8 && wordBytes(binary.LittleEndian.Uint64(t.buf[i-7:])) == high {
			i -= 8
		}
		switch c := t.buf[i]; {
		case c >= 0x80 || asciiWord[c]:
		case c != '\'',
			i == 0 && !t.long || i > 0 && !isLetter(t.buf[i-1]),
			i+1 < t.n && !isLetter(t.buf[i+1]):
			return i + 1
		}
	}
	t.open = t.n
	return 0
}

var asciiWord = func() (t [128]bool) {
	for c := range t {
		t[c] = '0' <= c && c <= '9' || isLetter(byte(c))
	}
	return t
}()

func isLetter(c byte) bool { return c >= 0x80 || 'a' <= c|0x20 && c|0x20 <= 'z' }

// words finds and hashes the tokens of the first t.done folded bytes.
func (t *tokenizer) words() {
	blocks := (t.done + 63) / 64
	if len(t.masks) < blocks+1 {
		t.masks = make([]uint64, blocks*3/2+2)
	}
	if need := t.done + 64; cap(t.bounds) < need {
		// Keep half a page between this and the hashes: a processor that compares only
		// the low bits of addresses would otherwise confuse a load here with a load of
		// a new hash.
		t.bounds = make([]uint32, need*3/2+512)[512:512]
	}
	t.bounds = t.bounds[:findBounds(t.bounds[:cap(t.bounds)], t.masks[:blocks], t.buf, t.done)]
	n := len(t.bounds) / 2
	t.grow(n)
	hashTokens(t.hashes[t.first:], t.buf, t.bounds, &t.mixer)
	if t.longFirst = t.long && t.done > 0; t.longFirst {
		// The first token began before this step.
		t.long, t.firstAt = false, t.longStart
		lowerASCII(t.buf, int(t.bounds[1]))
		t.digest.write(&t.mixer, t.buf[:t.bounds[1]])
		t.hashes[t.first] = t.digest.sum(&t.mixer)
	}
}

// grow makes room for n more hashes, plus a vector after them.
func (t *tokenizer) grow(n int) {
	n += len(t.hashes)
	if cap(t.hashes) < n+64 {
		t.hashes = append(make([]uint64, 0, (n+64)*3/2), t.hashes...)
	}
	t.hashes = t.hashes[:n]
}

// swallow hashes most of an open token that has become too long to keep.
func (t *tokenizer) swallow() {
	t.drop(t.done)
	t.done, t.open = 0, 0
	if !t.long {
		t.long, t.longStart = true, t.origin(0, 1).Start
		t.digest.reset()
	}
	n := t.n - unsettled
	for t.buf[n] == '\'' || !utf8.RuneStart(t.buf[n]) {
		n--
	}
	lowerASCII(t.buf, n)
	t.digest.write(&t.mixer, t.buf[:n])
	t.drop(n)
}

// chars is like words, but makes a token of each character.
func (t *tokenizer) chars() {
	t.grow(t.done)
	dst := t.hashes[t.first:]
	low, tail, mix, end := t.mixer.low, t.mixer.high, t.mixer.mix, t.mixer.end
	t.bounds = t.bounds[:0]
	k := 0
	for i := 0; i < t.done; {
		c := t.buf[i]
		n := 1
		if c < 0x80 {
			dst[k] = t.keyed.chars[c]
			if !asciiWord[c] {
				i++
				continue
			}
		} else {
			// The folded text is valid: the first byte gives the length.
			n = 2 + int(c>>5&1) + int((c>>5)&(c>>4)&1)
			x := binary.LittleEndian.Uint32(t.buf[i:]) << (32 - 8*n) >> (32 - 8*n)
			dst[k] = hash16(uint64(x), 0, uint(n), low, tail, mix, end)
		}
		k++
		if t.origins {
			t.bounds = append(t.bounds, uint32(i), uint32(i+n))
		}
		i += n
	}
	t.hashes = t.hashes[:t.first+k]
}

// span returns the place of the i-th token of the last step in the text.
func (t *tokenizer) span(i int) Span {
	sp := t.origin(int(t.bounds[2*i]), int(t.bounds[2*i+1]))
	if i == 0 && t.longFirst {
		sp.Start = t.firstAt
	}
	return sp
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// maskGeneric sets bit i%64 of dst[i/64] if buf[i] is a word byte.
func maskGeneric(dst []uint64, buf []byte) {
	for i := range dst {
		dst[i] = classify((*[64]byte)(buf[i*64:]))
	}
	joinGeneric(dst, buf)
}

// classify returns which of 64 bytes are letters or digits.
func classify(b *[64]byte) uint64 {
	// Bit 8*i+k is byte i of the k-th eight bytes.
	m := wordBytes(binary.LittleEndian.Uint64(b[:]))>>7 |
		wordBytes(binary.LittleEndian.Uint64(b[8:]))>>6 |
		wordBytes(binary.LittleEndian.Uint64(b[16:]))>>5 |
		wordBytes(binary.LittleEndian.Uint64(b[24:]))>>4 |
		wordBytes(binary.LittleEndian.Uint64(b[32:]))>>3 |
		wordBytes(binary.LittleEndian.Uint64(b[40:]))>>2 |
		wordBytes(binary.LittleEndian.Uint64(b[48:]))>>1 |
		wordBytes(binary.LittleEndian.Uint64(b[56:]))
	// Transpose the matrix of eight by eight bits (Warren, Hacker's Delight, 7-3).
	t := (m ^ m>>7) & 0x00aa00aa00aa00aa
	m ^= t ^ t<<7
	t = (m ^ m>>14) & 0x0000cccc0000cccc
	m ^= t ^ t<<14
	t = (m ^ m>>28) & 0x00000000f0f0f0f0
	return m ^ t ^ t<<28
}

// wordBytes sets the top bit of the bytes of c that are letters, digits or at least
// 0x80, and of no others.
func wordBytes(c uint64) uint64 {
	c7 := c &^ high
	l := c7 | ones*0x20
	// The top bit of a sum is set from the first letter, from the byte after the last
	// letter, from the first digit, from the byte after the last digit.
	w := (l + ones*(0x80-'a')) ^ (l + ones*(0x80-'{')) ^ (c7 + ones*(0x80-'0')) ^ (c7 + ones*(0x80-':'))
	return (w | c) & high
}

// joinGeneric sets the bits of the apostrophes between letters in the masks of buf.
func joinGeneric(masks []uint64, buf []byte) {
	end := blockSize * len(masks)
	for i := 0; ; i++ {
		k := bytes.IndexByte(buf[i:end], '\'')
		if k < 0 {
			return
		}
		if i += k; betweenLetters(buf, i, end) {
			masks[i/blockSize] |= 1 << (i % blockSize)
		}
	}
}

// betweenLetters reports whether an apostrophe at buf[i] is between letters, before
// end.
func betweenLetters(buf []byte, i, end int) bool {
	return i > 0 && i+1 < end && isLetter(buf[i-1]) && isLetter(buf[i+1])
}

// boundsGeneric writes the starts and ends of the tokens in the first n bytes of
// buf, alternately, and returns twice their number. Byte n-1, if any, is not a word
// byte; buf and dst have room for one more vector.
func boundsGeneric(dst []uint32, masks []uint64, buf []byte, n int) int {
	maskGeneric(masks, buf)
	return positions(dst, masks, n)
}

// positions is boundsGeneric once the masks of the n bytes are known.
func positions(dst []uint32, masks []uint64, n int) int {
	if n%64 != 0 {
		masks[len(masks)-1] &= 1<<(n%64) - 1
	}
	k := 0
	var carry uint64
	for i, m := range masks {
		k += putPlaces((*[64]uint32)(dst[k:]), m^(m<<1|carry), uint32(i*64))
		carry = m >> 63
	}
	return k
}

// putPlaces writes the positions of the set bits of edges, plus at, and returns their
// number. It may write some more.
func putPlaces(dst *[64]uint32, edges uint64, at uint32) int {
	n := 0
	for range 8 {
		d, p := (*[8]uint32)(dst[n&63:]), &edgePlaces[edges&0xff]
		d[0], d[1], d[2], d[3] = at+p[0], at+p[1], at+p[2], at+p[3]
		count := bits.OnesCount8(uint8(edges))
		if count > 4 { // rare in text
			d[4], d[5], d[6], d[7] = at+p[4], at+p[5], at+p[6], at+p[7]
		}
		n += count
		edges >>= 8
		at += 8
	}
	return n
}

// edgePlaces lists the positions of the set bits of each byte.
var edgePlaces = func() (places [256][8]uint32) {
	for b := range places {
		n := 0
		for i := range uint32(8) {
			if b>>i&1 != 0 {
				places[b][n] = i
				n++
			}
		}
	}
	return places
}()

// hashGeneric hashes the tokens of buf that have the given bounds. At least 16 bytes
// must be readable from the start of each token.
func hashGeneric(dst []uint64, buf []byte, bounds []uint32, m *mixer) {
	bounds = bounds[:2*len(dst)]
	pairs := unsafe.Slice((*[2]uint32)(unsafe.Pointer(unsafe.SliceData(bounds))), len(dst))
	for next := m.hashShort(dst, buf, pairs); next != 0; {
		i := next - 1
		next = dst[i]
		dst[i] = m.hashLong(buf, int(pairs[i][0]), int(pairs[i][1]))
	}
}

// hashShort hashes tokens like hashGeneric, except those of more than m.short bytes. It
// returns 1 plus the index of the last one of these, or 0. The element of dst for each
// refers to the one before it in the same way. With a call for them in its loop, the
// multipliers would not stay in registers.
func (m *mixer) hashShort(dst []uint64, buf []byte, bounds [][2]uint32) (long uint64) {
	low, tail, mix, end, short := m.low, m.high, m.mix, m.end, uint(m.short)
	dst = dst[:len(bounds)]
	for i := range bounds {
		start := uint(bounds[i][0])
		n := uint(bounds[i][1]) - start
		if n > short {
			dst[i], long = long, uint64(i+1)
			continue
		}
		b := buf[start : start+16 : start+16]
		k := &keep[n&31]
		x, y := binary.LittleEndian.Uint64(b)&k[0], binary.LittleEndian.Uint64(b[8:])&k[1]
		dst[i] = hash16(x, y, n, low, tail, mix, end)
	}
	return long
}
