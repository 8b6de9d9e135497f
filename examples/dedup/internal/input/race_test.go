//go:build race

package input_test

// race reports whether the race detector is on, which makes everything ten times slower.
const race = true
