//go:build purego || (!amd64 && !arm64)

package minhash

import "github.com/neardup/neardup/internal/cpu"

func (s *Sketcher) mix(xs, hashes []uint64) { mixGeneric(xs, hashes, &s.params) }

func (s *Sketcher) firstRound(regs []uint32, xs, hashes []uint64) {
	firstRoundGeneric(regs, xs, hashes, &s.params)
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

func (s *Sketcher) laterRound(regs []uint32, xs []uint64, round int) {
	laterRoundGeneric(regs, xs, &s.params, round)
}

func (s *Sketcher) countFrom(regs []uint32, least uint32) int { return countFromGeneric(regs, least) }

func (s *Sketcher) fallback(regs []uint32, xs []uint64, _ int) { fallbackGeneric(regs, xs, &s.params) }

func (s *Sketcher) permute(regs []uint32, xs []uint64) { permuteGeneric(regs, xs, &s.params) }

func agree(a, b []uint32) int { return agreeGeneric(a, b) }

func agreeTier(_ cpu.Tier, a, b []uint32) int { return agreeGeneric(a, b) }

func bandKeys(keys []uint64, values []uint32, rows int, key *bandKey) {
	bandKeysGeneric(keys, values, rows, key)
}
