// Package repeat cuts repeated text out of a corpus: every run of a minimum number
// of words that already occurs in an earlier document or earlier in the same one.
// The first copy stays, and each cut points to it.
//
//	c := repeat.New(repeat.Options{})
//	for i, d := range docs { // in the order of preference: the first copy is kept
//		for _, cut := range c.Add(c.Prepare(d.Text)) {
//			fmt.Println(d.ID, cut.Span, "is also in", docs[cut.Document].ID, cut.At)
//		}
//	}
//
// [shingle.Cut] returns a text without its cuts. Whole documents that resemble each
// other are found by package lsh, and passages that were edited by package passage.
//
// # Cuts
//
// The pieces of a text are its tokens, its sentences or its paragraphs: see
// [Border]. A repetition is a run of whole pieces with at least [Options.MinTokens]
// tokens that equals a run of whole pieces in the rest of an earlier document, or
// earlier in the rest of the same document, without overlap. Case, accents,
// punctuation and layout do not count. Every repetition is cut:
//
//   - A stretch covered by repetitions of several earlier documents is cut whole, in
//     parts with one source each.
//   - The text on both sides of a cut is joined, and is cut in turn if that makes a
//     repetition.
//   - The source of a cut is never cut later, so each cut string still exists, in
//     one run of the rest.
//
// So a second run over the rests finds nothing.
//
// # Method
//
// For each text, the hashes of some runs of MinTokens/2 tokens are kept in memory,
// so that every run of MinTokens contains one of them, and the same one wherever it
// occurs (winnowing: Schleimer, Wilkerson and Aiken 2003). A match is extended piece
// by piece in both directions, and confirmed with other hash functions. Runs that
// occur in more than 32 places are kept with their surroundings, so the cost is
// linear however often a phrase recurs.
//
// Lee et al., Deduplicating Training Data Makes Language Models Better (2022), find
// repeated substrings with a suffix array and remove all copies.
//
// # Memory
//
// A Cutter takes about 30 bytes for each run kept; by default, 2 in 27 tokens begin
// one. With sentences and paragraphs, there is one run for each of them. The Cutter
// need not keep the texts: see [Options.Text].
//
// With [Options.Memory], runs and cuts beyond that limit are in temporary files,
// which are written and merged in sequence (a log-structured merge tree: O'Neil,
// Cheng, Gawlick and O'Neil 1996). Filters in memory (Bloom 1970) rule out most runs
// of words that no earlier document has. The cuts are the same.
package repeat

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/neardup/neardup/shingle"
)

// A Border chooses where a cut may begin and end. The zero Border is Tokens.
type Border uint8

const (
	Tokens     Border = iota // between words
	Sentences                // between sentences, see [shingle.Sentences]
	Paragraphs               // between paragraphs, see [shingle.Paragraphs]
)

// String returns "token", "sentence" or "paragraph".
func (b Border) String() string { return [...]string{"token", "sentence", "paragraph"}[b] }

// MaxTokens is the largest Options.MinTokens: searching joined text takes that many
// steps for each of its tokens.
const MaxTokens = 10000

// Options configures [New]. The zero value is the recommended setting.
type Options struct {
	// Shingler defines tokens: its Unit must be Words. Size, Multiset and Seed are
	// ignored.
	Shingler shingle.Shingler

	// MinTokens is the minimum number of tokens of a repetition, at most [MaxTokens]; 0
	// means 50.
	MinTokens int

	// Border chooses where cuts begin and end.
	Border Border

	// Text returns the text of an added document, by its number. It must be the text
	// passed to Prepare. If Text is nil, the Cutter keeps the texts.
	Text func(document int) string

	// Memory is the approximate number of bytes for the runs, cuts and recently read
	// sources that are kept in memory; the others are in temporary files. 0 means no
	// limit and no files. In addition, a Cutter takes 8 bytes for each document, and the
	// memory for preparing and adding one, with its sources. The cuts do not depend on it.
	Memory int64

	// Dir is the folder for these files; "" means the folder for temporary files. Where
	// the system allows it, they have no name, so that nothing remains however the
	// process ends.
	Dir string

	// Seed selects the hash functions that confirm a match; the results do not depend on
	// it unless someone makes texts whose hashes collide. Choose it at random where
	// authors may be hostile.
	Seed uint64
}

// A Cut is a repetition, or a part of one.
type Cut struct {
	shingle.Span              // span to be cut, in the text as given
	Document     int          // the number of the document that also has the text: an earlier one, or the document itself
	At           shingle.Span // place of the text in that document, as given; it may contain other cuts of that document
}

// A Cutter cuts one document after another. Make one with [New], and Close it if
// Options.Memory is set. Prepare may be called by several goroutines at once; the other
// methods by one at a time.
type Cutter struct {
	opts      Options
	runLength int      // number of pieces in a hashed run, for tokens
	powers    []uint64 // powers of the base of hashes
	docs      int
	texts     []string // texts of all documents, unless Options.Text returns them
	cuts      cutStore // cuts of all documents
	index     index
	cache     cache
	blocked   int
	own       map[uint64]run // runs of the stack by hash, see scan
}

// New returns a Cutter. It panics if an option is out of its range.
func New(o Options) *Cutter {
	switch {
	case o.Shingler.Unit != shingle.Words:
		panic("repeat: the unit must be words")
	case o.MinTokens < 0 || o.MinTokens > MaxTokens:
		panic(fmt.Sprintf("repeat: MinTokens %d must be from 1 to %d", o.MinTokens, MaxTokens))
	case o.Border > Paragraphs:
		panic(fmt.Sprintf("repeat: unknown Border %d", o.Border))
	case o.Memory < 0:
		panic(fmt.Sprintf("repeat: Memory %d must not be negative", o.Memory))
	}
	o.MinTokens = cmp.Or(o.MinTokens, 50)
	o.Seed = cmp.Or(o.Seed, 0x6e656172647570)
	o.Shingler.Size, o.Shingler.Multiset, o.Shingler.Seed = 0, false, 0
	c := &Cutter{opts: o, runLength: (o.MinTokens + 1) / 2, powers: make([]uint64, o.MinTokens+1), own: map[uint64]run{}}
	c.powers[0] = 1
	for i := range o.MinTokens {
		c.powers[i+1] = times(c.powers[i], base)
	}
	c.index.disk = disk{dir: o.Dir, fences: mostFences}
	c.cuts = cutStore{dir: o.Dir, fail: c.index.disk.fail}
	c.cache.limit = mostCached
	if o.Memory > 0 {
		// An eighth each is for the cuts and for filters, a quarter each for the table
		// and for each generation of sources: reading these again costs most.
		eighth := int(min(o.Memory/8, math.MaxInt/8))
		c.cuts.limit = max(1, eighth)
		c.cache.limit = min(2*eighth/cachedPiece, mostCached)
		c.index.disk.filters = eighth
		c.index.table.limit = max(1, 2*eighth/tableEntry)
	}
	return c
}

// Err returns the first failure of a temporary file, always wrapped. Check it before
// using the cuts: cuts that Add has returned since the failure may be wrong or
// missing.
func (c *Cutter) Err() error { return c.index.disk.err }

// Close removes the temporary files. The Cutter must not be used after it.
func (c *Cutter) Close() {
	c.index.disk.close()
	c.cuts.close()
}

// Stats counts the work of a Cutter.
type Stats struct {
	Documents int
	Runs      int // number of runs kept
	// Blocked is the number of sentences or paragraphs that repeat others but stay,
	// because cuts name them as sources. This happens if, again and again, the rest of a
	// document splits into different sentences or paragraphs than before.
	Blocked int
}

// Stats returns figures about the documents added.
func (c *Cutter) Stats() Stats {
	return Stats{c.docs, c.index.runs, c.blocked}
}

// Add adds a document, gives it the next number, starting at 0, and returns the
// parts to be cut from it, ascending and disjoint.
func (c *Cutter) Add(t *Text) []Cut {
	number := c.next(t)
	s, rest := t.seq, shingle.Cut(t.seq.text, nil)
	var cuts []Cut
	for round := 0; ; round++ {
		var fixed []shingle.Span
		if round >= mostRounds {
			fixed = sources(cuts, number)
		}
		found, left := c.cut(number, s, rest, fixed)
		if len(found) == 0 {
			break
		}
		back := false
		cuts, back = more(cuts, found, number)
		// Cut the text and split the rest into pieces, as a reader of the output would. If
		// these differ from the pieces left, search again.
		rest = shingle.Cut(t.seq.text, spansOf(cuts))
		s = c.read(rest.Text)
		if !back && slices.Equal(s.sym, left) {
			break
		}
	}
	c.cuts.add(spansOf(cuts))
	c.index.add(c, uint32(number), s, nil)
	if c.Err() != nil {
		return nil
	}
	return cuts
}

// more adds the cuts found in a further round. A cut is undone if its source is cut
// now, or if an undone cut lies within its source; back reports whether any cut is
// undone.
func more(cuts, found []Cut, number int) (all []Cut, back bool) {
	depends := func(changed []Cut) func(Cut) bool {
		return func(k Cut) bool {
			return k.Document == number && slices.ContainsFunc(changed, func(f Cut) bool { return f.Start < k.At.End && k.At.Start < f.End })
		}
	}
	gone := slices.DeleteFunc(slices.Clone(cuts), func(k Cut) bool { return !depends(found)(k) })
	for _, f := range found {
		cuts = merge(cuts, f)
	}
	for len(gone) > 0 {
		back = true
		cuts = slices.DeleteFunc(cuts, func(k Cut) bool { return slices.Contains(gone, k) })
		gone = slices.DeleteFunc(slices.Clone(cuts), func(k Cut) bool { return !depends(gone)(k) })
	}
	return cuts, back
}

// mostRounds is the number of rounds on a document after which cuts respect the
// sources of others, so that the search ends.
const mostRounds = 16

// sources returns the spans of the document that are sources of its own cuts.
func sources(cuts []Cut, number int) (spans []shingle.Span) {
	for _, k := range cuts {
		if k.Document == number {
			spans = append(spans, k.At)
		}
	}
	return spans
}

// Keep adds a document that is not cut.
func (c *Cutter) Keep(t *Text) {
	number := c.next(t)
	known := c.covered(t.seq)
	c.cuts.add(nil)
	c.index.add(c, uint32(number), t.seq, known)
}

// next gives a document its number.
func (c *Cutter) next(t *Text) int {
	if uint64(c.docs) == mark {
		panic("repeat: more than four billion documents")
	}
	if c.opts.Text == nil {
		c.texts = append(c.texts, t.seq.text)
	}
	c.index.disk.forget()
	c.cache.serve(t.seq.len())
	c.docs++
	return c.docs - 1
}

// merge adds a cut to others, without the parts that they already cover.
func merge(cuts []Cut, f Cut) []Cut {
	i := len(cuts)
	for i > 0 && cuts[i-1].End > f.Start {
		i--
	}
	var parts []Cut
	for _, k := range cuts[i:] {
		if k.Start >= f.End {
			break
		}
		if k.Start > f.Start {
			part := f
			part.End = k.Start
			parts = append(parts, part)
		}
		f.Start = k.End
	}
	if f.Start < f.End {
		parts = append(parts, f)
	}
	cuts = append(cuts, parts...)
	slices.SortFunc(cuts[i:], func(x, y Cut) int { return cmp.Compare(x.Start, y.Start) })
	return cuts
}

func spansOf(cuts []Cut) []shingle.Span {
	spans := make([]shingle.Span, len(cuts))
	for i, k := range cuts {
		spans[i] = k.Span
	}
	return spans
}
