package main

import (
	"fmt"
	"os"
	"strings"
)

// A usage is the memory of the process.
type usage struct{ heap, file int64 }

// resident returns the memory of the process: its own, and pages of mapped files,
// which the system may reclaim at any time.
func resident() usage {
	var u usage
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		var n int64
		if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &n); err == nil {
			u.heap = n << 10
		}
		if _, err := fmt.Sscanf(line, "RssFile: %d kB", &n); err == nil {
			u.file = n << 10
		}
	}
	return u
}
