//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// QUAD defines a constant of eight bytes, to be broadcast.
#define QUAD(NAME, VALUE) \
	DATA NAME<>(SB)/8, $VALUE \
	GLOBL NAME<>(SB), RODATA|NOPTR, $8

QUAD(caseBits, 0x2020202020202020) // lower, which folds the case of ASCII
QUAD(firstLetter, 0x6161616161616161)
QUAD(letterCount, 0x1a1a1a1a1a1a1a1a)
QUAD(lastLetter, 0x1919191919191919)
QUAD(firstDigit, 0x3030303030303030)
QUAD(digitCount, 0x0a0a0a0a0a0a0a0a)
QUAD(lastDigit, 0x0909090909090909)
QUAD(apostrophe, 0x2727272727272727)
QUAD(eight, 8)
QUAD(sixteen, 16)
QUAD(wordBits, 64) // also the positions in a block
QUAD(twoWordBits, 128)
QUAD(lowHalf, 0x00000000ffffffff)

DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000300000002
DATA lanes<>+16(SB)/8, $0x0000000500000004
DATA lanes<>+24(SB)/8, $0x0000000700000006
DATA lanes<>+32(SB)/8, $0x0000000900000008
DATA lanes<>+40(SB)/8, $0x0000000b0000000a
DATA lanes<>+48(SB)/8, $0x0000000d0000000c
DATA lanes<>+56(SB)/8, $0x0000000f0000000e
GLOBL lanes<>(SB), RODATA|NOPTR, $64

DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA places<>+32(SB)/8, $0x2726252423222120
DATA places<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA places<>+48(SB)/8, $0x3736353433323130
DATA places<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL places<>(SB), RODATA|NOPTR, $64

// The bounds of tokens are found a block of 64 bytes ahead, since an apostrophe needs
// the letters on both sides of it:
//
//	SI  the block that is classified         DI  where the next bound goes
//	CX  blocks that are left                 BX  mask of the last block (AVX2: last-8(SP))
//	R8  apostrophes, R9 letters, R10 word bytes of the block whose bounds are found
//	R11 whether the block before it ended in a letter
//	R12 whether that block ended in a word byte
//	AX  letters of the block after it        DX, R13 scratch

// CLASSIFY sets K1 to the letters, K3 to the word bytes and K4 to the
// apostrophes of the 64 bytes at SI.
#define CLASSIFY \
	VMOVDQU64 (SI), Z0 \
	VPORQ Z16, Z0, Z1 \
	VPSUBB Z17, Z1, Z1 \
	VPCMPUB $1, Z18, Z1, K1 \
	VPMOVB2M Z0, K2 \
	KORQ K1, K2, K1 \
	VPSUBB Z19, Z0, Z2 \
	VPCMPUB $1, Z20, Z2, K3 \
	KORQ K1, K3, K3 \
	VPCMPEQB Z21, Z0, K4

// JOIN sets R13 to the word bytes of the previous block, including apostrophes
// between letters. R8, R9 and R10 are the apostrophes, letters and word bytes of that
// block, AX the letters of the block after it, R11 whether the block before it ended
// in a letter.
#define JOIN \
	MOVQ R9, R13 \
	SHRQ $1, AX, R13 \
	ANDQ R8, R13 \
	LEAQ (R11)(R9*2), DX \
	ANDQ DX, R13 \
	ORQ R10, R13 \
	MOVQ R9, R11 \
	SHRQ $63, R11

// EDGES sets DX to the starts and ends of the runs of R13.
#define EDGES \
	LEAQ (R12)(R13*2), DX \
	XORQ R13, DX \
	SHRQ $63, R13 \
	MOVQ R13, R12

// EMIT16 writes the positions of the low 16 bits of DX.
#define EMIT16 \
	KMOVW DX, K5 \
	VPCOMPRESSD.Z Z22, K5, Z0 \
	VMOVDQU32 Z0, (DI) \
	MOVWLZX DX, R13 \
	POPCNTL R13, R13 \
	LEAQ (DI)(R13*4), DI \
	VPADDD Z23, Z22, Z22 \
	SHRQ $16, DX

// func boundsAVX512(dst *uint32, buf *byte, n int) int
//
//	Z16 to Z21 constants of CLASSIFY
//	Z22 the next sixteen positions, Z23 sixteen to add to them
TEXT ·boundsAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ buf+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTQ caseBits<>(SB), Z16
	VPBROADCASTQ firstLetter<>(SB), Z17
	VPBROADCASTQ letterCount<>(SB), Z18
	VPBROADCASTQ firstDigit<>(SB), Z19
	VPBROADCASTQ digitCount<>(SB), Z20
	VPBROADCASTQ apostrophe<>(SB), Z21
	VPBROADCASTD sixteen<>(SB), Z23
	VMOVDQU64 lanes<>(SB), Z22
	// BX masks the last block.
	MOVQ $-1, BX
	MOVQ CX, DX
	NEGQ DX
	ANDQ $63, DX
	XCHGQ CX, DX
	SHRQ CX, BX
	MOVQ DX, CX
	ADDQ $63, CX
	SHRQ $6, CX
	XORL R11, R11
	XORL R12, R12
	CLASSIFY
	KMOVQ K4, R8
	KMOVQ K1, R9
	KMOVQ K3, R10
	PCALIGN $64
bounds512:
	DECQ CX
	JZ   bounds512last
	ADDQ $64, SI
	CLASSIFY
	KMOVQ K1, AX
	JOIN
	EDGES
	EMIT16
	EMIT16
	EMIT16
	EMIT16
	MOVQ AX, R9
	KMOVQ K4, R8
	KMOVQ K3, R10
	JMP  bounds512
bounds512last:
	XORL AX, AX
	JOIN
	ANDQ BX, R13
	EDGES
	EMIT16
	EMIT16
	EMIT16
	EMIT16
	SUBQ dst+0(FP), DI
	SHRQ $2, DI
	MOVQ DI, ret+24(FP)
	VZEROUPPER
	RET

// EMITBYTES writes the positions of the bits of DX: first all positions within the
// block as bytes, then the first 32 of them widened, and the others if there are any.
#define EMITBYTES(FEW) \
	KMOVQ DX, K5 \
	POPCNTQ DX, R13 \
	VPCOMPRESSB.Z Z24, K5, Z0 \
	VEXTRACTI128 $1, Y0, X1 \
	VPMOVZXBD X0, Z2 \
	VPMOVZXBD X1, Z3 \
	VPADDD Z22, Z2, Z2 \
	VPADDD Z22, Z3, Z3 \
	VMOVDQU32 Z2, (DI) \
	VMOVDQU32 Z3, 64(DI) \
	CMPQ R13, $32 \
	JBE  FEW \
	VEXTRACTI32X4 $2, Z0, X2 \
	VEXTRACTI32X4 $3, Z0, X3 \
	VPMOVZXBD X2, Z2 \
	VPMOVZXBD X3, Z3 \
	VPADDD Z22, Z2, Z2 \
	VPADDD Z22, Z3, Z3 \
	VMOVDQU32 Z2, 128(DI) \
	VMOVDQU32 Z3, 192(DI) \
FEW: \
	LEAQ (DI)(R13*4), DI \
	VPADDD Z23, Z22, Z22

// func boundsVBMI2(dst *uint32, buf *byte, n int) int
//
//	Z16 to Z21 constants of CLASSIFY
//	Z22 the position of the block, in each lane, Z23 64 to add to it
//	Z24 the places within a block
TEXT ·boundsVBMI2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ buf+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTQ caseBits<>(SB), Z16
	VPBROADCASTQ firstLetter<>(SB), Z17
	VPBROADCASTQ letterCount<>(SB), Z18
	VPBROADCASTQ firstDigit<>(SB), Z19
	VPBROADCASTQ digitCount<>(SB), Z20
	VPBROADCASTQ apostrophe<>(SB), Z21
	VPBROADCASTD wordBits<>(SB), Z23
	VPXORQ Z22, Z22, Z22
	VMOVDQU64 places<>(SB), Z24
	// BX masks the last block.
	MOVQ $-1, BX
	MOVQ CX, DX
	NEGQ DX
	ANDQ $63, DX
	XCHGQ CX, DX
	SHRQ CX, BX
	MOVQ DX, CX
	ADDQ $63, CX
	SHRQ $6, CX
	XORL R11, R11
	XORL R12, R12
	CLASSIFY
	KMOVQ K4, R8
	KMOVQ K1, R9
	KMOVQ K3, R10
	PCALIGN $64
boundsV:
	DECQ CX
	JZ   boundsVlast
	ADDQ $64, SI
	CLASSIFY
	KMOVQ K1, AX
	JOIN
	EDGES
	EMITBYTES(few)
	MOVQ AX, R9
	KMOVQ K4, R8
	KMOVQ K3, R10
	JMP  boundsV
boundsVlast:
	XORL AX, AX
	JOIN
	ANDQ BX, R13
	EDGES
	EMITBYTES(fewlast)
	SUBQ dst+0(FP), DI
	SHRQ $2, DI
	MOVQ DI, ret+24(FP)
	VZEROUPPER
	RET

// func hashAVX512(dst *uint64, buf *byte, bounds *uint32, n int, long *byte, m *mixer)
//
//	SI  buf             DI  dst              BX  bounds of the next eight tokens
//	CX  tokens left     DX  where the next eight bits of long go
//	R8 to R11           offsets of tokens; R8 is m until the loop
//	Z4, Z5              first and next eight bytes of each token; Z4 in the end the hash
//	Z7  lengths         Z16 to Z25 constants; the others are scratch
TEXT ·hashAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ buf+8(FP), SI
	MOVQ bounds+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ long+32(FP), DX
	VPBROADCASTQ caseBits<>(SB), Z16
	MOVQ m+40(FP), R8
	VPBROADCASTQ mixer_short(R8), Z17
	VPBROADCASTQ wordBits<>(SB), Z18
	VPBROADCASTQ twoWordBits<>(SB), Z19
	VPBROADCASTQ lowHalf<>(SB), Z20
	VPBROADCASTQ mixer_low(R8), Z21
	VPBROADCASTQ mixer_high(R8), Z22
	VPBROADCASTQ mixer_mix(R8), Z23
	VPBROADCASTQ mixer_end(R8), Z24
	VPXORQ Z25, Z25, Z25
	PCALIGN $64
hash512:
	// Load sixteen bytes from the start of each of eight tokens.
	MOVL 0(BX), R8
	MOVL 16(BX), R9
	MOVL 32(BX), R10
	MOVL 48(BX), R11
	VMOVDQU (SI)(R8*1), X0
	VINSERTI128 $1, (SI)(R9*1), Y0, Y0
	VMOVDQU (SI)(R10*1), X2
	VINSERTI128 $1, (SI)(R11*1), Y2, Y2
	VINSERTI64X4 $1, Y2, Z0, Z0
	MOVL 8(BX), R8
	MOVL 24(BX), R9
	MOVL 40(BX), R10
	MOVL 56(BX), R11
	VMOVDQU (SI)(R8*1), X1
	VINSERTI128 $1, (SI)(R9*1), Y1, Y1
	VMOVDQU (SI)(R10*1), X3
	VINSERTI128 $1, (SI)(R11*1), Y3, Y3
	VINSERTI64X4 $1, Y3, Z1, Z1
	VPUNPCKLQDQ Z1, Z0, Z4
	VPUNPCKHQDQ Z1, Z0, Z5
	// Compute the lengths of the tokens.
	VMOVDQU64 (BX), Z6
	VPSRLQ $32, Z6, Z7
	VPSUBD Z6, Z7, Z7
	VPANDQ Z20, Z7, Z7
	VPCMPUQ $6, Z17, Z7, K1
	KMOVW K1, R8
	MOVB R8, (DX)
	// Zero the bytes after the tokens.
	VPSLLQ $3, Z7, Z8
	VPSUBQ Z8, Z18, Z9
	VPMAXSQ Z25, Z9, Z9
	VPSLLVQ Z9, Z4, Z4
	VPSRLVQ Z9, Z4, Z4
	VPSUBQ Z8, Z19, Z9
	VPSLLVQ Z9, Z5, Z5
	VPSRLVQ Z9, Z5, Z5
	// Fold the case of ASCII.
	VPSRLQ $2, Z4, Z8
	VPTERNLOGQ $0xF4, Z8, Z16, Z4
	VPSRLQ $2, Z5, Z9
	VPTERNLOGQ $0xF4, Z9, Z16, Z5
	// Mix, as mix16 does.
	VPADDQ Z7, Z4, Z4
	VPMULLQ Z21, Z4, Z4
	VPMULLQ Z22, Z5, Z5
	VPSRLQ $32, Z4, Z8
	VPXORQ Z8, Z4, Z4
	VPSRLQ $29, Z5, Z9
	VPXORQ Z9, Z5, Z5
	VPROLQ $19, Z5, Z5
	VPADDQ Z5, Z4, Z4
	VPMULLQ Z23, Z4, Z4
	VPSRLQ $32, Z4, Z8
	VPXORQ Z8, Z4, Z4
	VPMULLQ Z24, Z4, Z4
	VPSRLQ $29, Z4, Z8
	VPXORQ Z8, Z4, Z4
	VMOVDQU64 Z4, (DI)
	ADDQ $64, BX
	ADDQ $64, DI
	INCQ DX
	SUBQ $8, CX
	JG   hash512
	VZEROUPPER
	RET

// func shinglesAVX512(dst, toks *uint64, n, w int, m *mixer)
//
// Shingles of five tokens, the default, take three products instead of four: two tokens
// are joined to a pair, two pairs to one of four tokens, and the last token is added.
//
//	SI  tokens          DI  dst              CX  shingles left
//	BX  w               DX  the token of each shingle that is added
//	Z0  the sums of eight shingles, Z16 step, Z17 mix, Z18 width, Z19 step squared
//	Z2  for w = 5, the eight pairs that begin with the tokens at SI; Z3 the next eight
TEXT ·shinglesAVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ toks+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ w+24(FP), BX
	MOVQ m+32(FP), AX
	VPBROADCASTQ mixer_step(AX), Z16
	VPBROADCASTQ mixer_mix(AX), Z17
	MOVQ mixer_width(AX), DX
	IMULQ BX, DX
	VPBROADCASTQ DX, Z18
	VPMULLQ Z16, Z16, Z19
	VPMULLQ (SI), Z16, Z2
	VPADDQ 8(SI), Z2, Z2
	MOVL $0xff, AX
	KMOVW AX, K1
	PCALIGN $64
shingles512:
	CMPQ CX, $8
	JGE  shingles512full
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K1
shingles512full:
	CMPQ BX, $5
	JNE  shingles512any
	VPMULLQ 64(SI), Z16, Z3
	VPMULLQ Z19, Z2, Z0
	VPADDQ 72(SI), Z3, Z3
	VALIGNQ $2, Z2, Z3, Z4
	VPADDQ Z4, Z0, Z0
	VPMULLQ Z16, Z0, Z0
	VMOVDQA64 Z3, Z2
	VPADDQ 32(SI), Z0, Z0
	JMP  shingles512done
shingles512any:
	VMOVDQU64 (SI), Z0
	MOVQ $1, DX
shingles512token:
	CMPQ DX, BX
	JGE  shingles512done
	VPMULLQ Z16, Z0, Z0
	VPADDQ (SI)(DX*8), Z0, Z0
	INCQ DX
	JMP  shingles512token
shingles512done:
	VPXORQ Z18, Z0, Z0
	VPSRLQ $32, Z0, Z1
	VPXORQ Z1, Z0, Z0
	VPMULLQ Z17, Z0, Z0
	VPSRLQ $29, Z0, Z1
	VPXORQ Z1, Z0, Z0
	VMOVDQU64 Z0, K1, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $8, CX
	JG   shingles512
	VZEROUPPER
	RET

// CLASSIFY2 sets R8 to the apostrophes, R9 to the letters and R10 to the word bytes
// of the 64 bytes at SI, with AX, R13 and DX for scratch. HALF2 does the same for
// the 32 bytes at OFF(SI).
#define HALF2(OFF, Q, L, W) \
	VMOVDQU OFF(SI), Y0 \
	VPOR Y8, Y0, Y1 \
	VPSUBB Y9, Y1, Y1 \
	VPMINUB Y10, Y1, Y2 \
	VPCMPEQB Y2, Y1, Y1 \
	VPOR Y0, Y1, Y1 \
	VPSUBB Y11, Y0, Y2 \
	VPMINUB Y12, Y2, Y3 \
	VPCMPEQB Y3, Y2, Y2 \
	VPOR Y1, Y2, Y2 \
	VPCMPEQB Y13, Y0, Y0 \
	VPMOVMSKB Y0, Q \
	VPMOVMSKB Y1, L \
	VPMOVMSKB Y2, W

#define CLASSIFY2(Q, L, W) \
	HALF2(0, Q, L, W) \
	HALF2(32, R13, DX, BX) \
	SHLQ $32, R13 \
	ORQ R13, Q \
	SHLQ $32, DX \
	ORQ DX, L \
	SHLQ $32, BX \
	ORQ BX, W

// EMIT8 writes the positions of the low eight bits of DX, a whole row of bitPlaces,
// and advances by their number.
#define EMIT8 \
	MOVBLZX DX, R13 \
	SHRQ $8, DX \
	VPMOVZXBD (R14)(R13*8), Y0 \
	POPCNTL R13, R13 \
	VPADDD Y14, Y0, Y0 \
	VPADDD Y15, Y14, Y14 \
	VMOVDQU Y0, (DI) \
	LEAQ (DI)(R13*4), DI

// EMIT64 writes the positions of the bits of DX.
#define EMIT64 \
	EMIT8 \
	EMIT8 \
	EMIT8 \
	EMIT8 \
	EMIT8 \
	EMIT8 \
	EMIT8 \
	EMIT8

// func boundsAVX2(dst *uint32, buf *byte, n int) int
//
//	Y8 to Y13 constants of HALF2             R14 bitPlaces
//	Y14 the position of the next eight bytes, in each lane; Y15 eight to add to it
TEXT ·boundsAVX2(SB), NOSPLIT, $40-32
	MOVQ dst+0(FP), DI
	MOVQ buf+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTQ caseBits<>(SB), Y8
	VPBROADCASTQ firstLetter<>(SB), Y9
	VPBROADCASTQ lastLetter<>(SB), Y10
	VPBROADCASTQ firstDigit<>(SB), Y11
	VPBROADCASTQ lastDigit<>(SB), Y12
	VPBROADCASTQ apostrophe<>(SB), Y13
	MOVQ $-1, BX
	MOVQ CX, DX
	NEGQ DX
	ANDQ $63, DX
	XCHGQ CX, DX
	SHRQ CX, BX
	MOVQ DX, CX
	MOVQ BX, last-8(SP)
	ADDQ $63, CX
	SHRQ $6, CX
	XORL R11, R11
	XORL R12, R12
	LEAQ ·bitPlaces(SB), R14
	VPXOR Y14, Y14, Y14
	VPBROADCASTD eight<>(SB), Y15
	CLASSIFY2(R8, R9, R10)
	PCALIGN $64
bounds2:
	DECQ CX
	JZ   bounds2last
	ADDQ $64, SI
	MOVQ R8, quote-16(SP)
	MOVQ R10, word-24(SP)
	CLASSIFY2(R8, AX, R10)
	MOVQ R8, quotenext-32(SP)
	MOVQ R10, wordnext-40(SP)
	MOVQ quote-16(SP), R8
	MOVQ word-24(SP), R10
	JOIN
	EDGES
	EMIT64
	MOVQ AX, R9
	MOVQ quotenext-32(SP), R8
	MOVQ wordnext-40(SP), R10
	JMP  bounds2
bounds2last:
	XORL AX, AX
	JOIN
	ANDQ last-8(SP), R13
	EDGES
	EMIT64
	SUBQ dst+0(FP), DI
	SHRQ $2, DI
	MOVQ DI, ret+24(FP)
	VZEROUPPER
	RET

// MUL2 multiplies the four words of X by the constant whose low half is in LO
// and high half in HI, with T and U for scratch.
#define MUL2(X, LO, HI, T, U) \
	VPMULUDQ X, HI, T \
	VPSRLQ $32, X, U \
	VPMULUDQ U, LO, U \
	VPADDQ U, T, T \
	VPSLLQ $32, T, T \
	VPMULUDQ X, LO, X \
	VPADDQ T, X, X

// BROADCAST2 broadcasts the constant FROM into LO and its high half into HI.
#define BROADCAST2(FROM, LO, HI) \
	VPBROADCASTQ FROM, LO \
	VPSRLQ $32, LO, HI

DATA lowHalves<>+0(SB)/8, $0x00000000ffffffff
DATA lowHalves<>+8(SB)/8, $0x00000000ffffffff
DATA lowHalves<>+16(SB)/8, $0x00000000ffffffff
DATA lowHalves<>+24(SB)/8, $0x00000000ffffffff
GLOBL lowHalves<>(SB), RODATA|NOPTR, $32

// func hashAVX2(dst *uint64, buf *byte, bounds *uint32, n int, long *byte, m *mixer)
//
//	SI  buf             DI  dst              BX  bounds of the next four tokens
//	CX  tokens left     DX  where the next four bits of long go
//	R8 to R11           offsets of tokens    R12 m
//	Y4, Y5              first and next eight bytes of each token; Y4 in the end the hash
//	Y7  lengths         Y8 to Y15 multipliers and their upper halves
TEXT ·hashAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ buf+8(FP), SI
	MOVQ bounds+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ long+32(FP), DX
	MOVQ m+40(FP), R12
	BROADCAST2(mixer_low(R12), Y8, Y9)
	BROADCAST2(mixer_high(R12), Y10, Y11)
	BROADCAST2(mixer_mix(R12), Y12, Y13)
	BROADCAST2(mixer_end(R12), Y14, Y15)
	PCALIGN $64
hash2:
	MOVL 0(BX), R8
	MOVL 8(BX), R9
	MOVL 16(BX), R10
	MOVL 24(BX), R11
	VMOVDQU (SI)(R8*1), X0
	VINSERTI128 $1, (SI)(R10*1), Y0, Y0
	VMOVDQU (SI)(R9*1), X1
	VINSERTI128 $1, (SI)(R11*1), Y1, Y1
	VPUNPCKHQDQ Y1, Y0, Y5
	VPUNPCKLQDQ Y1, Y0, Y4
	VMOVDQU (BX), Y6
	VPSRLQ $32, Y6, Y7
	VPSUBD Y6, Y7, Y7
	VPAND lowHalves<>(SB), Y7, Y7
	VPBROADCASTQ mixer_short(R12), Y0
	VPCMPGTQ Y0, Y7, Y0
	VMOVMSKPD Y0, R8
	MOVB R8, (DX)
	// Zero the bytes after the tokens. Shifts by 64 and more give 0.
	VPSLLQ $3, Y7, Y6
	VPCMPEQD Y0, Y0, Y0
	VPSLLVQ Y6, Y0, Y1
	VPANDN Y4, Y1, Y4
	VPBROADCASTQ twoWordBits<>(SB), Y1
	VPSUBQ Y6, Y1, Y1
	VPSRLVQ Y1, Y0, Y0
	VPAND Y0, Y5, Y5
	VPBROADCASTQ caseBits<>(SB), Y0
	VPSRLQ $2, Y4, Y1
	VPANDN Y0, Y1, Y1
	VPOR Y1, Y4, Y4
	VPSRLQ $2, Y5, Y1
	VPANDN Y0, Y1, Y1
	VPOR Y1, Y5, Y5
	VPADDQ Y7, Y4, Y4
	MUL2(Y4, Y8, Y9, Y0, Y1)
	MUL2(Y5, Y10, Y11, Y2, Y3)
	VPSRLQ $32, Y4, Y0
	VPXOR Y0, Y4, Y4
	VPSRLQ $29, Y5, Y2
	VPXOR Y2, Y5, Y5
	VPSLLQ $19, Y5, Y2
	VPSRLQ $45, Y5, Y5
	VPOR Y2, Y5, Y5
	VPADDQ Y5, Y4, Y4
	MUL2(Y4, Y12, Y13, Y0, Y1)
	VPSRLQ $32, Y4, Y0
	VPXOR Y0, Y4, Y4
	MUL2(Y4, Y14, Y15, Y0, Y1)
	VPSRLQ $29, Y4, Y0
	VPXOR Y0, Y4, Y4
	VMOVDQU Y4, (DI)
	ADDQ $32, BX
	ADDQ $32, DI
	INCQ DX
	SUBQ $4, CX
	JG   hash2
	VZEROUPPER
	RET

// func shinglesAVX2(dst, toks *uint64, n, w int, m *mixer)
//
//	SI  tokens          DI  dst              CX  shingles left
//	BX  w               DX  the token of each shingle that is added
//	Y0  the sums of four shingles, Y8, Y9 step, Y10, Y11 mix, Y12 width, Y13, Y14 step
//	    squared
//	Y3  for w = 5, the four pairs that begin with the tokens at SI; Y4 the next four: see
//	    shinglesAVX512
TEXT ·shinglesAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ toks+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ w+24(FP), BX
	MOVQ m+32(FP), AX
	BROADCAST2(mixer_step(AX), Y8, Y9)
	BROADCAST2(mixer_mix(AX), Y10, Y11)
	MOVQ mixer_width(AX), DX
	IMULQ BX, DX
	VMOVQ DX, X12
	VPBROADCASTQ X12, Y12
	MOVQ mixer_step(AX), DX
	IMULQ DX, DX
	VMOVQ DX, X13
	VPBROADCASTQ X13, Y13
	VPSRLQ $32, Y13, Y14
	VMOVDQU (SI), Y3
	MUL2(Y3, Y8, Y9, Y1, Y2)
	VPADDQ 8(SI), Y3, Y3
	PCALIGN $64
shingles2:
	CMPQ BX, $5
	JNE  shingles2any
	VMOVDQU 32(SI), Y4
	MUL2(Y4, Y8, Y9, Y1, Y2)
	VPADDQ 40(SI), Y4, Y4
	VPERM2I128 $0x21, Y4, Y3, Y5
	MUL2(Y3, Y13, Y14, Y1, Y2)
	VPADDQ Y5, Y3, Y0
	MUL2(Y0, Y8, Y9, Y1, Y2)
	VPADDQ 32(SI), Y0, Y0
	VMOVDQA Y4, Y3
	JMP  shingles2done
shingles2any:
	VMOVDQU (SI), Y0
	MOVQ $1, DX
shingles2token:
	CMPQ DX, BX
	JGE  shingles2done
	MUL2(Y0, Y8, Y9, Y1, Y2)
	VPADDQ (SI)(DX*8), Y0, Y0
	INCQ DX
	JMP  shingles2token
shingles2done:
	VPXOR Y12, Y0, Y0
	VPSRLQ $32, Y0, Y1
	VPXOR Y1, Y0, Y0
	MUL2(Y0, Y10, Y11, Y1, Y2)
	VPSRLQ $29, Y0, Y1
	VPXOR Y1, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $4, CX
	JG   shingles2
	VZEROUPPER
	RET
