//go:build !purego

#include "textflag.h"

#define FACTOR 0x85EBCA6B // gramFactor
#define MIX    0x9E3779B1 // gramMix
#define FOLD   15         // gramFold

// LOOKUP writes a bit for each of the 16 hashes in H: whether its bit is set.
#define LOOKUP(H, TMP, FOUND, MASK, OFFSET) \
	VPSRLD     $FOLD, H, TMP           \
	VPXORD     TMP, H, H               \
	VPMULLD    Z17, H, H               \
	VPSRLD     X20, H, H               \
	VPSRLD     $5, H, TMP              \
	VPANDD     Z18, H, H               \
	VPXORD     FOUND, FOUND, FOUND     \
	KXNORW     MASK, MASK, MASK        \
	VPGATHERDD (DI)(TMP*4), MASK, FOUND \
	VPSRLVD    H, FOUND, FOUND         \
	VPTESTMD   Z19, FOUND, MASK        \
	KMOVW      MASK, OFFSET(R8)

// func maybeBlocksAVX512(maybe *uint64, ids *uint32, q, blocks, shift int, out *uint64)
//
// It looks up the hashes of 64 grams at a time.
//
// DI  the bits, in words of 32        Z0 to Z3    hashes of 64 grams
// SI  the first token of the block    Z4 to Z11   scratch
// DX  q                               Z16         FACTOR
// CX  blocks left                     Z17         MIX
// R8  the word of the block           Z18         31
// R9  the next token of each gram     Z19         1
// R10 tokens left                     X20         shift
TEXT ·maybeBlocksAVX512(SB), NOSPLIT, $0-48
	MOVQ maybe+0(FP), DI
	MOVQ ids+8(FP), SI
	MOVQ q+16(FP), DX
	MOVQ blocks+24(FP), CX
	MOVQ shift+32(FP), AX
	MOVQ out+40(FP), R8

	VMOVQ AX, X20
	MOVL $FACTOR, AX
	VPBROADCASTD AX, Z16
	MOVL $MIX, AX
	VPBROADCASTD AX, Z17
	MOVL $31, AX
	VPBROADCASTD AX, Z18
	MOVL $1, AX
	VPBROADCASTD AX, Z19

block:
	VMOVDQU32 (SI), Z0
	VMOVDQU32 64(SI), Z1
	VMOVDQU32 128(SI), Z2
	VMOVDQU32 192(SI), Z3
	LEAQ 4(SI), R9
	MOVQ DX, R10
	DECQ R10
	JZ   hashed
tokens:
	VPMULLD Z16, Z0, Z0
	VPMULLD Z16, Z1, Z1
	VPMULLD Z16, Z2, Z2
	VPMULLD Z16, Z3, Z3
	VPADDD  (R9), Z0, Z0
	VPADDD  64(R9), Z1, Z1
	VPADDD  128(R9), Z2, Z2
	VPADDD  192(R9), Z3, Z3
	ADDQ $4, R9
	DECQ R10
	JNZ  tokens
hashed:
	LOOKUP(Z0, Z4, Z8, K1, 0)
	LOOKUP(Z1, Z5, Z9, K2, 2)
	LOOKUP(Z2, Z6, Z10, K3, 4)
	LOOKUP(Z3, Z7, Z11, K4, 6)

	ADDQ $256, SI
	ADDQ $8, R8
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET
