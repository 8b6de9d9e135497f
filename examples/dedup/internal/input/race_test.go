//go:build race

package input_test

// race says that the race detector makes everything ten times as slow.
const race = true
