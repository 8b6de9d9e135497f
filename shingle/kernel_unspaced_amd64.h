// The body of unspacedVBMI2 and unspacedAVX512. What differs between them is in macros
// of kernel_unspaced_amd64.s, and here after #ifdef VBMI2.
//
// Both are func(r *unspacedRun).
//
//	R8  r               SI  text             DI  out
//	BX  first bytes of code points outside ASCII in the block
//	CX  bytes of the block that are whole code points
//	R9  letters         R10 kindSingle      R11 hiragana    R12 katakana
//	R13 marks           R14 CX-1, for CARRY  R15 first bytes of kindSingle
//	AX, DX              scratch; after label whole DX marks where spaces are inserted
//	Z0  first bytes, then the output         Z1, Z2 second and third bytes
//	Z3 to Z7            scratch; Z6 the kinds of the code points
//	Z8 to Z15           the table for the pages, two registers each
//	Z16 to Z29          constants            Z30, Z31 the table for ASCII
	MOVQ r+0(FP), R8
	MOVQ unspacedRun_text(R8), SI
	MOVQ unspacedRun_out(R8), DI
	MOVQ unspacedRun_table(R8), DX
	VMOVDQU64 0(DX), Z8
	VMOVDQU64 64(DX), Z9
	VMOVDQU64 128(DX), Z10
	VMOVDQU64 192(DX), Z11
	VMOVDQU64 256(DX), Z12
	VMOVDQU64 320(DX), Z13
	VMOVDQU64 384(DX), Z14
	VMOVDQU64 448(DX), Z15
	VMOVDQU64 512(DX), Z30
	VMOVDQU64 576(DX), Z31
	VPBROADCASTD lead2x4<>(SB), Z16
	VPBROADCASTD evenBits<>(SB), Z17
	VPBROADCASTD lowSix<>(SB), Z18
	VPBROADCASTD firstHan<>(SB), Z19
	VPBROADCASTD hanLeads<>(SB), Z20
	VPBROADCASTD hanSecond<>(SB), Z21
	VPBROADCASTD single<>(SB), Z22
	VPBROADCASTD leadKana<>(SB), Z23
	VPBROADCASTD leadFull<>(SB), Z24
	VPBROADCASTD leadQuotes<>(SB), Z25
	VPBROADCASTD page80<>(SB), Z26
	VPBROADCASTD page82<>(SB), Z27
	VPBROADCASTD pageBC<>(SB), Z28
	VPBROADCASTD spaces<>(SB), Z29
	START

	PCALIGN $64
block:
	CMPQ SI, unspacedRun_last(R8)
	JHI  done
	// First, second and third bytes of code points.
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	// BX is the mask of first bytes of code points outside ASCII, CX the number of
	// bytes in complete code points.
	VPMOVB2M Z0, K1
	VPCMPB $1, Z16, Z0, K2
	KMOVQ K1, AX
	KMOVQ K2, DX
	ANDNQ AX, DX, BX
	JZ    done
	MOVQ $0xc000000000000000, CX
	ANDQ BX, CX
	TZCNTQ CX, CX
	BZHIQ CX, BX, BX
	BZHIQ CX, DX, DX
	LEAQ (BX)(BX*2), AX
	ADDQ AX, AX
	CMPQ AX, DX
	JNE  done
	KINDS
	// R9 to R13 hold the masks of letters, single code points, hiragana, katakana and
	// marks, and AX the mask of separators.
	KIND(R9)
	KIND(R10)
	KIND(R11)
	KIND(R12)
	KIND(R13)
	VPMOVB2M Z6, K1
	KMOVQ K1, AX
	MOVQ R9, DX
	ORQ  R10, DX
	ORQ  R11, DX
	ORQ  R12, DX
	ORQ  R13, DX
	ORQ  AX, DX
	ANDNQ BX, DX, DX
	JNZ  done
	// Separators become spaces.
	LEAQ (AX)(AX*2), DX
	LEAQ (AX)(DX*2), AX
	KMOVQ AX, K1
	VMOVDQU8 Z29, K1, Z0
	MOVQ R9, AX
	ANDQ BX, AX
	LEAQ (AX)(AX*2), AX
	LEAQ (R9)(AX*2), R9
	MOVQ R10, R15
	WHOLE(R10)
	WHOLE(R11)
	WHOLE(R12)
	TESTQ R13, R13
	JNZ  marks
whole:
	// Spaces are inserted where a token follows one of another kind, and before every
	// single code point.
	XORQ R10, R15
	BEHIND(R9, LETTERS, AX)
	BEHIND(R10, SINGLES, DX)
	ORQ  AX, DX
	ANDQ R9, AX
	ORQ  AX, R15
	BEHIND(R11, HIRAGANAS, AX)
	ORQ  AX, DX
	ANDQ R11, AX
	ORQ  AX, R15
	BEHIND(R12, KATAKANAS, AX)
	ORQ  AX, DX
	ANDQ R12, AX
	ORQ  AX, R15
	MOVQ R9, AX
	ORQ  R10, AX
	ORQ  R11, AX
	ORQ  R12, AX
	ANDQ AX, DX
	ANDNQ DX, R15, DX
	BZHIQ CX, DX, DX
	LEAQ -1(CX), R14
	CARRY(R9, LETTERS)
	CARRY(R10, SINGLES)
	CARRY(R11, HIRAGANAS)
	CARRY(R12, KATAKANAS)
	POPCNTQ DX, AX
#ifdef VBMI2
	MOVQ $0xaaaaaaaaaaaaaaaa, R9
	MOVQ $0x5555555555555555, R10
	POPCNTL DX, BX
	SPREAD(K1)
	SHRQ $32, DX
	SPREAD(K2)
	VMOVDQA64 Z29, Z2
	VMOVDQA64 Z29, Z3
	VEXTRACTI64X4 $1, Z0, Y1
	VPEXPANDB Z0, K1, Z2
	VPEXPANDB Z1, K2, Z3
	VMOVDQU64 Z2, (DI)
	VMOVDQU64 Z3, 32(DI)(BX*1)
	ADDQ CX, SI
	ADDQ CX, DI
	ADDQ AX, DI
#else
	VMOVDQU64 Z0, FOLDED
	ADDQ CX, SI
	ADDQ DI, CX
	ADDQ AX, CX
	LEAQ FOLDED, R9
	LEAQ ·insertions(SB), R10
	INSERT(0, R9, DX, R10, AX, BX, X29, X1)
	INSERT(8, R9, DX, R10, AX, BX, X29, X1)
	INSERT(16, R9, DX, R10, AX, BX, X29, X1)
	INSERT(24, R9, DX, R10, AX, BX, X29, X1)
	INSERT(32, R9, DX, R10, AX, BX, X29, X1)
	INSERT(40, R9, DX, R10, AX, BX, X29, X1)
	INSERT(48, R9, DX, R10, AX, BX, X29, X1)
	INSERT(56, R9, DX, R10, AX, BX, X29, X1)
	MOVQ CX, DI
#endif
	JMP  block
marks:
	// A mark has the kind of the preceding code point; on its own, it is a letter.
	WHOLE(R13)
	MOVQ R9, AX
	ORQ  R10, AX
	ORQ  R11, AX
	ORQ  R12, AX
	ORQ  R13, AX
	NOTQ AX
	MOVQ LETTERS, DX
	ORQ  SINGLES, DX
	ORQ  HIRAGANAS, DX
	ORQ  KATAKANAS, DX
	XORQ $1, DX
	LEAQ (DX)(AX*2), AX
	BEHIND(R9, LETTERS, DX)
	ORQ  DX, AX
	MARKS(R9)
	BEHIND(R10, SINGLES, AX)
	MARKS(R10)
	BEHIND(R11, HIRAGANAS, AX)
	MARKS(R11)
	BEHIND(R12, KATAKANAS, AX)
	MARKS(R12)
	JMP  whole
done:
	MOVQ SI, unspacedRun_text(R8)
	MOVQ DI, unspacedRun_out(R8)
	VZEROUPPER
	RET
