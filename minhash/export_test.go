package minhash

// Tiers names the kernels that this machine can run; the first is the generic
// one, the last the one that is used.
func Tiers() []string {
	var names []string
	for _, t := range tiers() {
		names = append(names, t.String())
	}
	return names
}

// OnTier returns a Sketcher like s that uses the named kernels.
func (s *Sketcher) OnTier(name string) *Sketcher {
	for _, t := range tiers() {
		if t.String() == name {
			c := newSketcher(s.scheme)
			c.tier = t
			return c
		}
	}
	panic("no tier " + name)
}

// WithRounds returns a Sketcher like s with another number of bucket rounds,
// for the measurements by which the number was chosen. Its signatures are of no
// scheme that can be stored.
func (s *Sketcher) WithRounds(n int) *Sketcher {
	c := newSketcher(s.scheme)
	c.scheme.Rounds, c.params.rounds, c.tier = n, n, s.tier
	return c
}

// AgreeOnTier is Agree with the named kernel.
func AgreeOnTier(name string, a, b []uint32) int {
	for _, t := range tiers() {
		if t.String() == name {
			return agreeTier(t, a, b)
		}
	}
	panic("no tier " + name)
}

// BandKeysGeneric is BandKeys of a set that is not empty, in Go.
func BandKeysGeneric(values []uint32, bands, rows int, seed uint64) []uint64 {
	keys := make([]uint64, bands)
	key := makeBandKey(seed)
	bandKeysGeneric(keys, values, rows, &key)
	return keys
}

// The logarithms of Cardinality.
var (
	Logarithm  = logarithm
	Logarithm1 = logarithm1
)

// Waiting sums -log(1-u).
func Waiting(us []float64) float64 {
	var w waiting
	for _, u := range us {
		w.add(u)
	}
	return w.total()
}
