//go:build amd64 && !purego

package cpu

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The Linux kernel lists the usable instruction sets.
func TestTiersAgreeWithKernel(t *testing.T) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(info), "\nflags")
	line, _, _ := strings.Cut(rest, "\n")
	flags := strings.Fields(line)
	all := func(names ...string) bool {
		for _, n := range names {
			if !slices.Contains(flags, n) {
				return false
			}
		}
		return true
	}
	want := [3]bool{all("avx2", "bmi1", "bmi2", "popcnt"), all("avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl"), all("avx512f", "avx512_vbmi2", "avx512vbmi")}
	for i, tier := range []Tier{AVX2, AVX512, VBMI2} {
		if got := slices.Contains(Tiers(), tier); got != want[i] {
			t.Errorf("Tiers() has %v: %t, want %t as in /proc/cpuinfo", tier, got, want[i])
		}
	}
}

func TestSlowPEXTAgainstKernel(t *testing.T) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	field := func(name string) string {
		_, rest, _ := strings.Cut(string(info), "\n"+name)
		line, _, _ := strings.Cut(rest, "\n")
		_, value, _ := strings.Cut(line, ":")
		return strings.TrimSpace(value)
	}
	vendor := field("vendor_id")
	family, err := strconv.Atoi(field("cpu family"))
	if err != nil {
		t.Fatal(err)
	}
	want := (vendor == "AuthenticAMD" || vendor == "HygonGenuine") && family < 0x19
	if SlowPEXT != want {
		t.Errorf("SlowPEXT is %t for %s, family %d, want %t", SlowPEXT, vendor, family, want)
	}
}
