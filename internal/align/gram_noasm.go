//go:build purego || !amd64

package align

func maybeBlocks(*table, []uint32, int, []uint64) int { return 0 }
