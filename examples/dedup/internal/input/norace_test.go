//go:build !race

package input_test

const race = false
