package minhash

import (
	"math/bits"

	"github.com/neardup/neardup/internal/splitmix"
)

// bucketRounds is the number of bucket rounds before the fallback. It is part of the
// definition of every signature. See docs/benchmarks.md for how it was chosen.
const bucketRounds = 2

const (
	empty     = ^uint32(0) // a register that no element has reached
	blockSize = 1024       // number of elements that are sketched in one block
	vector    = 16         // number of registers that the widest kernel handles at a time
	maxRounds = 3          // capacity of the parameter arrays
)

// A register of the Bucket algorithm holds the round in which its bucket was filled,
// and the rank of the element that filled it. The number of leading one bits is the
// round, and the largest number means the fallback. A zero bit follows, except after
// the largest number, and the remaining bits are the rank. So a value of an earlier
// round is below every value of a later round, and the minimum merges two signatures
// exactly.

// tagOf returns the smallest value that a register may have in the round.
func tagOf(round int) uint32 { return ^(^uint32(0) >> round) }

// roundOf returns the round in which a register was filled.
func roundOf(v uint32, rounds int) int { return min(bits.LeadingZeros32(^v), rounds) }

// params are the frozen hash functions of a scheme.
type params struct {
	k      int
	rounds int
	shift  uint // 64 - log2(k): takes the bucket from the top of a hash

	// An element h becomes x: the finaliser of MurmurHash3 with keyed constants.
	//	x = h ^ key[0]; x ^= x>>32; x *= key[1]; x ^= x>>32; x *= key[2]; x ^= x>>32
	key [3]uint64

	// In round 0 the top bits of x are the number of the element's bucket, and the low
	// 32 bits, shifted, are its rank. In round r > 0 the same holds for y = x *
	// round[r], y ^= y>>32.
	round [maxRounds]uint64

	// In the fallback the element's value in register j is a[j]*uint32(x), shifted; for
	// the algorithms without rounds it is a[j]*uint32(x) + b[j]. Both slices are padded
	// to whole vectors.
	a, b []uint32

	fmix32 bool // Affine32: x is the 32-bit finaliser of the low half of h
	legacy []legacyPermutation
}

// lanes is k rounded up to whole vectors.
func (p *params) lanes() int { return (p.k + vector - 1) &^ (vector - 1) }

func makeParams(sc Scheme) params {
	p := params{k: sc.K, rounds: sc.Rounds, shift: uint(64 - bits.TrailingZeros(uint(sc.K)))}
	switch sc.Algorithm {
	case Affine32:
		p.affine32(uint32(sc.Seed))
		return p
	case Legacy:
		p.legacy = legacyPermutations(sc.K, uint32(sc.Seed))
		return p
	}
	// The seed is changed first, so that elements that are also made by SplitMix64 do
	// not equal the key: x would then be 0, the smallest value in every register.
	rng := splitmix.Source(sc.Seed ^ 0x6A09E667F3BCC908) // from the square root of 2
	p.key = [3]uint64{rng.Next(), rng.Multiplier(), rng.Multiplier()}
	for r := range p.round {
		p.round[r] = rng.Multiplier()
	}
	p.a, p.b = make([]uint32, p.lanes()), make([]uint32, p.lanes())
	for i := range p.k {
		z := rng.Next()
		p.a[i], p.b[i] = uint32(z)|1, uint32(z>>32)
	}
	return p
}

// update adds the elements to the p.lanes() registers. The result does not depend on
// how a set is divided among calls: a bucket that is empty after all elements was
// empty after each block, so every element took part in the later round and in the
// fallback.
//
// If fresh is set, regs are the registers of the empty set.
func (s *Sketcher) update(regs []uint32, hashes []uint64, fresh bool) {
	if s.params.legacy != nil {
		updateLegacy(regs, hashes, s.params.legacy)
		return
	}
	// The scratch memory is on the stack and must be cleared: use only as much as the
	// set needs.
	switch n := len(hashes); {
	case n == 0:
	case n <= 32:
		s.update32(regs, hashes, fresh)
	case n <= 64:
		s.update64(regs, hashes, fresh)
	case n <= 256:
		s.update256(regs, hashes, fresh)
	default:
		s.updateAll(regs, hashes, fresh)
	}
}

func (s *Sketcher) update32(regs []uint32, hashes []uint64, fresh bool) {
	var scratch [32]uint64
	s.block(regs, scratch[:len(hashes)], hashes, fresh)
}

func (s *Sketcher) update64(regs []uint32, hashes []uint64, fresh bool) {
	var scratch [64]uint64
	s.block(regs, scratch[:len(hashes)], hashes, fresh)
}

func (s *Sketcher) update256(regs []uint32, hashes []uint64, fresh bool) {
	var scratch [256]uint64
	s.block(regs, scratch[:len(hashes)], hashes, fresh)
}

func (s *Sketcher) updateAll(regs []uint32, hashes []uint64, fresh bool) {
	var scratch [blockSize]uint64
	for len(hashes) > 0 {
		n := min(len(hashes), len(scratch))
		if fresh || s.params.rounds == 0 || !s.fullRound(regs, scratch[:n], hashes[:n]) {
			s.block(regs, scratch[:n], hashes[:n], fresh)
		}
		hashes, fresh = hashes[n:], false
	}
}

// block sketches up to blockSize elements, using xs as scratch.
func (s *Sketcher) block(regs []uint32, xs, hashes []uint64, fresh bool) {
	p := &s.params
	if p.rounds == 0 {
		if p.fmix32 {
			mixAffine32(xs, hashes)
		} else {
			s.mix(xs, hashes)
		}
		s.permute(regs, xs)
		return
	}
	if fresh && len(xs) <= p.k/2 {
		// With so few elements, many buckets stay empty after all rounds.
		s.allRounds(regs, xs, hashes)
		s.fallback(regs, xs, p.k)
		return
	}
	s.firstRound(regs, xs, hashes)
	missing := s.countFrom(regs, tagOf(1))
	if missing > 0 && repeats(len(xs), missing, p.k) {
		xs = thin(xs)
	}
	for r := 1; r < p.rounds && missing > 0; r++ {
		s.laterRound(regs, xs, r)
		missing = s.countFrom(regs, tagOf(r+1))
	}
	if missing > 0 {
		s.fallback(regs, xs, missing)
	}
}

// repeats reports whether a block of n elements must be repetitive, because round 0
// left too many of the k buckets empty. In that case it pays to drop repeats before
// the fallback, which costs the number of elements times the number of empty buckets.
func repeats(n, missing, k int) bool {
	// n/2 distinct elements would miss k*exp(-n/2k) buckets. Small blocks, where chance
	// dominates, are left alone.
	if n < k || n < 128 {
		return false
	}
	expected := uint64(k) << 16
	for load := n / 2; load >= k && expected > 0; load -= k {
		expected = expected * 24109 >> 16 // 1/e
	}
	return uint64(missing)<<16 > expected+8<<16
}

// thin drops repeats from xs, in place. It misses a repeat if another element has
// since taken the first one's slot in a small table.
func thin(xs []uint64) []uint64 {
	var seen [512]uint64
	n := 0
	for _, x := range xs {
		// A zero is always kept, because it equals an unused slot.
		if slot := &seen[x>>55]; *slot != x || x == 0 {
			*slot = x
			xs[n] = x
			n++
		}
	}
	return xs[:n]
}
