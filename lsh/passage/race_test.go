//go:build race

package passage_test

// race reports that the race detector is on, which makes the heaviest tests do less.
const race = true
