package find

import (
	"fmt"
	"iter"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// Passages is an index of the texts of a corpus, without the spans of masks.
type Passages struct {
	*passage.Index
	c     *corpus.Corpus
	masks [][]shingle.Span
}

// IndexPassages puts every document into an index, without the spans of its mask;
// nil masks hide nothing.
func IndexPassages(c *corpus.Corpus, o Options, masks [][]shingle.Span) (*Passages, error) {
	po := passage.Options{Workers: c.Workers()}
	po.Aligner.MinTokens = o.MinTokens
	ix := &Passages{passage.New(po), c, masks}
	p := c.Env().Progress("indexing", "documents", len(c.Docs))
	defer p.Stop()
	for i, d := range c.Docs {
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		ix.Add(d.ID, c.Text(i), mask...)
		p.Add(1)
		if err := c.Env().Ctx.Err(); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

// Shared yields the pairs that share passages. They come in the order of their
// first documents, which shows how far the search is.
func (ix *Passages) Shared() iter.Seq2[passage.Pair, error] {
	return func(yield func(passage.Pair, error) bool) {
		c := ix.c
		p := c.Env().Progress("aligning", "pairs", 0)
		defer p.Stop()
		row := c.Rows()
		for pair, err := range ix.Pairs(c.Env().Ctx) {
			if err == nil {
				p.Add(1)
				p.Of(row[pair.A]+1, len(c.Docs))
				if a, b := row[pair.A], row[pair.B]; ix.masks != nil && len(ix.masks[a])+len(ix.masks[b]) > 0 {
					ix.countHidden(pair.Passages, a, b)
				}
			}
			if !yield(pair, err) {
				return
			}
		}
	}
}

// countHidden makes the figures of passages those of all their words. A passage may
// run across a block that was left out of the search: the two sides are equal only
// if they are there too.
func (ix *Passages) countHidden(passages []shingle.Passage, a, b int) {
	var sh shingle.Shingler
	textA, textB := ix.c.Text(a), ix.c.Text(b)
	for i, p := range passages {
		if !touches(ix.masks[a], p.A) && !touches(ix.masks[b], p.B) {
			continue
		}
		same := 0
		for _, e := range (shingle.Aligner{}).Edits(textA, textB, p) {
			if e.Op == shingle.Equal {
				same += len(sh.AppendTokens(nil, e.A.Of(textA)))
			}
		}
		x, y := len(sh.AppendTokens(nil, p.A.Of(textA))), len(sh.AppendTokens(nil, p.B.Of(textB)))
		p.Tokens, p.Matched, p.Similarity = max(x, y), same, 2*float64(same)/float64(x+y)
		p.Exact = same == x && same == y
		passages[i] = p
	}
}

// touches reports whether one of the spans has bytes in s.
func touches(spans []shingle.Span, s shingle.Span) bool {
	return slices.ContainsFunc(spans, func(k shingle.Span) bool { return k.Start < s.End && s.Start < k.End })
}

// LeftOut describes what the search for passages left out, "" for nothing.
func (ix *Passages) LeftOut() string {
	s := ix.Stats()
	if s.Common == 0 {
		return ""
	}
	return fmt.Sprintf("%s found in more than 256 documents; such a phrase leads to the first documents that hold it only, which left %s of documents uncompared", show.Count(s.Common, "phrase"), show.Count(s.Withheld, "pair"))
}
