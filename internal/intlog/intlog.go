// Package intlog computes logarithms in integers, so that they are the same on every
// machine. The results of package math differ between processors in the last digit.
package intlog

import "math/bits"

// Unit is 1 in the results of [Log2].
const Unit = 256

// Log2 returns the binary logarithm of n in units of 1/256, rounded down. It panics
// if n is less than 1.
func Log2(n uint64) int64 {
	if n == 0 {
		panic("intlog: logarithm of 0")
	}
	whole := bits.Len64(n) - 1
	x := n << (63 - whole) // from 1 to 2, with 63 bits after the point
	l := int64(whole)
	for u := 1; u < Unit; u *= 2 {
		x, _ = bits.Mul64(x, x) // 62 bits after the point
		l *= 2
		if x>>63 != 0 {
			l++
		} else {
			x *= 2
		}
	}
	return l
}
