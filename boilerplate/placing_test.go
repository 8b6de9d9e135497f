package boilerplate

import "testing"

// TestHashesDoNotCrowd inserts hashes that agree in nearly all bits, as a hostile author
// can make them: they do not crowd together in one place of a table if the seed is
// unknown.
func TestHashesDoNotCrowd(t *testing.T) {
	const n = 20_000
	for _, seed := range []uint64{0, 1, 0xFEEDFACECAFEBEEF} {
		o := Options{Seed: seed}.resolve()
		for _, free := range []int{16, 40} { // the lowest bit in which hashes differ
			grams := gramTable{place: o.placing()}
			set := hashSet{place: o.placing()}
			set.clear(n)
			for i := range uint64(n) {
				g := i<<free ^ seed&^maxGram
				if g == 0 {
					continue
				}
				grams.add(g, 1)
				if set.add(g) {
					t.Fatalf("add(%#x) = true the second time, want false", g)
				}
			}
			if run := longestRun(grams.slots); run > 500 {
				t.Errorf("seed %#x, low bits from %d: longest run of full slots is %d grams, want at most 500", seed, free, run)
			}
			if run := longestRun(set.slots); run > 500 {
				t.Errorf("seed %#x, low bits from %d: longest run of full slots is %d hashes, want at most 500", seed, free, run)
			}
		}
	}
}

// longestRun returns the length of the longest run of slots in use.
func longestRun(slots []uint64) int {
	longest, run := 0, 0
	for _, x := range slots {
		run++
		if x == 0 {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}
