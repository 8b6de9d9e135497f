package main

import (
	"testing"

	"github.com/neardup/neardup/internal/cpu"
)

// TestTiersPrintTheSame runs commands with every instruction set of this processor and
// without any: the output is the same.
func TestTiersPrintTheSame(t *testing.T) {
	repository(t)
	const stories = "examples/stories"
	for _, args := range [][]string{
		{"report", "-color", "never", stories},
		{"pairs", "-json", "-estimate", "-threshold", ".1", stories},
		{"pairs", "-json", "-containment", ".2", stories},
		{"pairs", "-json", "-covered", ".1", stories},
		{"clusters", "-json", "-estimate", "-k", "64", "-threshold", ".1", stories},
		{"passages", "-json", stories},
		{"origins", "-json", stories},
		{"boilerplate", "-json", stories},
		{"clean", "-dry-run", "-json", stories},
		{"decon", "-json", "-against", stories, stories},
		{"bands", "-json", stories},
	} {
		var want string
		for _, tier := range cpu.Tiers() {
			restore := cpu.Use(tier)
			out, errs, status := dedup(t, "", args...)
			restore()
			switch {
			case status != 0 || out == "":
				t.Errorf("%v with %v: status %d, %d bytes, %s, want 0 and some output", args, tier, status, len(out), errs)
			case want == "":
				want = out
			case out != want:
				t.Errorf("%v with %v prints %.200q, want %.200q as with %v", args, tier, out, want, cpu.Tiers()[0])
			}
		}
	}
}
