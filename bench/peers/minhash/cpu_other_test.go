//go:build !unix

package minhash_test

import "time"

// cpuTime returns the time in seconds that f takes.
func cpuTime(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}
