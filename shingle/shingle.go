// Package shingle turns text into shingles: the hashes of every run of a few
// consecutive tokens, which is what near-duplicate detection compares.
package shingle

import "iter"

// A Span is a half-open range of byte offsets into a text: text[Start:End].
type Span struct{ Start, End int }

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Of returns the part of text that the span covers.
func (s Span) Of(text string) string { return text[s.Start:s.End] }

// A Unit says what a token is.
type Unit uint8

const (
	// Words makes a token of every word, and of every ideograph.
	Words Unit = iota
	// Chars makes a token of every letter, digit or mark after folding.
	Chars
)

// A Shingler describes how text becomes shingles. The zero value is ready to
// use: five-word shingles, case and accents folded. A Shingler is a plain
// value: it may be compared, copied and used by any number of goroutines.
type Shingler struct {
	Unit Unit // Words unless set
	Size int  // tokens in a shingle; 0 means 5 words or 12 characters

	// KeepAccents tells accented letters from plain ones.
	KeepAccents bool

	// Multiset makes repeats count: the second occurrence of a shingle in a
	// text is another element than the first, and so on. Otherwise repeats
	// have the same hash.
	Multiset bool
}

// A Token is one token: the hash of its folded form and where it stands.
type Token struct {
	Hash uint64
	Span
}

// A Shingle is a run of Size consecutive tokens: its hash and where it stands.
type Shingle struct {
	Hash uint64
	Span
}

func (s Shingler) size() int {
	switch {
	case s.Size < 0:
		panic("shingle: negative size")
	case s.Size > 0:
		return s.Size
	case s.Unit == Chars:
		return 12
	}
	return 5
}

// AppendTokens appends the tokens of text to dst. Tokens that touch a span of
// skip are left out, as if the text had never held them; skip is in ascending order.
func (s Shingler) AppendTokens(dst []Token, text string, skip ...Span) []Token {
	t := s.tokenizer(true)
	for at := 0; at < len(text); {
		b := bytesOf(text[at:])
		b = b[:t.cut(b, piece)]
		t.hashes = t.hashes[:0]
		t.run(b)
		for i, h := range t.hashes {
			sp := t.span(i)
			sp = Span{sp.Start + at, sp.End + at}
			for len(skip) > 0 && skip[0].End <= sp.Start {
				skip = skip[1:]
			}
			if len(skip) == 0 || skip[0].Start >= sp.End {
				dst = append(dst, Token{h, sp})
			}
		}
		at += len(b)
	}
	tokenizers.Put(t)
	return dst
}

// All yields the shingles of text in order. A text of fewer tokens than Size
// yields one shingle of all it has; a text without tokens yields none.
func (s Shingler) All(text string, skip ...Span) iter.Seq[Shingle] {
	return func(yield func(Shingle) bool) {
		toks := s.AppendTokens(nil, text, skip...)
		w := min(s.size(), len(toks))
		if w == 0 {
			return
		}
		hashes := make([]uint64, len(toks))
		for i, t := range toks {
			hashes[i] = t.Hash
		}
		out := make([]uint64, len(toks)-w+1)
		foldGeneric(out, hashes, w)
		var counts map[uint64]uint64
		if s.Multiset {
			counts = make(map[uint64]uint64, len(out))
		}
		for i, h := range out {
			if counts != nil {
				h = occurrence(h, counts[h])
				counts[out[i]]++
			}
			if !yield(Shingle{h, Span{toks[i].Start, toks[i+w-1].End}}) {
				return
			}
		}
	}
}

// Hashes yields the hashes of the shingles of text, in order, repeats included.
func (s Shingler) Hashes(text string, skip ...Span) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, h := range s.AppendHashes(nil, text, skip...) {
			if !yield(h) {
				return
			}
		}
	}
}

// AppendHashes appends the hashes that [Shingler.Hashes] yields to dst.
func (s Shingler) AppendHashes(dst []uint64, text string, skip ...Span) []uint64 {
	for sh := range s.All(text, skip...) {
		dst = append(dst, sh.Hash)
	}
	return dst
}

// Set returns the set of the shingles of text.
func (s Shingler) Set(text string, skip ...Span) Set {
	return MakeSet(s.AppendHashes(nil, text, skip...))
}
