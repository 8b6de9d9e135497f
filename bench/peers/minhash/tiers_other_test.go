//go:build !amd64 || purego

package minhash_test

type tierChoice struct{ name string }

// tiers has one choice where there is no forcing.
func tiers() []tierChoice { return []tierChoice{{"as-built"}} }

func (tierChoice) use() (restore func()) { return func() {} }
