package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// A machineInfo describes the machine of the measurement.
type machineInfo struct {
	CPU, Vectors, OS string
	Processors       int
	MemoryGiB        float64
}

// machine describes the machine, as far as the operating system reports it.
func machine() machineInfo {
	m := machineInfo{CPU: "unknown", OS: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU()}
	info, _ := os.ReadFile("/proc/cpuinfo") // absent except on Linux
	var family, model string
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "model name":
			m.CPU = value
		case "cpu family":
			family = value
		case "model":
			model = value
		case "flags":
			flags := strings.Fields(value)
			for _, f := range []string{"avx512bw", "avx2", "sse4_2"} {
				if slices.Contains(flags, f) {
					m.Vectors = f
					break
				}
			}
		}
	}
	if family != "" {
		m.CPU += fmt.Sprintf(" (family %s, model %s)", family, model)
	}
	mem, _ := os.ReadFile("/proc/meminfo")
	var kib float64
	if _, err := fmt.Sscanf(string(mem), "MemTotal: %f kB", &kib); err == nil {
		m.MemoryGiB = kib / (1 << 20)
	}
	if v, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.OS += ", kernel " + strings.TrimSpace(string(v))
	}
	return m
}
