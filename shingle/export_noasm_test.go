//go:build !amd64 || purego

package shingle

// withSlowPEXT runs f, because only kernels on amd64 use PEXT.
func withSlowPEXT(f func() bool) bool { return f() }
