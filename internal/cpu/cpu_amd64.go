//go:build !purego

package cpu

// The sets of instructions, each with all of those before it: AVX2 with BMI1,
// BMI2 and POPCNT; AVX-512 F, DQ, BW and VL; VBMI and VBMI2.
var AVX2, AVX512, VBMI2 = detect()

func detect() (has2, has512, hasVBMI2 bool) {
	const (
		popcnt, osxsave, avx = 1 << 23, 1 << 27, 1 << 28     // leaf 1, ECX
		bmi1, avx2, bmi2     = 1 << 3, 1 << 5, 1 << 8        // leaf 7, EBX
		avx512               = 1<<16 | 1<<17 | 1<<30 | 1<<31 // F, DQ, BW, VL
		vbmi                 = 1<<1 | 1<<6                   // leaf 7, ECX: VBMI, VBMI2
		ymm, zmm             = 0x06, 0xE6                    // XCR0: state that the system saves
		want1, want7         = popcnt | osxsave | avx, bmi1 | avx2 | bmi2
	)
	if top, _, _, _ := cpuid(0, 0); top < 7 {
		return
	}
	_, _, c1, _ := cpuid(1, 0)
	_, b7, c7, _ := cpuid(7, 0)
	if c1&want1 != want1 || b7&want7 != want7 {
		return
	}
	saved := xgetbv()
	has2 = saved&ymm == ymm
	has512 = has2 && saved&zmm == zmm && b7&avx512 == avx512
	hasVBMI2 = has512 && c7&vbmi == vbmi
	return
}

func cpuid(leaf, sub uint32) (a, b, c, d uint32)
func xgetbv() uint32
