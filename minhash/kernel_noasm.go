package minhash

// A tier is a family of kernels. All tiers make the same signatures.
type tier uint8

const tierGeneric tier = 0

const bestTier = tierGeneric

func (s *Sketcher) mix(xs, hashes []uint64) { mixGeneric(xs, hashes, &s.params) }

func (s *Sketcher) firstRound(regs []uint32, xs, hashes []uint64) {
	firstRoundGeneric(regs, xs, hashes, &s.params)
}

func (s *Sketcher) laterRound(regs []uint32, xs []uint64, round int) {
	laterRoundGeneric(regs, xs, &s.params, round)
}

func (s *Sketcher) countFrom(regs []uint32, least uint32) int { return countFromGeneric(regs, least) }

func (s *Sketcher) fallback(regs []uint32, xs []uint64) { fallbackGeneric(regs, xs, &s.params) }

func agree(a, b []uint32) int { return agreeGeneric(a, b) }
