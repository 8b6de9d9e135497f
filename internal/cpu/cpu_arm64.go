//go:build !purego

package cpu

func detect() []Tier { return []Tier{Generic, NEON} }
