// Package race reports to tests whether the race detector is on, which takes about ten times
// the time and several times the memory. Tests without it run in full.
package race

import "testing"

// Short reports whether the race detector is on and -short was given. A test may then
// take less input, if that still runs each goroutine of the code.
func Short() bool { return Enabled && testing.Short() }

// Alone skips a test if Short. It is for long tests of code that starts no goroutine, or
// only those that a shorter test starts too, so the detector has nothing to find in them.
func Alone(t testing.TB) {
	t.Helper()
	if Short() {
		t.Skip("nothing new for the race detector")
	}
}
