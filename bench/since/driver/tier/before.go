//go:build before

// Package tier selects the instructions that the library uses: those named by the
// first argument of the program.
package tier

import (
	"os"

	"github.com/neardup/neardup/internal/cpu"
)

func init() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "Go":
		cpu.AVX2, cpu.AVX512, cpu.VBMI2 = false, false, false
	case "AVX2":
		cpu.AVX512, cpu.VBMI2 = false, false
	case "AVX-512":
		cpu.VBMI2 = false
	}
}
