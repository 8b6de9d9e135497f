//go:build !before

// Package tier selects the instructions that the library uses: those named by the
// first argument of the program. It does so when it is initialized, before packages
// minhash and shingle are, since its path sorts before theirs.
package tier

import (
	"fmt"
	"os"

	"github.com/neardup/neardup/internal/cpu"
)

func init() {
	if len(os.Args) < 2 {
		return
	}
	for _, t := range cpu.Tiers() {
		if t.String() == os.Args[1] {
			cpu.Use(t)
			return
		}
	}
	fmt.Fprintf(os.Stderr, "driver: this machine lacks %s\n", os.Args[1])
	os.Exit(3)
}
