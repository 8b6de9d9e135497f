package growth_test

import (
	"fmt"
	"testing"

	"github.com/neardup/neardup/internal/growth"
)

// A recorder is a test that records whether it fails.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.failed = fmt.Sprintf(format, args...) }

func TestLinearAcceptsLinearWork(t *testing.T) {
	var sum int
	steps := func(n int) {
		for i := range n {
			sum ^= i
		}
	}
	var linear, square recorder
	growth.Linear(&linear, 1<<22, steps)
	if linear.failed != "" {
		t.Errorf("Linear fails linear work: %s, want it to pass", linear.failed)
	}
	for range 5 { // on a busy machine a comparison may pass by chance
		if growth.Linear(&square, 1<<12, func(n int) { steps(n * n) }); square.failed != "" {
			break
		}
	}
	if square.failed == "" {
		t.Errorf("Linear passes work that grows with the square (%d steps), want a failure", sum)
	}
}
