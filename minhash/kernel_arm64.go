//go:build !purego

package minhash

import "github.com/neardup/neardup/internal/cpu"

// The kernels require n > 0 and a multiple of 16 registers.

// competeNEON sets each element of mins to the smallest a*x, modulo 2^32.
//
//go:noescape
func competeNEON(mins, a *uint32, lanes int, xs *uint64, n int)

//go:noescape
func permuteNEON(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)

//go:noescape
func agreeNEON(a, b *uint32, n int) int

func (s *Sketcher) mix(xs, hashes []uint64) { mixGeneric(xs, hashes, &s.params) }

// The rounds are limited by scalar work, and plain Go is as fast at that.

func (s *Sketcher) firstRound(regs []uint32, xs, hashes []uint64) {
	firstRoundGeneric(regs, xs, hashes, &s.params)
}

func (s *Sketcher) laterRound(regs []uint32, xs []uint64, round int) {
	laterRoundGeneric(regs, xs, &s.params, round)
}

func (s *Sketcher) tiny(_ []uint32, _ []uint64) bool { return false }

func (s *Sketcher) fullRound(regs []uint32, _, hashes []uint64) bool {
	return fullRoundGeneric(regs, hashes, &s.params)
}

func (s *Sketcher) allRounds(regs []uint32, xs, hashes []uint64) {
	s.firstRound(regs, xs, hashes)
	for r := 1; r < s.params.rounds; r++ {
		s.laterRound(regs, xs, r)
	}
}

func (s *Sketcher) countFrom(regs []uint32, least uint32) int { return countFromGeneric(regs, least) }

// fallback gathers the multipliers of up to 128 missing registers, finds the minima
// for them in blocks of 16, and puts the results back. Results of the last block
// beyond the missing registers are discarded.
func (s *Sketcher) fallback(regs []uint32, xs []uint64, _ int) {
	p := &s.params
	if s.tier == cpu.Generic {
		fallbackGeneric(regs, xs, p)
		return
	}
	var a, mins [128]uint32
	var lanes [128]uint16
	n, tag := 0, tagOf(p.rounds)
	for i, v := range regs {
		if v >= tag {
			a[n], lanes[n] = p.a[i], uint16(i)
			n++
		}
		if n == len(a) || n > 0 && i == len(regs)-1 {
			competeNEON(&mins[0], &a[0], (n+vector-1)&^(vector-1), &xs[0], len(xs))
			for j, m := range mins[:n] {
				r := &regs[lanes[j]]
				*r = min(*r, m>>p.rounds|tag)
			}
			n = 0
		}
	}
}

func (s *Sketcher) permute(regs []uint32, xs []uint64) {
	if s.tier == cpu.Generic {
		permuteGeneric(regs, xs, &s.params)
		return
	}
	permuteNEON(&regs[0], len(regs), &xs[0], len(xs), &s.params.a[0], &s.params.b[0])
}

func agree(a, b []uint32) int { return agreeTier(activeTier(), a, b) }

func agreeTier(t cpu.Tier, a, b []uint32) int {
	n := len(a) &^ (vector - 1)
	if t == cpu.Generic || n == 0 {
		return agreeGeneric(a, b)
	}
	return agreeNEON(&a[0], &b[0], n) + agreeGeneric(a[n:], b[n:])
}

func bandKeys(keys []uint64, values []uint32, rows int, key *bandKey) {
	bandKeysGeneric(keys, values, rows, key)
}
