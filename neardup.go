// Package neardup compares texts: it finds near-duplicate documents, the passages
// that documents share, and the blocks that pages recycle.
//
// Two texts need one call:
//
//	fmt.Println(neardup.Compare(a, b))
//
// Many texts go into a [Corpus]:
//
//	var c neardup.Corpus
//	for _, d := range docs {
//		c.Add(neardup.Document{ID: d.Name, Text: d.Text})
//	}
//	pairs, err := c.Pairs(ctx)
//
// The package is a thin layer with recommended settings over four packages, which
// offer everything else: other shingles, stored signatures, indexes on disk, batches
// of millions.
//
//   - [github.com/neardup/neardup/shingle] cuts text into tokens, shingles and
//     paragraphs, and aligns the passages of two texts.
//   - [github.com/neardup/neardup/minhash] turns shingles into signatures.
//   - [github.com/neardup/neardup/lsh] finds pairs and clusters by signatures;
//     below it are indexes on disk and in Redis, and shared passages.
//   - [github.com/neardup/neardup/boilerplate] finds recycled blocks of pages.
package neardup

import (
	"fmt"
	"strings"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// A Comparison describes the similarity of two texts. Shingles are runs of five
// words; case, accents, punctuation and layout do not count. The zero Comparison is
// the result for two empty texts.
type Comparison struct {
	// Jaccard is the number of shingles in both texts divided by the number in either: 1
	// for equal texts, 0 if one text has no words.
	Jaccard float64

	// ContainmentA is the share of the shingles of A that B also has, ContainmentB the
	// share of the shingles of B that A also has.
	ContainmentA, ContainmentB float64

	// CoveredA is the share of the words of A that lie in passages shared with B, each
	// word weighted by the similarity of its passage; CoveredB is the same for B. It
	// suits pages better than the Jaccard similarity; see [passage.Cover].
	CoveredA, CoveredB float64

	// Passages are the stretches of at least twelve words that the texts share, exact
	// or slightly edited, in the order of A. If a text has fewer words, it has a
	// passage only if the other text is about as short and the two are nearly equal.
	// Spans are in bytes of the texts.
	Passages []shingle.Passage

	a string
}

// Compare compares two texts. All figures are exact: none is an estimate.
//
// The cost is linear in the length of the texts, and most of it goes into the passages. See
// [shingle.Shingler] and [shingle.Aligner] for other units, sizes and limits.
func Compare(a, b string) Comparison {
	var sh shingle.Shingler
	var al shingle.Aligner
	x, y := sh.Set(a), sh.Set(b)
	textA, textB := al.Prepare(a), al.Prepare(b)
	passages := passage.Shared(al, textA, textB)
	cover := passage.Covered(textA, textB, passages)
	return Comparison{
		Jaccard:      x.Jaccard(y),
		ContainmentA: x.Containment(y),
		ContainmentB: y.Containment(x),
		CoveredA:     cover.A,
		CoveredB:     cover.B,
		Passages:     passages,
		a:            a,
	}
}

// String describes the comparison in words: one line of figures, then two lines for
// each passage, the second quoting its start in A.
func (c Comparison) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "Jaccard %.2f; %.0f %% of A is in B, %.0f %% of B is in A", c.Jaccard, 100*c.ContainmentA, 100*c.ContainmentB)
	if len(c.Passages) > 0 {
		fmt.Fprintf(&s, "; passages cover %.0f %% of A, %.0f %% of B", 100*c.CoveredA, 100*c.CoveredB)
	}
	s.WriteByte('\n')
	for _, p := range c.Passages {
		kind := "exact"
		if !p.Exact {
			kind = fmt.Sprintf("%.0f %% alike", 100*p.Similarity)
		}
		words := "words"
		if p.Tokens == 1 {
			words = "word"
		}
		fmt.Fprintf(&s, "%d %s, %s, bytes %d to %d of A and %d to %d of B:\n\t%s\n", p.Tokens, words, kind, p.A.Start, p.A.End, p.B.Start, p.B.End, excerpt(p.A.Of(c.a)))
	}
	return strings.TrimSuffix(s.String(), "\n")
}

// excerpt quotes the beginning of a text on one line, up to the end of a word if it
// has words.
func excerpt(text string) string {
	const most = 60 // runes
	text = strings.Join(strings.Fields(text), " ")
	n := 0
	for i := range text {
		if n++; n > most {
			if space := strings.LastIndexByte(text[:i+1], ' '); space > 0 {
				i = space
			}
			return fmt.Sprintf("%q", text[:i]+"…")
		}
	}
	return fmt.Sprintf("%q", text)
}
