//go:build !purego

package cpu

func detect() []Tier {
	const (
		popcnt, osxsave, avx = 1 << 23, 1 << 27, 1 << 28     // leaf 1, ECX
		bmi1, avx2, bmi2     = 1 << 3, 1 << 5, 1 << 8        // leaf 7, EBX
		avx512               = 1<<16 | 1<<17 | 1<<30 | 1<<31 // F, DQ, BW, VL
		vbmi                 = 1<<1 | 1<<6                   // leaf 7, ECX: VBMI, VBMI2
		ymm, zmm             = 0x06, 0xE6                    // XCR0: state that the system saves
		want1, want7         = popcnt | osxsave | avx, bmi1 | avx2 | bmi2
	)
	tiers := []Tier{Generic}
	if top, _, _, _ := cpuid(0, 0); top < 7 {
		return tiers
	}
	_, _, c1, _ := cpuid(1, 0)
	_, b7, c7, _ := cpuid(7, 0)
	if c1&want1 != want1 || b7&want7 != want7 {
		return tiers
	}
	saved := xgetbv()
	if saved&ymm != ymm {
		return tiers
	}
	tiers = append(tiers, AVX2)
	if saved&zmm != zmm || b7&avx512 != avx512 {
		return tiers
	}
	tiers = append(tiers, AVX512)
	if c7&vbmi == vbmi {
		tiers = append(tiers, VBMI2)
	}
	return tiers
}

// SlowPEXT reports whether PEXT and PDEP take many cycles, as they do on AMD processors
// before Zen 3.
var SlowPEXT = slowPEXT()

func slowPEXT() bool {
	const auth, hygo, zen3 = 0x68747541, 0x6f677948, 0x19 // the first four letters of two vendor names, and a processor family
	_, vendor, _, _ := cpuid(0, 0)
	a, _, _, _ := cpuid(1, 0)
	family := a >> 8 & 0xf
	if family == 0xf {
		family += a >> 20 & 0xff
	}
	return (vendor == auth || vendor == hygo) && family < zen3
}

func cpuid(leaf, sub uint32) (a, b, c, d uint32)
func xgetbv() uint32
