package minhash

import "github.com/neardup/neardup/internal/cpu"

// Each tier of package cpu is a family of kernels. All make the same signatures: what
// the functions of generic.go make.

// activeTier returns the tier in use, of those that this package has kernels for.
func activeTier() cpu.Tier { return min(cpu.Active(), cpu.AVX512) }
