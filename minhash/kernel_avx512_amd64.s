//go:build !purego

#include "textflag.h"

// The element mixer on eight elements: see params.
// Z20 = key[0], Z21 = key[1], Z22 = key[2].
#define KEYS(KEY) \
	VPBROADCASTQ 0(KEY), Z20 \
	VPBROADCASTQ 8(KEY), Z21 \
	VPBROADCASTQ 16(KEY), Z22

#define MIX(X, T) \
	VPXORQ  Z20, X, X   \
	VPSRLQ  $32, X, T   \
	VPXORQ  T, X, X     \
	VPMULLQ Z21, X, X   \
	VPSRLQ  $32, X, T   \
	VPXORQ  T, X, X     \
	VPMULLQ Z22, X, X   \
	VPSRLQ  $32, X, T   \
	VPXORQ  T, X, X

// Mixes CX elements at SI into DI; destroys AX, BX, R9.
#define MIXALL(loop, tail, done) \
	MOVQ CX, BX              \
	XORQ R9, R9              \
	SUBQ $16, BX             \
	JB   tail                \
loop:                        \
	VMOVDQU64 (SI)(R9*8), Z0 \
	VMOVDQU64 64(SI)(R9*8), Z1 \
	MIX(Z0, Z2)              \
	MIX(Z1, Z3)              \
	VMOVDQU64 Z0, (DI)(R9*8) \
	VMOVDQU64 Z1, 64(DI)(R9*8) \
	ADDQ $16, R9             \
	SUBQ $16, BX             \
	JAE  loop                \
tail:                        \
	ADDQ $16, BX             \
	JZ   done                \
	MOVL $-1, AX             \
	BZHIL BX, AX, AX         \
	KMOVW AX, K1             \
	KSHIFTRW $8, K1, K2      \
	VMOVDQU64.Z (SI)(R9*8), K1, Z0 \
	VMOVDQU64.Z 64(SI)(R9*8), K2, Z1 \
	MIX(Z0, Z2)              \
	MIX(Z1, Z3)              \
	VMOVDQU64 Z0, K1, (DI)(R9*8) \
	VMOVDQU64 Z1, K2, 64(DI)(R9*8) \
done:

// func mixAVX512(xs, hashes *uint64, n int, key *[3]uint64)
TEXT ·mixAVX512(SB), NOSPLIT, $0-32
	MOVQ xs+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ key+24(FP), R8
	KEYS(R8)
	MIXALL(mixloop, mixtail, mixdone)
	VZEROUPPER
	RET

// Puts the element at OFF(DI) into its register. R8 = registers, R10 = shift.
#define PLACE(OFF, X, BIN, OLD) \
	MOVQ    OFF(DI), X       \
	SHRXQ   R10, X, BIN      \
	SHRL    $1, X            \
	MOVL    (R8)(BIN*4), OLD \
	CMPL    X, OLD           \
	CMOVLCS X, OLD           \
	MOVL    OLD, (R8)(BIN*4)

// func firstRoundAVX512(regs *uint32, xs, hashes *uint64, n int, shift uint, key *[3]uint64)
TEXT ·firstRoundAVX512(SB), NOSPLIT, $0-48
	MOVQ xs+8(FP), DI
	MOVQ hashes+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ key+40(FP), R8
	KEYS(R8)
	MIXALL(mixloop, mixtail, mixdone)
	VZEROUPPER
	MOVQ regs+0(FP), R8
	MOVQ shift+32(FP), R10
	SUBQ $4, CX
	JB   rest

four:
	PLACE(0, AX, BX, DX)
	PLACE(8, R11, R12, R13)
	PLACE(16, AX, BX, DX)
	PLACE(24, R11, R12, R13)
	ADDQ $32, DI
	SUBQ $4, CX
	JAE  four

rest:
	ADDQ $4, CX
	JZ   end

one:
	PLACE(0, AX, BX, DX)
	ADDQ $8, DI
	DECQ CX
	JNZ  one

end:
	RET

// func fullRoundAVX512(regs *uint32, lanes int, xs, hashes *uint64, n int, shift
// uint, key *[3]uint64) bool
//
// Like firstRoundAVX512, for a multiple of 8 elements, if no register is above 2^30;
// otherwise it does nothing and returns false. Every bucket is then filled and most
// elements change nothing: those whose value is not below the greatest register are
// dropped eight at a time without a look-up.
TEXT ·fullRoundAVX512(SB), NOSPLIT, $0-57
	MOVQ regs+0(FP), R8
	MOVQ lanes+8(FP), CX
	MOVQ R8, SI
	VPXORQ Z0, Z0, Z0

max:
	VPMAXUD (SI), Z0, Z0
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  max
	VEXTRACTI64X4 $1, Z0, Y1
	VPMAXUD Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0x4E, X0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0xB1, X0, X1
	VPMAXUD X1, X0, X0
	VMOVD   X0, AX
	CMPL    AX, $0x40000000         // above fullLimit: nothing branches on an element
	JHI     no

	// A value is the low half of an element without its last bit.
	SHLQ $33, AX
	VPBROADCASTQ AX, Z27
	MOVQ xs+16(FP), DI
	MOVQ hashes+24(FP), SI
	MOVQ n+32(FP), CX
	MOVQ key+48(FP), AX
	KEYS(AX)
	MOVQ DI, R9

eight:
	VMOVDQU64 (SI), Z0
	MIX(Z0, Z1)
	VPSLLQ  $32, Z0, Z2
	VPCMPUQ $1, Z27, Z2, K1      // element < limit
	VPCOMPRESSQ.Z Z0, K1, Z3
	VMOVDQU64 Z3, (R9)
	KMOVW   K1, AX
	POPCNTL AX, AX
	LEAQ    (R9)(AX*8), R9
	ADDQ    $64, SI
	SUBQ    $8, CX
	JNZ     eight
	VZEROUPPER

	MOVQ shift+40(FP), R10
	CMPQ DI, R9
	JEQ  yes

one:
	PLACE(0, AX, BX, DX)
	ADDQ $8, DI
	CMPQ DI, R9
	JB   one

yes:
	MOVB $1, ret+56(FP)
	RET

no:
	VZEROUPPER
	MOVB $0, ret+56(FP)
	RET

// Eight elements of a later round: their buckets in T, the bits that rank them in X.
// Z20 = multiplier, X23 = shift.
#define LATER(X, T) \
	VPMULLQ Z20, X, X \
	VPSRLQ  $32, X, T \
	VPXORQ  T, X, X   \
	VPSRLQ  X23, X, T

// Packs the results of LATER into X, as bucket<<32 | value. X24 = cut, Z25 = tag, Z26 =
// upper halves.
#define PACK(X, T) \
	VPSLLQ  $32, T, T \
	VPSRLD  X24, X, X \
	VPORQ   Z25, X, X \
	VPTERNLOGQ $0xB8, T, Z26, X

// Appends the packed elements whose register is open to the list that ends at R11.
// X22 = shift+6, Z27 = 1, Z28 = a bit for each register.
#define SIFT(X, T, U) \
	LATER(X, T)              \
	VPSRLQ   X22, X, U       \
	VPERMQ   Z28, U, U       \
	VPRORVQ  T, U, U         \
	VPTESTMQ Z27, U, K1, K1  \
	PACK(X, T)               \
	VPCOMPRESSQ.Z X, K1, T   \
	VMOVDQU64 T, (R11)       \
	KMOVW    K1, AX          \
	POPCNTL  AX, AX          \
	LEAQ     (R11)(AX*8), R11

// Puts the packed lane at OFF(R10) into its register. R8 = registers.
#define UNPACK(OFF, X, BIN, OLD) \
	MOVL    OFF+0(R10), X    \
	MOVL    OFF+4(R10), BIN  \
	MOVL    (R8)(BIN*4), OLD \
	CMPL    X, OLD           \
	CMOVLCS X, OLD           \
	MOVL    OLD, (R8)(BIN*4)

// Puts the packed lanes from R10 to R11 into their registers.
#define UNPACKALL(loop, tail, one, done) \
	SUBQ R10, R11              \
	SUBQ $32, R11              \
	JB   tail                  \
loop:                              \
	UNPACK(0, AX, BX, DX)      \
	UNPACK(8, R9, R12, R13)    \
	UNPACK(16, AX, BX, DX)     \
	UNPACK(24, R9, R12, R13)   \
	ADDQ $32, R10              \
	SUBQ $32, R11              \
	JAE  loop                  \
tail:                              \
	ADDQ $32, R11              \
	JZ   done                  \
one:                               \
	UNPACK(0, AX, BX, DX)      \
	ADDQ $8, R10               \
	SUBQ $8, R11               \
	JNZ  one                   \
done:

// func laterRoundAVX512(regs *uint32, xs *uint64, n int, shift uint, mul uint64, cut
// uint, tag uint32)
//
// It works on 64 elements at a time: loads too soon after a vector store are slow.
TEXT ·laterRoundAVX512(SB), NOSPLIT, $512-52
	MOVQ regs+0(FP), R8
	MOVQ xs+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVQ shift+24(FP), X23
	VPBROADCASTQ mul+32(FP), Z20
	VMOVQ cut+40(FP), X24
	MOVL tag+48(FP), AX
	VPBROADCASTD AX, Z25
	VPTERNLOGD $0xFF, Z26, Z26, Z26
	VPSLLQ $32, Z26, Z26

chunk:
	LEAQ buf-512(SP), R10
	MOVQ R10, R11
	MOVQ $64, R9
	CMPQ CX, R9
	CMOVQCS CX, R9
	SUBQ R9, CX
	SUBQ $8, R9
	JB   tail

eight:
	VMOVDQU64 (SI), Z0
	LATER(Z0, Z1)
	PACK(Z0, Z1)
	VMOVDQU64 Z0, (R11)
	ADDQ $64, SI
	ADDQ $64, R11
	SUBQ $8, R9
	JAE  eight

tail:
	ADDQ $8, R9
	JZ   place
	MOVL $-1, AX
	BZHIL R9, AX, AX
	KMOVW AX, K1
	VMOVDQU64.Z (SI), K1, Z0
	LATER(Z0, Z1)
	PACK(Z0, Z1)
	VMOVDQU64 Z0, (R11)
	LEAQ (R11)(R9*8), R11

place:
	UNPACKALL(four, rest, one, placed)
	TESTQ CX, CX
	JNZ   chunk
	VZEROUPPER
	RET

// func siftRoundAVX512(regs *uint32, lanes int, xs *uint64, n int, shift uint, mul
// uint64, cut uint, tag uint32)
//
// Like laterRoundAVX512, for at most 512 registers, but drops the elements whose
// register was filled in an earlier round, which is worthwhile if there are many.
TEXT ·siftRoundAVX512(SB), 0, $2176-60
	MOVQ regs+0(FP), R8
	MOVQ lanes+8(FP), CX
	MOVL tag+56(FP), AX
	VPBROADCASTD AX, Z25
	MOVQ R8, SI
	LEAQ open-2176(SP), R10

mark:
	VPCMPUD $2, (SI), Z25, K1    // tag <= register
	KMOVW K1, (R10)
	ADDQ  $64, SI
	ADDQ  $2, R10
	SUBQ  $16, CX
	JNZ   mark

	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ shift+32(FP), AX
	VMOVQ AX, X23
	ADDQ $6, AX
	VMOVQ AX, X22
	VPBROADCASTQ mul+40(FP), Z20
	VMOVQ cut+48(FP), X24
	VPTERNLOGD $0xFF, Z26, Z26, Z26
	VPSRLQ $63, Z26, Z27
	VPSLLQ $32, Z26, Z26
	VMOVDQU64 open-2176(SP), Z28

chunk:
	LEAQ buf-2112(SP), R10
	MOVQ R10, R11
	MOVQ $256, R9
	CMPQ CX, R9
	CMOVQCS CX, R9
	SUBQ R9, CX
	SUBQ $8, R9
	JB   tail

eight:
	MOVL $0xff, AX
	KMOVW AX, K1
	VMOVDQU64 (SI), Z0
	SIFT(Z0, Z1, Z2)
	ADDQ $64, SI
	SUBQ $8, R9
	JAE  eight

tail:
	ADDQ $8, R9
	JZ   place
	MOVL $-1, AX
	BZHIL R9, AX, AX
	KMOVW AX, K1
	VMOVDQU64.Z (SI), K1, Z0
	SIFT(Z0, Z1, Z2)

place:
	UNPACKALL(four, rest, one, placed)
	TESTQ CX, CX
	JNZ   chunk
	VZEROUPPER
	RET

// func countFromAVX512(regs *uint32, lanes int, least uint32) int
TEXT ·countFromAVX512(SB), NOSPLIT, $0-32
	MOVQ regs+0(FP), SI
	MOVQ lanes+8(FP), CX
	MOVL least+16(FP), AX
	VPBROADCASTD AX, Z0
	XORQ AX, AX

loop:
	VPCMPUD $2, (SI), Z0, K1     // least <= register
	KMOVW   K1, BX
	POPCNTL BX, BX
	ADDQ    BX, AX
	ADDQ    $64, SI
	SUBQ    $16, CX
	JNZ     loop
	VZEROUPPER
	MOVQ    AX, ret+24(FP)
	RET

// COMPETE lets the element at AX compete for 16 registers: A holds their multipliers, ACC
// their minima.
#define COMPETE(A, T, ACC) \
	VPMULLD.BCST (AX), A, T \
	VPMINUD T, ACC, ACC

#define STORE(OFF, ACC) \
	VPSRLD X30, ACC, ACC \
	VPORD  Z31, ACC, ACC \
	VMOVDQU32 ACC, OFF(R12)

// func fallbackAVX512(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag
// uint32, cut uint)
//
// It works on 256 registers at a time: it gathers the multipliers of the missing
// ones, finds the minima for them in blocks of 16, and puts the results back. Results
// of the last block beyond the missing registers are discarded.
TEXT ·fallbackAVX512(SB), 0, $1088-56
	MOVQ regs+0(FP), DI
	MOVQ lanes+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ a+32(FP), R9
	MOVL tag+40(FP), AX
	VPBROADCASTD AX, Z31
	VMOVQ cut+48(FP), X30

group:
	MOVQ $256, R10
	CMPQ R8, R10
	CMOVQCS R8, R10
	LEAQ buf-1088(SP), R11
	XORQ R12, R12

gather:
	VPCMPUD $2, (DI)(R12*4), Z31, K1
	KMOVW   K1, AX
	VMOVDQU32 (R9)(R12*4), Z1
	VPCOMPRESSD.Z Z1, K1, Z2
	VMOVDQU32 Z2, (R11)
	POPCNTL AX, AX
	LEAQ    (R11)(AX*4), R11
	ADDQ    $16, R12
	CMPQ    R12, R10
	JB      gather

	LEAQ buf-1088(SP), R12
	CMPQ R12, R11
	JEQ  next

blocks:
	MOVQ SI, AX
	MOVQ CX, BX
	MOVQ R11, DX
	SUBQ R12, DX
	CMPQ DX, $192
	JA   four
	CMPQ DX, $128
	JA   three
	CMPQ DX, $64
	JA   two

	VMOVDQU32 (R12), Z0
	VPTERNLOGD $0xFF, Z8, Z8, Z8
	VMOVDQA64 Z8, Z9
	SUBQ $2, BX
	JB   lastone

loop1:
	VPMULLD.BCST (AX), Z0, Z4
	VPMULLD.BCST 8(AX), Z0, Z5
	VPMINUD Z4, Z8, Z8
	VPMINUD Z5, Z9, Z9
	ADDQ $16, AX
	SUBQ $2, BX
	JAE  loop1

lastone:
	ADDQ $2, BX
	JZ   store1
	COMPETE(Z0, Z4, Z8)

store1:
	VPMINUD Z9, Z8, Z8
	STORE(0, Z8)
	JMP  scatter

two:
	VMOVDQU32 (R12), Z0
	VMOVDQU32 64(R12), Z1
	VPTERNLOGD $0xFF, Z8, Z8, Z8
	VMOVDQA64 Z8, Z9

loop2:
	COMPETE(Z0, Z4, Z8)
	COMPETE(Z1, Z5, Z9)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop2
	STORE(0, Z8)
	STORE(64, Z9)
	JMP  scatter

three:
	VMOVDQU32 (R12), Z0
	VMOVDQU32 64(R12), Z1
	VMOVDQU32 128(R12), Z2
	VPTERNLOGD $0xFF, Z8, Z8, Z8
	VMOVDQA64 Z8, Z9
	VMOVDQA64 Z8, Z10

loop3:
	COMPETE(Z0, Z4, Z8)
	COMPETE(Z1, Z5, Z9)
	COMPETE(Z2, Z6, Z10)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop3
	STORE(0, Z8)
	STORE(64, Z9)
	STORE(128, Z10)
	JMP  scatter

four:
	VMOVDQU32 (R12), Z0
	VMOVDQU32 64(R12), Z1
	VMOVDQU32 128(R12), Z2
	VMOVDQU32 192(R12), Z3
	VPTERNLOGD $0xFF, Z8, Z8, Z8
	VMOVDQA64 Z8, Z9
	VMOVDQA64 Z8, Z10
	VMOVDQA64 Z8, Z11

loop4:
	COMPETE(Z0, Z4, Z8)
	COMPETE(Z1, Z5, Z9)
	COMPETE(Z2, Z6, Z10)
	COMPETE(Z3, Z7, Z11)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop4
	STORE(0, Z8)
	STORE(64, Z9)
	STORE(128, Z10)
	STORE(192, Z11)
	ADDQ $256, R12
	CMPQ R12, R11
	JB   blocks

scatter:
	LEAQ buf-1088(SP), R11
	XORQ R12, R12

put:
	VMOVDQU32 (DI)(R12*4), Z0
	VPCMPUD $2, Z0, Z31, K1
	KMOVW   K1, AX
	VPEXPANDD.Z (R11), K1, Z1
	VPMINUD Z1, Z0, K1, Z0
	VMOVDQU32 Z0, (DI)(R12*4)
	POPCNTL AX, AX
	LEAQ    (R11)(AX*4), R11
	ADDQ    $16, R12
	CMPQ    R12, R10
	JB      put

next:
	LEAQ (DI)(R10*4), DI
	LEAQ (R9)(R10*4), R9
	SUBQ R10, R8
	JNZ  group
	VZEROUPPER
	RET

// FINISH merges the minima of COMPETE into a block of registers, for the full fallback.
#define FINISH(OFF, ACC) \
	VPSRLD  X30, ACC, ACC       \
	VPORD   Z31, ACC, ACC       \
	VPMINUD OFF(DI), ACC, ACC   \
	VMOVDQU32 ACC, OFF(DI)

// func fallbackAllAVX512(regs *uint32, lanes int, xs *uint64, n int, a *uint32, tag
// uint32, cut uint)
//
// Like fallbackAVX512, but for all registers: values from an earlier round are below
// any result. It requires a multiple of 128 registers and is worthwhile if there are
// so few elements that most registers are missing.
TEXT ·fallbackAllAVX512(SB), NOSPLIT, $0-56
	MOVQ regs+0(FP), DI
	MOVQ lanes+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ a+32(FP), R9
	MOVL tag+40(FP), AX
	VPBROADCASTD AX, Z31
	VMOVQ cut+48(FP), X30

group:
	MOVQ SI, AX
	MOVQ CX, BX
	VMOVDQU32 0(R9), Z0
	VMOVDQU32 64(R9), Z1
	VMOVDQU32 128(R9), Z2
	VMOVDQU32 192(R9), Z3
	VMOVDQU32 256(R9), Z4
	VMOVDQU32 320(R9), Z5
	VMOVDQU32 384(R9), Z6
	VMOVDQU32 448(R9), Z7
	VPTERNLOGD $0xFF, Z16, Z16, Z16
	VMOVDQA64 Z16, Z17
	VMOVDQA64 Z16, Z18
	VMOVDQA64 Z16, Z19
	VMOVDQA64 Z16, Z20
	VMOVDQA64 Z16, Z21
	VMOVDQA64 Z16, Z22
	VMOVDQA64 Z16, Z23

loop:
	COMPETE(Z0, Z8, Z16)
	COMPETE(Z1, Z9, Z17)
	COMPETE(Z2, Z10, Z18)
	COMPETE(Z3, Z11, Z19)
	COMPETE(Z4, Z12, Z20)
	COMPETE(Z5, Z13, Z21)
	COMPETE(Z6, Z14, Z22)
	COMPETE(Z7, Z15, Z23)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop
	FINISH(0, Z16)
	FINISH(64, Z17)
	FINISH(128, Z18)
	FINISH(192, Z19)
	FINISH(256, Z20)
	FINISH(320, Z21)
	FINISH(384, Z22)
	FINISH(448, Z23)
	ADDQ $512, DI
	ADDQ $512, R9
	SUBQ $128, R8
	JNZ  group
	VZEROUPPER
	RET

#define TINY(A, T, ACC) \
	VPMULLD.BCST (DI), A, T \
	VPMINUD T, ACC, ACC

#define TINYFINISH(OFF, ACC) \
	VPSRLD  $2, ACC, ACC      \
	VPORD   Z31, ACC, ACC     \
	VPMINUD OFF(R8), ACC, ACC \
	VMOVDQU32 ACC, OFF(R8)

// func tinyAVX512(regs *[128]uint32, hashes *uint64, n int, key *[3]uint64, mul
// uint64, a *uint32)
//
// Computes the whole signature of at most 48 elements, with 128 registers and two
// rounds: the scalar work of the rounds overlaps with the products of the fallback,
// which are computed for all registers as in fallbackAllAVX512.
TEXT ·tinyAVX512(SB), 0, $384-48
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
	LEAQ x-384(SP), DI
	VMOVDQU32 0(BX), Z0
	VMOVDQU32 64(BX), Z1
	VMOVDQU32 128(BX), Z2
	VMOVDQU32 192(BX), Z3
	VMOVDQU32 256(BX), Z4
	VMOVDQU32 320(BX), Z5
	VMOVDQU32 384(BX), Z6
	VMOVDQU32 448(BX), Z7
	VPTERNLOGD $0xFF, Z16, Z16, Z16
	VPSLLD $30, Z16, Z31         // the tag of the fallback
	VMOVDQA64 Z16, Z17
	VMOVDQA64 Z16, Z18
	VMOVDQA64 Z16, Z19
	VMOVDQA64 Z16, Z20
	VMOVDQA64 Z16, Z21
	VMOVDQA64 Z16, Z22
	VMOVDQA64 Z16, Z23
	VMOVDQU32 Z16, 0(R8)
	VMOVDQU32 Z16, 64(R8)
	VMOVDQU32 Z16, 128(R8)
	VMOVDQU32 Z16, 192(R8)
	VMOVDQU32 Z16, 256(R8)
	VMOVDQU32 Z16, 320(R8)
	VMOVDQU32 Z16, 384(R8)
	VMOVDQU32 Z16, 448(R8)

loop:
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
	TINY(Z0, Z8, Z16)
	TINY(Z1, Z9, Z17)
	TINY(Z2, Z10, Z18)
	TINY(Z3, Z11, Z19)
	TINY(Z4, Z12, Z20)
	TINY(Z5, Z13, Z21)
	TINY(Z6, Z14, Z22)
	TINY(Z7, Z15, Z23)
	MOVQ  AX, R15
	IMULQ R13, R15
	SHRXQ R10, AX, BX
	SHRL  $1, AX
	MOVL  (R8)(BX*4), DX
	CMPL  AX, DX
	CMOVLCS AX, DX
	MOVL  DX, (R8)(BX*4)
	SHRXQ R14, R15, BX
	XORQ  BX, R15
	SHRXQ R10, R15, BX
	SHRL  $2, R15
	ORL   $0x80000000, R15
	MOVL  (R8)(BX*4), DX
	CMPL  R15, DX
	CMOVLCS R15, DX
	MOVL  DX, (R8)(BX*4)
	ADDQ  $8, SI
	ADDQ  $8, DI
	DECQ  CX
	JNZ   loop

	TINYFINISH(0, Z16)
	TINYFINISH(64, Z17)
	TINYFINISH(128, Z18)
	TINYFINISH(192, Z19)
	TINYFINISH(256, Z20)
	TINYFINISH(320, Z21)
	TINYFINISH(384, Z22)
	TINYFINISH(448, Z23)
	VZEROUPPER
	RET

#define PERMUTE(A, B, T, ACC) \
	VPMULLD.BCST (AX), A, T \
	VPADDD  B, T, T         \
	VPMINUD T, ACC, ACC

// func permuteAVX512(regs *uint32, lanes int, xs *uint64, n int, a, b *uint32)
TEXT ·permuteAVX512(SB), NOSPLIT, $0-48
	MOVQ regs+0(FP), DI
	MOVQ lanes+8(FP), R8
	MOVQ xs+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ a+32(FP), R9
	MOVQ b+40(FP), R10

blocks:
	MOVQ SI, AX
	MOVQ CX, BX
	SUBQ $128, R8
	JB   small
	VMOVDQU32 0(R9), Z0
	VMOVDQU32 64(R9), Z1
	VMOVDQU32 128(R9), Z2
	VMOVDQU32 192(R9), Z3
	VMOVDQU32 256(R9), Z4
	VMOVDQU32 320(R9), Z5
	VMOVDQU32 384(R9), Z6
	VMOVDQU32 448(R9), Z7
	VMOVDQU32 0(R10), Z8
	VMOVDQU32 64(R10), Z9
	VMOVDQU32 128(R10), Z10
	VMOVDQU32 192(R10), Z11
	VMOVDQU32 256(R10), Z12
	VMOVDQU32 320(R10), Z13
	VMOVDQU32 384(R10), Z14
	VMOVDQU32 448(R10), Z15
	VMOVDQU32 0(DI), Z16
	VMOVDQU32 64(DI), Z17
	VMOVDQU32 128(DI), Z18
	VMOVDQU32 192(DI), Z19
	VMOVDQU32 256(DI), Z20
	VMOVDQU32 320(DI), Z21
	VMOVDQU32 384(DI), Z22
	VMOVDQU32 448(DI), Z23

loop8:
	PERMUTE(Z0, Z8, Z24, Z16)
	PERMUTE(Z1, Z9, Z25, Z17)
	PERMUTE(Z2, Z10, Z26, Z18)
	PERMUTE(Z3, Z11, Z27, Z19)
	PERMUTE(Z4, Z12, Z28, Z20)
	PERMUTE(Z5, Z13, Z29, Z21)
	PERMUTE(Z6, Z14, Z30, Z22)
	PERMUTE(Z7, Z15, Z31, Z23)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop8
	VMOVDQU32 Z16, 0(DI)
	VMOVDQU32 Z17, 64(DI)
	VMOVDQU32 Z18, 128(DI)
	VMOVDQU32 Z19, 192(DI)
	VMOVDQU32 Z20, 256(DI)
	VMOVDQU32 Z21, 320(DI)
	VMOVDQU32 Z22, 384(DI)
	VMOVDQU32 Z23, 448(DI)
	ADDQ $512, DI
	ADDQ $512, R9
	ADDQ $512, R10
	TESTQ R8, R8
	JNZ  blocks
	VZEROUPPER
	RET

small:
	ADDQ $128, R8

sixteen:
	MOVQ SI, AX
	MOVQ CX, BX
	VMOVDQU32 (R9), Z0
	VMOVDQU32 (R10), Z8
	VMOVDQU32 (DI), Z16

loop1:
	PERMUTE(Z0, Z8, Z24, Z16)
	ADDQ $8, AX
	DECQ BX
	JNZ  loop1
	VMOVDQU32 Z16, (DI)
	ADDQ $64, DI
	ADDQ $64, R9
	ADDQ $64, R10
	SUBQ $16, R8
	JNZ  sixteen
	VZEROUPPER
	RET

// func agreeAVX512(a, b *uint32, n int) int
TEXT ·agreeAVX512(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ n+16(FP), CX
	XORQ AX, AX
	SUBQ $64, CX
	JB   small

loop4:
	VMOVDQU32 0(SI), Z0
	VMOVDQU32 64(SI), Z1
	VMOVDQU32 128(SI), Z2
	VMOVDQU32 192(SI), Z3
	VPCMPEQD 0(DI), Z0, K1
	VPCMPEQD 64(DI), Z1, K2
	VPCMPEQD 128(DI), Z2, K3
	VPCMPEQD 192(DI), Z3, K4
	KUNPCKWD K1, K2, K1
	KUNPCKWD K3, K4, K3
	KUNPCKDQ K1, K3, K1
	KMOVQ   K1, BX
	POPCNTQ BX, BX
	ADDQ    BX, AX
	ADDQ    $256, SI
	ADDQ    $256, DI
	SUBQ    $64, CX
	JAE     loop4

small:
	ADDQ $64, CX
	JZ   end

loop1:
	VMOVDQU32 (SI), Z0
	VPCMPEQD (DI), Z0, K1
	KMOVW   K1, BX
	POPCNTL BX, BX
	ADDQ    BX, AX
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JNZ     loop1

end:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET
