// Package shingle turns text into shingles: the hashes of every run of a few
// consecutive tokens, which is what near-duplicate detection compares.
package shingle

import (
	"iter"
	"slices"
)

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
	return appendTokens(dst, text, s.Unit, skip)
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
		for i := 0; i+w <= len(toks); i++ {
			if !yield(Shingle{fold(toks[i : i+w]), Span{toks[i].Start, toks[i+w-1].End}}) {
				return
			}
		}
	}
}

// Hashes yields the hashes of the shingles of text, in order, repeats included.
func (s Shingler) Hashes(text string, skip ...Span) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for sh := range s.All(text, skip...) {
			if !yield(sh.Hash) {
				return
			}
		}
	}
}

// AppendHashes appends the hashes that [Shingler.Hashes] yields to dst.
func (s Shingler) AppendHashes(dst []uint64, text string, skip ...Span) []uint64 {
	return slices.AppendSeq(dst, s.Hashes(text, skip...))
}

// Set returns the set of the shingles of text.
func (s Shingler) Set(text string, skip ...Span) Set {
	return MakeSet(s.AppendHashes(nil, text, skip...))
}
