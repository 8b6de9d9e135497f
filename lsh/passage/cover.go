package passage

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A Cover is the extent to which two texts cover each other: the share of each
// text's tokens that lie in shared passages, each token weighted by the similarity
// of its passage. Text that was skipped is not counted. The zero value is the cover
// of two texts that share nothing.
//
// It suits pages as Jaccard similarity suits whole files. Skip the known frame of a
// page: remains of the frame, comments and teasers lower the Jaccard similarity of
// two copies of a story, but not the share of the story in the shorter page.
type Cover struct {
	A, B             float64 // from 0 to 1
	TokensA, TokensB int     // tokens of the texts, without skipped spans
}

// Share returns the cover of the text with fewer tokens of its own; for texts of
// equal length, the larger of the two covers.
func (c Cover) Share() float64 {
	switch {
	case c.TokensA < c.TokensB:
		return c.A
	case c.TokensA > c.TokensB:
		return c.B
	}
	return max(c.A, c.B)
}

// Shared returns the passages by which two texts cover each other, as found by
// [shingle.Aligner.AlignTexts]. If a text is shorter than a passage of
// Aligner.MinTokens, it returns one that has at least four in five tokens of both,
// so that short texts cover each other if they are nearly equal.
func Shared(al shingle.Aligner, a, b *shingle.Text) []shingle.Passage {
	least := al.MinTokens
	if least == 0 {
		least = 12
	}
	if words(a) < least || words(b) < least {
		most := max(words(a), words(b))
		al.MinTokens = min(least, max(1, (4*most+4)/5))
	}
	return al.AlignTexts(a, b)
}

// words returns the length of a text in words. In scripts whose tokens are shorter
// than words, it follows from their weight.
func words(t *shingle.Text) int {
	weights := t.Weights()
	if weights == nil {
		return t.Len()
	}
	sum := 0
	for _, w := range weights {
		sum += int(w)
	}
	return sum / word
}

// Covered returns the cover of two texts by the passages that they share, as
// returned by [Shared] or [shingle.Aligner.AlignTexts], in any order.
func Covered(a, b *shingle.Text, passages []shingle.Passage) Cover {
	c := Cover{TokensA: a.Len(), TokensB: b.Len()}
	if len(passages) == 0 {
		return c
	}
	var weights []float32
	if len(passages) > 1 {
		weights = make([]float32, max(a.Len(), b.Len()))
	}
	c.A = covered(a, passages, weights, func(p *shingle.Passage) shingle.Span { return p.A })
	c.B = covered(b, passages, weights, func(p *shingle.Passage) shingle.Span { return p.B })
	return c
}

// covered returns the share of a text that one side of the passages covers. Where
// passages overlap, the most similar one counts. weights is scratch space, which is
// not needed for a single passage.
func covered(t *shingle.Text, passages []shingle.Passage, weights []float32, side func(*shingle.Passage) shingle.Span) float64 {
	n := t.Len()
	if n == 0 {
		return 0
	}
	if len(passages) == 1 {
		p := &passages[0]
		span := side(p)
		tokens := firstFrom(t, span.End) - firstFrom(t, span.Start)
		return float64(float32(p.Similarity)) * float64(tokens) / float64(n)
	}
	weights = weights[:n]
	clear(weights)
	for i := range passages {
		p := &passages[i]
		span, w := side(p), float32(p.Similarity)
		for k, end := firstFrom(t, span.Start), firstFrom(t, span.End); k < end; k++ {
			weights[k] = max(weights[k], w)
		}
	}
	sum := 0.0
	for _, w := range weights {
		sum += float64(w)
	}
	return sum / float64(n)
}

// firstFrom returns the first token of t that begins at or after an offset.
func firstFrom(t *shingle.Text, at int) int {
	lo, hi := 0, t.Len()
	for lo < hi {
		if mid := (lo + hi) / 2; t.Token(mid).Start < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// CoverOptions selects the pairs that [Index.Covered] yields.
type CoverOptions struct {
	// Share is the minimum [Cover.Share] of a pair: above 0, up to 1.
	Share float64

	// Want, if not nil, reports whether two documents are to be compared. It is
	// called by several goroutines at once.
	Want func(a, b string) bool
}

// A CoveredPair is two documents, the passages that they share, in the order of A,
// and the cover that follows from these. A was added before B.
type CoveredPair struct {
	A, B string
	Cover
	Passages []shingle.Passage
}

// Covered yields the pairs of documents that cover each other by at least a share,
// ordered by the first document, then by the second, as they were added. When ctx is
// done, it yields its error and ends. It panics if the share is out of its range.
//
// Two documents are candidates if they share enough fingerprints for the share. A
// common fingerprint counts only for its first few holders; see
// [Options].MaxDocuments. Candidates are aligned whole by [Shared], so every cover
// is exact. Texts too short for a fingerprint cover each other if they are equal and
// no part of them is skipped. In addition to the index, it takes 8 bytes of memory
// for each fingerprint that several documents hold.
func (ix *Index) Covered(ctx context.Context, o CoverOptions) iter.Seq2[CoveredPair, error] {
	if !(o.Share > 0 && o.Share <= 1) {
		panic(fmt.Sprintf("passage: Share %v must be above 0 and at most 1", o.Share))
	}
	return func(yield func(CoveredPair, error) bool) {
		docs, ps := ix.snapshot()
		s := newCoverSearch(ix.opts, o, docs, ps)
		batch := make([][]CoveredPair, 16*s.workers)
		for first := 0; first < len(docs); first += len(batch) {
			n := min(len(batch), len(docs)-first)
			s.fill(ctx, batch[:n], first)
			if err := ctx.Err(); err != nil {
				yield(CoveredPair{}, fmt.Errorf("passage: %w", err))
				return
			}
			if ix.opts.Progress != nil {
				ix.opts.Progress(first+n, len(docs))
			}
			for _, pairs := range batch[:n] {
				for _, p := range pairs {
					if !yield(p, nil) {
						return
					}
				}
			}
		}
	}
}

// A coverSearch looks for the pairs of a corpus that cover each other.
type coverSearch struct {
	opts    Options
	cover   CoverOptions
	workers int
	docs    []*document
	postings
	size  []int32  // number of distinct fingerprints of each document
	from  []uint32 // at[from[d]:from[d+1]] are the positions in run of the shared fingerprints of document d
	at    []uint32
	equal map[uint32][]uint32 // the later documents that equal a document without fingerprints
}

func newCoverSearch(opts Options, cover CoverOptions, docs []*document, ps postings) *coverSearch {
	s := &coverSearch{
		opts: opts, cover: cover, workers: opts.workers(), docs: docs, postings: ps,
		size: make([]int32, len(docs)), from: make([]uint32, len(docs)+1),
	}
	// each visits the fingerprints that several documents hold: the first posting of
	// every document except the last or, for a common fingerprint, of the first holders.
	each := func(visit func(doc uint32, i int)) {
		most := opts.maxDocuments()
		for i, df := range ps.fingerprints() {
			left := df - 1
			if most > 0 && df > most {
				left = holders
			}
			for j := i; left > 0; left-- {
				doc := ps.docOf(j)
				visit(doc, j)
				j = ps.after(j, doc)
			}
		}
	}
	for i := 0; i < len(ps.run); {
		doc := ps.docOf(i)
		s.size[doc]++
		i = ps.after(i, doc)
	}
	each(func(doc uint32, _ int) { s.from[doc+1]++ })
	for d := range docs {
		s.from[d+1] += s.from[d]
	}
	s.at = make([]uint32, s.from[len(docs)])
	free := slices.Clone(s.from)
	each(func(doc uint32, i int) {
		s.at[free[doc]] = uint32(i)
		free[doc]++
	})
	s.pairShort()
	return s
}

// pairShort finds equal documents among those without fingerprints and without
// skipped text; if there are many, the first few are paired with all.
func (s *coverSearch) pairShort() {
	groups := map[string][]uint32{}
	s.equal = map[uint32][]uint32{}
	var key []byte
	for d, doc := range s.docs {
		if doc == nil || s.size[d] > 0 || doc.text.Len() == 0 || len(doc.skip) > 0 {
			continue
		}
		key = key[:0]
		for _, id := range doc.text.Tokens() {
			key = binary.LittleEndian.AppendUint32(key, id)
		}
		groups[string(key)] = append(groups[string(key)], uint32(d))
	}
	most := s.opts.maxDocuments()
	for _, g := range groups {
		first := len(g) - 1
		if most > 0 && len(g) > most {
			first = holders
		}
		for i, d := range g[:first] {
			s.equal[d] = g[i+1:]
		}
	}
}

// fill finds the pairs of consecutive documents with later ones, until ctx is done.
func (s *coverSearch) fill(ctx context.Context, batch [][]CoveredPair, first int) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range s.workers {
		wg.Go(func() {
			counts := make([]int32, len(s.docs))
			for i := range next {
				batch[i] = nil
				if s.docs[first+i] != nil && ctx.Err() == nil {
					batch[i] = s.later(uint32(first+i), counts)
				}
			}
		})
	}
	for i := range batch {
		next <- i
	}
	close(next)
	wg.Wait()
}

// later returns the pairs of document d with those added after it. All counts are
// zero before and after the call.
func (s *coverSearch) later(d uint32, counts []int32) (pairs []CoveredPair) {
	var found []uint32
	for _, at := range s.at[s.from[d]:s.from[d+1]] {
		from := int(at)
		for i := s.after(from, d); i < len(s.run) && s.same(i, from); {
			doc := s.docOf(i)
			if counts[doc] == 0 {
				found = append(found, doc)
			}
			counts[doc]++
			i = s.after(i, doc)
		}
	}
	a := s.docs[d]
	found = append(found, s.equal[d]...)
	slices.Sort(found)
	for _, doc := range found {
		n := counts[doc]
		counts[doc] = 0
		b := s.docs[doc]
		// Texts with one word in ten changed on each side keep a quarter of their
		// fingerprints.
		if need := s.cover.Share * float64(min(s.size[d], s.size[doc])) / 5; float64(n) < need ||
			s.cover.Want != nil && !s.cover.Want(a.id, b.id) {
			continue
		}
		passages := Shared(s.opts.Aligner, a.text, b.text)
		if c := Covered(a.text, b.text, passages); c.Share() >= s.cover.Share {
			pairs = append(pairs, CoveredPair{a.id, b.id, c, passages})
		}
	}
	return pairs
}
