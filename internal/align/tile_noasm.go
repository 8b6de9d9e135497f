//go:build purego || !amd64

package align

func fillTile(t *tile, b []uint32, bj, dir, n, m, drop int) (best, at, last int) {
	return fillTileGeneric(t, b, bj, dir, n, m, drop)
}
