//go:build race

package boilerplate_test

const race = true
