//go:build !purego

#include "textflag.h"

// Constants, a byte four times each, broadcast as needed: single bytes would take
// the port that compares and permutes.
DATA bytes<>+0(SB)/4, $0xc0c0c0c0
DATA bytes<>+4(SB)/4, $0xfefefefe
DATA bytes<>+8(SB)/4, $0x3f3f3f3f
DATA bytes<>+12(SB)/4, $0xe4e4e4e4
DATA bytes<>+16(SB)/4, $0x06060606
DATA bytes<>+20(SB)/4, $0xb8b8b8b8
DATA bytes<>+24(SB)/4, $0x40404040 // kindSingle
DATA bytes<>+28(SB)/4, $0xe3e3e3e3
DATA bytes<>+32(SB)/4, $0xefefefef
DATA bytes<>+36(SB)/4, $0xe2e2e2e2
DATA bytes<>+40(SB)/4, $0x80808080
DATA bytes<>+44(SB)/4, $0x82828282
DATA bytes<>+48(SB)/4, $0xbcbcbcbc
DATA bytes<>+52(SB)/4, $0x20202020
GLOBL bytes<>(SB), RODATA|NOPTR, $56

// PAGE adds to Z6 the kinds that the 128 bytes in LO and HI give for the code
// points of K.
#define PAGE(LO, HI, K) \
	VMOVDQA64 Z5, Z7 \
	VPERMI2B.Z HI, LO, K, Z7 \
	VPORQ Z7, Z6, Z6

// KIND moves the top bits of Z6 to R and the next ones there.
#define KIND(R) \
	VPMOVB2M Z6, K1 \
	KMOVQ K1, R \
	VPADDB Z6, Z6, Z6

// WHOLE makes the first bytes in R all three.
#define WHOLE(R) \
	LEAQ (R)(R*2), AX \
	LEAQ (R)(AX*2), R

// BEHIND sets TO to what comes behind the bytes in R, which the block before left
// in CARRY.
#define BEHIND(R, CARRY, TO) \
	LEAQ (R)(R*1), TO \
	ORQ CARRY, TO

// MARKS adds to R the runs of R13 that begin where AX says: adding its first bit
// to a run clears it.
#define MARKS(R) \
	ANDQ R13, AX \
	ADDQ R13, AX \
	ANDNQ R13, AX, AX \
	ORQ AX, R

// CARRY keeps the bit R14 of R in TO.
#define CARRY(R, TO) \
	SHRXQ R14, R, R \
	ANDL $1, R \
	MOVQ R, TO

// SPREAD sets K to where the bytes of half a block go if a space comes ahead of
// those that the low half of DX names: from two bits for each byte, the upper one
// the byte itself, drop those of spaces that are not there.
#define SPREAD(K) \
	PDEPQ R10, DX, R11 \
	ORQ R9, R11 \
	PEXTQ R11, R9, R11 \
	KMOVQ R11, K

// func unspacedVBMI2(r *unspacedRun)
TEXT ·unspacedVBMI2(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), R8
	MOVQ 0(R8), SI
	MOVQ 16(R8), DI
	MOVQ 24(R8), DX
	LEAQ bytes<>(SB), AX
	VMOVDQU64 0(DX), Z8
	VMOVDQU64 64(DX), Z9
	VMOVDQU64 128(DX), Z10
	VMOVDQU64 192(DX), Z11
	VMOVDQU64 256(DX), Z12
	VMOVDQU64 320(DX), Z13
	VMOVDQU64 384(DX), Z14
	VMOVDQU64 448(DX), Z15
	VMOVDQU64 512(DX), Z30
	VMOVDQU64 576(DX), Z31
	VPBROADCASTD 0(AX), Z16
	VPBROADCASTD 4(AX), Z17
	VPBROADCASTD 8(AX), Z18
	VPBROADCASTD 12(AX), Z19
	VPBROADCASTD 16(AX), Z20
	VPBROADCASTD 20(AX), Z21
	VPBROADCASTD 24(AX), Z22
	VPBROADCASTD 28(AX), Z23
	VPBROADCASTD 32(AX), Z24
	VPBROADCASTD 36(AX), Z25
	VPBROADCASTD 40(AX), Z26
	VPBROADCASTD 44(AX), Z27
	VPBROADCASTD 48(AX), Z28
	VPBROADCASTD 52(AX), Z29

block:
	CMPQ SI, 8(R8)
	JHI  done
	// First, second and third bytes of code points.
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	// BX is where those outside ASCII begin, CX how many bytes are complete.
	VPMOVB2M Z0, K1
	VPCMPB $1, Z16, Z0, K2
	KMOVQ K1, AX
	KMOVQ K2, DX
	ANDNQ AX, DX, BX
	JZ    done
	MOVQ $0xc000000000000000, CX
	ANDQ BX, CX
	TZCNTQ CX, CX
	BZHIQ CX, BX, BX
	BZHIQ CX, DX, DX
	LEAQ (BX)(BX*2), AX
	ADDQ AX, AX
	CMPQ AX, DX
	JNE  done
	// The kinds of ASCII.
	KNOTQ K1, K1
	VMOVDQA64 Z0, Z6
	VPERMI2B.Z Z31, Z30, K1, Z6
	// The lower six bits of the third byte and one of the second index the
	// pages, as in kindPages.
	VPSLLW $6, Z1, Z5
	VPTERNLOGQ $0xD8, Z18, Z2, Z5
	VPANDQ Z17, Z1, Z4
	VPCMPEQB Z23, Z0, K1
	VPCMPEQB Z24, Z0, K2
	VPCMPEQB Z25, Z0, K3
	VPCMPEQB Z26, Z4, K1, K4
	VPCMPEQB Z27, Z4, K1, K5
	VPCMPEQB Z28, Z4, K2, K2
	VPCMPEQB Z26, Z4, K3, K3
	PAGE(Z8, Z9, K4)
	PAGE(Z10, Z11, K5)
	PAGE(Z12, Z13, K2)
	PAGE(Z14, Z15, K3)
	// Ideographs.
	VPSUBB Z19, Z0, Z3
	VPCMPUB $1, Z20, Z3, K1
	VPCMPEQB Z19, Z0, K2
	VPCMPUB $1, Z21, Z1, K2, K2
	KANDNQ K1, K2, K1
	VMOVDQU8 Z22, K1, Z6
	// R9 to R13 are letters, single ones, hiragana, katakana and marks, AX the
	// separators.
	KIND(R9)
	KIND(R10)
	KIND(R11)
	KIND(R12)
	KIND(R13)
	VPMOVB2M Z6, K1
	KMOVQ K1, AX
	MOVQ R9, DX
	ORQ  R10, DX
	ORQ  R11, DX
	ORQ  R12, DX
	ORQ  R13, DX
	ORQ  AX, DX
	ANDNQ BX, DX, DX
	JNZ  done
	// Separators become spaces.
	LEAQ (AX)(AX*2), DX
	LEAQ (AX)(DX*2), AX
	KMOVQ AX, K1
	VMOVDQU8 Z29, K1, Z0
	MOVQ R9, AX
	ANDQ BX, AX
	LEAQ (AX)(AX*2), AX
	LEAQ (R9)(AX*2), R9
	MOVQ R10, R15
	WHOLE(R10)
	WHOLE(R11)
	WHOLE(R12)
	TESTQ R13, R13
	JNZ  marks
whole:
	// Spaces come where a token is behind another of another kind, and ahead of
	// every single one.
	XORQ R10, R15
	BEHIND(R9, 32(R8), AX)
	BEHIND(R10, 40(R8), DX)
	ORQ  AX, DX
	ANDQ R9, AX
	ORQ  AX, R15
	BEHIND(R11, 48(R8), AX)
	ORQ  AX, DX
	ANDQ R11, AX
	ORQ  AX, R15
	BEHIND(R12, 56(R8), AX)
	ORQ  AX, DX
	ANDQ R12, AX
	ORQ  AX, R15
	MOVQ R9, AX
	ORQ  R10, AX
	ORQ  R11, AX
	ORQ  R12, AX
	ANDQ AX, DX
	ANDNQ DX, R15, DX
	BZHIQ CX, DX, DX
	LEAQ -1(CX), R14
	CARRY(R9, 32(R8))
	CARRY(R10, 40(R8))
	CARRY(R11, 48(R8))
	CARRY(R12, 56(R8))
	MOVQ $0xaaaaaaaaaaaaaaaa, R9
	MOVQ $0x5555555555555555, R10
	POPCNTQ DX, AX
	POPCNTL DX, BX
	SPREAD(K1)
	SHRQ $32, DX
	SPREAD(K2)
	VMOVDQA64 Z29, Z2
	VMOVDQA64 Z29, Z3
	VEXTRACTI64X4 $1, Z0, Y1
	VPEXPANDB Z0, K1, Z2
	VPEXPANDB Z1, K2, Z3
	VMOVDQU64 Z2, (DI)
	VMOVDQU64 Z3, 32(DI)(BX*1)
	ADDQ CX, SI
	ADDQ CX, DI
	ADDQ AX, DI
	JMP  block
marks:
	// A mark is of the kind of what precedes; by itself, it is a letter.
	WHOLE(R13)
	MOVQ R9, AX
	ORQ  R10, AX
	ORQ  R11, AX
	ORQ  R12, AX
	ORQ  R13, AX
	NOTQ AX
	MOVQ 32(R8), DX
	ORQ  40(R8), DX
	ORQ  48(R8), DX
	ORQ  56(R8), DX
	XORQ $1, DX
	LEAQ (DX)(AX*2), AX
	BEHIND(R9, 32(R8), DX)
	ORQ  DX, AX
	MARKS(R9)
	BEHIND(R10, 40(R8), AX)
	MARKS(R10)
	BEHIND(R11, 48(R8), AX)
	MARKS(R11)
	BEHIND(R12, 56(R8), AX)
	MARKS(R12)
	JMP  whole
done:
	MOVQ SI, 0(R8)
	MOVQ DI, 16(R8)
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
	VPBROADCASTD 4(AX), Z3
	VPBROADCASTD 8(AX), Z4
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
