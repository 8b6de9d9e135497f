package align

import (
	"encoding/binary"
	"testing"

	"github.com/neardup/neardup/internal/cpu"
)

// compareGrams checks the bits of all grams of b in a table of a's, on every tier.
func compareGrams(t *testing.T, a, b []uint32, q int) {
	t.Helper()
	n := len(b) - q + 1
	if len(a) < q || n < 1 {
		return
	}
	var tab table
	tab.reset(a, q, len(a))
	for i := len(a) - q; i >= 0; i-- {
		tab.add(i)
	}
	for _, tier := range cpu.Tiers() {
		restore := cpu.Use(tier)
		got := make([]uint64, (n+blockGrams-1)/blockGrams)
		tab.maybeIn(b, n, got)
		restore()
		for j := range n {
			bit := tab.hash(b, j) >> tab.maybeShift
			want := tab.maybe[bit/64] >> (bit % 64) & 1
			if g := got[j/blockGrams] >> (j % blockGrams) & 1; g != want {
				t.Fatalf("%v, grams of %d, gram %d of %d: got %d, want %d", tier, q, j, n, g, want)
			}
			if there := tab.slots[tab.slot(b, j)].count > 0; there && want == 0 {
				t.Fatalf("grams of %d, gram %d of %d is in the table, but its bit is 0, want 1", q, j, n)
			}
		}
	}
}

func TestGrams(t *testing.T) {
	r := rng(8)
	for range 400 {
		words := 2 + r.n(1+r.n(5000))
		compareGrams(t, r.ids(r.n(700), words), r.ids(r.n(700), words), 1+r.n(14))
	}
	// Even for small ids, hashes behave like random ones: few grams that are not in the
	// table hit a bit that is set.
	var tab table
	a, b := r.ids(10_000, 2000), r.ids(10_000, 2000)
	tab.reset(a, 3, len(a))
	for i := range len(a) - 2 {
		tab.add(len(a) - 3 - i)
	}
	bits := 0
	for j := range len(b) - 2 {
		bit := tab.hash(b, j) >> tab.maybeShift
		bits += int(tab.maybe[bit/64] >> (bit % 64) & 1)
	}
	if bits < 300 || bits > 500 {
		t.Errorf("%d of 10,000 grams of another text hit a bit that is set, want about 380, the share of bits set", bits)
	}
}

func FuzzGrams(f *testing.F) {
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and over the lazy dog again"), uint8(3), uint16(20))
	f.Fuzz(func(t *testing.T, data []byte, q uint8, cut uint16) {
		ids := make([]uint32, len(data))
		for i, c := range data {
			ids[i] = binary.LittleEndian.Uint32([]byte{c, c >> 5, 0, c})
		}
		k := int(cut) % (len(ids) + 1)
		compareGrams(t, ids[:k], ids[k:], 1+int(q)%20)
	})
}
