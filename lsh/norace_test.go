//go:build !race

package lsh_test

const raceEnabled = false
