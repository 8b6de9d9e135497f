//go:build !amd64 || purego

package speed_test

type tierChoice struct{ name string }

func tiers() []tierChoice { return []tierChoice{{"Go"}} }

func tierCount() int { return 1 }

func (tierChoice) use() (restore func()) { return func() {} }
