package shingle

import (
	"math/bits"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

func appendTokens(dst []Token, text string, unit Unit, skip []Span) []Token {
	var buf []byte
	start, end := -1, 0
	flush := func() {
		if start < 0 {
			return
		}
		for len(skip) > 0 && skip[0].End <= start {
			skip = skip[1:]
		}
		if len(skip) == 0 || skip[0].Start >= end {
			dst = append(dst, Token{xxhash.Sum64(buf), Span{start, end}})
		}
		buf, start = buf[:0], -1
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			single := unit == Chars || unicode.Is(unicode.Han, r)
			if single {
				flush()
			}
			if start < 0 {
				start = i
			}
			buf, end = utf8.AppendRune(buf, unicode.ToLower(r)), i+n
			if single {
				flush()
			}
		case (r == '\'' || r == '’') && start >= 0 && i+n < len(text):
			if next, _ := utf8.DecodeRuneInString(text[i+n:]); !unicode.IsLetter(next) {
				flush()
			}
		default:
			flush()
		}
		i += n
	}
	flush()
	return dst
}

// fold combines the hashes of consecutive tokens into the hash of a shingle.
func fold(toks []Token) uint64 {
	var s uint64
	for i, t := range toks {
		s ^= bits.RotateLeft64(t.Hash, 13*i)
	}
	s *= 0x9E3779B97F4A7C15
	return s ^ s>>32
}
