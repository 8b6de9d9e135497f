package minhash

import "github.com/neardup/neardup/internal/cpu"

// Each tier of package cpu has a family of kernels. They all compute the same
// signatures as the functions of generic.go.

// activeTier returns the tier in use among those for which this package has kernels.
func activeTier() cpu.Tier { return min(cpu.Active(), cpu.AVX512) }
