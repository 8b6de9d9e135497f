package minhash

// A tier is a family of kernels. All tiers make the same signatures: what the
// functions of generic.go make.
type tier uint8

const (
	tierGeneric tier = iota
	tierNEON
	tierAVX2
	tierAVX512
)

func (t tier) String() string {
	return [...]string{"Go", "NEON", "AVX2", "AVX-512"}[t]
}
