//go:build !race

package main

// raceEnabled is set where the race detector is on, which takes several times the memory.
const raceEnabled = false
