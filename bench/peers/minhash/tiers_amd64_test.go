//go:build !purego

package minhash_test

import (
	_ "unsafe" // for linkname
)

// The tiers in use, of which the packages themselves give no choice.
//
//go:linkname shingleTier github.com/neardup/neardup/shingle.active
var shingleTier uint8

//go:linkname minhashTier github.com/neardup/neardup/minhash.bestTier
var minhashTier uint8

type tierChoice struct {
	name             string
	shingle, minhash uint8
}

// tiers lists what the machine can do, by the numbers that both packages have.
func tiers() []tierChoice {
	all := []tierChoice{{"Go", 0, 0}, {"AVX2", 1, 2}, {"AVX-512", 2, 3}, {"AVX-512-VBMI2", 3, 3}}
	n := 0
	for n < len(all) && all[n].shingle <= shingleTier && all[n].minhash <= minhashTier {
		n++
	}
	return all[:n]
}

// use sets the tier of both packages and returns what sets it back.
func (c tierChoice) use() (restore func()) {
	s, m := shingleTier, minhashTier
	shingleTier, minhashTier = c.shingle, c.minhash
	return func() { shingleTier, minhashTier = s, m }
}
