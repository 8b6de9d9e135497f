//go:build !unix

package minhash_test

import "time"

// cpu returns the time in seconds that f takes.
func cpu(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}
