//go:build !race

package shingle_test

const race = false
