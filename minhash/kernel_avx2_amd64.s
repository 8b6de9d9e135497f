//go:build !purego

#include "textflag.h"

// Puts the mixed element X into its register. R8 = registers, R10 = shift.
#define PLACE(X, BIN, OLD) \
	SHRXQ   R10, X, BIN      \
	SHRL    $1, X            \
	MOVL    (R8)(BIN*4), OLD \
	CMPL    X, OLD           \
	CMOVLCS X, OLD           \
	MOVL    OLD, (R8)(BIN*4)

// Multiplies the four words of X by the constant in LO, whose upper half is in HI.
#define MUL(X, LO, HI, T, U) \
	VPSRLQ   $32, X, T \
	VPMULUDQ X, HI, U  \
	VPMULUDQ T, LO, T  \
	VPMULUDQ X, LO, X  \
	VPADDQ   U, T, T   \
	VPSLLQ   $32, T, T \
	VPADDQ   T, X, X

// The element mixer on four elements: see params. Y8 = key[0], Y9 and Y10 =
// key[1] and its upper half, Y11 and Y12 = key[2] and its upper half.
#define MIX(X, T, U) \
	VPXOR  Y8, X, X         \
	VPSRLQ $32, X, T        \
	VPXOR  T, X, X          \
	MUL(X, Y9, Y10, T, U)   \
	VPSRLQ $32, X, T        \
	VPXOR  T, X, X          \
	MUL(X, Y11, Y12, T, U)  \
	VPSRLQ $32, X, T        \
	VPXOR  T, X, X

#define KEYS(KEY) \
	VPBROADCASTQ 0(KEY), Y8  \
	VPBROADCASTQ 8(KEY), Y9  \
	VPBROADCASTQ 16(KEY), Y11 \
	VPSRLQ $32, Y9, Y10      \
	VPSRLQ $32, Y11, Y12

// func mixAVX2(xs, hashes *uint64, n int, key *[3]uint64)
//
// It requires a multiple of 8 elements.
TEXT ·mixAVX2(SB), NOSPLIT, $0-32
	MOVQ xs+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ key+24(FP), AX
	KEYS(AX)

eight:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	MIX(Y0, Y2, Y3)
	MIX(Y1, Y4, Y5)
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $8, CX
	JNZ  eight
	VZEROUPPER
	RET

// Puts the element at OFF(SI) into its register. R8 = registers, R10 = shift.
#define FIRST(OFF, X, BIN, OLD) \
	MOVQ OFF(SI), X \
	PLACE(X, BIN, OLD)

// func placeBMI2(regs *uint32, xs *uint64, n int, shift uint)
//
// The first round of mixed elements.
TEXT ·placeBMI2(SB), NOSPLIT, $0-32
	MOVQ regs+0(FP), R8
	MOVQ xs+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ shift+24(FP), R10
	SUBQ $4, CX
	JB   rest

four:
	FIRST(0, AX, BX, DX)
	FIRST(8, R11, R12, R13)
	FIRST(16, AX, BX, DX)
	FIRST(24, R11, R12, R13)
	ADDQ $32, SI
	SUBQ $4, CX
	JAE  four

rest:
	ADDQ $4, CX
	JZ   end

one:
	FIRST(0, AX, BX, DX)
	ADDQ $8, SI
	DECQ CX
	JNZ  one

end:
	RET

// func fullRoundAVX2(regs *uint32, hashes *uint64, n int, limit uint32, shift uint,
// key *[3]uint64)
//
// The first round for a multiple of 4 elements when no register is above limit: four
// elements are skipped together if none has a value below limit.
TEXT ·fullRoundAVX2(SB), NOSPLIT, $0-48
	MOVQ regs+0(FP), R8
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVL limit+24(FP), AX
	VMOVQ AX, X13
	VPBROADCASTQ X13, Y13
	MOVQ shift+32(FP), R10
	MOVQ key+40(FP), AX
	KEYS(AX)

next:
	VMOVDQU (SI), Y0
	MIX(Y0, Y2, Y3)
	VPSLLQ   $32, Y0, Y1
	VPSRLQ   $33, Y1, Y1        // the value
	VPCMPGTQ Y1, Y13, Y1
	VPTEST   Y1, Y1
	JZ       late
	VMOVQ    X0, AX
	VPEXTRQ  $1, X0, R11
	VEXTRACTI128 $1, Y0, X0
	PLACE(AX, BX, DX)
	PLACE(R11, R12, R13)
	VMOVQ    X0, AX
	VPEXTRQ  $1, X0, R11
	PLACE(AX, BX, DX)
	PLACE(R11, R12, R13)

late:
	ADDQ $32, SI
	SUBQ $4, CX
	JNZ  next
	VZEROUPPER
	RET

// Places the element at OFF(SI) in a later round. R9 = multiplier, R11 = cut,
// R12 = tag.
#define LATER(OFF) \
	MOVQ  OFF(SI), AX \
	IMULQ R9, AX      \
	MOVQ  AX, BX      \
	SHRQ  $32, BX     \
	XORQ  BX, AX      \
	SHRXQ R10, AX, BX \
	SHRXL R11, AX, AX \
	ORL   R12, AX     \
	MOVL    (R8)(BX*4), DX \
	CMPL    AX, DX         \
	CMOVLCS AX, DX         \
	MOVL    DX, (R8)(BX*4)

// func laterRoundBMI2(regs *uint32, xs *uint64, n int, shift uint, mul uint64, cut uint, tag uint32)
TEXT ·laterRoundBMI2(SB), NOSPLIT, $0-52
	MOVQ regs+0(FP), R8
	MOVQ xs+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ shift+24(FP), R10
	MOVQ mul+32(FP), R9
	MOVQ cut+40(FP), R11
	MOVL tag+48(FP), R12
	SUBQ $2, CX
	JB   rest

two:
	LATER(0)
	LATER(8)
	ADDQ $16, SI
	SUBQ $2, CX
	JAE  two

rest:
	ADDQ $2, CX
	JZ   end
	LATER(0)

end:
	RET

// func twoRoundsBMI2(regs *uint32, xs, hashes *uint64, n int, shift uint, key *[3]uint64, mul uint64)
//
// The first two rounds in one pass.
TEXT ·twoRoundsBMI2(SB), NOSPLIT, $0-56
	MOVQ regs+0(FP), R8
	MOVQ xs+8(FP), DI
	MOVQ hashes+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ shift+32(FP), R10
	MOVQ key+40(FP), AX
	MOVQ 0(AX), R9
	MOVQ 8(AX), R11
	MOVQ 16(AX), R12
	MOVQ mul+48(FP), R13
	LEAQ (SI)(CX*8), SI
	LEAQ (DI)(CX*8), DI
	NEGQ CX
	MOVL $32, R14

loop:
	MOVQ  R9, AX
	XORQ  (SI)(CX*8), AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	IMULQ R11, AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	IMULQ R12, AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	MOVQ  AX, (DI)(CX*8)
	MOVQ  AX, R15
	IMULQ R13, R15
	PLACE(AX, BX, DX)
	SHRXQ R14, R15, BX
	XORQ  BX, R15
	SHRXQ R10, R15, BX
	SHRL  $2, R15
	ORL   $0x80000000, R15
	MOVL    (R8)(BX*4), DX
	CMPL    R15, DX
	CMOVLCS R15, DX
	MOVL    DX, (R8)(BX*4)
	INCQ  CX
	JNZ   loop
	RET

// func countFromAVX2(regs *uint32, lanes int, least uint32) int
TEXT ·countFromAVX2(SB), NOSPLIT, $0-32
	MOVQ regs+0(FP), SI
	MOVQ lanes+8(FP), CX
	MOVL least+16(FP), AX
	VMOVD AX, X0
	VPBROADCASTD X0, Y0
	XORQ AX, AX

loop:
	VMOVDQU  (SI), Y1
	VMOVDQU  32(SI), Y2
	VPMAXUD  Y1, Y0, Y3
	VPMAXUD  Y2, Y0, Y4
	VPCMPEQD Y1, Y3, Y3
	VPCMPEQD Y2, Y4, Y4
	VMOVMSKPS Y3, BX
	VMOVMSKPS Y4, DX
	SHLL     $8, DX
	ORL      DX, BX
	POPCNTL  BX, BX
	ADDQ     BX, AX
	ADDQ     $64, SI
	SUBQ     $16, CX
	JNZ      loop
	VZEROUPPER
	MOVQ     AX, ret+24(FP)
	RET

// COMPETE lets the element in Y12 compete for 8 registers: A holds their multipliers, ACC
// their minima.
#define COMPETE(A, T, ACC) \
	VPMULLD Y12, A, T \
	VPMINUD T, ACC, ACC

#define STORE(OFF, ACC) \
	VPSRLD  X14, ACC, ACC \
	VPOR    Y15, ACC, ACC \
	VMOVDQU ACC, OFF(R12)

// FALLBACK lets CX elements at SI compete for the missing ones of R10 registers at DI,
// with the multipliers at R9. Y15 holds the tag and X14 the cut of the fallback. MISSING
// is room for the multipliers of the missing registers, and then their values: R10 and
// one vector. GATHER and SCATTER are the tables, which replace the instructions that
// compress and expand a vector; registers that are not missing are skipped. AX, BX, DX,
// R11 to R13 and Y0 to Y13 are scratch.
#define FALLBACK(MISSING, GATHER, SCATTER) \
	LEAQ MISSING, R11 \
	MOVQ GATHER, R13 \
	XORQ R12, R12 \
gather: \
	VMOVDQU   (DI)(R12*4), Y0 \
	VPMAXUD   Y15, Y0, Y1 \
	VPCMPEQD  Y0, Y1, Y1 \
	VMOVMSKPS Y1, AX \
	VPMOVZXBD (R13)(AX*8), Y2 \
	VPERMD    (R9)(R12*4), Y2, Y3 \
	VMOVDQU   Y3, (R11) \
	POPCNTL   AX, AX \
	LEAQ      (R11)(AX*4), R11 \
	ADDQ      $8, R12 \
	CMPQ      R12, R10 \
	JB        gather \
	LEAQ MISSING, R12 \
	CMPQ R12, R11 \
	JEQ  next \
blocks: \
	MOVQ SI, AX \
	MOVQ CX, BX \
	MOVQ R11, DX \
	SUBQ R12, DX \
	CMPQ DX, $96 \
	JA   four \
	CMPQ DX, $64 \
	JA   three \
	CMPQ DX, $32 \
	JA   two \
	VMOVDQU  (R12), Y0 \
	VPCMPEQD Y8, Y8, Y8 \
loop1: \
	VPBROADCASTD (AX), Y12 \
	COMPETE(Y0, Y4, Y8) \
	ADDQ $8, AX \
	DECQ BX \
	JNZ  loop1 \
	STORE(0, Y8) \
	JMP  scatter \
two: \
	VMOVDQU  (R12), Y0 \
	VMOVDQU  32(R12), Y1 \
	VPCMPEQD Y8, Y8, Y8 \
	VMOVDQA  Y8, Y9 \
loop2: \
	VPBROADCASTD (AX), Y12 \
	COMPETE(Y0, Y4, Y8) \
	COMPETE(Y1, Y5, Y9) \
	ADDQ $8, AX \
	DECQ BX \
	JNZ  loop2 \
	STORE(0, Y8) \
	STORE(32, Y9) \
	JMP  scatter \
three: \
	VMOVDQU  (R12), Y0 \
	VMOVDQU  32(R12), Y1 \
	VMOVDQU  64(R12), Y2 \
	VPCMPEQD Y8, Y8, Y8 \
	VMOVDQA  Y8, Y9 \
	VMOVDQA  Y8, Y10 \
loop3: \
	VPBROADCASTD (AX), Y12 \
	COMPETE(Y0, Y4, Y8) \
	COMPETE(Y1, Y5, Y9) \
	COMPETE(Y2, Y6, Y10) \
	ADDQ $8, AX \
	DECQ BX \
	JNZ  loop3 \
	STORE(0, Y8) \
	STORE(32, Y9) \
	STORE(64, Y10) \
	JMP  scatter \
four: \
	VMOVDQU  (R12), Y0 \
	VMOVDQU  32(R12), Y1 \
	VMOVDQU  64(R12), Y2 \
	VMOVDQU  96(R12), Y3 \
	VPCMPEQD Y8, Y8, Y8 \
	VMOVDQA  Y8, Y9 \
	VMOVDQA  Y8, Y10 \
	VMOVDQA  Y8, Y11 \
loop4: \
	VPBROADCASTD (AX), Y12 \
	COMPETE(Y0, Y4, Y8) \
	COMPETE(Y1, Y5, Y9) \
	COMPETE(Y2, Y6, Y10) \
	COMPETE(Y3, Y7, Y11) \
	ADDQ $8, AX \
	DECQ BX \
	JNZ  loop4 \
	STORE(0, Y8) \
	STORE(32, Y9) \
	STORE(64, Y10) \
	STORE(96, Y11) \
	ADDQ $128, R12 \
	CMPQ R12, R11 \
	JB   blocks \
scatter: \
	LEAQ MISSING, R11 \
	MOVQ SCATTER, R13 \
	XORQ R12, R12 \
	VPCMPEQD Y13, Y13, Y13 \
put: \
	VMOVDQU   (DI)(R12*4), Y0 \
	VPMAXUD   Y15, Y0, Y1 \
	VPCMPEQD  Y0, Y1, Y1 \
	VMOVMSKPS Y1, AX \
	VPMOVZXBD (R13)(AX*8), Y2 \
	VPERMD    (R11), Y2, Y3 \
	VPXOR     Y13, Y1, Y1 \
	VPOR      Y1, Y3, Y3 \
	VPMINUD   Y3, Y0, Y0 \
	VMOVDQU   Y0, (DI)(R12*4) \
	POPCNTL   AX, AX \
	LEAQ      (R11)(AX*4), R11 \
	ADDQ      $8, R12 \
	CMPQ      R12, R10 \
	JB        put \
next:

// func fallbackAVX2(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag
// uint32, cut uint, gather, scatter *[256][8]byte)
//
// Like fallbackAVX512, for up to 256 registers at a time.
TEXT ·fallbackAVX2(SB), 0, $1088-72
	MOVQ regs+0(FP), DI
	MOVQ lanes+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ a+32(FP), R9
	MOVL tag+40(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	VMOVQ cut+48(FP), X14

group:
	MOVQ $256, R10
	CMPQ R8, R10
	CMOVQCS R8, R10
	FALLBACK(missing-1088(SP), gather+56(FP), scatter+64(FP))
	LEAQ (DI)(R10*4), DI
	LEAQ (R9)(R10*4), R9
	SUBQ R10, R8
	JNZ  group
	VZEROUPPER
	RET

// An element in a round becomes one value of 64 bits: the upper half is its bucket, of
// 128, and the lower half the value for the register. It is made by shifting both halves.
DATA firstCuts<>+0(SB)/8, $0x0000001900000001
DATA firstCuts<>+8(SB)/8, $0x0000001900000001
DATA firstCuts<>+16(SB)/8, $0x0000001900000001
DATA firstCuts<>+24(SB)/8, $0x0000001900000001
GLOBL firstCuts<>(SB), RODATA|NOPTR, $32
DATA nextCuts<>+0(SB)/8, $0x0000001900000002
DATA nextCuts<>+8(SB)/8, $0x0000001900000002
DATA nextCuts<>+16(SB)/8, $0x0000001900000002
DATA nextCuts<>+24(SB)/8, $0x0000001900000002
GLOBL nextCuts<>(SB), RODATA|NOPTR, $32
DATA nextTag<>+0(SB)/8, $0x0000000080000000
GLOBL nextTag<>(SB), RODATA|NOPTR, $8

// BIN puts the value at OFF(R11) into its register. DI = registers.
#define BIN(OFF, X, BIN, OLD) \
	MOVL    OFF(R11), X       \
	MOVL    (OFF+4)(R11), BIN \
	MOVL    (DI)(BIN*4), OLD  \
	CMPL    X, OLD            \
	CMOVLCS X, OLD            \
	MOVL    OLD, (DI)(BIN*4)

// func fewAVX2(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul uint64, a
// *uint32, gather, scatter *[256][8]byte)
//
// The whole sketch of 4 to 64 elements in 128 registers with two rounds. Where n is not
// a multiple of 4, the last step takes some elements for the second time.
TEXT ·fewAVX2(SB), 0, $1536-64
	MOVQ regs+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ key+24(FP), AX
	KEYS(AX)
	VPBROADCASTQ mul+32(FP), Y13
	VPSRLQ $32, Y13, Y14
	VPBROADCASTQ nextTag<>(SB), Y15
	VPCMPEQD Y0, Y0, Y0
	MOVQ DI, DX
	MOVL $4, AX

fill:
	VMOVDQU Y0, 0(DX)
	VMOVDQU Y0, 32(DX)
	VMOVDQU Y0, 64(DX)
	VMOVDQU Y0, 96(DX)
	ADDQ    $128, DX
	DECQ    AX
	JNZ     fill

	LEAQ xs-512(SP), R8
	LEAQ values-1536(SP), R12
	LEAQ -4(CX), DX
	XORL BX, BX

mix:
	VMOVDQU (SI)(BX*8), Y0
	MIX(Y0, Y1, Y2)
	VMOVDQU Y0, (R8)(BX*8)
	VMOVDQA Y0, Y3
	MUL(Y3, Y13, Y14, Y1, Y2)
	VPSRLVD firstCuts<>(SB), Y0, Y0
	VPSRLQ  $32, Y3, Y1
	VPXOR   Y1, Y3, Y3
	VPSRLVD nextCuts<>(SB), Y3, Y3
	VPOR    Y15, Y3, Y3
	VMOVDQU Y0, (R12)
	VMOVDQU Y3, 32(R12)
	ADDQ $64, R12
	ADDQ $4, BX
	CMPQ BX, DX
	JLE  mix
	CMPQ BX, CX
	MOVQ DX, BX
	JLT  mix

	LEAQ values-1536(SP), R11

place:
	BIN(0, AX, BX, DX)
	BIN(8, R9, R10, R13)
	BIN(16, AX, BX, DX)
	BIN(24, R9, R10, R13)
	BIN(32, AX, BX, DX)
	BIN(40, R9, R10, R13)
	BIN(48, AX, BX, DX)
	BIN(56, R9, R10, R13)
	ADDQ $64, R11
	CMPQ R11, R12
	JB   place

	MOVQ R8, SI
	MOVQ a+40(FP), R9
	MOVQ $128, R10
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $30, Y15, Y15
	MOVL $2, AX
	VMOVD AX, X14
	FALLBACK(values-1536(SP), gather+48(FP), scatter+56(FP))
	VZEROUPPER
	RET

#define TINYFINISH(OFF, ACC) \
	VPSRLD  $2, ACC, ACC      \
	VPOR    Y15, ACC, ACC     \
	VPMINUD OFF(R8), ACC, ACC \
	VMOVDQU ACC, OFF(R8)

// func tinyAVX2(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul
// uint64, a *uint32)
//
// Like tinyAVX512, in four passes of 32 registers; the first pass does the rounds.
TEXT ·tinyAVX2(SB), 0, $256-48
	MOVQ regs+0(FP), R8
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ key+24(FP), AX
	MOVQ mul+32(FP), R13
	MOVQ a+40(FP), BX
	MOVQ 0(AX), R9
	MOVQ 8(AX), R11
	MOVQ 16(AX), R12
	MOVL $57, R10
	MOVL $32, R14
	LEAQ x-256(SP), DI
	VMOVDQU 0(BX), Y0
	VMOVDQU 32(BX), Y1
	VMOVDQU 64(BX), Y2
	VMOVDQU 96(BX), Y3
	VPCMPEQD Y8, Y8, Y8
	VPSLLD  $30, Y8, Y15         // the tag of the fallback
	VMOVDQA Y8, Y9
	VMOVDQA Y8, Y10
	VMOVDQA Y8, Y11
	MOVQ    R8, DX
	MOVL    $4, AX

fill:
	VMOVDQU Y8, 0(DX)
	VMOVDQU Y8, 32(DX)
	VMOVDQU Y8, 64(DX)
	VMOVDQU Y8, 96(DX)
	ADDQ    $128, DX
	DECQ    AX
	JNZ     fill

first:
	MOVQ  (SI), AX
	XORQ  R9, AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	IMULQ R11, AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	IMULQ R12, AX
	SHRXQ R14, AX, BX
	XORQ  BX, AX
	MOVQ  AX, (DI)
	VPBROADCASTD (DI), Y12
	COMPETE(Y0, Y4, Y8)
	COMPETE(Y1, Y5, Y9)
	COMPETE(Y2, Y6, Y10)
	COMPETE(Y3, Y7, Y11)
	MOVQ  AX, R15
	IMULQ R13, R15
	PLACE(AX, BX, DX)
	SHRXQ R14, R15, BX
	XORQ  BX, R15
	SHRXQ R10, R15, BX
	SHRL  $2, R15
	ORL   $0x80000000, R15
	MOVL    (R8)(BX*4), DX
	CMPL    R15, DX
	CMOVLCS R15, DX
	MOVL    DX, (R8)(BX*4)
	ADDQ  $8, SI
	ADDQ  $8, DI
	DECQ  CX
	JNZ   first
	TINYFINISH(0, Y8)
	TINYFINISH(32, Y9)
	TINYFINISH(64, Y10)
	TINYFINISH(96, Y11)
	MOVQ  a+40(FP), BX
	MOVL  $3, R9

pass:
	ADDQ $128, BX
	ADDQ $128, R8
	LEAQ x-256(SP), DI
	MOVQ n+16(FP), CX
	VMOVDQU 0(BX), Y0
	VMOVDQU 32(BX), Y1
	VMOVDQU 64(BX), Y2
	VMOVDQU 96(BX), Y3
	VPCMPEQD Y8, Y8, Y8
	VMOVDQA Y8, Y9
	VMOVDQA Y8, Y10
	VMOVDQA Y8, Y11

loop:
	VPBROADCASTD (DI), Y12
	COMPETE(Y0, Y4, Y8)
	COMPETE(Y1, Y5, Y9)
	COMPETE(Y2, Y6, Y10)
	COMPETE(Y3, Y7, Y11)
	ADDQ $8, DI
	DECQ CX
	JNZ  loop
	TINYFINISH(0, Y8)
	TINYFINISH(32, Y9)
	TINYFINISH(64, Y10)
	TINYFINISH(96, Y11)
	DECQ R9
	JNZ  pass
	VZEROUPPER
	RET

#define PERMUTE(A, B, T, ACC) \
	VPMULLD Y12, A, T \
	VPADDD  B, T, T   \
	VPMINUD T, ACC, ACC

// func permuteAVX2(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)
TEXT ·permuteAVX2(SB), NOSPLIT, $0-48
	MOVQ regs+0(FP), DI
	MOVQ lanes+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ a+32(FP), R9
	MOVQ b+40(FP), R10

blocks:
	MOVQ SI, AX
	MOVQ CX, BX
	SUBQ $32, R8
	JB   small
	VMOVDQU 0(R9), Y0
	VMOVDQU 32(R9), Y1
	VMOVDQU 64(R9), Y2
	VMOVDQU 96(R9), Y3
	VMOVDQU 0(R10), Y4
	VMOVDQU 32(R10), Y5
	VMOVDQU 64(R10), Y6
	VMOVDQU 96(R10), Y7
	VMOVDQU 0(DI), Y8
	VMOVDQU 32(DI), Y9
	VMOVDQU 64(DI), Y10
	VMOVDQU 96(DI), Y11

loop4:
	VPBROADCASTD (AX), Y12
	PERMUTE(Y0, Y4, Y13, Y8)
	PERMUTE(Y1, Y5, Y14, Y9)
	PERMUTE(Y2, Y6, Y15, Y10)
	PERMUTE(Y3, Y7, Y13, Y11)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop4
	VMOVDQU Y8, 0(DI)
	VMOVDQU Y9, 32(DI)
	VMOVDQU Y10, 64(DI)
	VMOVDQU Y11, 96(DI)
	ADDQ $128, DI
	ADDQ $128, R9
	ADDQ $128, R10
	TESTQ R8, R8
	JNZ  blocks
	VZEROUPPER
	RET

small:
	VMOVDQU 0(R9), Y0
	VMOVDQU 32(R9), Y1
	VMOVDQU 0(R10), Y4
	VMOVDQU 32(R10), Y5
	VMOVDQU 0(DI), Y8
	VMOVDQU 32(DI), Y9

loop2:
	VPBROADCASTD (AX), Y12
	PERMUTE(Y0, Y4, Y13, Y8)
	PERMUTE(Y1, Y5, Y14, Y9)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop2
	VMOVDQU Y8, 0(DI)
	VMOVDQU Y9, 32(DI)
	VZEROUPPER
	RET

// func agreeAVX2(a, b *uint32, n int) int
TEXT ·agreeAVX2(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ n+16(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

loop:
	VMOVDQU  0(SI), Y2
	VMOVDQU  32(SI), Y3
	VPCMPEQD 0(DI), Y2, Y2
	VPCMPEQD 32(DI), Y3, Y3
	VPSUBD   Y2, Y0, Y0
	VPSUBD   Y3, Y1, Y1
	ADDQ     $64, SI
	ADDQ     $64, DI
	SUBQ     $16, CX
	JNZ      loop
	VPADDD   Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD   X1, X0, X0
	VPSHUFD  $0x4E, X0, X1
	VPADDD   X1, X0, X0
	VPSHUFD  $0xB1, X0, X1
	VPADDD   X1, X0, X0
	VMOVD    X0, AX
	VZEROUPPER
	MOVQ     AX, ret+24(FP)
	RET
