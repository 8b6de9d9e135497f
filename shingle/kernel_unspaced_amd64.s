//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "kernel_fold_amd64.h"

// BYTES defines a byte four times: broadcasting single bytes would use the port that
// compares and permutes need.
#define BYTES(NAME, VALUE) \
	DATA NAME<>(SB)/4, $VALUE \
	GLOBL NAME<>(SB), RODATA|NOPTR, $4

BYTES(lead2x4, 0xc0c0c0c0) // the smallest first byte of a two-byte code point
BYTES(evenBits, 0xfefefefe)
BYTES(lowSix, 0x3f3f3f3f) // the payload of a continuation byte
BYTES(spaces, 0x20202020)
BYTES(firstHan, 0xe4e4e4e4) // the smallest first byte of an ideograph; b8 or more must follow it
BYTES(hanSecond, 0xb8b8b8b8)
BYTES(hanLeads, 0x06060606) // the number of first bytes of ideographs, from e4 on
BYTES(single, 0x40404040) // kindSingle
BYTES(leadKana, 0xe3e3e3e3) // the first and second bytes of kindPages
BYTES(leadFull, 0xefefefef)
BYTES(leadQuotes, 0xe2e2e2e2)
BYTES(page80, 0x80808080)
BYTES(page82, 0x82828282)
BYTES(pageBC, 0xbcbcbcbc)

// KIND moves the top bits of Z6 to R and shifts the next bits to the top.
#define KIND(R) \
	VPMOVB2M Z6, K1 \
	KMOVQ K1, R \
	VPADDB Z6, Z6, Z6

// WHOLE extends the mask of first bytes in R to all three bytes of each code point.
#define WHOLE(R) \
	LEAQ (R)(R*2), AX \
	LEAQ (R)(AX*2), R

// BEHIND sets TO to the mask of the bytes that follow the bytes in R; CARRY holds the
// last bit of the previous block.
#define BEHIND(R, CARRY, TO) \
	LEAQ (R)(R*1), TO \
	ORQ CARRY, TO

// MARKS adds to R the runs of R13 that begin at the bits of AX: adding its first bit
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

// The carry of each kind: whether the previous block ended in that kind.
#define LETTERS (unspacedRun_carry+0)(R8)
#define SINGLES (unspacedRun_carry+8)(R8)
#define HIRAGANAS (unspacedRun_carry+16)(R8)
#define KATAKANAS (unspacedRun_carry+24)(R8)

// PAGE adds to Z6 the kinds of the code points of K, looked up in the 128 bytes of LO
// and HI.
#define PAGE(LO, HI, K) \
	VMOVDQA64 Z5, Z7 \
	VPERMI2B.Z HI, LO, K, Z7 \
	VPORQ Z7, Z6, Z6

// KINDS sets Z6 to the kinds of the code points of the block.
#define KINDS \
	/* The kinds of ASCII. */ \
	KNOTQ K1, K1 \
	VMOVDQA64 Z0, Z6 \
	VPERMI2B.Z Z31, Z30, K1, Z6 \
	/* The lower six bits of the third byte and one of the second index the */ \
	/* pages, as in kindPages. */ \
	VPSLLW $6, Z1, Z5 \
	VPTERNLOGQ $0xD8, Z18, Z2, Z5 \
	VPANDQ Z17, Z1, Z4 \
	VPCMPEQB Z23, Z0, K1 \
	VPCMPEQB Z24, Z0, K2 \
	VPCMPEQB Z25, Z0, K3 \
	VPCMPEQB Z26, Z4, K1, K4 \
	VPCMPEQB Z27, Z4, K1, K5 \
	VPCMPEQB Z28, Z4, K2, K2 \
	VPCMPEQB Z26, Z4, K3, K3 \
	PAGE(Z8, Z9, K4) \
	PAGE(Z10, Z11, K5) \
	PAGE(Z12, Z13, K2) \
	PAGE(Z14, Z15, K3) \
	HAN

// HAN adds the kind of ideographs to Z6.
#define HAN \
	VPSUBB Z19, Z0, Z3 \
	VPCMPUB $1, Z20, Z3, K1 \
	VPCMPEQB Z19, Z0, K2 \
	VPCMPUB $1, Z21, Z1, K2, K2 \
	KANDNQ K1, K2, K1 \
	VMOVDQU8 Z22, K1, Z6

// SPREAD sets K to the positions of the bytes of half a block if a space is inserted
// before those named by the low half of DX: it makes two bits for each byte, the
// upper one for the byte itself, and drops the bits of spaces that are not inserted.
#define SPREAD(K) \
	PDEPQ R10, DX, R11 \
	ORQ R9, R11 \
	PEXTQ R11, R9, R11 \
	KMOVQ R11, K

#define START

#define VBMI2
TEXT ·unspacedVBMI2(SB), NOSPLIT, $0-8
#include "kernel_unspaced_amd64.h"

#undef VBMI2
#undef START
#undef KINDS
#undef PAGE

// func unspacedAVX512(r *unspacedRun)
//
// Pages are looked up as in foldPagesAVX512, as 64 words of two bytes. All look-ups
// share the indices: the page of ASCII is one more.
//
//	Z2, Z3  the indices of words, for even and for odd places
//	Z4, Z5  by how many bits the words are shifted
//	K7      every other byte, from the second one on

DATA wordEights<>(SB)/8, $0x0008000800080008
GLOBL wordEights<>(SB), RODATA|NOPTR, $8

#define FOLDED 0(SP)

#define START \
	MOVQ $0xaaaaaaaaaaaaaaaa, AX \
	KMOVQ AX, K7

#define PAGE(LO, HI, K) \
	VMOVDQA64 Z2, Z7 \
	VMOVDQA64 Z3, Z1 \
	VPERMI2W HI, LO, Z7 \
	VPERMI2W HI, LO, Z1 \
	VPSRLVW Z4, Z7, Z7 \
	VPSLLVW Z5, Z1, Z1 \
	VMOVDQU8 Z1, K7, Z7 \
	VMOVDQU8 Z7, K, Z6

#define KINDS \
	KNOTQ K1, K6 \
	VPXORQ Z6, Z6, Z6 \
	HAN \
	VPSLLW $6, Z1, Z5 \
	VPTERNLOGQ $0xD8, Z18, Z2, Z5 \
	VMOVDQU8 Z0, K6, Z5 \
	VPANDQ Z17, Z1, Z4 \
	VPCMPEQB Z23, Z0, K1 \
	VPCMPEQB Z24, Z0, K2 \
	VPCMPEQB Z25, Z0, K3 \
	VPCMPEQB Z26, Z4, K1, K4 \
	VPCMPEQB Z27, Z4, K1, K5 \
	VPCMPEQB Z28, Z4, K2, K2 \
	VPCMPEQB Z26, Z4, K3, K3 \
	VPSRLW $1, Z5, Z2 \
	VPSRLW $9, Z5, Z3 \
	VPSLLW $3, Z5, Z4 \
	VPSRLW $5, Z5, Z5 \
	VPANDQ.BCST wordEights<>(SB), Z4, Z4 \
	VPANDNQ.BCST wordEights<>(SB), Z5, Z5 \
	PAGE(Z8, Z9, K4) \
	PAGE(Z10, Z11, K5) \
	PAGE(Z12, Z13, K2) \
	PAGE(Z14, Z15, K3) \
	PAGE(Z30, Z31, K6)

TEXT ·unspacedAVX512(SB), NOSPLIT, $64-8
#include "kernel_unspaced_amd64.h"
