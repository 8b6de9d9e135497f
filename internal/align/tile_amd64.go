//go:build !purego

package align

import "github.com/neardup/neardup/internal/cpu"

func fillTile(t *tile, b []uint32, bj, dir, n, m, drop int) (best, at, last int) {
	if m > 0 {
		switch tier := cpu.Active(); {
		case tier >= cpu.AVX512:
			return fillTileAVX512(t, &b[bj], dir, n, m, drop)
		case tier == cpu.AVX2:
			return fillTileAVX2(t, &b[bj], dir, n, m, drop)
		}
	}
	return fillTileGeneric(t, b, bj, dir, n, m, drop)
}

//go:noescape
func fillTileAVX512(t *tile, b *uint32, dir, n, m, drop int) (best, at, last int)

//go:noescape
func fillTileAVX2(t *tile, b *uint32, dir, n, m, drop int) (best, at, last int)
