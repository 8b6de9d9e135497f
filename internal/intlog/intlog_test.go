package intlog

import (
	"math"
	"testing"
)

func TestLog2AgreesWithMath(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 5, 7, 10, 255, 256, 257, 1e6, 1e9, 1 << 40, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		got, want := float64(Log2(n))/Unit, math.Log2(float64(n))
		if got > want+1e-9 || got < want-1.1/Unit {
			t.Errorf("Log2(%d) = %v, want %v rounded down to 1/256", n, got, want)
		}
	}
	for n := uint64(2); n < 5000; n++ {
		if Log2(n) < Log2(n-1) {
			t.Fatalf("Log2(%d) = %v, want at least Log2(%d) = %v", n, Log2(n), n-1, Log2(n-1))
		}
	}
	if Log2(1) != 0 || Log2(1<<20) != 20*Unit {
		t.Errorf("Log2(1) = %d, Log2(1<<20) = %d, want 0 and %d", Log2(1), Log2(1<<20), 20*Unit)
	}
}
