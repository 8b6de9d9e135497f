//go:build !amd64 || purego

package cpu

// The sets of instructions, of which there are none.
const (
	AVX2   = false
	AVX512 = false
	VBMI2  = false
)
