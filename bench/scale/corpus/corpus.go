// Package corpus makes up documents of web-like lengths.
package corpus

import (
	"bufio"
	"math"
	"math/rand/v2"
	"strconv"
)

// A Corpus is a set of documents, each computed from its number: nothing is stored.
// Lengths are log-normal with a median of 2.5 KB, like those of pages. One document
// in ten is an exact copy of an earlier one, one in five an edited copy; one in a
// hundred is a copy of one of a few texts, like an error page.
type Corpus struct {
	seed  uint64
	words []string
}

const (
	vocabulary = 1 << 15
	wordBytes  = 7.0 // mean length of a word and a space
	median     = 2500
	sigma      = 1.0
	mostWords  = 150_000
	fewTexts   = 50
)

// New returns the corpus for a seed.
func New(seed uint64) *Corpus {
	c := &Corpus{seed: seed, words: make([]string, vocabulary)}
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range c.words {
		b := make([]byte, 3+r.IntN(7))
		for j := range b {
			b[j] = byte('a' + r.IntN(26))
		}
		c.words[i] = string(b)
	}
	return c
}

// The kinds of documents.
const (
	original = iota
	exactCopy
	editedCopy
	errorPage
)

// kind returns the kind of document i and, for a copy, the document copied.
func (c *Corpus) kind(i int) (kind, of int) {
	r := rand.New(rand.NewPCG(c.seed+1, uint64(i)))
	x := r.IntN(100)
	if x == 0 {
		return errorPage, r.IntN(fewTexts)
	}
	if x > 30 || i == 0 {
		return original, i
	}
	// The copied document is an original.
	for of = r.IntN(i); of > 0; of = r.IntN(of) {
		if k, _ := c.kind(of); k == original {
			break
		}
	}
	if x <= 10 {
		return exactCopy, of
	}
	return editedCopy, of
}

// Append appends the text of document i.
func (c *Corpus) Append(dst []byte, i int) []byte {
	kind, of := c.kind(i)
	stream := uint64(of)
	if kind == errorPage {
		stream |= 1 << 40
	}
	text := rand.NewPCG(c.seed+2, stream)
	r := rand.New(text)
	n := int(median / wordBytes * math.Exp(sigma*r.NormFloat64()))
	n = max(20, min(n, mostWords))
	edits := rand.NewPCG(c.seed+3, uint64(i))
	rate := uint64(0) // share of edited words, in units of 1/65536
	if kind == editedCopy {
		rate = edits.Uint64() % 2000 // up to 3 %
	}
	for w := 0; w < n; w += 4 {
		// A product of two numbers makes some words much more frequent than others.
		x := text.Uint64()
		for range min(4, n-w) {
			word := (x & 0xff) * (x >> 8 & 0xff) >> 1
			if rate > 0 && edits.Uint64()&0xffff < rate {
				word = edits.Uint64() % vocabulary
			}
			dst = append(append(dst, c.words[word]...), ' ')
			x >>= 16
		}
	}
	return dst
}

// Write writes the first n documents as JSON Lines.
func (c *Corpus) Write(w *bufio.Writer, n int) error {
	var line []byte
	for i := range n {
		line = append(line[:0], `{"id":"page-`...)
		line = strconv.AppendInt(line, int64(i), 10)
		line = append(line, `","text":"`...)
		line = append(c.Append(line, i), "\"}\n"...)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}
