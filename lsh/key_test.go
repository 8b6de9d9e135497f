package lsh

import (
	"testing"

	"github.com/neardup/neardup/minhash"
)

// TestCollidingKeysShareABucket makes signatures whose first bands differ but have the
// same key, as anyone who knows the seed can: they meet in one bucket, with bounded work
// and no false match. With another seed they do not meet.
func TestCollidingKeysShareABucket(t *testing.T) {
	const n, k = 3000, 16
	banding := Banding{4, 4}
	known := makeKeyer(banding, 0)
	var values []uint32
	state := uint64(7)
	for range n {
		regs := make([]uint32, k)
		for i := range regs {
			regs[i] = uint32(splitMix(&state))
		}
		for b := range banding.Bands {
			r := regs[4*b : 4*b+4]
			inner := fold(known.start[b]^(uint64(r[0])|uint64(r[1])<<32), known.mul)
			rest := inner ^ 0x0123456789ABCDEF // brings all signatures to the same state
			r[2], r[3] = uint32(rest), uint32(rest>>32)
		}
		values = append(values, regs...)
	}
	for seed, meet := range map[uint64]bool{0: true, 1: false, 0xFEEDFACE: false} {
		b := Batch{Banding: banding, Seed: seed}
		pairs, work, err := b.Pairs(t.Context(), Registers{k, values})
		if err != nil {
			t.Fatal(err)
		}
		if len(pairs) > 0 {
			t.Errorf("seed %#x: %d pairs of unlike signatures, want 0", seed, len(pairs))
		}
		if got := work.LargestBucket == n; got != meet {
			t.Errorf("seed %#x: largest bucket has %d of %d documents, want all of them: %v", seed, work.LargestBucket, n, meet)
		}
		if most := budget(n) + 4*n*BucketLeaders; float64(work.Candidates) > most {
			t.Errorf("seed %#x: %d comparisons, want at most %.0f", seed, work.Candidates, most)
		}
	}
}

// TestKeysDependOnBandAndRegisters checks that equal bands have equal tags, and that any
// difference in the registers or the number of the band changes the tag.
func TestKeysDependOnBandAndRegisters(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	a := sk.Sketch([]uint64{1, 2, 3}).Values()
	key := makeKeyer(Banding{25, 5}, 9)
	for b := range 26 {
		tag := key.tag(a, b)
		for i := range a {
			changed := append([]uint32(nil), a...)
			changed[i] ^= 1 << (i % 32)
			in := b == 25 || i/5 == b
			if got := key.tag(changed, b) != tag; got != in {
				t.Errorf("register %d changed: tag of band %d changed = %v, want %v", i, b, got, in)
			}
		}
	}
	same := make([]uint32, 128)
	seen := map[uint32]bool{}
	for b := range 25 {
		seen[key.tag(same, b)] = true
	}
	if len(seen) != 25 {
		t.Errorf("%d tags of equal registers in 25 bands, want 25", len(seen))
	}
}

// TestTableAgreesWithMap compares a table with a map, through growth and with few and many
// equal tags.
func TestTableAgreesWithMap(t *testing.T) {
	for _, distinct := range []uint64{1, 10, 3000, 1 << 32} {
		for _, capacity := range []int{0, 1, 5000} {
			ts := makeTables(1, capacity)
			want := map[uint32][]uint32{}
			state := distinct
			for e := range uint32(5000) {
				tag := uint32(splitMix(&state) % distinct)
				if distinct < 1<<32 {
					tag = ^tag // uses the last slots, where runs wrap around
				}
				want[tag] = append(want[tag], e)
				if got := ts.add([]uint32{tag}); got != e {
					t.Fatalf("added entry = %d, want %d", got, e)
				}
			}
			for tag, entries := range want {
				got := ts.bands[0].get(tag)
				for i := len(entries) - 1; i >= 0; i-- {
					if got != entries[i]+1 {
						t.Fatalf("tag %#x: entry %d, want %d", tag, got, entries[i]+1)
					}
					got = ts.next.at(int(got - 1))[0]
				}
				if got != 0 {
					t.Fatalf("tag %#x: entry %d after the last, want none", tag, got)
				}
			}
			for range 1000 {
				tag := uint32(splitMix(&state))
				if _, ok := want[tag]; !ok && ts.bands[0].get(tag) != 0 {
					t.Fatalf("tag %#x: get finds an entry, want none: it was never added", tag)
				}
			}
		}
	}
}
