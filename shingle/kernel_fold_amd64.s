//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "kernel_fold_amd64.h"

// QUAD defines a constant of eight bytes, to be broadcast.
#define QUAD(NAME, VALUE) \
	DATA NAME<>(SB)/8, $VALUE \
	GLOBL NAME<>(SB), RODATA|NOPTR, $8

QUAD(lead2, 0xc0c0c0c0c0c0c0c0) // the smallest first byte of a two-byte code point
QUAD(lead3, 0xe0e0e0e0e0e0e0e0) // the smallest first byte of a three-byte code point
QUAD(lead4, 0xf0f0f0f0f0f0f0f0) // the smallest first byte of a four-byte code point

// BYTES defines a byte four times: broadcasting single bytes would use the port that
// compares and permutes need.
#define BYTES(NAME, VALUE) \
	DATA NAME<>(SB)/4, $VALUE \
	GLOBL NAME<>(SB), RODATA|NOPTR, $4

BYTES(lead2x4, 0xc0c0c0c0) // the smallest first byte of a two-byte code point
BYTES(evenBits, 0xfefefefe)
BYTES(lowSix, 0x3f3f3f3f) // the payload of a continuation byte
BYTES(spaces, 0x20202020)

// func copyAVX2(dst, src *byte, n int) int
//
// It copies 32 bytes at a time, at least 32; the last step overlaps the one
// before it. It returns the number of bytes before the first block that has a byte
// outside ASCII.
//
//	SI  src             DI  dst              CX  n           AX  bytes copied
TEXT ·copyAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORL AX, AX
	PCALIGN $64
copy2:
	ADDQ $32, AX
	CMPQ AX, CX
	JGT  copy2rest
	VMOVDQU -32(SI)(AX*1), Y0
	VPMOVMSKB Y0, DX
	TESTL DX, DX
	JNZ  copy2done
	VMOVDQU Y0, -32(DI)(AX*1)
	JMP  copy2
copy2rest:
	VMOVDQU -32(SI)(CX*1), Y0
	VPMOVMSKB Y0, DX
	TESTL DX, DX
	JNZ  copy2done
	VMOVDQU Y0, -32(DI)(CX*1)
	LEAQ 32(CX), AX
copy2done:
	SUBQ $32, AX
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET

// func classifyAVX512(m *utf8Masks, b *byte)
//
// Continuation bytes have the first bit set and are below 0xc0 as signed numbers.
TEXT ·classifyAVX512(SB), NOSPLIT, $0-16
	MOVQ m+0(FP), DI
	MOVQ b+8(FP), SI
	VMOVDQU64 (SI), Z0
	VPBROADCASTQ lead2<>(SB), Z1
	VPBROADCASTQ lead3<>(SB), Z2
	VPBROADCASTQ lead4<>(SB), Z3
	VPMOVB2M Z0, K1
	VPCMPB $1, Z1, Z0, K2
	VPCMPUB $5, Z2, Z0, K3
	VPCMPUB $5, Z3, Z0, K4
	KMOVQ K1, utf8Masks_high(DI)
	KMOVQ K2, utf8Masks_cont(DI)
	KMOVQ K3, utf8Masks_three(DI)
	KMOVQ K4, utf8Masks_four(DI)
	VZEROUPPER
	RET

// MASKS2 writes the masks of the 32 bytes at OFF(SI), AT bytes into each mask at DI.
// Y1, Y2, Y3 hold lead2, lead3, lead4; Y0, Y4 and DX are scratch.
#define MASKS2(OFF, AT) \
	VMOVDQU OFF(SI), Y0 \
	VPMOVMSKB Y0, DX \
	MOVL DX, (utf8Masks_high+AT)(DI) \
	VPCMPGTB Y0, Y1, Y4 \
	VPMOVMSKB Y4, DX \
	MOVL DX, (utf8Masks_cont+AT)(DI) \
	VPMAXUB Y2, Y0, Y4 \
	VPCMPEQB Y4, Y0, Y4 \
	VPMOVMSKB Y4, DX \
	MOVL DX, (utf8Masks_three+AT)(DI) \
	VPMAXUB Y3, Y0, Y4 \
	VPCMPEQB Y4, Y0, Y4 \
	VPMOVMSKB Y4, DX \
	MOVL DX, (utf8Masks_four+AT)(DI)

// func classifyAVX2(m *utf8Masks, b *byte)
TEXT ·classifyAVX2(SB), NOSPLIT, $0-16
	MOVQ m+0(FP), DI
	MOVQ b+8(FP), SI
	VPBROADCASTQ lead2<>(SB), Y1
	VPBROADCASTQ lead3<>(SB), Y2
	VPBROADCASTQ lead4<>(SB), Y3
	MASKS2(0, 0)
	MASKS2(32, 4)
	VZEROUPPER
	RET

QUAD(openTwo, 0x8000000000000000) // positions at which a two-byte code point reaches past the block
QUAD(openThree, 0xc000000000000000) // positions at which a three-byte code point does
QUAD(openFour, 0xe000000000000000) // positions at which a four-byte code point does

// MASK32 moves the top bits of Y5 to the upper half of R and the top bits of Y6 to
// the lower half, with DX for scratch.
#define MASK32(R) \
	VPMOVMSKB Y5, DX \
	VPMOVMSKB Y6, R \
	SHLQ $32, DX \
	ORQ  DX, R

// FROM2 sets R to the mask of the bytes of Y0 and Y4 that are at least LIMIT.
#define FROM2(LIMIT, R) \
	VPMAXUB LIMIT, Y0, Y6 \
	VPCMPEQB Y6, Y0, Y6 \
	VPMAXUB LIMIT, Y4, Y5 \
	VPCMPEQB Y5, Y4, Y5 \
	MASK32(R)

// func foldRunBMI(r *run)
//
//	SI  where the block begins               DI  where the next folded byte goes
//	R8  next: where code points begin that are still to be folded
//	R9  state, in the low six bits, which shift a row; the upper bits are not cleared
//	R10 entries         R11 leads, or 0      R12 bytes of the block
//	R13 rows            R14 as AFTER sets it R15 bytes of the block that are folded
//	AX  offset of the code point             CX, BX, DX scratch
//	Before the code points of a block are folded, R8 has its first bytes, BX its
//	continuation bytes, CX the first bytes of three and more, R15 those of four.
//	Y1 to Y3 the smallest first bytes of two, three, four; Y0, Y4 the block; Y5, Y6 scratch
TEXT ·foldRunBMI(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), AX
	MOVQ run_text(AX), SI
	MOVQ run_out(AX), DI
	MOVQ run_state(AX), R9
	MOVQ run_entries(AX), R10
	MOVQ run_rows(AX), R13
	LEAQ leads<>(SB), R11
	MOVQ run_slow(AX), DX
	TESTQ DX, DX
	JZ   fast
	XORL R11, R11
fast:
	MOVL $const_double, R14 // nothing is known about the preceding text
	VPBROADCASTQ lead2<>(SB), Y1
	VPBROADCASTQ lead3<>(SB), Y2
	VPBROADCASTQ lead4<>(SB), Y3

	PCALIGN $64
block:
	MOVQ r+0(FP), AX
	CMPQ SI, run_last(AX)
	JHI  out
	DECQ run_blocks(AX)
	JMI  out
	MOVQ run_start(AX), R12
	ADDQ run_n(AX), R12
	SUBQ SI, R12
	MOVL $64, DX
	CMPQ R12, DX
	CMOVQHI DX, R12
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y4
	VMOVDQA Y0, Y6
	VMOVDQA Y4, Y5
	MASK32(R8)
	VPCMPGTB Y0, Y1, Y6
	VPCMPGTB Y4, Y1, Y5
	MASK32(BX)
	FROM2(Y2, CX)
	FROM2(Y3, R15)
	BZHIQ R12, R8, R8
	JZ    out
	BZHIQ R12, BX, BX
	BZHIQ R12, CX, CX
	BZHIQ R12, R15, R15
	ANDNQ R8, BX, R8
	// The last code point may be left for the next block.
	MOVQ openTwo<>(SB), AX
	ANDQ R8, AX
	MOVQ openThree<>(SB), DX
	ANDQ CX, DX
	ORQ  DX, AX
	MOVQ openFour<>(SB), DX
	ANDQ R15, DX
	ORQ  DX, AX
	JZ   closed
	TZCNTQ AX, R12
	BZHIQ R12, R8, R8
	BZHIQ R12, BX, BX
	BZHIQ R12, CX, CX
	BZHIQ R12, R15, R15
closed:
	// Continuation bytes must be exactly where first bytes require them.
	LEAQ (R8)(R8*1), AX
	SHLQ $2, CX
	SHLQ $3, R15
	ORQ  CX, AX
	ORQ  R15, AX
	CMPQ AX, BX
	JNE  out
	POPCNTQ R8, AX
	CMPQ AX, $const_dense
	JB   sparse
	MOVQ $-1, AX
	BZHIQ R12, AX, AX
	ANDNQ AX, BX, R8

	PCALIGN $32
points:
	TZCNTQ R8, AX
	JCS   blockdone
	BLSRQ R8, R8
	PLACE(pointslow, pointfour)
pointentry:
	ENTRY(pointrare)
	EMIT
	JMP   points
pointslow:
	PLACESLOW
	JMP   pointentry
pointfour:
	PLACE4(stop)
	JMP   pointentry
pointrare:
	DOUBLE(stop)
	JMP   points

blockdone:
	ADDQ R12, SI
	JMP  block

sparse:
	XORL R15, R15
runs:
	TZCNTQ R8, AX
	CMOVQCS R12, AX
	CMPQ AX, R15
	JEQ  runnone
	// The run of ASCII before the next other code point.
	MOVQ 8(R13), CX
	SHRXQ R9, CX, R9
	MOVB $0x20, (DI)
	BTL  $6, R9
	ADCQ $0, DI
	LEAQ (SI)(R15*1), CX
	MOVQ AX, DX
	SUBQ R15, DX
	VMOVDQU (CX), X6
	VMOVDQU X6, (DI)
	CMPQ DX, $16
	JBE  runcopied
	VMOVDQU 16(CX), X6
	VMOVDQU X6, 16(DI)
	CMPQ DX, $32
	JBE  runcopied
	VMOVDQU 32(CX), X6
	VMOVDQU X6, 32(DI)
	CMPQ DX, $48
	JBE  runcopied
	VMOVDQU 48(CX), X6
	VMOVDQU X6, 48(DI)
runcopied:
	ADDQ DX, DI
	MOVBLZX -1(SI)(AX*1), CX
	LEAQ ·asciiState(SB), DX
	MOVQ (DX)(CX*8), R9
	MOVL $const_special, R14
runnone:
	CMPQ AX, R12
	JEQ  blockdone
	BLSRQ R8, R8
	PLACE(runslow, runfour)
runplaced:
	LEAQ 2(AX), R15
	CMPL CX, $0xe
	SBBQ $-1, R15
runentry:
	ENTRY(runrare)
	EMIT
	JMP  runs
runslow:
	PLACESLOW
	JMP   runplaced
runfour:
	LEAQ 4(AX), R15
	PLACE4(stop)
	JMP  runentry
runrare:
	DOUBLE(stop)
	JMP  runs

stop:
	// The code point at AX is for folder.put.
	ADDQ AX, SI
	MOVQ r+0(FP), AX
	MOVQ $1, run_stopped(AX)
out:
	MOVQ r+0(FP), AX
	ANDL $0x38, R9
	MOVQ SI, run_text(AX)
	MOVQ DI, run_out(AX)
	MOVQ R9, run_state(AX)
	VZEROUPPER
	RET

// func twosVBMI2(out, text *byte, table *pairTable, two, first uint64) uint64
//
//	SI  text            DX  out              R8  table       R9  first
//	K1  where the code points to fold begin; at the end, where the folded ones begin
//	Z5, Z6              the folded forms of their first and second bytes
TEXT ·twosVBMI2(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DX
	MOVQ text+8(FP), SI
	MOVQ table+16(FP), R8
	KMOVQ two+24(FP), K1
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	MOVQ first+32(FP), R9
	VPBROADCASTB R9, Z2
	VPBROADCASTD evenBits<>(SB), Z3
	VPBROADCASTD lowSix<>(SB), Z4
	// Select the code points that are in the table.
	VPANDQ Z3, Z0, Z3
	VPCMPEQB Z2, Z3, K1, K1
	// It is indexed by one bit of the first byte and six bits of the second.
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

// TWOS folds the two-byte code points that begin at every other byte of the text
// from byte PARITY on; its result in R10 has a bit for each that was folded.
#define TWOS(PARITY) \
	VMOVDQU64 PARITY(SI), Z0 \
	SHRXQ R12, CX, R10 \
	PEXTQ R11, R10, R10 \
	KMOVD R10, K1 \
	VPANDD Z20, Z0, Z1 \
	VPCMPEQW Z21, Z1, K1, K1 \
	VPSRLW $8, Z0, Z2 \
	VMOVDQA64 Z2, Z3 \
	VPERMI2W Z17, Z16, Z2 \
	VPTESTMW Z22, Z0, K1, K2 \
	VPERMI2W Z19, Z18, Z3 \
	VMOVDQU16 Z3, K2, Z2 \
	VPTESTMW Z2, Z2, K1, K1 \
	VMOVDQU16 Z2, K1, PARITY(DX) \
	KMOVD K1, R10 \
	PDEPQ R11, R10, R10

QUAD(evenFirst, 0x00fe00fe00fe00fe) // of words, the first byte without its last bit
QUAD(wordOnes, 0x0001000100010001)
QUAD(everyOther, 0x5555555555555555)

// func twosAVX512(out, text *byte, table *uint16, two, first uint64) uint64
//
// Code points are taken as words, which begin at even places, then at odd ones.
//
//	SI  text            DX  out              CX  two         R11 every other bit
//	R12 the parity      R9  the result       AX, R10 scratch
//	Z16, Z17            the folded forms of the 64 code points of an even first byte
//	Z18, Z19            those of the odd one after it
//	Z0  words of text   Z20 to Z22 constants, of which Z21 is first
TEXT ·twosAVX512(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DX
	MOVQ text+8(FP), SI
	MOVQ table+16(FP), AX
	MOVQ two+24(FP), CX
	MOVQ first+32(FP), R9
	VPBROADCASTW R9, Z21
	VPBROADCASTQ evenFirst<>(SB), Z20
	VPBROADCASTQ wordOnes<>(SB), Z22
	MOVQ everyOther<>(SB), R11
	VMOVDQU64 (AX), Z16
	VMOVDQU64 64(AX), Z17
	VMOVDQU64 512(AX), Z18
	VMOVDQU64 576(AX), Z19
	XORL R12, R12
	TWOS(0)
	MOVQ R10, R9
	MOVL $1, R12
	TWOS(1)
	ADDQ R10, R10
	ORQ  R10, R9
	MOVQ R9, ret+40(FP)
	VZEROUPPER
	RET

// LETTERBLOCK is the first step of both kernels for blocks of letters. It sets R8 to
// the first bytes of two, CX to the number of bytes in whole code points, and Z7 to
// the block, with spaces for separators of three bytes. It goes to OUT if the block
// has other code points of three bytes, any of four, nothing outside ASCII, or
// broken bytes.
#define LETTERBLOCK(OUT, CLOSED, THREE, NOTHREE) \
	CMPQ SI, letterRun_last(R9) \
	JHI  OUT \
	VMOVDQU64 (SI), Z0 \
	VMOVDQU64 1(SI), Z1 \
	VMOVDQA64 Z0, Z7 \
	VPMOVB2M Z0, K1 \
	VPCMPB $1, Z16, Z0, K2 \
	VPCMPUB $5, Z17, Z0, K3 \
	VPCMPUB $5, Z18, Z0, K4 \
	KORTESTQ K4, K4 \
	JNE  OUT \
	KMOVQ K1, AX \
	KMOVQ K2, DX \
	KMOVQ K3, R10 \
	ANDNQ AX, DX, R8 \
	JZ   OUT \
	MOVL $64, CX \
	MOVQ openTwo<>(SB), AX \
	ANDQ R8, AX \
	MOVQ openThree<>(SB), BX \
	ANDQ R10, BX \
	ORQ  BX, AX \
	JZ   CLOSED \
	TZCNTQ AX, CX \
	BZHIQ CX, R8, R8 \
	BZHIQ CX, DX, DX \
	BZHIQ CX, R10, R10 \
CLOSED: \
	LEAQ (R8)(R8*1), AX \
	LEAQ (AX)(R10*4), BX \
	CMPQ BX, DX \
	JNE  OUT \
	ANDNQ R8, R10, R8 \
	TESTQ R10, R10 \
	JZ   NOTHREE \
	LEAQ (R10)(R10*2), AX \
	LEAQ (R10)(AX*2), AX \
	KMOVQ AX, K1 \
	VMOVDQU8 Z21, K1, Z7 \
THREE: \
	TZCNTQ R10, AX \
	CMPW (SI)(AX*1), $0x80e2 \
	JNE  OUT \
	MOVBLZX 2(SI)(AX*1), DX \
	CMPB -0x80(R12)(DX*1), $0 \
	JEQ  OUT \
	BLSRQ R10, R10 \
	JNZ  THREE \
NOTHREE:

// func lettersVBMI2(r *letterRun)
//
//	SI  text            DI  out              CX  bytes of the block
//	R8  first bytes of two that are still to be folded
//	R9  r               R12 separators       R13 pairs
//	AX, BX, DX, R10     scratch
//	Z0, Z1 first and second bytes            Z7  the output
//	Z5, Z6              the folded forms of first and second bytes
//	Z16 to Z22 constants; Z2 to Z4 scratch
TEXT ·lettersVBMI2(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), R9
	MOVQ letterRun_text(R9), SI
	MOVQ letterRun_out(R9), DI
	MOVQ letterRun_separators(R9), R12
	MOVQ letterRun_pairs(R9), R13
	VPBROADCASTQ lead2<>(SB), Z16
	VPBROADCASTQ lead3<>(SB), Z17
	VPBROADCASTQ lead4<>(SB), Z18
	VPBROADCASTD evenBits<>(SB), Z19
	VPBROADCASTD lowSix<>(SB), Z20
	VPBROADCASTD spaces<>(SB), Z21
	VMOVDQU64 oneBack<>(SB), Z22
	PCALIGN $64
lettersblock:
	LETTERBLOCK(lettersout, lettersclosed, lettersthree, letterstwo)
	TESTQ R8, R8
	JZ   letterswrite
	// A table is indexed by one bit of the first byte and six bits of the second.
	VPSLLW $6, Z0, Z2
	VPTERNLOGQ $0xD8, Z20, Z1, Z2
	VPANDQ Z19, Z0, Z3
letterspair:
	// Select the code points that share a table with the first one.
	TZCNTQ R8, AX
	MOVBLZX (SI)(AX*1), AX
	ANDL $0x1e, AX
	SHLL $7, AX
	LEAQ (R13)(AX*1), BX
	SHRL $7, AX
	ORL  $0xc0, AX
	VPBROADCASTB AX, Z4
	KMOVQ R8, K1
	VPCMPEQB Z4, Z3, K1, K1
	VMOVDQA64 Z2, Z5
	VMOVDQA64 Z2, Z6
	VMOVDQU64 (BX), Z4
	VPERMI2B 64(BX), Z4, Z5
	VMOVDQU64 128(BX), Z4
	VPERMI2B 192(BX), Z4, Z6
	VPTESTNMB Z5, Z5, K1, K2
	KORTESTQ K2, K2
	JNE  lettersout
	VMOVDQU8 Z5, K1, Z7
	VPERMB Z6, Z22, Z6
	KADDQ K1, K1, K2
	VMOVDQU8 Z6, K2, Z7
	KMOVQ K1, AX
	ANDNQ R8, AX, R8
	JNZ  letterspair
letterswrite:
	VMOVDQU64 Z7, (DI)
	ADDQ CX, SI
	ADDQ CX, DI
	JMP  lettersblock
lettersout:
	MOVQ SI, letterRun_text(R9)
	VZEROUPPER
	RET

// Each byte except the first has the index of the one before it.
DATA oneBack<>+0(SB)/8, $0x0605040302010000
DATA oneBack<>+8(SB)/8, $0x0e0d0c0b0a090807
DATA oneBack<>+16(SB)/8, $0x161514131211100f
DATA oneBack<>+24(SB)/8, $0x1e1d1c1b1a191817
DATA oneBack<>+32(SB)/8, $0x262524232221201f
DATA oneBack<>+40(SB)/8, $0x2e2d2c2b2a292827
DATA oneBack<>+48(SB)/8, $0x363534333231302f
DATA oneBack<>+56(SB)/8, $0x3e3d3c3b3a393837
GLOBL oneBack<>(SB), RODATA|NOPTR, $64

// func lettersAVX512(r *letterRun)
//
//	SI  text            DX  out              CX  those of R8 that share a table
//	R8  first bytes of two that are still to be folded
//	R9  r               R11 every other bit  R12 separators; for TWOS, the parity
//	R13 bytes of the block                   BX  mask of folded code points
//	AX, R10, DI         scratch
//	Z7  the block       Z16 to Z22 as in twosAVX512
//	Y8 to Y10, Y11 the constants of LETTERBLOCK, moved to Z16 to Z18 and Z21 for it
TEXT ·lettersAVX512(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), R9
	MOVQ letterRun_text(R9), SI
	VPBROADCASTQ lead2<>(SB), Z8
	VPBROADCASTQ lead3<>(SB), Z9
	VPBROADCASTQ lead4<>(SB), Z10
	VPBROADCASTD spaces<>(SB), Z11
	VPBROADCASTQ evenFirst<>(SB), Z20
	VPBROADCASTQ wordOnes<>(SB), Z22
	MOVQ everyOther<>(SB), R11
	PCALIGN $64
wordsblock:
	VMOVDQA64 Z8, Z16
	VMOVDQA64 Z9, Z17
	VMOVDQA64 Z10, Z18
	VMOVDQA64 Z11, Z21
	MOVQ letterRun_separators(R9), R12
	LETTERBLOCK(wordsout, wordsclosed, wordsthree, wordstwo)
	MOVQ CX, R13
	MOVQ letterRun_out(R9), DX
	VMOVDQU64 Z7, (DX)
	TESTQ R8, R8
	JZ   wordswritten
wordspair:
	TZCNTQ R8, AX
	MOVBLZX (SI)(AX*1), AX
	ANDL $0xfe, AX
	VPBROADCASTW AX, Z21
	ANDL $0x1e, AX
	SHLL $9, AX
	ADDQ letterRun_two(R9), AX
	VMOVDQU64 256(AX), Z16
	VMOVDQU64 320(AX), Z17
	VMOVDQU64 768(AX), Z18
	VMOVDQU64 832(AX), Z19
	MOVQ R8, CX
	XORL R12, R12
	TWOS(0)
	MOVQ R10, BX
	MOVL $1, R12
	TWOS(1)
	ADDQ R10, R10
	ORQ  R10, BX
	JZ   wordsout
	ANDNQ R8, BX, R8
	JNZ  wordspair
wordswritten:
	ADDQ R13, SI
	ADDQ R13, letterRun_out(R9)
	JMP  wordsblock
wordsout:
	MOVQ SI, letterRun_text(R9)
	VZEROUPPER
	RET
