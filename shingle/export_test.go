package shingle

import (
	"slices"

	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/internal/unidata"
)

// EachTier runs f once for each instruction set of this machine, the best first.
func EachTier(f func(name string)) {
	tiers := cpu.Tiers()
	slices.Reverse(tiers)
	for _, t := range tiers {
		func() {
			defer cpu.Use(t)()
			f(t.String())
		}()
	}
}

// Occurrence exports occurrence, for hashes without a seed.
func Occurrence(h, n uint64) uint64 { return public.occurrence(h, n) }

// Pieces returns the tokens and spans found when text is read in pieces of n bytes, cut
// between code points.
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

// SameUnspaced reports whether the kernel in use, if any, agrees with its generic
// counterpart on blocks of text without spaces, after each kind and for both tables. It
// returns the largest number of bytes taken.
func SameUnspaced(text []byte) (same bool, read int) {
	for k := range kindTables {
		for _, before := range []uint8{kindSep, kindLetter, kindSingle, kindHiragana, kindKatakana} {
			got, want := make([]byte, 2*len(text)+blockSize), make([]byte, 2*len(text)+blockSize)
			n, m, after := foldUnspacedGeneric(want, text, &kindTables[k], before)
			read = max(read, n)
			gotN, gotM, gotAfter := foldUnspaced(got, text, &kindTables[k], before)
			if cpu.Active() >= cpu.AVX512 && (gotN != n || gotM != m || gotAfter != after || string(got[:m]) != string(want[:m])) {
				return false, read
			}
		}
	}
	return true, read
}

// SameTwos reports whether the kernel in use agrees with its generic counterpart on the
// two-byte code points of a block, for both tables.
func SameTwos(text [blockSize + 16]byte, two uint64) bool {
	// Only first bytes of two-byte sequences, as a block has them.
	for q := range 64 {
		if c := text[q]; c < 0xc0 || c >= 0xe0 || text[q+1]&0xc0 != 0x80 {
			two &^= 1 << q
		}
	}
	if two == 0 {
		return true
	}
	for k := range lettersOf {
		got, want := text, text
		done := foldTwos(&got, &text, &lettersOf[k], two)
		if (done != 0 || cpu.Active() >= cpu.AVX512) && (done != foldTwosGeneric(&want, &text, &lettersOf[k], two) || got != want) {
			return false
		}
	}
	return true
}

// SameBytes reports whether the kernels in use agree with their generic counterparts on
// which bytes of text belong to words, on their kinds, and on how many of them are ASCII.
func SameBytes(text []byte) bool {
	// A space ends the last word. Kernels read past it, but what they read there must not
	// change the result.
	buf := append(slices.Clone(text), ' ')
	n := len(buf)
	buf = append(buf, "garbage that's after it all, 'as' much as a block and a vector'x"...)
	buf = append(buf, buf[n:]...)
	blocks := (n + blockSize - 1) / blockSize
	masks, want := make([]uint64, blocks), make([]uint32, n+blockSize)
	got := make([]uint32, n+blockSize)
	k := boundsGeneric(want, masks, buf, n)
	clear(masks)
	if !slices.Equal(got[:findBounds(got, masks, buf, n)], want[:k]) {
		return false
	}
	var m, mWant utf8Masks
	for at := 0; at <= len(text); at += 7 {
		classifyUTF8(&m, buf[at:])
		if classifyUTF8Generic(&mWant, buf[at:]); m != mWant {
			return false
		}
	}
	dst := make([]byte, len(text)+8)
	for at := 0; at < len(text); at += 5 {
		clear(dst)
		n := copyASCII(dst, text[at:])
		if n != copyASCIIGeneric(make([]byte, len(text)+8), text[at:]) || !slices.Equal(dst[:n], text[at:at+n]) {
			return false
		}
	}
	return true
}

// SameRun reports whether the kernel in use agrees with its generic counterpart on the
// first blocks of text, after each state, for both tables, up to the end and up to the
// n-th byte. It returns the largest number of bytes taken.
func SameRun(text []byte, n int) (same bool, read int) {
	same = withSlowPEXT(func() bool {
		ok, r := sameRun(text, n)
		read = max(read, r)
		return ok
	})
	return same, read
}

func sameRun(text []byte, n int) (same bool, read int) {
	got, want := make([]byte, 3*len(text)+2*blockSize), make([]byte, 3*len(text)+2*blockSize)
	for _, table := range runTables {
		for state := range uint64(8) {
			for _, n := range []int{len(text), min(n, len(text))} {
				clear(got)
				clear(want)
				r1, w1, s1, stopped1 := foldRunGeneric(want, text, n, table(), state<<3)
				r2, w2, s2, stopped2 := foldRun(got, text, n, table(), state<<3)
				if r1 != r2 || w1 != w2 || s1 != s2 || stopped1 != stopped2 || string(got[:w2]) != string(want[:w1]) {
					return false, read
				}
				read = max(read, r1)
			}
		}
	}
	return true, read
}

// SameLetters reports whether the kernel in use, if any, agrees with its generic
// counterpart on blocks of two-byte letters, for both tables. It returns the largest
// number of bytes taken.
func SameLetters(text []byte) (same bool, read int) {
	got, want := make([]byte, len(text)+blockSize), make([]byte, len(text)+blockSize)
	for k := range lettersOf {
		n := foldLettersGeneric(want, text, &lettersOf[k])
		read = max(read, n)
		m := foldLetters(got, text, &lettersOf[k])
		if cpu.Active() >= cpu.AVX512 && m != n || string(got[:m]) != string(want[:m]) {
			return false, read
		}
	}
	return true, read
}

// SamePages reports whether the kernel in use, if any, folds blocks of text by pages to
// the same tokens and state as folding code point by code point does, after each state
// and for both tables. It returns the largest number of bytes taken.
func SamePages(text []byte) (same bool, read int) {
	if !hasPages() {
		return true, 0
	}
	got := make([]byte, 3*len(text)+2*blockSize)
	for k, table := range []*unidata.Table{unidata.Plain(), unidata.Kept()} {
		for _, state := range []uint64{0, stateLetter, stateCluster, stateStacker, stateApostrophe, stateHiragana} {
			r, w, after, stopped := foldPages(got, text, pageTables[k](), runTables[k](), state)
			if stopped && r == len(text) || state == stateHiragana && r > 0 {
				return false, r
			}
			// The text before decides whether the first token is separate.
			f := folder{table: table}
			f.reserve(3*len(text) + 8*slack)
			f.state = state
			for i := 0; i < r; {
				if n := f.ascii(text[i:min(i+1, r)], i); n > 0 {
					i += n
					continue
				}
				e, size, delta := lookup(table, text[i:])
				f.put(e, delta, text[i:i+size], i, i+size)
				i += size
			}
			// After a space an apostrophe may or may not be a separate state; the effect
			// is the same.
			last := max(0, r-1)
			if (f.state != after && text[last] != '\'') || !slices.Equal(words(got[:w]), words(f.buf[:f.n])) {
				return false, r
			}
			read = max(read, r)
		}
	}
	return true, read
}

// words returns the tokens of folded text.
func words(folded []byte) (list []string) {
	n := len(folded) + 1
	buf := append(append(slices.Clip(folded), ' '), make([]byte, 2*blockSize)...)
	bounds := make([]uint32, n+blockSize)
	k := boundsGeneric(bounds, make([]uint64, (n+blockSize-1)/blockSize), buf, n)
	for i := 0; i < k; i += 2 {
		list = append(list, string(buf[bounds[i]:bounds[i+1]]))
	}
	return list
}
