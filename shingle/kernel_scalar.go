//go:build !amd64 || purego

package shingle

import "github.com/neardup/neardup/internal/unidata"

// What only amd64 has kernels for.

func hashTokens(dst []uint64, buf []byte, bounds []uint32, m *mixer) {
	hashGeneric(dst, buf, bounds, m)
}

func hashShingles(dst, toks []uint64, w int, m *mixer) { shinglesGeneric(dst, toks, w, m) }

func foldPoints(_ *unidata.Table, _, _ []byte, next uint64, o int, state uint64) (uint64, int, uint64) {
	return next, o, state // left to the loop in block
}

func foldUnspaced(_, _ []byte, _ *kindTable, before uint8) (read, written int, after uint8) {
	return 0, 0, before // left to the loop in block
}

func foldTwos(_, _ *[blockSize + 16]byte, _ *letters, _ uint64) uint64 {
	return 0 // left to the loop in inPlace
}
