//go:build !purego

#include "textflag.h"

// Constants, a byte four times each, broadcast as needed: single bytes would take
// the port that compares and permutes.
DATA bytes<>+0(SB)/4, $0x20202020
DATA bytes<>+4(SB)/4, $0x61616161
DATA bytes<>+8(SB)/4, $0x1a1a1a1a
DATA bytes<>+12(SB)/4, $0x30303030
DATA bytes<>+16(SB)/4, $0x0a0a0a0a
DATA bytes<>+20(SB)/4, $0x27272727
DATA bytes<>+24(SB)/4, $0xfefefefe
DATA bytes<>+28(SB)/4, $0x3f3f3f3f
DATA bytes<>+32(SB)/4, $0xe3e3e3e3
DATA bytes<>+36(SB)/4, $0xefefefef
DATA bytes<>+40(SB)/4, $0xe2e2e2e2
DATA bytes<>+44(SB)/4, $0x80808080
DATA bytes<>+48(SB)/4, $0x82828282
DATA bytes<>+52(SB)/4, $0xbcbcbcbc
DATA bytes<>+56(SB)/4, $0xe4e4e4e4
DATA bytes<>+60(SB)/4, $0x06060606
DATA bytes<>+64(SB)/4, $0xb8b8b8b8
DATA bytes<>+68(SB)/4, $0x40404040 // kindSingle
GLOBL bytes<>(SB), RODATA|NOPTR, $72

// PAGE adds to Z6 the kinds that the 128-byte table at OFF of R8 gives for the
// code points of K.
#define PAGE(OFF, K) \
	VMOVDQU64 OFF(R8), Z8 \
	VMOVDQA64 Z5, Z7 \
	VPERMI2B.Z (OFF+64)(R8), Z8, K, Z7 \
	VPORQ Z7, Z6, Z6

// KIND writes the top bits of Z6 to OFF of DI and moves the next ones there.
#define KIND(OFF) \
	VPMOVB2M Z6, K1 \
	KMOVQ K1, OFF(DI) \
	VPADDB Z6, Z6, Z6

// func kindsVBMI2(k *kinds, out, text *byte, table *uint8)
TEXT ·kindsVBMI2(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), DI
	MOVQ out+8(FP), DX
	MOVQ text+16(FP), SI
	MOVQ table+24(FP), R8
	LEAQ bytes<>(SB), AX
	// First, second and third bytes of code points.
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	VPBROADCASTD 0(AX), Z16
	VPBROADCASTD 4(AX), Z17
	VPBROADCASTD 8(AX), Z18
	VPBROADCASTD 12(AX), Z19
	VPBROADCASTD 16(AX), Z20
	VPBROADCASTD 20(AX), Z21
	// Letters, digits and apostrophes of ASCII.
	VPORQ Z16, Z0, Z3
	VPSUBB Z17, Z3, Z3
	VPCMPUB $1, Z18, Z3, K1
	VPSUBB Z19, Z0, Z3
	VPCMPUB $1, Z20, Z3, K2
	VPCMPEQB Z21, Z0, K3
	KORQ K1, K2, K1
	KORQ K1, K3, K1
	KMOVQ K1, R9
	// The lower six bits of the third byte and one of the second index the
	// tables of 128.
	VPBROADCASTD 24(AX), Z17
	VPBROADCASTD 28(AX), Z18
	VPSLLW $6, Z1, Z5
	VPTERNLOGQ $0xD8, Z18, Z2, Z5
	VPANDQ Z17, Z1, Z4
	// Ideographs.
	VPBROADCASTD 56(AX), Z17
	VPBROADCASTD 60(AX), Z18
	VPBROADCASTD 64(AX), Z19
	VPSUBB Z17, Z0, Z3
	VPCMPUB $1, Z18, Z3, K1
	VPCMPEQB Z17, Z0, K2
	VPCMPUB $1, Z19, Z1, K2, K2
	KANDNQ K1, K2, K1
	VPBROADCASTD 68(AX), Z17
	VMOVDQU8.Z Z17, K1, Z6
	// The pages, as in kindPages.
	VPBROADCASTD 32(AX), Z17
	VPBROADCASTD 36(AX), Z18
	VPBROADCASTD 40(AX), Z19
	VPBROADCASTD 44(AX), Z20
	VPBROADCASTD 48(AX), Z21
	VPBROADCASTD 52(AX), Z22
	VPCMPEQB Z17, Z0, K1
	VPCMPEQB Z18, Z0, K2
	VPCMPEQB Z19, Z0, K3
	VPCMPEQB Z20, Z4, K1, K4
	VPCMPEQB Z21, Z4, K1, K5
	VPCMPEQB Z22, Z4, K2, K2
	VPCMPEQB Z20, Z4, K3, K3
	PAGE(0, K4)
	PAGE(128, K5)
	PAGE(256, K2)
	PAGE(384, K3)
	VPMOVB2M Z6, K1
	VPADDB Z6, Z6, Z6
	KMOVQ K1, R10
	ORQ R10, R9
	MOVQ R9, 0(DI)
	KIND(8)
	KIND(16)
	KIND(24)
	KIND(32)
	KIND(40)
	// Separators become spaces.
	KMOVQ K1, R9
	LEAQ (R9)(R9*2), R10
	SHLQ $2, R9
	ORQ R9, R10
	KMOVQ R10, K1
	VMOVDQU8 Z16, K1, Z0
	VMOVDQU64 Z0, (DX)
	VZEROUPPER
	RET

// SPREAD sets K to where the bytes of half a block go if a space comes ahead of
// those that BX names in its even bits: from two bits for each byte, the upper
// one the byte itself, drop those of spaces that are not there.
#define SPREAD(K) \
	PDEPQ R9, BX, R11 \
	ORQ R8, R11 \
	PEXTQ R11, R8, R11 \
	KMOVQ R11, K

// func insertVBMI2(out *byte, breaks uint64)
TEXT ·insertVBMI2(SB), NOSPLIT, $0-16
	MOVQ out+0(FP), DI
	MOVQ breaks+8(FP), BX
	LEAQ bytes<>(SB), AX
	VPBROADCASTD 0(AX), Z2
	VMOVDQA64 Z2, Z3
	VMOVDQU (DI), Y0
	VMOVDQU 32(DI), Y1
	MOVQ $0xaaaaaaaaaaaaaaaa, R8
	MOVQ $0x5555555555555555, R9
	MOVL BX, CX
	POPCNTL CX, CX
	SPREAD(K1)
	SHRQ $32, BX
	SPREAD(K2)
	VPEXPANDB Z0, K1, Z2
	VPEXPANDB Z1, K2, Z3
	VMOVDQU64 Z2, (DI)
	VMOVDQU64 Z3, 32(DI)(CX*1)
	VZEROUPPER
	RET

// func twosVBMI2(out, text *byte, table *pairTable, two, first uint64) uint64
TEXT ·twosVBMI2(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DX
	MOVQ text+8(FP), SI
	MOVQ table+16(FP), R8
	KMOVQ two+24(FP), K1
	LEAQ bytes<>(SB), AX
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	MOVQ first+32(FP), R9
	VPBROADCASTB R9, Z2
	VPBROADCASTD 24(AX), Z3
	VPBROADCASTD 28(AX), Z4
	// The code points of the table.
	VPANDQ Z3, Z0, Z3
	VPCMPEQB Z2, Z3, K1, K1
	// One bit of the first byte and six of the second index it.
	VPSLLW $6, Z0, Z5
	VPTERNLOGQ $0xD8, Z4, Z1, Z5
	VMOVDQA64 Z5, Z6
	VMOVDQU64 (R8), Z7
	VMOVDQU64 128(R8), Z8
	VPERMI2B 64(R8), Z7, Z5
	VPERMI2B 192(R8), Z8, Z6
	VPTESTMB Z5, Z5, K1, K1
	VMOVDQU8 Z5, K1, (DX)
	VMOVDQU8 Z6, K1, 1(DX)
	KMOVQ K1, R9
	MOVQ R9, ret+40(FP)
	VZEROUPPER
	RET
