//go:build !purego

package shingle

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/neardup/neardup/internal/cpu"
)

// Each tier of package cpu is a family of kernels. They all give the same results as
// their generic counterparts, which are in files named after their purpose.

//go:noescape
func boundsAVX512(dst *uint32, buf *byte, n int) int

//go:noescape
func boundsVBMI2(dst *uint32, buf *byte, n int) int

//go:noescape
func boundsAVX2(dst *uint32, buf *byte, n int) int

//go:noescape
func hashAVX512(dst *uint64, buf *byte, bounds *uint32, n int, long *byte, m *mixer)

//go:noescape
func hashAVX2(dst *uint64, buf *byte, bounds *uint32, n int, long *byte, m *mixer)

//go:noescape
func shinglesAVX512(dst, toks *uint64, n, w int, m *mixer)

//go:noescape
func shinglesAVX2(dst, toks *uint64, n, w int, m *mixer)

//go:noescape
func classifyAVX512(m *utf8Masks, b *byte)

//go:noescape
func classifyAVX2(m *utf8Masks, b *byte)

//go:noescape
func copyAVX2(dst, src *byte, n int) int

// bitPlaces lists the positions of the set bits of each byte.
//
//lint:ignore U1000 assembly reads it
var bitPlaces = func() (places [256][8]uint8) {
	for b := range places {
		n := 0
		for i := range uint8(8) {
			if b>>i&1 != 0 {
				places[b][n] = i
				n++
			}
		}
	}
	return places
}()

// findBounds works like boundsGeneric.
func findBounds(dst []uint32, masks []uint64, buf []byte, n int) int {
	switch {
	case n == 0:
		return 0
	case cpu.Active() == cpu.VBMI2:
		return boundsVBMI2(&dst[0], &buf[0], n)
	case cpu.Active() == cpu.AVX512:
		return boundsAVX512(&dst[0], &buf[0], n)
	case cpu.Active() == cpu.AVX2:
		return boundsAVX2(&dst[0], &buf[0], n)
	}
	return boundsGeneric(dst, masks, buf, n)
}

// hashTokens works like hashGeneric. Both dst and bounds have capacity for one more
// vector.
func hashTokens(dst []uint64, buf []byte, bounds []uint32, m *mixer) {
	if cpu.Active() == cpu.Generic || len(dst) == 0 {
		hashGeneric(dst, buf, bounds, m)
		return
	}
	clear(bounds[len(bounds) : len(bounds)+16]) // idle lanes load the last bound
	for at := 0; at < len(dst); at += 512 {
		n := min(512, len(dst)-at)
		var long [128]byte // a bit for each token of more than m.short bytes
		step := 8
		if cpu.Active() >= cpu.AVX512 {
			hashAVX512(&dst[at], &buf[0], &bounds[2*at], n, &long[0], m)
		} else {
			step = 4
			hashAVX2(&dst[at], &buf[0], &bounds[2*at], n, &long[0], m)
		}
		// Take eight steps at a time, for fewer unpredictable branches.
		for k := 0; k*step < n; k += 8 {
			for left := binary.LittleEndian.Uint64(long[k:]); left != 0; left &= left - 1 {
				p := bits.TrailingZeros64(left)
				i := at + (k+p/8)*step + p%8
				dst[i] = m.hashLong(buf, int(bounds[2*i]), int(bounds[2*i+1]))
			}
		}
	}
}

// Shingles of up to widest tokens are computed from their tokens; wider ones are
// rolled.
const widest = 16

// hashShingles works like shinglesGeneric; toks has capacity for two more vectors.
func hashShingles(dst, toks []uint64, w int, m *mixer) {
	switch {
	case w > widest || len(dst) == 0:
	case cpu.Active() >= cpu.AVX512:
		shinglesAVX512(&dst[0], &toks[0], len(dst), w, m)
		return
	case cpu.Active() == cpu.AVX2 && len(dst) >= 4:
		n := len(dst) &^ 3
		shinglesAVX2(&dst[0], &toks[0], n, w, m)
		if n == len(dst) {
			return
		}
		dst, toks = dst[n:], toks[n:]
	}
	shinglesGeneric(dst, toks, w, m)
}

// copyASCII works like copyASCIIGeneric.
func copyASCII(dst, src []byte) int {
	n := 0
	if cpu.Active() != cpu.Generic && len(src) >= 32 {
		_ = dst[len(src)-1]
		if n = copyAVX2(&dst[0], &src[0], len(src)); n == len(src) {
			return n
		}
	}
	return n + copyASCIIGeneric(dst[n:], src[n:])
}

// classifyUTF8 works like classifyUTF8Generic.
func classifyUTF8(m *utf8Masks, b []byte) {
	switch b = b[:blockSize]; cpu.Active() {
	case cpu.AVX512, cpu.VBMI2:
		classifyAVX512(m, &b[0])
	case cpu.AVX2:
		classifyAVX2(m, &b[0])
	default:
		classifyUTF8Generic(m, b)
	}
}

// run holds the arguments of foldRunBMI, which advances text and out and updates
// state.
type run struct {
	text    *byte
	start   *byte // start of the text, of which n bytes are to be folded
	n       int
	last    *byte // the last position at which a block may begin
	out     *byte
	state   uint64
	entries *uint32
	doubles *[2]uint32
	rows    *uint64
	blocks  int  // number of blocks left to fold in this call
	slow    uint // not 0 to avoid PEXT
	stopped uint // not 0 if folder.put has to fold the code point at text

	// only for foldPages
	index *uint16
	pages *page
}

//go:noescape
func foldRunBMI(r *run)

// slowPEXT makes foldRun avoid PEXT. Only tests change it.
var slowPEXT = cpu.SlowPEXT

// foldRun works like foldRunGeneric.
func foldRun(out, text []byte, n int, t *runTable, state uint64) (read, written int, after uint64, stopped bool) {
	if cpu.Active() == cpu.Generic {
		return foldRunGeneric(out, text, n, t, state)
	}
	last := min(n-1, len(text)-blockSize-16)
	if last < 0 {
		return 0, 0, state, false
	}
	_, _ = out[3*min(n, runBlocks*blockSize)+slack-1], text[n-1]
	r := run{
		text: &text[0], start: &text[0], n: n, last: &text[last], out: &out[0], state: state,
		entries: &t.entries[0], doubles: unsafe.SliceData(t.doubles), rows: &rows[0], blocks: runBlocks,
	}
	if slowPEXT {
		r.slow = 1
	}
	foldRunBMI(&r)
	return distance(&text[0], r.text), distance(&out[0], r.out), r.state, r.stopped != 0
}

//go:noescape
func foldPagesVBMI2(r *run)

//go:noescape
func foldPagesAVX512(r *run)

// hasPages reports whether foldPages has a kernel.
func hasPages() bool { return cpu.Active() >= cpu.AVX512 }

// insertions holds the shuffles that insert spaces into eight bytes. The index is a mask
// of the bytes that get a space before them; the operand is eight spaces, then the bytes.
//
//lint:ignore U1000 assembly reads it
var insertions = func() (shuffles [256][16]uint8) {
	for m := range shuffles {
		n := 0
		for i := range 8 {
			n += m >> i & 1 // index 0 is a space
			shuffles[m][n] = uint8(8 + i)
			n++
		}
	}
	return shuffles
}()

// foldPages folds blocks of text to out, which has room for three times the text and
// one more block. It stops at a block that is not followed by 16 more bytes, is not
// valid, is all ASCII, or begins with a code point that has no page. It returns the
// number of bytes read and written, the state after them, and whether it stopped at a
// code point for folder.put. Its output equals the output of foldRun, except for
// ASCII separators.
func foldPages(out, text []byte, t *pageTable, runs *runTable, state uint64) (read, written int, after uint64, stopped bool) {
	if len(text) < blockSize+16 {
		return 0, 0, state, false
	}
	_ = out[3*len(text)+slack-1]
	r := run{
		text: &text[0], last: &text[len(text)-blockSize-16], out: &out[0], state: state,
		entries: &runs.entries[0], doubles: unsafe.SliceData(runs.doubles), rows: &rows[0],
		index: &t.index[0], pages: &t.list[0],
	}
	if cpu.Active() == cpu.VBMI2 {
		foldPagesVBMI2(&r)
	} else {
		foldPagesAVX512(&r)
	}
	return distance(&text[0], r.text), distance(&out[0], r.out), r.state, r.stopped != 0
}

// unspacedRun holds the arguments of the kernels below, which advance text and out, and
// keep in carry the kind of the last byte: letter, single, hiragana, katakana.
type unspacedRun struct {
	text  *byte
	last  *byte // the last position at which a block may begin
	out   *byte
	table *kindTable
	carry [4]uint64
}

//go:noescape
func unspacedVBMI2(r *unspacedRun)

//go:noescape
func unspacedAVX512(r *unspacedRun)

// foldUnspaced works like foldUnspacedGeneric, or does nothing where the loop in
// block is faster.
func foldUnspaced(out, text []byte, table *kindTable, before uint8) (read, written int, after uint8) {
	if cpu.Active() < cpu.AVX512 || len(text) < blockSize+16 {
		return 0, 0, before
	}
	_ = out[2*len(text)-1]
	r := unspacedRun{text: &text[0], last: &text[len(text)-blockSize-16], out: &out[0], table: table}
	for i := range r.carry {
		r.carry[i] = uint64(before >> (7 - i) & 1)
	}
	if cpu.Active() == cpu.VBMI2 {
		unspacedVBMI2(&r)
	} else {
		unspacedAVX512(&r)
	}
	after = kindSep
	for i, c := range r.carry {
		if c != 0 {
			after = kindLetter >> i
		}
	}
	return distance(&text[0], r.text), distance(&out[0], r.out), after
}

// distance returns the number of bytes from p to q, which are in the same slice.
func distance(p, q *byte) int { return int(uintptr(unsafe.Pointer(q)) - uintptr(unsafe.Pointer(p))) }

// letterRun holds the arguments of lettersVBMI2 and lettersAVX512, which advance
// text and out.
type letterRun struct {
	text       *byte
	last       *byte // the last position at which a block may begin
	out        *byte
	separators *uint8
	pairs      *pairTable
	two        *uint16
}

//go:noescape
func lettersVBMI2(r *letterRun)

//go:noescape
func lettersAVX512(r *letterRun)

// foldLetters works like foldLettersGeneric, or does nothing where inPlace is as fast.
func foldLetters(out, text []byte, k *letters) int {
	if cpu.Active() < cpu.AVX512 || len(text) < blockSize+16 {
		return 0
	}
	_ = out[len(text)-1]
	r := letterRun{&text[0], &text[len(text)-blockSize-16], &out[0], &k.separators[0], &k.pairs[0], &k.two[0]}
	if cpu.Active() == cpu.VBMI2 {
		lettersVBMI2(&r)
	} else {
		lettersAVX512(&r)
	}
	return distance(&text[0], r.text)
}

//go:noescape
func twosVBMI2(out, text *byte, table *pairTable, two, first uint64) uint64

//go:noescape
func twosAVX512(out, text *byte, table *uint16, two, first uint64) uint64

// foldTwos works like foldTwosGeneric, or does nothing where the loop in
// inPlace is as fast.
func foldTwos(out, text *[blockSize + 16]byte, k *letters, two uint64) uint64 {
	first := text[bits.TrailingZeros64(two)&63] &^ 1
	switch cpu.Active() {
	case cpu.VBMI2:
		return twosVBMI2(&out[0], &text[0], &k.pairs[first>>1&15], two, uint64(first))
	case cpu.AVX512:
		return twosAVX512(&out[0], &text[0], &k.two[uint(first&0x1e)<<8|0x80], two, uint64(first))
	}
	return 0
}
