//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// The bit for each byte in a mask of eight bytes.
DATA maskBits<>+0(SB)/8, $0x8040201008040201
DATA maskBits<>+8(SB)/8, $0x8040201008040201
GLOBL maskBits<>(SB), RODATA|NOPTR, $16

// GATHER sets R to the mask of the 64 bytes of M0 to M3, each of which is 0 or 0xff.
// V31 holds maskBits; adding neighbours three times makes a byte of eight bits.
#define GATHER(M0, M1, M2, M3, R) \
	VAND  V31.B16, M0.B16, M0.B16 \
	VAND  V31.B16, M1.B16, M1.B16 \
	VAND  V31.B16, M2.B16, M2.B16 \
	VAND  V31.B16, M3.B16, M3.B16 \
	VADDP M1.B16, M0.B16, M0.B16 \
	VADDP M3.B16, M2.B16, M2.B16 \
	VADDP M2.B16, M0.B16, M0.B16 \
	VADDP M0.B16, M0.B16, M0.B16 \
	VMOV  M0.D[0], R

// WORDS sets TO to the word bytes of FROM and adds its apostrophes to V30, with V8
// and V9 for scratch. V20 to V26 hold constants, named where they are set. The
// minimum of a byte and a limit shows whether the byte is above the limit: the
// assembler has no comparison of unsigned bytes.
#define WORDS(FROM, TO) \
	VORR  V20.B16, FROM.B16, TO.B16 \
	VSUB  V21.B16, TO.B16, TO.B16 \
	VUMIN V22.B16, TO.B16, V8.B16 \
	VCMEQ V8.B16, TO.B16, TO.B16 \
	VSUB  V23.B16, FROM.B16, V8.B16 \
	VUMIN V24.B16, V8.B16, V9.B16 \
	VCMEQ V9.B16, V8.B16, V8.B16 \
	VORR  V8.B16, TO.B16, TO.B16 \
	VUMAX V25.B16, FROM.B16, V8.B16 \
	VCMEQ V8.B16, FROM.B16, V8.B16 \
	VORR  V8.B16, TO.B16, TO.B16 \
	VCMEQ V26.B16, FROM.B16, V8.B16 \
	VORR  V8.B16, V30.B16, V30.B16

// func masksNEON(dst *uint64, buf *byte, blocks int) (quotes uint64)
//
//	R0  dst             R1  buf              R2  blocks left
//	V0 to V3            bytes                V4 to V7  which are word bytes
//	V30 apostrophes of all blocks
TEXT ·masksNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD buf+8(FP), R1
	MOVD blocks+16(FP), R2
	MOVD $maskBits<>(SB), R3
	VLD1 (R3), [V31.B16]
	VEOR V30.B16, V30.B16, V30.B16
	VMOVI $0x20, V20.B16 // the bit of small letters
	VMOVI $0x61, V21.B16 // the first letter
	VMOVI $25, V22.B16   // the distance to the last letter
	VMOVI $0x30, V23.B16 // the first digit
	VMOVI $9, V24.B16    // the distance to the last digit
	VMOVI $0x80, V25.B16 // the first byte outside ASCII
	VMOVI $0x27, V26.B16 // the apostrophe
words:
	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	WORDS(V0, V4)
	WORDS(V1, V5)
	WORDS(V2, V6)
	WORDS(V3, V7)
	GATHER(V4, V5, V6, V7, R4)
	MOVD.P R4, 8(R0)
	SUBS $1, R2
	BNE  words
	VMOV V30.D[0], R4
	VMOV V30.D[1], R5
	ORR  R5, R4
	MOVD R4, quotes+24(FP)
	RET

// LEAST sets R to the mask of the bytes of V0 to V3 that are at least LIMIT, with V4
// to V7 for scratch.
#define LEAST(LIMIT, R) \
	VUMAX LIMIT.B16, V0.B16, V4.B16 \
	VUMAX LIMIT.B16, V1.B16, V5.B16 \
	VUMAX LIMIT.B16, V2.B16, V6.B16 \
	VUMAX LIMIT.B16, V3.B16, V7.B16 \
	VCMEQ V4.B16, V0.B16, V4.B16 \
	VCMEQ V5.B16, V1.B16, V5.B16 \
	VCMEQ V6.B16, V2.B16, V6.B16 \
	VCMEQ V7.B16, V3.B16, V7.B16 \
	GATHER(V4, V5, V6, V7, R)

// func classifyNEON(m *utf8Masks, b *byte)
TEXT ·classifyNEON(SB), NOSPLIT, $0-16
	MOVD m+0(FP), R0
	MOVD b+8(FP), R1
	MOVD $maskBits<>(SB), R3
	VLD1 (R3), [V31.B16]
	VMOVI $0x80, V20.B16 // the smallest continuation byte
	VMOVI $0xc0, V21.B16 // the smallest first byte of a two-byte code point
	VMOVI $0xe0, V22.B16 // the smallest first byte of a three-byte code point
	VMOVI $0xf0, V23.B16 // the smallest first byte of a four-byte code point
	VLD1 (R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	LEAST(V20, R4)
	LEAST(V21, R5)
	LEAST(V22, R6)
	LEAST(V23, R7)
	BIC  R5, R4, R5
	MOVD R4, utf8Masks_high(R0)
	MOVD R5, utf8Masks_cont(R0)
	MOVD R6, utf8Masks_three(R0)
	MOVD R7, utf8Masks_four(R0)
	RET

// func copyNEON(dst, src *byte, n int) int
//
// It copies 64 bytes at a time, at least 64, and returns the number of bytes before
// the first block that has a byte outside ASCII.
//
//	R0  dst             R1  src              R2  bytes left  R3  bytes copied
TEXT ·copyNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD ZR, R3
copy:
	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	VORR V0.B16, V1.B16, V4.B16
	VORR V2.B16, V3.B16, V5.B16
	VORR V4.B16, V5.B16, V4.B16
	VMOV V4.D[0], R4
	VMOV V4.D[1], R5
	ORR  R5, R4
	TST  $0x8080808080808080, R4
	BNE  done
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	ADD  $64, R3
	SUB  $64, R2
	CMP  $64, R2
	BGE  copy
done:
	MOVD R3, ret+24(FP)
	RET
