package align

import (
	"math/rand/v2"
	"testing"
)

// TestLostBorderScoresNothing checks, on random texts of many alphabets, that a tile with
// a lost border scores nothing.
func TestLostBorderScoresNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	text := func(words int) []uint32 {
		ids := make([]uint32, 1+r.IntN(60))
		for i := range ids {
			ids[i] = r.Uint32N(uint32(words)) * 0x01000193
		}
		return ids
	}
	var x extender
	lostOnes, scored := 0, 0
	for range 200_000 {
		words := 3 + r.IntN(1+r.IntN(150))
		a, b := text(words), text(words)
		drop := 2 + r.IntN(12)
		ai, bj, dir, n, m := 0, 0, 1, len(a), len(b)
		if r.IntN(2) == 0 {
			ai, bj, dir = len(a)-1, len(b)-1, -1
		}
		if a[ai] == b[bj] {
			continue // an extension takes equal tokens first
		}
		budget := 1 << 20
		score, _, _, _ := x.block(a, b, ai, bj, dir, n, m, drop, &budget)
		if lost(a, b, ai, bj, dir, n, m, drop) {
			if lostOnes++; score != 0 {
				t.Fatalf("lost with drop %d: the tile scores %d for %v and %v in direction %d, want 0", drop, score, a, b, dir)
			}
		} else if score > 0 {
			scored++
		}
	}
	if lostOnes < 10_000 || scored < 10_000 {
		t.Errorf("%d borders are lost and %d score, want many of both", lostOnes, scored)
	}
}
