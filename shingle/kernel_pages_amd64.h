// The body of foldPagesVBMI2 and foldPagesAVX512. What differs between them is in macros
// of kernel_pages_amd64.s, and here after #ifdef VBMI2.
// Both are func(r *run).
//
// A block ends before a code point that pages do not fold. If it takes only a look-up
// in entries, it is folded on its own.
//
//	SI  where the block begins               DI  where the next folded byte goes
//	R8  code points whose page is to be found, then where all begin
//	R9  state           R10 the list of pages
//	R11 where spaces come                    R12 bytes of the block that are folded
//	R13 the index of pages, or scratch       R14 as AFTER sets it
//	AX, BX, CX, DX, R15 scratch; from folded on BX is where code points outside ASCII begin
//	Z0 to Z3            the block, and from its second, third and fourth byte on
//	Z4  places in pages Z5, Z6  Z0 and Z1 without the last bit
//	Z7  what is written Z8  kinds            Z9 to Z12 scratch
//	Z13 to Z15          scratch              Z16 to Z31 constants
//	K3  first bytes of three and more
	MOVQ r+0(FP), AX
	MOVQ run_text(AX), SI
	MOVQ run_out(AX), DI
	MOVQ run_state(AX), R9
	MOVL $const_double, R14 // nothing is known about the preceding text
	MOVQ $1, BEFOREHIGH
	MOVQ $1, BEFORELOW
	VPBROADCASTQ lead2<>(SB), Z16
	VPBROADCASTQ lead3<>(SB), Z17
	VPBROADCASTQ lead4<>(SB), Z18
	VPBROADCASTQ evenBits<>(SB), Z19
	VPBROADCASTQ lowSix<>(SB), Z20
	VPBROADCASTQ blanks<>(SB), Z21
	START
	VPBROADCASTQ kindsSpaced<>(SB), Z24
	VPBROADCASTQ kindsSep<>(SB), Z25
	VPBROADCASTQ kindsOrdered<>(SB), Z26
	VPBROADCASTQ kindsTwo<>(SB), Z27
	VPBROADCASTQ kindsOne<>(SB), Z28
	VPBROADCASTQ kindsExtend<>(SB), Z29
	VPBROADCASTQ kindsCluster<>(SB), Z30
	VPBROADCASTQ kindsStacker<>(SB), Z31

	PCALIGN $64
block:
	MOVQ r+0(FP), AX
	CMPQ SI, run_last(AX)
	JHI  out
	IN(foreign, DX)
	TESTQ DX, DX
	JNE  out
	MOVQ run_pages(AX), R10
	MOVQ run_index(AX), R13
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	VMOVDQU64 3(SI), Z3
	VPMOVB2M Z0, K1
	VPCMPB $1, Z16, Z0, K2
	VPCMPUB $5, Z17, Z0, K3
	VPCMPUB $5, Z18, Z0, K4
	KMOVQ K1, R8
	KMOVQ K2, BX
	KMOVQ K3, CX
	KMOVQ K4, R15
	ANDNQ R8, BX, R8
	JZ   out
	// The last code point may be left for the next block.
	MOVL $64, R12
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
	JZ    out
	BZHIQ R12, BX, BX
	BZHIQ R12, CX, CX
	BZHIQ R12, R15, R15
closed:
	MOVQ R8, LEADS
	MOVQ CX, THREES
	MOVQ R15, FOURS
	LEAQ (R8)(R8*1), AX
	SHLQ $2, CX
	SHLQ $3, R15
	ORQ  CX, AX
	ORQ  R15, AX
	CMPQ AX, BX
	JNE  out
	MOVQ $-1, AX
	BZHIQ R12, AX, AX
	ANDNQ AX, BX, AX
	MOVQ AX, POINTS
	MOVQ R9, STATE
	MOVQ R12, WHOLE
	MOVQ $0, NOPAGE
	MOVQ $-1, FROM
	MOVQ $0, UNKNOWN
	// The index in a page is one bit of the last byte but one and six bits of the last
	// byte.
	VMOVDQA64 Z0, Z4
	VMOVDQU8 Z1, K3, Z4
	VMOVDQU8 Z2, K4, Z4
	VMOVDQA64 Z1, Z5
	VMOVDQU8 Z2, K3, Z5
	VMOVDQU8 Z3, K4, Z5
	VPSLLW $6, Z4, Z4
	VPTERNLOGQ $0xD8, Z20, Z5, Z4
	PLACES
	VPANDQ Z19, Z0, Z5
	VPANDQ Z19, Z1, Z6
	VMOVDQA64 Z0, Z7
	VPXORQ Z8, Z8, Z8
page:
	// Select the code points on the page of the first one.
	TZCNTQ R8, AX
	KMOVQ R8, K1
	MOVBLZX (SI)(AX*1), CX
	CMPL CX, $0xe0
	JCS  two
	MOVBLZX 1(SI)(AX*1), DX
	VPBROADCASTB CX, Z9
	VPCMPEQB Z9, Z0, K1, K1
	CMPL CX, $0xf0
	JCC  four
	MOVL DX, BX
	ANDL $0xfe, BX
	VPBROADCASTB BX, Z9
	VPCMPEQB Z9, Z6, K1, K1
	ANDL $0x0f, CX
	ANDL $0x3f, DX
	SHLL $5, CX
	SHRL $1, DX
	ORL  CX, DX
	CMPL DX, $16 // two bytes would do: not valid
	JCS  nopage
	JMP  find
four:
	MOVBLZX 2(SI)(AX*1), BX
	VPBROADCASTB DX, Z9
	VPCMPEQB Z9, Z1, K1, K1
	VPANDQ Z19, Z2, Z9
	MOVL BX, R15
	ANDL $0xfe, R15
	VPBROADCASTB R15, Z10
	VPCMPEQB Z10, Z9, K1, K1
	ANDL $0x0f, CX // first bytes above 0xf4 exceed the index
	ANDL $0x3f, DX
	ANDL $0x3f, BX
	SHLL $11, CX
	SHLL $5, DX
	SHRL $1, BX
	ORL  CX, DX
	ORL  BX, DX
	CMPL DX, $1024
	JCC  nopage
	CMPL DX, $512 // three bytes would do
	JCS  nopage
	JMP  find
two:
	MOVL CX, DX
	ANDL $0xfe, DX
	VPBROADCASTB DX, Z9
	VPCMPEQB Z9, Z5, K1, K1
	ANDL $0x1f, CX
	SHRL $1, CX
	MOVL CX, DX
find:
	MOVWLZX (R13)(DX*2), DX
	TESTL DX, DX
	JEQ  nopage
	SHLQ $9, DX
	ADDQ R10, DX
	LOOKUP
	VPTESTNMB Z9, Z9, K1, K2
	VMOVDQU8 Z9, K1, Z8
	VMOVDQU8 Z10, K1, Z7
	BACK
	KADDQ K1, K1, K5
	KANDQ K1, K3, K6
	KSHIFTLQ $2, K6, K6
	VMOVDQU8 Z11, K5, Z7
	VMOVDQU8 Z12, K6, Z7
	KMOVQ K1, AX
	KORTESTQ K2, K2
	JNE  unknown
pagedone:
	ANDNQ R8, AX, R8
	JNE  page
	JMP  folded
unknown:
	KMOVQ K2, BX
	ORQ  BX, UNKNOWN
	JMP  pagedone
nopage:
	MOVQ AX, WHOLE
	MOVQ $1, NOPAGE
folded:
	MOVQ UNKNOWN, AX
	TZCNTQ AX, R12
	CMPQ R12, WHOLE
	CMOVQCC WHOLE, R12
part:
	MOVQ POINTS, R8
	ANDQ FROM, R8
	VPBROADCASTQ kindsNothing<>(SB), Z9
	VPCMPEQB Z9, Z8, K1
	KMOVQ K1, AX
	ANDNQ R8, AX, R8
	MOVQ AX, NOTHING
	BZHIQ R12, R8, R8
	JEQ  nothing
	KINDS(Z24, DX)
	IN(clustered, CX)
	BZHIQ R12, DX, DX
	ORQ  CX, DX
	JNE  clusters
	// No token adjoins another.
	XORL R11, R11
	BSRQ R8, AX
	MOVBLZX (SI)(AX*1), CX
	CMPL CX, $0x80
	JCS  asciilast
	KINDS(Z25, CX)
	BTQ  AX, CX
	SBBL R9, R9
	NOTL R9
	ANDL $const_stateLetter, R9
	JMP  orders
asciilast:
	LEAQ ·asciiState(SB), DX
	MOVQ (DX)(CX*8), R9
orders:
	KINDS(Z26, AX)
	BZHIQ R12, AX, AX
	JNE  ordered
	MOVL $const_special, R14
	MOVQ AX, BEFOREHIGH
	MOVQ AX, BEFORELOW
	JMP  write
nothing:
	XORL R11, R11
write:
	// Drop the bytes that code points lose when folded.
	MOVQ LEADS, BX
	ANDQ FROM, BX
	BZHIQ R12, BX, BX
	KINDS(Z27, AX)
	KINDS(Z28, DX)
	ANDNQ BX, AX, CX
	ANDQ AX, DX
	ADDQ CX, CX
	MOVQ THREES, AX
	ANDQ BX, AX
	ANDNQ AX, DX, AX
	SHLQ $2, AX
	ORQ  AX, CX
	MOVQ FOURS, AX
	ANDQ BX, AX
	SHLQ $3, AX
	ORQ  AX, CX
	ORQ  NOTHING, CX
	MOVQ FROM, AX
	BZHIQ R12, AX, AX
	ANDNQ AX, CX, AX
	POPCNTQ AX, CX
#ifdef VBMI2
	KMOVQ AX, K1
	VPCOMPRESSB.Z Z7, K1, Z9
	TESTQ R11, R11
	JNE  spaced
	VMOVDQU64 Z9, (DI)
	ADDQ CX, DI
#else
	TZCNTQ AX, R8
	SHRXQ R8, AX, DX
	LEAQ 1(DX), BX
	TESTQ BX, DX
	JNE  drop
	// The bytes that are written adjoin; R8 is the first one.
	TESTQ R11, R11
	JNE  spaced
	KMOVQ AX, K1
	MOVQ DI, DX
	SUBQ R8, DX
	VMOVDQU8 Z7, K1, (DX)
	ADDQ CX, DI
#endif
next:
	CMPQ R12, WHOLE
	JNE  single
	ADDQ R12, SI
	CMPQ NOPAGE, $0
	JEQ  block
	JMP  out
single:
	// Fold a single code point.
	MOVQ r+0(FP), AX
	MOVQ run_entries(AX), R10
	MOVQ run_rows(AX), R13
	LEAQ leads<>(SB), R11
	MOVQ R12, AX
	MOVBLZX (SI)(AX*1), CX
	INCL R12
	CMPL CX, $0xc0
	SBBL $-1, R12
	CMPL CX, $0xe0
	SBBL $-1, R12
	CMPL CX, $0xf0
	SBBL $-1, R12
	PLACE(out, singlefour)
singleentry:
	ENTRY(singlerare)
	EMIT
singledone:
	MOVL R14, AX
	SHRL $30, AX
	ANDL $1, AX
	MOVQ AX, BEFOREHIGH
	MOVQ AX, BEFORELOW
	CMPQ R12, WHOLE
	JEQ  next
	IN(foreign, AX)
	TESTQ AX, AX
	JNE  alien
	// Go on with the rest of the block.
	MOVQ R9, STATE
	MOVQ $-1, AX
	SHLXQ R12, AX, AX
	MOVQ AX, FROM
	ANDQ AX, UNKNOWN
	JMP  folded
alien:
	ADDQ R12, SI
	JMP  out
singlefour:
	PLACE4(stop)
	JMP  singleentry
singlerare:
	DOUBLE(stop)
	JMP  singledone

clusters:
	// The kinds of ASCII.
	VPMOVB2M Z0, K1
	KNOTQ K1, K1
	MOVQ r+0(FP), AX
	MOVQ run_pages(AX), DX
	LOOKUPASCII
	VMOVDQU8 Z9, K1, Z8
	VPTESTNMB Z9, Z9, K1, K1
	KMOVQ K1, AX
	ANDQ FROM, AX
	BZHIQ R12, AX, AX
	JEQ  kinds
	// An apostrophe is folded on its own.
	TZCNTQ AX, R12
	JMP  part
kinds:
	// Masks with a bit for each code point: whether it is a separator, is a mark,
	// begins a cluster, or is a stacker. Prefix vowels have the last two.
	KINDS(Z25, R15)
	KINDS(Z29, AX)
	KINDS(Z30, CX)
	KINDS(Z31, DX)
	PEXTQ R8, R15, R15
	PEXTQ R8, AX, AX
	PEXTQ R8, CX, CX
	PEXTQ R8, DX, DX
	// R13 marks the code points in a cluster, marks included: adding its first bit to a
	// run of them clears it.
	MOVQ CX, BX
	ORQ  DX, BX
	IN(clustered, R11)
	LEAQ (BX)(BX*1), R13
	SUBQ R11, R13
	ANDQ AX, R13
	ADDQ AX, R13
	ANDNQ AX, R13, R13
	ORQ  BX, R13
	// Find the letters that follow a cluster.
	ORQ  R15, BX
	ORQ  AX, BX
	NOTQ BX
	LEAQ (R13)(R13*1), AX
	SUBQ R11, AX
	ANDQ AX, BX
	// Code points that begin a cluster, except those after a separator and consonants
	// after a stacker.
	IN(stacked, R11)
	LEAQ (DX)(DX*1), AX
	SUBQ R11, AX
	NOTQ AX
	ORQ  DX, AX
	ANDQ CX, AX
	LEAQ (R15)(R15*1), CX
	TESTL $0x38, R9
	JNE  begun
	ORQ  $1, CX
begun:
	ANDNQ AX, CX, AX
	ORQ  BX, AX
	PDEPQ R8, AX, R11
	// The state after the last code point.
	POPCNTQ R8, CX
	DECQ CX
	MOVL $const_stateLetter, R9
	MOVL $const_stateCluster, AX
	BTQ  CX, R13
	CMOVQCS AX, R9
	MOVL $const_stateStacker, AX
	BTQ  CX, DX
	CMOVQCS AX, R9
	MOVL $0, AX
	BTQ  CX, R15
	CMOVQCS AX, R9
	JMP  orders

ordered:
	// Masks with a bit for each code point: its order level, and the order level of the
	// one before it.
	VPBROADCASTQ kindsHigh<>(SB), Z9
	KINDS(Z9, CX)
	VPBROADCASTQ kindsLow<>(SB), Z9
	KINDS(Z9, DX)
	PEXTQ R8, CX, CX
	PEXTQ R8, DX, DX
	LEAQ (CX)(CX*1), AX
	ORQ  BEFOREHIGH, AX
	LEAQ (DX)(DX*1), BX
	ORQ  BEFORELOW, BX
	MOVQ AX, R15
	ORQ  BX, R15
	MOVQ CX, R13
	ORQ  DX, R13
	ANDQ R13, R15
	JEQ  inorder
	// A mark is in order if its level is higher than the level before it.
	ANDNQ CX, AX, R13
	XORQ CX, AX
	ANDNQ DX, BX, BX
	ANDNQ BX, AX, AX
	ORQ  R13, AX
	ANDNQ R15, AX, R15
	JEQ  inorder
	TZCNTQ R15, AX
	MOVL $1, BX
	SHLXQ AX, BX, BX
	PDEPQ R8, BX, BX
	TZCNTQ BX, R12
	MOVQ STATE, R9
	JMP  part
inorder:
	POPCNTQ R8, AX
	DECQ AX
	SHRXQ AX, CX, CX
	SHRXQ AX, DX, DX
	ANDL $1, CX
	ANDL $1, DX
	MOVQ CX, BEFOREHIGH
	MOVQ DX, BEFORELOW
	ORL  CX, DX
	SHLL $30, DX
	ORL  $const_special, DX
	MOVL DX, R14
	JMP  write

#ifdef VBMI2
spaced:
	PEXTQ AX, R11, R11
	MOVQ odd<>(SB), R8
	MOVQ even<>(SB), BX
	POPCNTQ R11, AX
	POPCNTL R11, DX
	PDEPQ BX, R11, R15
	ORQ  R8, R15
	PEXTQ R15, R8, R15
	KMOVQ R15, K1
	SHRQ $32, R11
	PDEPQ BX, R11, R15
	ORQ  R8, R15
	PEXTQ R15, R8, R15
	KMOVQ R15, K2
	VMOVDQA64 Z21, Z10
	VMOVDQA64 Z21, Z11
	VEXTRACTI64X4 $1, Z9, Y12
	VPEXPANDB Z9, K1, Z10
	VPEXPANDB Z12, K2, Z11
	VMOVDQU64 Z10, (DI)
	VMOVDQU64 Z11, 32(DI)(DX*1)
	ADDQ CX, DI
	ADDQ AX, DI
	JMP  next
#else
drop:
	// Each word of eight bytes is written over what the one before it left empty.
	VMOVDQU64 Z7, FOLDED
	KMOVQ AX, K1
	VPMOVM2B K1, Z9
	VMOVDQU64 Z9, KEPT
	MOVQ DI, BX
	LEAQ PACKED, DX
	TESTQ R11, R11
	CMOVQNE DX, BX
	PACK(0)
	PACKNEXT(8)
	PACKNEXT(16)
	PACKNEXT(24)
	PACKNEXT(32)
	PACKNEXT(40)
	PACKNEXT(48)
	PACKNEXT(56)
	TESTQ R11, R11
	JNE  insert
	ADDQ CX, DI
	JMP  next
spaced:
	VMOVDQU64 Z7, FOLDED
	LEAQ FOLDED, BX
	ADDQ R8, BX
insert:
	PEXTQ AX, R11, R11
	POPCNTQ R11, AX
	LEAQ (DI)(CX*1), R15
	ADDQ AX, R15
	LEAQ ·insertions(SB), R8
	INSERT(0, BX, R11, R8, AX, DX, X21, X10)
	INSERT(8, BX, R11, R8, AX, DX, X21, X10)
	INSERT(16, BX, R11, R8, AX, DX, X21, X10)
	INSERT(24, BX, R11, R8, AX, DX, X21, X10)
	CMPQ DI, R15
	JAE  inserted
	INSERT(32, BX, R11, R8, AX, DX, X21, X10)
	INSERT(40, BX, R11, R8, AX, DX, X21, X10)
	INSERT(48, BX, R11, R8, AX, DX, X21, X10)
	INSERT(56, BX, R11, R8, AX, DX, X21, X10)
inserted:
	MOVQ R15, DI
	JMP  next
#endif

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
