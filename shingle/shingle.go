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
	s.size()
	t := s.tokenizer(true)
	for b, at := bytesOf(text), 0; len(b) > 0; {
		n := pieceOf(b)
		t.hashes = t.hashes[:0]
		t.step(b[:n], at, n == len(b))
		skip = t.skip(skip)
		for i, h := range t.hashes {
			dst = append(dst, Token{h, t.span(i)})
		}
		b, at = b[n:], at+n
	}
	t.release()
	return dst
}

// All yields the shingles of text in order. A text of fewer tokens than Size
// yields one shingle of all it has; a text without tokens yields none.
func (s Shingler) All(text string, skip ...Span) iter.Seq[Shingle] {
	w := s.size()
	return func(yield func(Shingle) bool) {
		var (
			t     = s.tokenizer(true)
			skip  = skip
			spans []Span
			out   []uint64
			count = s.counter()
		)
		for b, at := bytesOf(text), 0; len(b) > 0; {
			n := pieceOf(b)
			t.step(b[:n], at, n == len(b))
			skip = t.skip(skip)
			for i := range t.hashes[t.first:] {
				spans = append(spans, t.span(i))
			}
			out = t.shingles(out[:0], w, n == len(b))
			width := min(w, len(spans))
			for i, h := range out {
				if !yield(Shingle{count.element(h), Span{spans[i].Start, spans[i+width-1].End}}) {
					t.release()
					return
				}
			}
			spans = append(spans[:0], spans[len(spans)-len(t.hashes):]...)
			b, at = b[n:], at+n
		}
		t.release()
	}
}

// Hashes yields the hashes of the shingles of text, in order, repeats included.
func (s Shingler) Hashes(text string, skip ...Span) iter.Seq[uint64] {
	w := s.size()
	return func(yield func(uint64) bool) {
		var (
			t     = s.tokenizer(len(skip) > 0)
			skip  = skip
			out   []uint64
			count = s.counter()
		)
		for b, at := bytesOf(text), 0; len(b) > 0; {
			n := pieceOf(b)
			t.step(b[:n], at, n == len(b))
			skip = t.skip(skip)
			out = t.shingles(out[:0], w, n == len(b))
			for _, h := range out {
				if !yield(count.element(h)) {
					t.release()
					return
				}
			}
			b, at = b[n:], at+n
		}
		t.release()
	}
}

// AppendHashes appends the hashes that [Shingler.Hashes] yields to dst.
func (s Shingler) AppendHashes(dst []uint64, text string, skip ...Span) []uint64 {
	w := s.size()
	t := s.tokenizer(len(skip) > 0)
	from := len(dst)
	for b, at := bytesOf(text), 0; len(b) > 0; {
		n := pieceOf(b)
		t.step(b[:n], at, n == len(b))
		skip = t.skip(skip)
		dst = t.shingles(dst, w, n == len(b))
		b, at = b[n:], at+n
	}
	t.release()
	if s.Multiset {
		count := s.counter()
		for i, h := range dst[from:] {
			dst[from+i] = count.element(h)
		}
	}
	return dst
}

// Set returns the set of the shingles of text.
func (s Shingler) Set(text string, skip ...Span) Set {
	return MakeSet(s.AppendHashes(nil, text, skip...))
}

// skip removes the tokens of the last step that touch a span, and returns the
// spans that are still to come.
func (t *tokenizer) skip(spans []Span) []Span {
	if len(spans) == 0 {
		return nil
	}
	kept := 0
	for i, h := range t.hashes[t.first:] {
		sp := t.span(i)
		for len(spans) > 0 && spans[0].End <= sp.Start {
			spans = spans[1:]
		}
		if len(spans) > 0 && spans[0].Start < sp.End {
			if i == 0 && t.long {
			}
			continue
		}
		t.longFirst = t.longFirst && i == kept
		t.hashes[t.first+kept] = h
		t.bounds[2*kept], t.bounds[2*kept+1] = t.bounds[2*i], t.bounds[2*i+1]
		kept++
	}
	t.hashes = t.hashes[:t.first+kept]
	return spans
}

// shingles appends the shingles of w of the tokens in t.hashes to dst, and
// keeps the tokens that begin later ones.
func (t *tokenizer) shingles(dst []uint64, w int, last bool) []uint64 {
	n := len(t.hashes)
	switch {
	case n >= w:
	case last && n > 0 && !t.begun:
		w = n
	default:
		return dst
	}
	t.begun = true
	m := n - w + 1
	dst = slices.Grow(dst, m)
	foldShingles(dst[len(dst):len(dst)+m], t.hashes, w)
	copy(t.hashes, t.hashes[m:])
	t.hashes = t.hashes[:n-m]
	return dst[:len(dst)+m]
}

// A counter tells the occurrences of a shingle apart; nil does not.
type counter map[uint64]uint64

func (s Shingler) counter() counter {
	if !s.Multiset {
		return nil
	}
	return make(counter)
}

// element returns the hash of the next occurrence of a shingle.
func (c counter) element(h uint64) uint64 {
	if c == nil {
		return h
	}
	n := c[h]
	c[h] = n + 1
	return occurrence(h, n)
}
