//go:build !race

package passage_test

// race reports whether the race detector is on; the heaviest tests then do less.
const race = false
