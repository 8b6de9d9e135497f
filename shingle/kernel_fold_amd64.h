// Macros shared by the kernels that fold code points one by one.

// LEAD defines, by the upper half of its first byte, the bits that identify a code
// point of up to three bytes, big-endian, and the offset of the first such code
// point in runTable.entries. Continuation bytes are not first bytes.
#define LEAD(C, BITS, FIRST) \
	DATA leads<>+(8*C)(SB)/4, $BITS \
	DATA leads<>+(8*C+4)(SB)/4, $FIRST

LEAD(0, 0x7f000000, 0)
LEAD(1, 0x7f000000, 0)
LEAD(2, 0x7f000000, 0)
LEAD(3, 0x7f000000, 0)
LEAD(4, 0x7f000000, 0)
LEAD(5, 0x7f000000, 0)
LEAD(6, 0x7f000000, 0)
LEAD(7, 0x7f000000, 0)
LEAD(8, 0, 0)
LEAD(9, 0, 0)
LEAD(10, 0, 0)
LEAD(11, 0, 0)
LEAD(12, 0x1f3f0000, const_twoBase)
LEAD(13, 0x1f3f0000, const_twoBase)
LEAD(14, 0x0f3f3f00, const_threeBase)
LEAD(15, 0, 0)
GLOBL leads<>(SB), RODATA|NOPTR, $128

// PLACE sets BX to the index in runTable.entries of the code point at AX, and CX to
// the upper half of its first byte. It goes to FOUR if the code point has four bytes.
// PEXT is slow on some processors; R11 is 0 on these, and it goes to SLOW.
#define PLACE(SLOW, FOUR) \
	MOVBLZX (SI)(AX*1), CX \
	CMPL  CX, $0xf0 \
	JAE   FOUR \
	TESTQ R11, R11 \
	JZ    SLOW \
	MOVL  (SI)(AX*1), BX \
	BSWAPL BX \
	SHRL  $4, CX \
	PEXTL (R11)(CX*8), BX, BX \
	ADDL  4(R11)(CX*8), BX

// PLACESLOW does the same without PEXT: it computes the indices for all three
// lengths and picks one. DX is scratch.
#define PLACESLOW \
	MOVBLZX 1(SI)(AX*1), DX \
	MOVBLZX 2(SI)(AX*1), R11 \
	MOVL  CX, BX \
	SHLL  $6, BX \
	ADDL  DX, BX \
	MOVL  BX, DX \
	SHLL  $6, DX \
	LEAL  (const_threeBase-const_leastThree)(DX)(R11*1), DX \
	LEAL  (const_twoBase-const_leastTwo)(BX), BX \
	CMPL  CX, $0x80 \
	CMOVLCS CX, BX \
	CMPL  CX, $0xe0 \
	CMOVLCC DX, BX \
	XORL  R11, R11 \
	SHRL  $4, CX

// PLACE4 does the same for a code point of four bytes, and goes to NONE if it is not
// in the table.
#define PLACE4(NONE) \
	CMPL  CX, $0xf8 \
	JAE   NONE \
	MOVL  (SI)(AX*1), BX \
	BSWAPL BX \
	MOVL  $0x073f3f3f, DX \
	PEXTL DX, BX, BX \
	SUBL  $const_fourAt, BX \
	CMPL  BX, $const_fourCount \
	JAE   NONE \
	ADDL  $const_fourBase, BX

// ENTRY sets DX to the entry at BX and goes to RARE unless it can be written
// unchanged.
#define ENTRY(RARE) \
	MOVL  (R10)(BX*4), DX \
	TESTL R14, DX \
	JNE   RARE \
	AFTER

// AFTER sets R14 to the bits that the next entry must not have: special, and ordered
// if the entry in DX has it.
#define AFTER \
	MOVL  DX, R14 \
	ANDL  $const_ordered, R14 \
	ORL   $const_special, R14

// EMIT writes the entry in DX, with a space before it where tokens adjoin; CX is
// scratch.
#define EMIT \
	MOVL  DX, CX \
	SHRL  $24, CX \
	MOVQ  (R13)(CX*8), CX \
	SHRXQ R9, CX, R9 \
	MOVB  $0x20, (DI) \
	BTL   $6, R9 \
	ADCQ  $0, DI \
	MOVL  DX, (DI) \
	SHRL  $28, DX \
	ANDL  $3, DX \
	ADDQ  DX, DI

// DOUBLE writes the two entries that the one in DX refers to, or goes to NONE.
#define DOUBLE(NONE) \
	CMPL  DX, $const_double \
	JB    NONE \
	MOVWLZX DX, BX \
	MOVQ  r+0(FP), CX \
	MOVQ  run_doubles(CX), CX \
	MOVQ  (CX)(BX*8), BX \
	MOVL  BX, CX \
	ANDL  R14, CX \
	TESTL $const_ordered, CX \
	JNE   NONE \
	MOVL  BX, DX \
	EMIT \
	SHRQ  $32, BX \
	MOVL  BX, DX \
	AFTER \
	EMIT

// INSERT writes the eight bytes at AT(SRC) to DI, with spaces before those that the low
// eight bits of MASK name, and shifts MASK. TABLE holds insertions, SPACES eight spaces;
// A, B and X are scratch.
#define INSERT(AT, SRC, MASK, TABLE, A, B, SPACES, X) \
	MOVBLZX MASK, A \
	SHRQ $8, MASK \
	POPCNTL A, B \
	SHLL $4, A \
	VMOVHPS AT(SRC), SPACES, X \
	VPSHUFB (TABLE)(A*1), X, X \
	VMOVDQU X, (DI) \
	LEAQ 8(DI)(B*1), DI
