// Package cpu decides which vector instructions the kernels of this module use: the
// best that the processor supports and whose registers the operating system saves.
// With the build tag purego it uses none.
package cpu

import "slices"

// A Tier is an instruction set for which there are kernels. Every tier gives the same
// results. On one architecture a higher tier includes the lower ones.
type Tier uint8

const (
	Generic Tier = iota // plain Go
	NEON                // on arm64, where it is always present
	AVX2                // with BMI1, BMI2 and POPCNT
	AVX512              // F, DQ, BW and VL
	VBMI2               // AVX-512 with VBMI and VBMI2
)

// String returns the name of the tier.
func (t Tier) String() string {
	return [...]string{"Go", "NEON", "AVX2", "AVX-512", "AVX-512 VBMI2"}[t]
}

var (
	tiers  = detect()
	active = tiers[len(tiers)-1]
)

// Tiers returns the tiers that this machine can run, Generic first, the best last.
func Tiers() []Tier { return append([]Tier(nil), tiers...) }

// Active returns the tier that kernels use.
func Active() Tier { return active }

// Use makes t the tier in use until restore is called. It is for tests and
// benchmarks that run alone. It panics if this machine lacks the tier.
func Use(t Tier) (restore func()) {
	if slices.Contains(tiers, t) {
		before := active
		active = t
		return func() { active = before }
	}
	panic("cpu: this machine lacks " + t.String())
}
