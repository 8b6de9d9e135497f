// Package passage finds the passages that the texts of a corpus share, to the byte:
// the paragraph that one article took from another, even if the rest of the two has
// nothing in common and a few words were changed.
//
// Two texts alone need no index: see [shingle.Aligner]. Packages minhash and lsh
// find whole documents that resemble each other at a far lower cost, but not a
// single shared paragraph. Package boilerplate finds the blocks that a site prints
// on every page; pass their spans to [Index.Add] to leave them out.
//
//	var ix passage.Index
//	for _, d := range docs {
//		ix.Add(d.ID, d.Text)
//	}
//	for p, err := range ix.Pairs(ctx) {
//		if err != nil {
//			return err
//		}
//		for _, s := range p.Passages {
//			fmt.Println(p.A, s.A, p.B, s.B, s.Similarity)
//		}
//	}
//
// # Method
//
// The index keeps winnowed fingerprints of every text (Schleimer, Wilkerson and
// Aiken 2003): at least one of any three consecutive shingles of five words, and the
// same one wherever the seven words that they span occur. So two texts that share a
// run of seven words share a fingerprint. In scripts without spaces, shingles and
// runs have as many tokens as add up to the same weight, see [shingle.Text.Weights].
//
// Each shared fingerprint is tried: the alignment is extended from it, and the pair
// is dropped unless the result is a passage. If the rare fingerprints of a pair
// yield passages of 24 tokens, or 2 % of the shorter text, the pair is aligned
// whole, so that passages edited too heavily to hold a fingerprint are found as
// well.
//
// [Index.Groups] and [Index.Origins] compare each document with the first holders of
// its fingerprints only, so their cost does not grow with the number of pairs.
//
// # Common fingerprints
//
// A fingerprint that more than Options.MaxDocuments documents hold, such as one from
// a licence, would propose every pair of them. Instead, it proposes each of these
// documents only with its first few holders. No holder is lost: a passage that
// thousands share is still reported for each of them, with its first holders, and
// [Index.Groups] still finds all its holders. Stats counts the fingerprints and
// pairs concerned.
//
// A fingerprint that more than 64 documents hold is treated in the same way, unless
// the two documents share six such fingerprints; a shared run of 22 words always has
// that many. So a legal formula is reported only with its first eight holders, but a
// story on a hundred sites is reported for every pair of them. Pairs left out for
// this reason are counted, see Options.LeftOut.
//
// # Memory
//
// The index keeps the texts (strings shared with the caller), 7.1 bytes per token,
// and 12 bytes for each fingerprint; there is one fingerprint for two tokens. That
// is 13.2 bytes per token plus the text. Pairs and Stats compute the fingerprints of
// the newest documents and merge them with the others, which briefly takes as much
// memory again as all of them. Pairs then takes 5 bytes for each fingerprint that a
// document shares with later ones, and the candidates of one document at a time, however
// many pairs there are. An index holds up to four billion tokens; beyond that, its
// methods panic.
package passage

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/neardup/neardup/shingle"
)

// Options configures an [Index]. The zero value is ready to use.
type Options struct {
	// Aligner aligns the candidates. Its MinTokens is the minimum length of a reported
	// passage, 12 by default, and its Shingler defines tokens.
	Aligner shingle.Aligner
	// Run is the number of equal tokens in a row that always make two texts candidates,
	// unless they are common; 0 means 7, or Aligner.MinTokens if that is less. The least
	// value is 5. A larger value is faster and takes less memory, but finds fewer
	// heavily edited passages: there are 2/(Run-3) fingerprints per token.
	Run int
	// MaxDocuments is the number of documents above which a fingerprint is
	// common; 0 means 256, negative means no limit.
	MaxDocuments int
	// RareDocuments is the number of documents up to which a fingerprint is rare: pairs
	// with enough rare fingerprints are aligned whole; 0 means 8, and a negative number
	// means that no pair is aligned whole.
	RareDocuments int
	// Workers is the number of goroutines that align; 0 means 1, below 0 as many as
	// there are processors. The results do not depend on it.
	Workers int
	// LeftOut, if not nil, is called when Pairs has yielded every pair, with the number
	// of pairs that it did not compare: pairs that share only fingerprints that more
	// than 64 documents hold, fewer than six of them, and are not among their first
	// eight holders. Pairs that share only Common fingerprints are not counted: see
	// Stats.
	LeftOut func(pairs int)
	// Progress, if not nil, is called by Pairs and Groups from time to time, by one
	// goroutine at a time, with the number of documents searched and the total.
	Progress func(done, total int)
}

// An Index holds documents and finds the passages that they share. The zero value is
// an empty index with the zero Options; see [New] for others.
//
// All methods may be called by any number of goroutines at once. The sequences that
// they return cover the documents present when the sequence began.
type Index struct {
	opts    Options
	mu      sync.RWMutex
	docs    []*document // documents by number; nil for removed ones
	byID    map[string]uint32
	store   store
	live    int
	tokens  int
	textLen int
}

type document struct {
	id   string
	text *shingle.Text
	time time.Time
	skip []shingle.Span
}

// A Match is a document that shares passages with a queried text.
type Match struct {
	ID       string
	Passages []shingle.Passage // in each, A is a span of the query text and B a span of the document
}

// A Pair is two documents that share passages; A was added before B.
type Pair struct {
	A, B     string
	Passages []shingle.Passage // in the order of their spans in A
}

// Stats counts the contents of an index. The zero Stats describe an empty index.
type Stats struct {
	Documents    int
	Tokens       int
	TextBytes    int
	Fingerprints int // fingerprints held, repeats included
	Distinct     int // distinct fingerprints
	Common       int // distinct fingerprints that more than MaxDocuments documents hold
	Withheld     int // pairs of documents that Common fingerprints did not propose, summed over these fingerprints
	Bytes        int // memory of tokens and fingerprints, without the texts
}

// New returns an empty index. It panics if Run is below 5 and not 0.
func New(opts Options) *Index {
	if opts.Run != 0 && opts.Run < gram {
		panic(fmt.Sprintf("passage: Run %d must be at least %d", opts.Run, gram))
	}
	return &Index{opts: opts}
}

func (o Options) window() int {
	if o.Run == 0 {
		o.Run = 7
		if least := o.Aligner.MinTokens; least > 0 {
			o.Run = max(min(o.Run, least), gram)
		}
	}
	return o.Run - gram + 1
}

func (o Options) maxDocuments() int { return limit(o.MaxDocuments, 256) }
func (o Options) rare() int         { return limit(o.RareDocuments, 8) }

// limit resolves an option whose zero value means a default and whose negative
// values mean the largest number.
func limit(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Add adds a document, or replaces the one with that id; a replaced document counts
// as the last one added. The spans of skip, such as those from
// boilerplate.Detector.Mask, are left out as if the text did not contain them. Add
// panics if they are not ascending, disjoint spans of the text, or if the text is
// longer than 2 GiB.
func (ix *Index) Add(id, text string, skip ...shingle.Span) {
	ix.AddAt(id, time.Time{}, text, skip...)
}

// AddAt is like [Index.Add] for a document with a known time. The members of a
// [Group] are ordered by time.
func (ix *Index) AddAt(id string, at time.Time, text string, skip ...shingle.Span) {
	checkSkip(text, skip)
	t := ix.opts.Aligner.Prepare(text, skip...)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.insert(&document{id, t, at, slices.Clone(skip)})
}

// insert adds a document and returns its number.
func (ix *Index) insert(d *document) uint32 {
	ix.remove(d.id)
	if ix.byID == nil {
		ix.byID = map[string]uint32{}
	}
	ix.reserve(d.text.Len())
	n := uint32(len(ix.docs))
	ix.byID[d.id] = n
	ix.store.numbers.add(d.text.Len())
	ix.docs = append(ix.docs, d)
	ix.live++
	ix.tokens += d.text.Len()
	ix.textLen += len(d.text.String())
	return n
}

// reserve ensures that so many more tokens can be numbered. If necessary, it compacts
// the index, because removed documents keep their numbers until then.
func (ix *Index) reserve(tokens int) {
	if !ix.store.numbers.fits(tokens) && ix.live < len(ix.docs) {
		ix.compact()
	}
}

func checkSkip(text string, skip []shingle.Span) {
	end := 0
	for _, s := range skip {
		if s.Start < end || s.End < s.Start || s.End > len(text) {
			panic("passage: the spans to skip are not ascending, disjoint spans of the text")
		}
		end = s.End
	}
}

// Remove removes a document and reports whether it was there.
func (ix *Index) Remove(id string) bool {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return ix.remove(id)
}

func (ix *Index) remove(id string) bool {
	n, ok := ix.byID[id]
	if !ok {
		return false
	}
	d := ix.docs[n]
	delete(ix.byID, id)
	ix.docs[n] = nil
	ix.live--
	ix.tokens -= d.text.Len()
	ix.textLen -= len(d.text.String())
	ix.store.removed++
	if dead := len(ix.docs) - ix.live; dead > 64 && dead > ix.live {
		ix.compact()
	}
	return true
}

// compact renumbers the documents without gaps.
func (ix *Index) compact() {
	number := make([]uint32, len(ix.docs))
	docs := ix.docs[:0:0]
	for i, d := range ix.docs {
		number[i] = gone
		if d != nil {
			number[i] = uint32(len(docs))
			ix.byID[d.id] = number[i]
			docs = append(docs, d)
		}
	}
	ix.store.renumber(ix.docs, number, ix.opts.window())
	ix.docs = docs
}

// Merge adds the documents of other indexes, in the order of the indexes and of
// addition, as if their texts had been passed to AddAt: a document replaces one with
// the same id. Merge copies tokens and fingerprints, so it is far cheaper. The other
// indexes do not change. Merge panics if their Shingler or Run gives different
// fingerprints.
func (ix *Index) Merge(others ...*Index) {
	for _, o := range others {
		if o == ix {
			continue // each document would replace itself
		}
		if o.opts.scheme() != ix.opts.scheme() {
			panic("passage: Merge: the indexes have different fingerprints")
		}
		docs, run := o.snapshot()
		ix.merge(docs, run)
	}
}

func (ix *Index) merge(docs []*document, ps postings) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	tokens := 0
	for _, d := range docs {
		if d != nil {
			ix.remove(d.id)
			tokens += d.text.Len()
		}
	}
	ix.reserve(tokens)
	ix.store.seal(ix.docs, ix.opts.window())
	number := make([]uint32, len(docs))
	for i, d := range docs {
		if d != nil {
			number[i] = ix.insert(d)
		}
	}
	added := slices.Clone(ps.run)
	for i := range added {
		doc, pos := ps.place(i)
		added[i].at = ix.store.numbers.first[number[doc]] + pos
	}
	ix.store.sealed = len(ix.docs)
	ix.store.push(added, ix.docs)
}

// Len returns the number of documents.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.live
}

// Text returns the text of a document and whether it is there.
func (ix *Index) Text(id string) (string, bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	n, ok := ix.byID[id]
	if !ok {
		return "", false
	}
	return ix.docs[n].text.String(), true
}

// snapshot returns the documents and all their fingerprints as one sorted run.
// Neither of them changes any more.
func (ix *Index) snapshot() ([]*document, postings) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return slices.Clone(ix.docs), ix.store.single(ix.docs, ix.opts.window())
}

// Stats counts the contents of the index; it reads all fingerprints.
func (ix *Index) Stats() Stats {
	docs, ps := ix.snapshot()
	s := Stats{Fingerprints: len(ps.run), Bytes: 12 * len(ps.run)}
	for _, d := range docs {
		if d != nil {
			s.Documents++
			s.Tokens += d.text.Len()
			s.TextBytes += len(d.text.String())
		}
	}
	s.Bytes += s.Tokens * 457 / 64
	most := ix.opts.maxDocuments()
	for i, k := 0, 0; i < len(ps.run); i = k {
		df := 0
		for k = i; k < len(ps.run) && ps.same(i, k); df++ {
			k = ps.after(k, ps.docOf(k))
		}
		s.Distinct++
		if most > 0 && df > most {
			s.Common++
			rest := df - holders
			s.Withheld += rest * (rest - 1) / 2
		}
	}
	return s
}
