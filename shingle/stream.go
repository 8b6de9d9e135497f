package shingle

import (
	"io"
	"iter"
	"unicode/utf8"
)

// HashesFrom yields the hashes of the shingles of the text that r reads, in blocks
// like [Shingler.HashesSeq]. They are the hashes that [Shingler.Hashes] returns for
// the whole text as one string, no matter how r divides it. Memory does not grow with
// the text or its longest token, except that Multiset has to remember every distinct
// shingle.
//
// If r fails with an error other than io.EOF, the last element is that error without
// a block, and the blocks before it cover only what was read.
func (s Shingler) HashesFrom(r io.Reader) iter.Seq2[[]uint64, error] {
	w := s.size()
	return func(yield func([]uint64, error) bool) {
		t := s.tokenizer(false)
		defer t.release()
		var (
			count = t.counter()
			buf   = t.input()
			held  int // number of bytes held back, because their code point is incomplete
			idle  int // consecutive reads that returned nothing
		)
		block := func(last bool) bool {
			t.out = t.shingles(t.out[:0], w, last)
			count.all(t.out)
			return len(t.out) == 0 || yield(t.out, nil)
		}
		for {
			n, err := r.Read(buf[held:])
			if n == 0 && err == nil {
				if idle++; idle == 100 {
					err = io.ErrNoProgress
				}
			} else {
				idle = 0
			}
			b := buf[:held+n]
			whole := len(b)
			if err == nil {
				whole = complete(b)
			}
			for at := 0; at < whole; {
				n := pieceOf(b[at:whole])
				t.step(b[at:at+n], 0, false)
				at += n
				if !block(false) {
					return
				}
			}
			held = copy(buf, b[whole:])
			if err == nil {
				continue
			}
			if err != io.EOF {
				yield(nil, err)
				return
			}
			t.step(nil, 0, true)
			block(true)
			return
		}
	}
}

// input returns the memory that a stream is read into, which is kept for the next one.
func (t *tokenizer) input() []byte {
	if t.in == nil {
		t.in = make([]byte, 16*piece)
	}
	return t.in
}

// complete returns the number of bytes of b, without a last code point that may
// continue after b.
func complete(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if utf8.RuneStart(b[len(b)-n]) {
			if utf8.FullRune(b[len(b)-n:]) {
				break
			}
			return len(b) - n
		}
	}
	return len(b)
}
