// Package repeat cuts repeated text out of a corpus: every run of so many words that
// an earlier document, or the same document further up, has already. The first copy
// stays, and each cut knows where it is.
//
//	c := repeat.New(repeat.Options{})
//	for i, d := range docs { // in the order of preference: what comes first is kept
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
// Pieces of a text are its tokens, its sentences or its paragraphs: see [Border]. A
// repetition is a run of whole pieces, of [Options.MinTokens] tokens or more, that is
// equal to a run of whole pieces in the rest of an earlier document, or in the rest of
// the same document before it, without overlap. Case, accents, punctuation and
// layout do not count. Every repetition is cut:
//
//   - A stretch that is covered by repetitions of several earlier documents is cut
//     whole, in parts with one source each.
//   - What is left on both sides of a cut is joined, and is cut in turn if that makes
//     a repetition.
//   - What a cut names as its source is never cut later, so each cut string is still
//     there, in one run of the rest.
//
// So a second run over the rests finds nothing.
//
// # Method
//
// Of each text the hashes of some runs of half as many tokens are kept in memory, so
// that every run of MinTokens holds one of them, and the same one wherever it occurs
// (winnowing: Schleimer, Wilkerson and Aiken 2003). A match is extended piece by piece
// in both directions, and compared with other hash functions before it is believed.
// Runs that more than 32 places hold are kept with their surroundings, so the cost is
// linear however often a phrase recurs.
//
// Lee et al., Deduplicating Training Data Makes Language Models Better (2022), cut
// repeated substrings found by a suffix array, all copies alike.
//
// # Memory
//
// Some 30 bytes for each run kept; by default 2 in 27 tokens begin one. With sentences
// and paragraphs there is one for each of these. The texts stay where they are: see
// [Options.Text].
//
// With [Options.Memory] the runs and cuts that take more are in temporary files, which
// are written and merged in sequence (a log-structured merge tree: O'Neil, Cheng, Gawlick
// and O'Neil 1996). Filters in memory (Bloom 1970) answer for most runs of words that no
// document before has. The cuts are the same.
package repeat

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/neardup/neardup/shingle"
)

// A Border is where a cut may begin and end. The zero Border is Tokens.
type Border uint8

const (
	Tokens     Border = iota // between words
	Sentences                // of [shingle.Sentences]
	Paragraphs               // of [shingle.Paragraphs]
)

// String returns "token", "sentence" or "paragraph".
func (b Border) String() string { return [...]string{"token", "sentence", "paragraph"}[b] }

// MaxTokens is the most that Options.MinTokens may be: joined text is searched at a
// cost of so many steps for each of its tokens.
const MaxTokens = 10000

// Options configures [New]. The zero value is the recommended setting.
type Options struct {
	// Shingler defines tokens: its Unit must be Words. Size, Multiset and Seed have
	// no meaning here.
	Shingler shingle.Shingler

	// MinTokens is the least number of tokens of a repetition; 0 means 50, and
	// [MaxTokens] is the most.
	MinTokens int

	// Border is where cuts begin and end.
	Border Border

	// Text returns the text of a document that was added, by its number. It must be
	// the text given to Prepare. nil means that the Cutter keeps the texts.
	Text func(document int) string

	// Memory is about how many bytes the runs and cuts kept in memory may take, and
	// sources read lately; the others are in temporary files. 0 means no limit, and no
	// files. In addition a Cutter takes 8 bytes for each document, and what a document
	// needs while it is prepared and added. Cuts do not depend on it.
	Memory int64

	// Dir is the folder for these files; "" means that of temporary files. Where the
	// system allows it they have no name, so that nothing remains whatever ends the
	// process.
	Dir string

	// Seed selects the hash functions that confirm a match; results do not depend
	// on it unless somebody makes texts whose hashes collide. Choose it at random
	// where authors may be hostile.
	Seed uint64
}

// A Cut is a repetition, or a part of one.
type Cut struct {
	shingle.Span              // of the text as given
	Document     int          // that has it too: the number of an earlier document, or its own
	At           shingle.Span // where, in its text as given; a cut of its own may lie within
}

// A Cutter cuts one document after another. Make one with [New], and Close it if
// Options.Memory is set. Prepare may be called by several goroutines at once; the other
// methods by one at a time.
type Cutter struct {
	opts      Options
	runLength int      // pieces of a run that is hashed, between tokens
	powers    []uint64 // of the base of hashes
	docs      int
	texts     []string // of all documents, unless Options.Text returns them
	cuts      cutStore // of all documents
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
		panic(fmt.Sprintf("repeat: MinTokens %d is not between 1 and %d", o.MinTokens, MaxTokens))
	case o.Border > Paragraphs:
		panic(fmt.Sprintf("repeat: unknown Border %d", o.Border))
	case o.Memory < 0:
		panic(fmt.Sprintf("repeat: Memory %d is less than 0", o.Memory))
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
		// An eighth each for the cuts and for either generation of sources, an eighth
		// for filters, and half for the table.
		eighth := int(min(o.Memory/8, math.MaxInt/8))
		c.cuts.limit = max(1, eighth)
		c.cache.limit = min(eighth/cachedPiece, mostCached)
		c.index.disk.filters = eighth
		c.index.table.limit = max(1, 4*eighth/tableEntry)
	}
	return c
}

// Err returns the first failure of a temporary file, always wrapped. Check it before
// cuts are believed: those that Add returned when it happened, and later, may be wrong or
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
	Runs      int // kept
	// Blocked is how many sentences or paragraphs repeat others but stay, since cuts
	// name them as sources. It happens where the rest of a document is split into
	// other sentences or paragraphs than the document was, again and again.
	Blocked int
}

// Stats returns figures on the documents that were added.
func (c *Cutter) Stats() Stats {
	return Stats{c.docs, c.index.runs, c.blocked}
}

// Add adds a document, gives it the next number from 0, and returns the parts to be
// cut from it, ascending and disjoint.
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
		// What is left is read once more, as its reader will. If it has other pieces
		// than those left, it is looked at again.
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

// more adds the cuts found in a further round. What was cut for the sake of text that
// is cut now comes back, and so does what was cut for the sake of text that something
// comes back into; back reports whether anything does.
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

// mostRounds is how often a document is looked at before cuts respect the sources of
// others, so that there is an end.
const mostRounds = 16

// sources returns the sources within the document itself.
func sources(cuts []Cut, number int) (spans []shingle.Span) {
	for _, k := range cuts {
		if k.Document == number {
			spans = append(spans, k.At)
		}
	}
	return spans
}

// Keep adds a document that stays as it is.
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
	c.docs++
	return c.docs - 1
}

// merge adds a cut to others, without what they have already.
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
