package minhash

import "github.com/neardup/neardup/internal/cpu"

// Tiers names the kernels that this machine can run: the generic one first, the one in
// use last.
func Tiers() []string {
	var names []string
	for _, t := range cpu.Tiers() {
		if t <= cpu.AVX512 {
			names = append(names, t.String())
		}
	}
	return names
}

func tierNamed(name string) cpu.Tier {
	for _, t := range cpu.Tiers() {
		if t.String() == name {
			return t
		}
	}
	panic("no tier " + name)
}

// OnTier returns a Sketcher like s that uses the named kernels.
func (s *Sketcher) OnTier(name string) *Sketcher {
	c := newSketcher(s.scheme)
	c.tier = tierNamed(name)
	return c
}

// WithRounds returns a Sketcher like s with another number of bucket rounds, for the
// measurements by which the number was chosen. Its signatures have no scheme and cannot
// be stored.
func (s *Sketcher) WithRounds(n int) *Sketcher {
	c := newSketcher(s.scheme)
	c.scheme.Rounds, c.params.rounds, c.tier = n, n, s.tier
	return c
}

// AgreeOnTier is Agree with the named kernel.
func AgreeOnTier(name string, a, b []uint32) int { return agreeTier(tierNamed(name), a, b) }

// BandKeysGeneric is the Go version of BandKeys for a non-empty set.
func BandKeysGeneric(values []uint32, bands, rows int, seed uint64) []uint64 {
	keys := make([]uint64, bands)
	key := makeBandKey(seed)
	bandKeysGeneric(keys, values, rows, &key)
	return keys
}

// The logarithms that Cardinality uses.
var (
	Logarithm  = logarithm
	Logarithm1 = logarithm1
)

// Waiting returns the sum of -log(1-u) over us.
func Waiting(us []float64) float64 {
	var w waiting
	for _, u := range us {
		w.add(u)
	}
	return w.total()
}
