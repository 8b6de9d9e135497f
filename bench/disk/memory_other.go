//go:build !linux

package main

import "runtime"

// A usage is the memory of the process.
type usage struct{ heap, file int64 }

// resident returns the memory obtained by Go; the memory of mapped files is not
// known.
func resident() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{heap: int64(m.Sys - m.HeapReleased)}
}
