//go:build !purego

package shingle

// withSlowPEXT runs f as on a processor with a fast PEXT, and as on one without it.
func withSlowPEXT(f func() bool) bool {
	defer func(slow bool) { slowPEXT = slow }(slowPEXT)
	for _, slow := range []bool{false, true} {
		if slowPEXT = slow; !f() {
			return false
		}
	}
	return true
}
