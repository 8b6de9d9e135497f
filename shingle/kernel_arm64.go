//go:build !purego

package shingle

import "github.com/neardup/neardup/internal/cpu"

// NEON only classifies bytes. The hashes need 64-bit products, which it lacks.

// masksNEON sets the bits of the word bytes of each block of 64, except apostrophes,
// and returns a value other than 0 if there is an apostrophe.
//
//go:noescape
func masksNEON(dst *uint64, buf *byte, blocks int) (quotes uint64)

//go:noescape
func classifyNEON(m *utf8Masks, b *byte)

//go:noescape
func copyNEON(dst, src *byte, n int) int

// findBounds works like boundsGeneric.
func findBounds(dst []uint32, masks []uint64, buf []byte, n int) int {
	if cpu.Active() == cpu.Generic || len(masks) == 0 {
		return boundsGeneric(dst, masks, buf, n)
	}
	_ = buf[blockSize*len(masks)-1]
	if masksNEON(&masks[0], &buf[0], len(masks)) != 0 {
		joinGeneric(masks, buf)
	}
	return positions(dst, masks, n)
}

// copyASCII works like copyASCIIGeneric.
func copyASCII(dst, src []byte) int {
	n := 0
	if cpu.Active() != cpu.Generic && len(src) >= blockSize {
		_ = dst[len(src)-1]
		n = copyNEON(&dst[0], &src[0], len(src))
	}
	return n + copyASCIIGeneric(dst[n:], src[n:])
}

// classifyUTF8 works like classifyUTF8Generic.
func classifyUTF8(m *utf8Masks, b []byte) {
	if b = b[:blockSize]; cpu.Active() == cpu.Generic {
		classifyUTF8Generic(m, b)
		return
	}
	classifyNEON(m, &b[0])
}
