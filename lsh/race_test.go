//go:build race

package lsh_test

const raceEnabled = true
