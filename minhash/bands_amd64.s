//go:build !purego

#include "textflag.h"

// func bandKeysBMI2(keys *uint64, values *uint32, bands, rows int, key *bandKey)
TEXT ·bandKeysBMI2(SB), NOSPLIT, $0-40
	MOVQ keys+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ bands+16(FP), CX
	MOVQ rows+24(FP), R8
	MOVQ key+32(FP), AX
	MOVQ 0(AX), R9               // start of the band
	MOVQ 8(AX), DX               // multiplier, which MULX reads from here
	MOVQ 16(AX), R10             // end
	MOVQ $0x9E3779B97F4A7C15, R11
	MOVQ R8, R12
	SHRQ $1, R12                 // pairs of rows
	ANDQ $1, R8

band:
	MOVQ R9, AX
	MOVQ R12, R13
	TESTQ R13, R13
	JZ   odd

pair:
	XORQ  (SI), AX
	MULXQ AX, BX, AX
	XORQ  BX, AX
	ADDQ  $8, SI
	DECQ  R13
	JNZ   pair

odd:
	TESTQ R8, R8
	JZ    last
	MOVL  (SI), BX
	XORQ  BX, AX
	MULXQ AX, BX, AX
	XORQ  BX, AX
	ADDQ  $4, SI

last:
	XORQ  R10, AX
	MULXQ AX, BX, AX
	XORQ  BX, AX
	MOVQ  AX, (DI)
	ADDQ  $8, DI
	ADDQ  R11, R9
	DECQ  CX
	JNZ   band
	RET
