//go:build !purego

package speed_test

import (
	_ "unsafe" // for linkname

	"github.com/neardup/neardup/internal/cpu"
)

// The tier in use, which the package itself does not let its users choose.
//
//go:linkname minhashTier github.com/neardup/neardup/minhash.bestTier
var minhashTier uint8

type tierChoice struct {
	name string
	tier uint8
}

// tiers lists what the machine can do, by the numbers that package minhash has.
func tiers() []tierChoice {
	all := []tierChoice{{"Go", 0}, {"AVX2", 2}, {"AVX-512", 3}}
	n := 0
	for n < len(all) && all[n].tier <= minhashTier {
		n++
	}
	return all[:n]
}

// tierCount is the length of tiers as package cpu knows it.
func tierCount() int {
	switch {
	case cpu.AVX512:
		return 3
	case cpu.AVX2:
		return 2
	}
	return 1
}

// use sets the tier of Sketchers made from now on and returns what sets it back.
func (c tierChoice) use() (restore func()) {
	t := minhashTier
	minhashTier = c.tier
	return func() { minhashTier = t }
}
