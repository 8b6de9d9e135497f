//go:build !linux

package main

import "runtime"

// A usage is what the process has in memory.
type usage struct{ heap, file int64 }

// resident returns the memory that Go has; that of mapped files is not known.
func resident() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{heap: int64(m.Sys - m.HeapReleased)}
}
