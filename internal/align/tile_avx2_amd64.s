//go:build !purego

#include "textflag.h"

// The layout of a tile.
#define SCORES 0    // 64 steps of 32 scores of 16 bits
#define HOWS   4096 // 64 steps of 4 masks of 32 bits
#define TOKENS 5120 // 32 tokens of a
#define OTHERS 5248 // 96 tokens: the token of b with number t is at 63-t

// Masks of lanes, in words: 32 set, 32 clear, 32 set. A load from word 32-k sets the
// lanes below k; a load from word 63-k sets the lanes above k.
DATA ·tileEdges<>+0(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+8(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+16(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+24(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+32(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+40(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+48(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+56(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+64(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+72(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+80(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+88(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+96(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+104(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+112(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+120(SB)/8, $0x0000000000000000
DATA ·tileEdges<>+128(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+136(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+144(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+152(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+160(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+168(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+176(SB)/8, $0xffffffffffffffff
DATA ·tileEdges<>+184(SB)/8, $0xffffffffffffffff
GLOBL ·tileEdges<>(SB), RODATA|NOPTR, $192

DATA ·tileOne<>+0(SB)/8, $0x0001000100010001
DATA ·tileOne<>+8(SB)/8, $0x0001000100010001
DATA ·tileOne<>+16(SB)/8, $0x0001000100010001
DATA ·tileOne<>+24(SB)/8, $0x0001000100010001
GLOBL ·tileOne<>(SB), RODATA|NOPTR, $32

DATA ·tileTwo<>+0(SB)/8, $0x0002000200020002
DATA ·tileTwo<>+8(SB)/8, $0x0002000200020002
DATA ·tileTwo<>+16(SB)/8, $0x0002000200020002
DATA ·tileTwo<>+24(SB)/8, $0x0002000200020002
GLOBL ·tileTwo<>(SB), RODATA|NOPTR, $32

DATA ·tileThree<>+0(SB)/8, $0x0003000300030003
DATA ·tileThree<>+8(SB)/8, $0x0003000300030003
DATA ·tileThree<>+16(SB)/8, $0x0003000300030003
DATA ·tileThree<>+24(SB)/8, $0x0003000300030003
GLOBL ·tileThree<>(SB), RODATA|NOPTR, $32

// BITS writes a bit for each of the 32 lanes of two registers of words, which it
// destroys.
#define BITS(LO, HI, OFFSET) \
	VPACKSSWB HI, LO, LO      \
	VPERMQ    $0xd8, LO, LO   \
	VPMOVMSKB LO, AX          \
	MOVL      AX, OFFSET(BX)

// func fillTileAVX2(t *tile, b *uint32, dir, n, m, drop int) (best, at, last int)
//
// It works like fillTileGeneric for m > 0, and may leave other bits of dead cells. A
// vector of 32 lanes is in two registers.
//
// DI  the tile                              Y0, Y1   H, the scores of step s-1
// SI  the tokens of b, of lane 0 on         Y2, Y3   E of step s-1, gaps of a
// R8  masks of the lanes above n            Y4, Y5   F of step s-1, gaps of b
// R9  m                                     Y6, Y7   H of step s-2, one lane up
// R10 scratch                               Y8       dead scores
// R11 s                                     Y9       the floor
// R12 best                                  Y10 to Y15  scratch
// R13 at                                    CX  address of the scores of s
// R14 last                                  BX  address of the masks of s
// R15 whether a lane of step s-1 lives      DX  tileEdges
TEXT ·fillTileAVX2(SB), NOSPLIT, $0-72
	MOVQ t+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ dir+16(FP), DX
	MOVQ n+24(FP), R8
	MOVQ m+32(FP), R9
	SHLQ $2, DX

	// the tokens of b, back to front
	LEAQ (OTHERS+4*63)(DI), CX
	MOVQ R9, AX
tokens:
	MOVL (SI), R10
	MOVL R10, (CX)
	ADDQ DX, SI
	SUBQ $4, CX
	DECQ AX
	JNZ  tokens

	LEAQ ·tileEdges<>(SB), DX
	MOVQ $63, AX
	SUBQ R8, AX
	LEAQ (DX)(AX*2), R8

	MOVL $-16384, AX
	VMOVD AX, X8
	VPBROADCASTW X8, Y8
	XORQ AX, AX
	SUBQ drop+40(FP), AX
	VMOVD AX, X9
	VPBROADCASTW X9, Y9

	// step 0: one cell
	VMOVDQU 62(DX), Y10
	VPANDN  Y8, Y10, Y0
	VMOVDQA Y8, Y1
	VMOVDQA Y8, Y2
	VMOVDQA Y8, Y3
	VMOVDQA Y8, Y4
	VMOVDQA Y8, Y5
	VMOVDQA Y8, Y6
	VMOVDQA Y8, Y7
	VMOVDQU Y0, SCORES(DI)
	VMOVDQU Y1, (SCORES+32)(DI)

	LEAQ (OTHERS+4*63)(DI), SI
	LEAQ (SCORES+64)(DI), CX
	LEAQ (HOWS+16)(DI), BX
	MOVQ $1, R11
	XORQ R12, R12
	XORQ R13, R13
	XORQ R14, R14
	MOVL $1, R15

loop:
	// gaps of b: from the same lane of step s-1
	VPSUBW   ·tileTwo<>(SB), Y0, Y10
	VPSUBW   ·tileTwo<>(SB), Y1, Y11
	VPSUBW   ·tileOne<>(SB), Y4, Y4
	VPSUBW   ·tileOne<>(SB), Y5, Y5
	VPCMPGTW Y10, Y4, Y12
	VPCMPGTW Y11, Y5, Y13
	VPMAXSW  Y10, Y4, Y4
	VPMAXSW  Y11, Y5, Y5
	BITS(Y12, Y13, 12)

	// H and E of the lane below
	VPERM2I128 $0x20, Y0, Y8, Y12
	VPALIGNR   $14, Y12, Y0, Y10
	VPERM2I128 $0x21, Y1, Y0, Y12
	VPALIGNR   $14, Y12, Y1, Y11
	VPERM2I128 $0x21, Y3, Y2, Y12
	VPALIGNR   $14, Y12, Y3, Y3
	VPERM2I128 $0x20, Y2, Y8, Y12
	VPALIGNR   $14, Y12, Y2, Y2

	// gaps of a
	VPSUBW   ·tileOne<>(SB), Y2, Y2
	VPSUBW   ·tileOne<>(SB), Y3, Y3
	VPSUBW   ·tileTwo<>(SB), Y10, Y12
	VPSUBW   ·tileTwo<>(SB), Y11, Y13
	VPCMPGTW Y12, Y2, Y14
	VPCMPGTW Y13, Y3, Y15
	VPMAXSW  Y12, Y2, Y2
	VPMAXSW  Y13, Y3, Y3
	BITS(Y14, Y15, 8)

	// a token of both sides: from the lane below of step s-2
	VMOVDQU   (SI), Y12
	VMOVDQU   32(SI), Y13
	VPCMPEQD  TOKENS(DI), Y12, Y12
	VPCMPEQD  (TOKENS+32)(DI), Y13, Y13
	VPACKSSDW Y13, Y12, Y12
	VPERMQ    $0xd8, Y12, Y12
	VMOVDQU   64(SI), Y13
	VMOVDQU   96(SI), Y14
	VPCMPEQD  (TOKENS+64)(DI), Y13, Y13
	VPCMPEQD  (TOKENS+96)(DI), Y14, Y14
	VPACKSSDW Y14, Y13, Y13
	VPERMQ    $0xd8, Y13, Y13
	VPAND     ·tileThree<>(SB), Y12, Y12
	VPAND     ·tileThree<>(SB), Y13, Y13
	VPSUBW    ·tileOne<>(SB), Y6, Y6
	VPSUBW    ·tileOne<>(SB), Y7, Y7
	VPADDW    Y6, Y12, Y12
	VPADDW    Y7, Y13, Y13
	VMOVDQA   Y10, Y6
	VMOVDQA   Y11, Y7

	VPCMPGTW Y12, Y2, Y10
	VPCMPGTW Y13, Y3, Y11
	VPMAXSW  Y12, Y2, Y12
	VPMAXSW  Y13, Y3, Y13
	BITS(Y10, Y11, 0)
	VPCMPGTW Y12, Y4, Y10
	VPCMPGTW Y13, Y5, Y11
	VPMAXSW  Y12, Y4, Y12
	VPMAXSW  Y13, Y5, Y13
	BITS(Y10, Y11, 4)

	// Lanes beyond n or m and scores below the floor are dead.
	VPCMPGTW Y12, Y9, Y10
	VPCMPGTW Y13, Y9, Y11
	VPOR     (R8), Y10, Y10
	VPOR     32(R8), Y11, Y11
	MOVQ     R11, R10
	SUBQ     R9, R10
	JLE      inside
	MOVQ     $32, AX
	CMPQ     R10, AX
	CMOVQGT  AX, R10
	SUBQ     R10, AX
	VPOR     (DX)(AX*2), Y10, Y10
	VPOR     32(DX)(AX*2), Y11, Y11
inside:
	VPBLENDVB Y10, Y8, Y12, Y0
	VPBLENDVB Y11, Y8, Y13, Y1
	VPBLENDVB Y10, Y8, Y2, Y2
	VPBLENDVB Y11, Y8, Y3, Y3
	VPBLENDVB Y10, Y8, Y4, Y4
	VPBLENDVB Y11, Y8, Y5, Y5
	VMOVDQU   Y0, (CX)
	VMOVDQU   Y1, 32(CX)
	VPAND     Y10, Y11, Y10
	VPMOVMSKB Y10, AX
	NOTL      AX

	// the end: no lane lives, and none in the step before
	ORL   AX, R15
	JZ    done
	MOVL  AX, R15
	TESTL AX, AX
	JZ    still
	MOVQ  R11, R14
still:
	// the floor of the next step, by the best up to the one before
	MOVQ R12, AX
	SUBQ drop+40(FP), AX
	VMOVD AX, X9
	VPBROADCASTW X9, Y9

	// the best score: the smallest 0x7fff - score
	VPMAXSW      Y0, Y1, Y10
	VEXTRACTI128 $1, Y10, X11
	VPMAXSW      X10, X11, X10
	VPCMPEQW     X11, X11, X11
	VPSRLW       $1, X11, X11
	VPSUBW       X10, X11, X10
	VPHMINPOSUW  X10, X10
	VMOVD        X10, AX
	MOVWLZX      AX, AX
	MOVQ         $0x7fff, R10
	SUBQ         AX, R10
	CMPQ         R10, R12
	CMOVQGT      R11, R13
	CMOVQGT      R10, R12

	SUBQ $4, SI
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
