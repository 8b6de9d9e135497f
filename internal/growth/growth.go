// Package growth tests that work grows with its input and not faster. Nothing
// outside tests imports it.
package growth

import (
	"testing"
	"time"
)

// parts is the ratio of the large input to the small one.
const parts = 8

// Linear runs f for one input of n bytes and for eight of n/8. It fails the test if
// the large input takes more than six times as long as the eight small ones together,
// as quadratic work would. Because the machine may be busy, one passing comparison in
// ten is enough.
func Linear(tb testing.TB, n int, f func(n int)) {
	tb.Helper()
	took := func(times, n int) time.Duration {
		start := time.Now()
		for range times {
			f(n)
		}
		return time.Since(start)
	}
	small, large := time.Duration(1<<62), time.Duration(1<<62)
	for range 10 {
		small, large = min(small, took(parts, n/parts)), min(large, took(1, n))
		if large <= 6*small {
			return
		}
	}
	tb.Errorf("took %v for %d times %d bytes, but %v for %d bytes at once", small, parts, n/parts, large, n)
}
