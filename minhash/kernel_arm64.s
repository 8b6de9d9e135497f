//go:build !purego

#include "textflag.h"

// V9..V12 = V0..V3 * V8, modulo 2^32 in each of four lanes: MUL (vector), which the
// assembler does not support.
#define PRODUCTS \
	WORD $0x4EA89C09 \
	WORD $0x4EA89C2A \
	WORD $0x4EA89C4B \
	WORD $0x4EA89C6C

#define MINIMA \
	VUMIN V9.S4, V4.S4, V4.S4  \
	VUMIN V10.S4, V5.S4, V5.S4 \
	VUMIN V11.S4, V6.S4, V6.S4 \
	VUMIN V12.S4, V7.S4, V7.S4

// func competeNEON(mins, a *uint32, lanes int, xs *uint64, n int)
TEXT ·competeNEON(SB), NOSPLIT, $0-40
	MOVD mins+0(FP), R0
	MOVD a+8(FP), R1
	MOVD lanes+16(FP), R2
	MOVD xs+24(FP), R3
	MOVD n+32(FP), R4

block:
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VMOVI $255, V4.B16
	VMOVI $255, V5.B16
	VMOVI $255, V6.B16
	VMOVI $255, V7.B16
	MOVD  R3, R5
	MOVD  R4, R6

element:
	VLD1R (R5), [V8.S4]
	ADD   $8, R5
	PRODUCTS
	MINIMA
	SUBS  $1, R6
	BNE   element
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS  $16, R2
	BNE   block
	RET

// func permuteNEON(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)
TEXT ·permuteNEON(SB), NOSPLIT, $0-48
	MOVD regs+0(FP), R0
	MOVD lanes+8(FP), R2
	MOVD xs+16(FP), R3
	MOVD n+24(FP), R4
	MOVD a+32(FP), R1
	MOVD b+40(FP), R7

block:
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R7), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1   (R0), [V4.S4, V5.S4, V6.S4, V7.S4]
	MOVD   R3, R5
	MOVD   R4, R6

element:
	VLD1R (R5), [V8.S4]
	ADD   $8, R5
	PRODUCTS
	VADD  V16.S4, V9.S4, V9.S4
	VADD  V17.S4, V10.S4, V10.S4
	VADD  V18.S4, V11.S4, V11.S4
	VADD  V19.S4, V12.S4, V12.S4
	MINIMA
	SUBS  $1, R6
	BNE   element
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUBS  $16, R2
	BNE   block
	RET

// func agreeNEON(a, b *uint32, n int) int
TEXT ·agreeNEON(SB), NOSPLIT, $0-32
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD n+16(FP), R2
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16

loop:
	VLD1.P 64(R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	VCMEQ V0.S4, V4.S4, V0.S4
	VCMEQ V1.S4, V5.S4, V1.S4
	VCMEQ V2.S4, V6.S4, V2.S4
	VCMEQ V3.S4, V7.S4, V3.S4
	VADD  V0.S4, V1.S4, V0.S4
	VADD  V2.S4, V3.S4, V2.S4
	VSUB  V0.S4, V16.S4, V16.S4
	VSUB  V2.S4, V17.S4, V17.S4
	SUBS  $16, R2
	BNE   loop
	VADD  V16.S4, V17.S4, V16.S4
	VADDV V16.S4, V16
	FMOVS F16, R3
	MOVWU R3, R3
	MOVD  R3, ret+24(FP)
	RET
