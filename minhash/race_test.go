//go:build race

package minhash_test

const raceEnabled = true
