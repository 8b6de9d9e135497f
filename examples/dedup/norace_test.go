//go:build !race

package main

// raceEnabled reports whether the race detector is on, which takes several times the
// memory.
const raceEnabled = false
