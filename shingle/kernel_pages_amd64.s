//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "kernel_fold_amd64.h"

// QUAD defines a constant of eight bytes.
#define QUAD(NAME, VALUE) \
	DATA NAME<>(SB)/8, $VALUE \
	GLOBL NAME<>(SB), RODATA|NOPTR, $8

QUAD(lead2, 0xc0c0c0c0c0c0c0c0) // the smallest first byte of a two-byte code point
QUAD(lead3, 0xe0e0e0e0e0e0e0e0) // the smallest first byte of a three-byte code point
QUAD(lead4, 0xf0f0f0f0f0f0f0f0) // the smallest first byte of a four-byte code point
QUAD(openTwo, 0x8000000000000000) // positions at which a two-byte code point reaches past the block
QUAD(openThree, 0xc000000000000000) // positions at which a three-byte code point does
QUAD(openFour, 0xe000000000000000) // positions at which a four-byte code point does
QUAD(evenBits, 0xfefefefefefefefe)
QUAD(lowSix, 0x3f3f3f3f3f3f3f3f)
QUAD(blanks, 0x2020202020202020)
QUAD(kindsSpaced, 0x3030303030303030) // pageSpaced
QUAD(kindsSep, 0x0404040404040404)
QUAD(kindsExtend, 0x0808080808080808)
QUAD(kindsCluster, 0x1010101010101010)
QUAD(kindsStacker, 0x2020202020202020)
QUAD(kindsOrdered, 0xc0c0c0c0c0c0c0c0)
QUAD(kindsLow, 0x4040404040404040)
QUAD(kindsHigh, 0x8080808080808080)
QUAD(kindsNothing, 0x0c0c0c0c0c0c0c0c) // pageNothing
QUAD(kindsOne, 0x0101010101010101)
QUAD(kindsTwo, 0x0202020202020202)
QUAD(stacked, 0x0001000000000000) // states by their bits: stateStacker
QUAD(clustered, 0x0001010000000000) // stateCluster and stateStacker
QUAD(foreign, 0x0000000101010000) // stateSingle, stateKatakana and stateHiragana
QUAD(odd, 0xaaaaaaaaaaaaaaaa)
QUAD(even, 0x5555555555555555)

// oneBack holds in each byte the index of the byte one place before it; twoBack, that of
// the byte two places before it.
DATA oneBack<>+0(SB)/8, $0x060504030201003f
DATA oneBack<>+8(SB)/8, $0x0e0d0c0b0a090807
DATA oneBack<>+16(SB)/8, $0x161514131211100f
DATA oneBack<>+24(SB)/8, $0x1e1d1c1b1a191817
DATA oneBack<>+32(SB)/8, $0x262524232221201f
DATA oneBack<>+40(SB)/8, $0x2e2d2c2b2a292827
DATA oneBack<>+48(SB)/8, $0x363534333231302f
DATA oneBack<>+56(SB)/8, $0x3e3d3c3b3a393837
GLOBL oneBack<>(SB), RODATA|NOPTR, $64

DATA twoBack<>+0(SB)/8, $0x0504030201003f3e
DATA twoBack<>+8(SB)/8, $0x0d0c0b0a09080706
DATA twoBack<>+16(SB)/8, $0x1514131211100f0e
DATA twoBack<>+24(SB)/8, $0x1d1c1b1a19181716
DATA twoBack<>+32(SB)/8, $0x2524232221201f1e
DATA twoBack<>+40(SB)/8, $0x2d2c2b2a29282726
DATA twoBack<>+48(SB)/8, $0x3534333231302f2e
DATA twoBack<>+56(SB)/8, $0x3d3c3b3a39383736
GLOBL twoBack<>(SB), RODATA|NOPTR, $64

// KINDS sets R to the bytes of Z8 that have a bit of the constant.
#define KINDS(CONST, R) \
	VPTESTMB CONST, Z8, K1 \
	KMOVQ K1, R

// IN sets R to -1 if the state is in the constant, otherwise to 0.
#define IN(STATES, R) \
	MOVQ STATES<>(SB), R \
	BTQ  R9, R \
	SBBQ R, R

// Local variables.
#define BEFOREHIGH 0(SP) // the upper bit of the level of the preceding mark
#define BEFORELOW 8(SP) // the lower bit of that level
#define POINTS 16(SP) // where code points begin, ASCII included
#define LEADS 24(SP) // where code points outside ASCII begin
#define THREES 32(SP) // where code points of three or more bytes begin
#define FOURS 40(SP) // where code points of four bytes begin
#define STATE 48(SP) // the state at the start of the part
#define WHOLE 56(SP) // bytes of the block that are whole code points
#define NOTHING 72(SP) // where code points that become nothing begin
#define NOPAGE 64(SP) // not 0 if there is no page for the code point after the block
#define FROM 80(SP) // mask of the bytes at or after the start of the part
#define UNKNOWN 88(SP) // where code points that pages do not fold begin

// Local variables that only the kernel without VBMI2 uses.
#define FOLDED 96(SP) // the block, folded in place, and as much room after it
#define KEPT 224(SP) // 0xff for each byte of FOLDED that is written
#define PACKED 288(SP) // the bytes that are written

// START sets the constants that the other macros need.
#define START \
	VMOVDQU64 oneBack<>(SB), Z22 \
	VMOVDQU64 twoBack<>(SB), Z23

// PLACES prepares the indices in Z4 for LOOKUP.
#define PLACES

// LOOKUP sets Z9 to the kinds, and Z10 to Z12 to the folded bytes, of the page at DX.
#define LOOKUP \
	VMOVDQA64 Z4, Z9 \
	VMOVDQA64 Z4, Z10 \
	VMOVDQA64 Z4, Z11 \
	VMOVDQA64 Z4, Z12 \
	VMOVDQU64 384(DX), Z13 \
	VMOVDQU64 0(DX), Z14 \
	VMOVDQU64 128(DX), Z15 \
	VPERMI2B 448(DX), Z13, Z9 \
	VMOVDQU64 256(DX), Z13 \
	VPERMI2B 64(DX), Z14, Z10 \
	VPERMI2B 192(DX), Z15, Z11 \
	VPERMI2B 320(DX), Z13, Z12

// BACK moves the second and third folded bytes in Z11 and Z12 to their places.
#define BACK \
	VPERMB Z11, Z22, Z11 \
	VPERMB Z12, Z23, Z12

// LOOKUPASCII sets Z9 to the kinds of the block as ASCII; the first page is at DX.
#define LOOKUPASCII \
	VMOVDQA64 Z0, Z9 \
	VMOVDQU64 384(DX), Z10 \
	VPERMI2B 448(DX), Z10, Z9

#define VBMI2
TEXT ·foldPagesVBMI2(SB), NOSPLIT, $96-8
#include "kernel_pages_amd64.h"

#undef VBMI2
#undef START
#undef PLACES
#undef LOOKUP
#undef BACK
#undef LOOKUPASCII

// func foldPagesAVX512(r *run)
//
// Without VBMI2 there is no look-up of bytes in 128. A page is taken as 64 words of two
// bytes, once for the even places of the block and once for the odd ones.
//
//	Z4, Z3  the indices of words, for even and for odd places
//	Z22, Z23 by how many bits the words are shifted
//	K7      every other byte, from the second one on

QUAD(wordEights, 0x0008000800080008)

#define START \
	MOVQ odd<>(SB), AX \
	KMOVQ AX, K7

#define PLACES WORDS(Z4)

// WORDS sets Z4, Z3, Z22 and Z23 for the places in the bytes of Z.
#define WORDS(Z) \
	VPSLLW $3, Z, Z22 \
	VPSRLW $5, Z, Z23 \
	VPSRLW $9, Z, Z3 \
	VPSRLW $1, Z, Z4 \
	VPANDQ.BCST wordEights<>(SB), Z22, Z22 \
	VPANDNQ.BCST wordEights<>(SB), Z23, Z23

// PLANE looks the places up in the 128 bytes at AT(DX).
#define PLANE(AT, TO) \
	VMOVDQU64 AT(DX), Z13 \
	VMOVDQU64 (AT+64)(DX), Z14 \
	VMOVDQA64 Z4, TO \
	VMOVDQA64 Z3, Z15 \
	VPERMI2W Z14, Z13, TO \
	VPERMI2W Z14, Z13, Z15 \
	VPSRLVW Z22, TO, TO \
	VPSLLVW Z23, Z15, Z15 \
	VMOVDQU8 Z15, K7, TO

#define LOOKUP \
	PLANE(384, Z9) \
	PLANE(0, Z10) \
	PLANE(128, Z11) \
	PLANE(256, Z12)

#define BACK \
	VALIGNQ $6, Z11, Z11, Z13 \
	VALIGNQ $6, Z12, Z12, Z14 \
	VPALIGNR $15, Z13, Z11, Z11 \
	VPALIGNR $14, Z14, Z12, Z12

#define LOOKUPASCII \
	WORDS(Z0) \
	PLANE(384, Z9)

// PACK writes what is kept of the first eight bytes to BX, PACKNEXT that of the bytes
// from AT on; AX has a bit for each byte that is kept.
#define PACK(AT) \
	MOVQ FOLDED, R15 \
	PEXTQ KEPT, R15, R15 \
	MOVQ R15, (BX)

#define PACKNEXT(AT) \
	MOVQ AX, DX \
	SHLQ $(64-AT), DX \
	POPCNTQ DX, DX \
	MOVQ AT+FOLDED, R15 \
	PEXTQ AT+KEPT, R15, R15 \
	MOVQ R15, (BX)(DX*1)

TEXT ·foldPagesAVX512(SB), NOSPLIT, $360-8
#include "kernel_pages_amd64.h"
