//go:build !purego

#include "textflag.h"

// The layout of a tile.
#define SCORES 0    // 64 steps of 32 scores of 16 bits
#define HOWS   4096 // 64 steps of 4 masks of 32 bits
#define TOKENS 5120 // 32 tokens of a

// Shifts lanes up by one: lane i takes the value of lane i-1, and lane 0 the value of
// the last lane, which a mask replaces.
DATA ·laneUp<>+0(SB)/8, $0x000200010000001f
DATA ·laneUp<>+8(SB)/8, $0x0006000500040003
DATA ·laneUp<>+16(SB)/8, $0x000a000900080007
DATA ·laneUp<>+24(SB)/8, $0x000e000d000c000b
DATA ·laneUp<>+32(SB)/8, $0x001200110010000f
DATA ·laneUp<>+40(SB)/8, $0x0016001500140013
DATA ·laneUp<>+48(SB)/8, $0x001a001900180017
DATA ·laneUp<>+56(SB)/8, $0x001e001d001c001b
GLOBL ·laneUp<>(SB), RODATA|NOPTR, $64

// func fillTileAVX512(t *tile, b *uint32, dir, n, m, drop int) (best, at, last int)
//
// It works like fillTileGeneric for m > 0, and may leave other bits of dead cells.
//
// DI  the tile                         Z0  H, the scores of step s-1
// SI  the token b[s-1], at most the last  Z1  E of step s-1, gaps of a
// DX  4*dir                       Z2  F of step s-1, gaps of b
// R8  n, then its mask of lanes   Z3  H of step s-2, one lane up
// R9  m                           Z4  tokens of a, lanes 0 to 15
// R10 drop                        Z5  tokens of a, lanes 16 to 31
// R11 s                           Z6  tokens of b, lanes 0 to 15
// R12 best                        Z7  tokens of b, lanes 16 to 31
// R13 at                          Z8  dead scores
// R14 last                        Z9  laneUp
// R15 living lanes of step s-1    Z10 1, the cost of an unequal token and of a further token of a gap
// CX  address of the scores of s  Z11 2, the score of an equal token and the cost of the first token of a gap
// BX  address of the masks of s   Z12 the floor
// K1  all lanes but the first     Z13 0x7fff
//                                 Z22 0x7fff less the best up to step s-1
//                                 Z23 0x7fff less drop
//
// The floor stays in vectors: it is on the longest path from step to step.
TEXT ·fillTileAVX512(SB), NOSPLIT, $0-72
	MOVQ t+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ dir+16(FP), DX
	MOVQ n+24(FP), R8
	MOVQ m+32(FP), R9
	MOVQ drop+40(FP), R10
	SHLQ $2, DX

	// lanes 0 to n
	INCQ  R8
	MOVL  $-1, AX
	MOVL  AX, R11
	CMPQ  R8, $32
	JAE   full
	BZHIL R8, AX, R11
full:
	MOVL R11, R8

	MOVL $-2, AX
	KMOVD AX, K1
	MOVL $-16384, AX
	VPBROADCASTW AX, Z8
	VMOVDQU64 ·laneUp<>(SB), Z9
	MOVL $1, AX
	VPBROADCASTW AX, Z10
	MOVL $2, AX
	VPBROADCASTW AX, Z11
	MOVL $0x7fff, AX
	VPBROADCASTW AX, Z13
	VMOVDQA64 Z13, Z22
	XORL AX, AX
	SUBL R10, AX
	VPBROADCASTW AX, Z12
	VPADDW Z12, Z13, Z23

	// step 0: one cell
	VMOVDQA64 Z8, Z0
	KNOTD K1, K2
	VPXORD Z14, Z14, Z14
	VMOVDQU16 Z14, K2, Z0
	VMOVDQU16 Z0, SCORES(DI)
	VMOVDQA64 Z8, Z1
	VMOVDQA64 Z8, Z2
	VMOVDQA64 Z8, Z3
	VMOVDQU64 TOKENS(DI), Z4
	VMOVDQU64 (TOKENS+64)(DI), Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z7, Z7, Z7

	LEAQ (SCORES+64)(DI), CX
	LEAQ (HOWS+16)(DI), BX
	MOVQ $1, R11
	XORQ R12, R12
	XORQ R13, R13
	XORQ R14, R14
	MOVL $1, R15

loop:
	// Move the tokens of b up by a lane: lane i then has b[s-i-1]. Lane 0, which has no
	// token of a, gets the next one.
	VPBROADCASTD (SI), Z14
	VALIGND $15, Z6, Z7, Z7
	VALIGND $15, Z14, Z6, Z6
	VPCMPEQD Z4, Z6, K2
	VPCMPEQD Z5, Z7, K3
	KUNPCKWD K2, K3, K2

	// gaps of b: from the same lane of step s-1
	VPSUBW   Z11, Z0, Z15
	VPSUBW   Z10, Z2, Z16
	VPCMPGTW Z15, Z16, K3
	VPMAXSW  Z15, Z16, Z15

	// gaps of a: from the lane below
	VMOVDQA64 Z8, Z17
	VPERMW   Z0, Z9, K1, Z17
	VMOVDQA64 Z8, Z18
	VPERMW   Z1, Z9, K1, Z18
	VPSUBW   Z11, Z17, Z19
	VPSUBW   Z10, Z18, Z18
	VPCMPGTW Z19, Z18, K4
	VPMAXSW  Z19, Z18, Z18

	// a token of both sides: from the lane below of step s-2
	VPSUBW  Z10, Z3, Z19
	VPADDW  Z11, Z3, K2, Z19
	VMOVDQA64 Z17, Z3

	VPCMPGTW Z19, Z18, K5
	VPMAXSW  Z19, Z18, Z19
	VPCMPGTW Z19, Z15, K6
	VPMAXSW  Z19, Z15, Z19

	KMOVD K5, 0(BX)
	KMOVD K6, 4(BX)
	KMOVD K4, 8(BX)
	KMOVD K3, 12(BX)

	// Lanes beyond n or m and scores below the floor are dead.
	MOVL R8, AX
	MOVQ R11, R10
	SUBQ R9, R10
	JLE  inside
	CMPQ R10, $32
	JAE  nolane
	SHRXL R10, AX, AX
	SHLXL R10, AX, AX
	JMP  inside
nolane:
	XORL AX, AX
inside:
	KMOVD AX, K2
	VPCMPW $5, Z12, Z19, K2, K2
	VPBLENDMW Z19, Z8, K2, Z0
	VPBLENDMW Z18, Z8, K2, Z1
	VPBLENDMW Z15, Z8, K2, Z2
	VMOVDQU16 Z0, (CX)
	KMOVD K2, AX

	// the end: no lane lives, and none in the step before
	ORL AX, R15
	JZ  done
	MOVL AX, R15
	TESTL AX, AX
	JZ  still
	MOVQ R11, R14
still:
	// the floor of the next step, by the best up to the one before
	VPSUBW Z22, Z23, Z12

	// the best score: the smallest 0x7fff - score
	VEXTRACTI64X4 $1, Z0, Y20
	VPMAXSW Y0, Y20, Y20
	VEXTRACTI32X4 $1, Y20, X21
	VPMAXSW X20, X21, X20
	VPSUBW  X20, X13, X20
	VMOVDQA64 X20, X15
	VPHMINPOSUW X15, X15
	VPBROADCASTW X15, Z20
	VPMINUW Z20, Z22, Z22
	VMOVD   X15, AX
	MOVWLZX AX, AX
	MOVQ    $0x7fff, R10
	SUBQ    AX, R10
	CMPQ    R10, R12
	CMOVQGT R11, R13
	CMOVQGT R10, R12

	// The next token of b, as long as there is one.
	CMPQ R11, R9
	JGE  stay
	ADDQ DX, SI
stay:
	ADDQ $64, CX
	ADDQ $16, BX
	INCQ R11
	CMPQ R11, $64
	JB   loop
done:
	MOVQ R12, best+48(FP)
	MOVQ R13, at+56(FP)
	MOVQ R14, last+64(FP)
	VZEROUPPER
	RET
