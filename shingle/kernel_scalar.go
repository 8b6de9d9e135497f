//go:build !amd64 || purego

package shingle

// These functions have kernels on amd64 only.

func hashTokens(dst []uint64, buf []byte, bounds []uint32, m *mixer) {
	hashGeneric(dst, buf, bounds, m)
}

func hashShingles(dst, toks []uint64, w int, m *mixer) { shinglesGeneric(dst, toks, w, m) }

func foldRun(out, text []byte, n int, t *runTable, state uint64) (read, written int, after uint64, stopped bool) {
	return foldRunGeneric(out, text, n, t, state)
}

func hasPages() bool { return false }

func foldPages(_, _ []byte, _ *pageTable, _ *runTable, state uint64) (read, written int, after uint64, stopped bool) {
	return 0, 0, state, false // folder.run folds the text
}

func foldUnspaced(_, _ []byte, _ *kindTable, before uint8) (read, written int, after uint8) {
	return 0, 0, before // folder.inPlace and folder.run fold the text
}

func foldLetters(_, _ []byte, _ *letters) int {
	return 0 // folder.inPlace folds the text
}

func foldTwos(_, _ *[blockSize + 16]byte, _ *letters, _ uint64) uint64 {
	return 0 // the loop in folder.inPlace folds the code points
}
