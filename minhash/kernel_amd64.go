//go:build !purego

package minhash

import (
	"slices"

	"github.com/neardup/neardup/internal/cpu"
)

// gatherLanes[m] lists the lanes whose bits are set in m, one byte each, in order;
// scatterLanes[m] has the index of each such lane in that list.
var gatherLanes, scatterLanes = laneTables()

func laneTables() (gather, scatter [256][8]byte) {
	for m := range 256 {
		n := byte(0)
		for lane := range byte(8) {
			if m>>lane&1 == 1 {
				gather[m][n] = lane
				scatter[m][lane] = n
				n++
			}
		}
	}
	return
}

// The kernels require n > 0 and a multiple of 16 registers.

//go:noescape
func mixAVX512(xs, hashes *uint64, n int, key *[3]uint64)

//go:noescape
func firstRoundAVX512(regs *uint32, xs, hashes *uint64, n int, shift uint, key *[3]uint64)

//go:noescape
func fullRoundAVX512(regs *uint32, lanes int, xs, hashes *uint64, n int, shift uint, key *[3]uint64) bool

//go:noescape
func mixAVX2(xs, hashes *uint64, n int, key *[3]uint64)

//go:noescape
func placeBMI2(regs *uint32, xs *uint64, n int, shift uint)

//go:noescape
func fullRoundAVX2(regs *uint32, hashes *uint64, n int, limit uint32, shift uint, key *[3]uint64)

//go:noescape
func twoRoundsBMI2(regs *uint32, xs, hashes *uint64, n int, shift uint, key *[3]uint64, mul uint64)

//go:noescape
func laterRoundAVX512(regs *uint32, xs *uint64, n int, shift uint, mul uint64, cut uint, tag uint32)

//go:noescape
func siftRoundAVX512(regs *uint32, lanes int, xs *uint64, n int, shift uint, mul uint64, cut uint, tag uint32)

//go:noescape
func laterRoundBMI2(regs *uint32, xs *uint64, n int, shift uint, mul uint64, cut uint, tag uint32)

//go:noescape
func countFromAVX512(regs *uint32, lanes int, least uint32) int

//go:noescape
func countFromAVX2(regs *uint32, lanes int, least uint32) int

//go:noescape
func fallbackAVX512(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag uint32, cut uint)

//go:noescape
func fallbackAllAVX512(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag uint32, cut uint)

//go:noescape
func tinyAVX512(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul uint64, a *uint32)

//go:noescape
func tinyAVX2(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul uint64, a *uint32)

//go:noescape
func fewAVX2(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul uint64, a *uint32, gather, scatter *[256][8]byte)

//go:noescape
func fallbackAVX2(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag uint32, cut uint, gather, scatter *[256][8]byte)

//go:noescape
func permuteAVX512(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)

//go:noescape
func permuteAVX2(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)

//go:noescape
func agreeAVX512(a, b *uint32, n int) int

//go:noescape
func agreeAVX2(a, b *uint32, n int) int

//go:noescape
func bandKeysBMI2(keys *uint64, values *uint32, bands, rows int, key *bandKey)

func (s *Sketcher) mix(xs, hashes []uint64) {
	switch n := len(hashes) &^ 7; {
	case s.tier == cpu.AVX512:
		mixAVX512(&xs[0], &hashes[0], len(hashes), &s.params.key)
	case s.tier == cpu.AVX2 && n > 0:
		mixAVX2(&xs[0], &hashes[0], n, &s.params.key)
		mixGeneric(xs[n:], hashes[n:], &s.params)
	default:
		mixGeneric(xs, hashes, &s.params)
	}
}

func (s *Sketcher) firstRound(regs []uint32, xs, hashes []uint64) {
	p := &s.params
	switch s.tier {
	case cpu.AVX512:
		firstRoundAVX512(&regs[0], &xs[0], &hashes[0], len(hashes), p.shift, &p.key)
	case cpu.AVX2:
		s.mix(xs, hashes)
		placeBMI2(&regs[0], &xs[0], len(hashes), p.shift)
	default:
		firstRoundGeneric(regs, xs, hashes, p)
	}
}

// tiny overwrites regs with the signature of the elements and returns true if there
// is a kernel for so few elements.
func (s *Sketcher) tiny(regs []uint32, hashes []uint64) bool {
	p := &s.params
	n := len(hashes)
	if n == 0 || p.rounds != 2 || len(regs) != 128 {
		return false
	}
	// For more elements it is faster to skip the registers that are already filled.
	switch {
	case s.tier == cpu.AVX512 && n <= 44:
		tinyAVX512((*[128]uint32)(regs), &hashes[0], n, &p.key, p.round[1], &p.a[0])
	case s.tier == cpu.AVX2 && n <= 24:
		tinyAVX2((*[128]uint32)(regs), &hashes[0], n, &p.key, p.round[1], &p.a[0])
	case s.tier == cpu.AVX2 && n <= 64:
		fewAVX2((*[128]uint32)(regs), &hashes[0], n, &p.key, p.round[1], &p.a[0], &gatherLanes, &scatterLanes)
	default:
		return false
	}
	return true
}

// fullRound does the first round and returns true if every bucket is so full that it
// pays to skip elements that change no register. No other round is needed then.
func (s *Sketcher) fullRound(regs []uint32, xs, hashes []uint64) bool {
	p := &s.params
	n := len(hashes) &^ 7
	switch {
	case s.tier == cpu.Generic || n == 0:
		return fullRoundGeneric(regs, hashes, p)
	case s.tier == cpu.AVX2:
		limit := slices.Max(regs)
		if limit > fullLimit {
			return false
		}
		fullRoundAVX2(&regs[0], &hashes[0], n, limit, p.shift, &p.key)
	default:
		if !fullRoundAVX512(&regs[0], len(regs), &xs[0], &hashes[0], n, p.shift, &p.key) {
			return false
		}
	}
	if n < len(hashes) {
		s.firstRound(regs, xs[n:], hashes[n:])
	}
	return true
}

// allRounds does all rounds at once. It is for few elements, which do not fill all
// buckets anyway.
func (s *Sketcher) allRounds(regs []uint32, xs, hashes []uint64) {
	p := &s.params
	if p.rounds == 2 && (s.tier == cpu.AVX2 || s.tier == cpu.AVX512 && len(xs) <= 32) {
		twoRoundsBMI2(&regs[0], &xs[0], &hashes[0], len(hashes), p.shift, &p.key, p.round[1])
		return
	}
	s.firstRound(regs, xs, hashes)
	for r := 1; r < p.rounds; r++ {
		s.laterRound(regs, xs, r)
	}
}

func (s *Sketcher) laterRound(regs []uint32, xs []uint64, round int) {
	p := &s.params
	switch {
	case s.tier == cpu.AVX512 && len(xs) > p.k: // with so many, most registers are filled
		siftRoundAVX512(&regs[0], len(regs), &xs[0], len(xs), p.shift, p.round[round], uint(round+1), tagOf(round))
	case s.tier == cpu.AVX512 && len(xs) > 32: // for fewer it does not pay
		laterRoundAVX512(&regs[0], &xs[0], len(xs), p.shift, p.round[round], uint(round+1), tagOf(round))
	case s.tier != cpu.Generic:
		laterRoundBMI2(&regs[0], &xs[0], len(xs), p.shift, p.round[round], uint(round+1), tagOf(round))
	default:
		laterRoundGeneric(regs, xs, p, round)
	}
}

func (s *Sketcher) countFrom(regs []uint32, least uint32) int {
	switch s.tier {
	case cpu.AVX512:
		return countFromAVX512(&regs[0], len(regs), least)
	case cpu.AVX2:
		return countFromAVX2(&regs[0], len(regs), least)
	}
	return countFromGeneric(regs, least)
}

// fallback fills the registers that no round filled, of which there are at most missing.
func (s *Sketcher) fallback(regs []uint32, xs []uint64, missing int) {
	p := &s.params
	n := len(xs)
	switch {
	// With few elements, computing all registers costs less than gathering the
	// missing ones.
	case s.tier == cpu.AVX512 && n*n <= 4*p.k && missing > p.k*5/8 && p.k >= 128:
		fallbackAllAVX512(&regs[0], len(regs), &xs[0], len(xs), &p.a[0], tagOf(p.rounds), uint(p.rounds))
	case s.tier == cpu.AVX512:
		fallbackAVX512(&regs[0], len(regs), &xs[0], len(xs), &p.a[0], tagOf(p.rounds), uint(p.rounds))
	case s.tier == cpu.AVX2:
		fallbackAVX2(&regs[0], len(regs), &xs[0], len(xs), &p.a[0], tagOf(p.rounds), uint(p.rounds), &gatherLanes, &scatterLanes)
	default:
		fallbackGeneric(regs, xs, p)
	}
}

func (s *Sketcher) permute(regs []uint32, xs []uint64) {
	p := &s.params
	switch s.tier {
	case cpu.AVX512:
		permuteAVX512(&regs[0], len(regs), &xs[0], len(xs), &p.a[0], &p.b[0])
	case cpu.AVX2:
		permuteAVX2(&regs[0], len(regs), &xs[0], len(xs), &p.a[0], &p.b[0])
	default:
		permuteGeneric(regs, xs, p)
	}
}

func agree(a, b []uint32) int { return agreeTier(activeTier(), a, b) }

func agreeTier(t cpu.Tier, a, b []uint32) int {
	if len(a) < vector {
		return agreeGeneric(a, b)
	}
	n := len(a) &^ (vector - 1)
	var same int
	switch t {
	case cpu.AVX512:
		same = agreeAVX512(&a[0], &b[0], n)
	case cpu.AVX2:
		same = agreeAVX2(&a[0], &b[0], n)
	default:
		return agreeGeneric(a, b)
	}
	if n < len(a) {
		same += agreeGeneric(a[n:], b[n:])
	}
	return same
}

// bandKeys needs 64x64-bit products, which no vector unit has. The kernel uses MULX,
// which leaves the flags alone, so that the work on several bands overlaps.
func bandKeys(keys []uint64, values []uint32, rows int, key *bandKey) {
	if activeTier() == cpu.Generic {
		bandKeysGeneric(keys, values, rows, key)
		return
	}
	bandKeysBMI2(&keys[0], &values[0], len(keys), rows, key)
}
