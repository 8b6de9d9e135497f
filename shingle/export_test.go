package shingle

// Each runs f once for every set of instructions that this machine has.
func EachTier(f func(name string)) {
	old := active
	defer func() { active = old }()
	for _, t := range tiers {
		active = t
		f([...]string{"generic", "avx2", "avx512"}[t])
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
