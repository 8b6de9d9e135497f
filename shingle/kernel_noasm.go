//go:build purego || (!amd64 && !arm64)

package shingle

func findBounds(dst []uint32, masks []uint64, buf []byte, n int) int {
	return boundsGeneric(dst, masks, buf, n)
}

func copyASCII(dst, src []byte) int { return copyASCIIGeneric(dst, src) }

func classifyUTF8(m *utf8Masks, b []byte) { classifyUTF8Generic(m, b) }
