//go:build !purego

package align

import "github.com/neardup/neardup/internal/cpu"

// maybeBlocks is maybeInGeneric for whole blocks of grams. It returns the number of
// blocks done.
func maybeBlocks(t *table, ids []uint32, blocks int, out []uint64) int {
	if blocks == 0 || cpu.Active() < cpu.AVX512 {
		return 0
	}
	_, _ = ids[blocks*blockGrams+t.q-2], out[blocks-1]
	maybeBlocksAVX512(&t.maybe[0], &ids[0], t.q, blocks, int(t.maybeShift), &out[0])
	return blocks
}

//go:noescape
func maybeBlocksAVX512(maybe *uint64, ids *uint32, q, blocks, shift int, out *uint64)
