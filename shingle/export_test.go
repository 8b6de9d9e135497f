package shingle

import "math/bits"

// Each runs f once for every set of instructions that this machine has.
func EachTier(f func(name string)) {
	old := active
	defer func() { active = old }()
	for _, t := range tiers {
		active = t
		f([...]string{"generic", "avx2", "avx512", "vbmi2"}[t])
	}
}

// Occurrence is occurrence.
func Occurrence(h, n uint64) uint64 { return occurrence(h, n) }

// Pieces returns the tokens and their spans as found when text is given in
// pieces of n bytes, cut between code points.
func (s Shingler) Pieces(text string, n int) []Token {
	t := s.tokenizer(true)
	defer t.release()
	var out []Token
	b := bytesOf(text)
	for at := 0; at < len(b); {
		end := at + pieceOf(b[at:])
		if n < end-at {
			end = at + n
			for k := 0; k < 4 && end < len(b) && b[end]&0xc0 == 0x80; k++ {
				end++
			}
		}
		t.hashes = t.hashes[:0]
		t.step(b[at:end], at, end == len(b))
		for i, h := range t.hashes {
			out = append(out, Token{h, t.span(i)})
		}
		at = end
	}
	return out
}

// SameBlocks reports whether the instructions in use agree with the plain
// forms on a block of text, for both tables.
func SameBlocks(text [blockSize + 16]byte, breaks, two uint64) bool {
	for k := range kindTables {
		var got, want kinds
		var gotOut, wantOut [2 * blockSize]byte
		if findKinds(&got, &gotOut, &text, &kindTables[k]) {
			findKindsGeneric(&want, &wantOut, &text, &kindTables[k])
			if got != want || gotOut != wantOut {
				return false
			}
		}
		copy(gotOut[:], text[:])
		copy(wantOut[:], text[:])
		insertSpaces(&gotOut, breaks)
		insertSpacesGeneric(&wantOut, breaks)
		if n := blockSize + bits.OnesCount64(breaks); string(gotOut[:n]) != string(wantOut[:n]) {
			return false
		}
		// Only first bytes of two, as a block has them.
		for q := range 64 {
			if c := text[q]; c < 0xc0 || c >= 0xe0 || text[q+1]&0xc0 != 0x80 {
				two &^= 1 << q
			}
		}
		if two == 0 {
			continue
		}
		gotTwo, wantTwo := text, text
		done := foldTwos(&gotTwo, &text, &pairTables[k], two)
		if done != 0 && (done != foldTwosGeneric(&wantTwo, &text, &pairTables[k], two) || gotTwo != wantTwo) {
			return false
		}
	}
	return true
}
