// Package decon finds evaluation items in texts: which documents of a training
// corpus hold which questions and answers of a test set, where they are, and how
// much was changed.
//
//	ix := decon.New(items, decon.Options{})
//	search := ix.Search()
//	for _, d := range docs {
//		search.Add(d.ID, d.Text)
//	}
//	for _, m := range search.Matches() {
//		fmt.Println(m.Document, m.Item, m.Similarity)
//	}
//
// Case, accents, punctuation and layout do not count. Matches may have substituted,
// inserted and missing words, and a remark of about twenty words in the middle.
//
// # Method
//
// The items are indexed by their runs of three words. A document is read once: where
// enough runs of one item are close together, the item is aligned with that stretch,
// word by word, with a full dynamic program, so a match is never claimed from hashes
// alone. Runs that very many items share are indexed only for items that have few
// others.
//
// Whether an edited item matches is decided when all documents have been read: a
// word counts by its rarity in the corpus, -log2 of the share of documents that hold
// it, so "which of the following is" is not evidence that a question was copied. An
// item that occurs word for word is always reported.
//
// Texts of more than 400 words are searched for in parts of equal length.
//
// An answer shorter than [Options.MinTokens] is searched for only within
// [NearTokens] words of its question, word for word.
//
// Brown et al., Language Models are Few-Shot Learners (2020), appendix C, and the
// decon project of the Allen Institute for AI are the references; [GPT3] implements
// the rule of Brown et al.
package decon

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/shingle"
)

// An Item is one evaluation item. The zero Item matches nothing.
type Item struct {
	ID     string // names the item in matches; ids need not be distinct
	Text   string // the question, or the whole item
	Answer string // may be empty
}

// A Part is the part of an item that a match holds. The zero Part is Text.
type Part uint8

const (
	Text   Part = iota // Item.Text
	Answer             // Item.Answer
)

// String returns "text" or "answer".
func (p Part) String() string {
	if p == Answer {
		return "answer"
	}
	return "text"
}

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	// Shingler defines words: its Unit must be Words. Size and Multiset are ignored.
	Shingler shingle.Shingler

	// MinTokens is the minimum number of words of an item that is searched for on its own;
	// 0 means 8. New panics if it is below 3, because there would be no run to index.
	MinTokens int

	// Share is the minimum share of an item, weighted by the rarity of its words, that a
	// document must hold in one place and in order; 0 means 0.7. 1 finds only items
	// without a substituted or missing word.
	Share float64
}

const (
	// NearTokens is the largest distance in words between a question and a short answer.
	NearTokens = 64

	runLength    = 3   // number of words in a run
	commonRun    = 256 // a run shared by more items than this is common
	leastIndexed = 4   // number of runs of an item that are indexed even if they are common
	mostPostings = 1024
	mostWords    = 400 // largest number of words in an entry; aligning n words takes 1.5*n*n steps
)

// An Index holds items. It is immutable and safe for concurrent use. The zero Index
// holds none.
type Index struct {
	opts    Options
	items   []Item
	entries []entry
	words   map[uint64]uint32 // number of each token by its hash, from 1
	runs    map[uint64][]posting
	short   []int // for each item, 1 + the index in entries of its short answer; 0 if it has none
	stats   Stats
}

// An entry is the text or the answer of an item, or of several that are equal.
type entry struct {
	part    Part
	words   []uint32
	spans   []shingle.Span
	items   []int // items with this text or answer, ascending
	indexed int   // number of runs under which the entry is indexed
}

// A posting is the position of a run in an entry.
type posting struct{ entry, at uint32 }

// Stats describes an [Index]. The zero Stats describe an index without items.
type Stats struct {
	Items   int // items passed to New
	Short   int // items whose text is shorter than MinTokens: they are not searched for
	Texts   int // different texts and answers that are searched for on their own
	Words   int // distinct words
	Unfound int // texts with runs so common that none could be indexed
}

// New returns an index of items. It panics if an option is out of its range. Items
// that are too short are counted in [Stats].
func New(items []Item, o Options) *Index {
	switch {
	case o.Shingler.Unit != shingle.Words:
		panic("decon: the unit must be words")
	case o.MinTokens != 0 && o.MinTokens < runLength:
		panic(fmt.Sprintf("decon: MinTokens %d must be at least %d", o.MinTokens, runLength))
	case o.Share < 0 || o.Share > 1 || o.Share != o.Share:
		panic(fmt.Sprintf("decon: Share %v must be from 0 to 1", o.Share))
	}
	o.MinTokens = cmp.Or(o.MinTokens, 8)
	o.Share = math.Round(cmp.Or(o.Share, 0.7)*shareUnit) / shareUnit // rounded as it is when stored in a file
	ix := &Index{opts: o, items: slices.Clone(items), words: map[uint64]uint32{}, short: make([]int, len(items))}
	ix.stats.Items = len(items)
	b := builder{Index: ix, same: map[string]int{}}
	for i, it := range items {
		b.add(i, Text, it.Text)
		b.add(i, Answer, it.Answer)
	}
	ix.stats.Words = len(ix.words)
	ix.indexRuns()
	return ix
}

// A builder makes the entries of an Index.
type builder struct {
	*Index
	same   map[string]int // entry by part and words
	tokens []shingle.Token
	key    []byte
}

// add makes entries of the text or the answer of an item.
func (b *builder) add(item int, part Part, text string) {
	b.tokens = b.opts.Shingler.AppendTokens(b.tokens[:0], text)
	n := len(b.tokens)
	if n < b.opts.MinTokens {
		if part == Text {
			b.stats.Short++
		} else if n > 0 {
			b.entries = append(b.entries, b.entry(item, part, b.tokens))
			b.short[item] = len(b.entries)
		}
		return
	}
	pieces := (n + mostWords - 1) / mostWords
	for p := range pieces {
		e := b.entry(item, part, b.tokens[n*p/pieces:n*(p+1)/pieces])
		b.key = append(b.key[:0], byte(part))
		b.key = wire.AppendUint32s(b.key, e.words)
		if at, ok := b.same[string(b.key)]; ok {
			if have := &b.entries[at].items; (*have)[len(*have)-1] != item {
				*have = append(*have, item)
			}
			continue
		}
		b.same[string(b.key)] = len(b.entries)
		b.entries = append(b.entries, e)
		b.stats.Texts++
	}
}

func (b *builder) entry(item int, part Part, tokens []shingle.Token) entry {
	e := entry{part: part, items: []int{item}}
	for _, t := range tokens {
		e.words = append(e.words, b.number(t.Hash))
		e.spans = append(e.spans, t.Span)
	}
	return e
}

// number returns the number of a token, and assigns one if it has none.
func (ix *Index) number(hash uint64) uint32 {
	n, ok := ix.words[hash]
	if !ok {
		n = uint32(len(ix.words) + 1)
		ix.words[hash] = n
	}
	return n
}

// indexRuns chooses the runs by which entries are found: all that are not common
// and, for an entry with few of these, its least common ones.
func (ix *Index) indexRuns() {
	holders := map[uint64]int{}
	long := func(e *entry) bool { return len(e.words) >= ix.opts.MinTokens }
	for i := range ix.entries {
		if e := &ix.entries[i]; long(e) {
			for at := range len(e.words) - runLength + 1 {
				holders[runKey(e.words[at:])]++
			}
		}
	}
	ix.runs = make(map[uint64][]posting, len(holders))
	for i := range ix.entries {
		e := &ix.entries[i]
		if !long(e) {
			continue
		}
		places := make([]int, len(e.words)-runLength+1)
		for at := range places {
			places[at] = at
		}
		slices.SortStableFunc(places, func(x, y int) int {
			return cmp.Compare(holders[runKey(e.words[x:])], holders[runKey(e.words[y:])])
		})
		for _, at := range places {
			key := runKey(e.words[at:])
			if n := holders[key]; n > commonRun && e.indexed >= leastIndexed || len(ix.runs[key]) >= mostPostings {
				continue
			}
			ix.runs[key] = append(ix.runs[key], posting{uint32(i), uint32(at)})
			e.indexed++
		}
		if e.indexed == 0 {
			ix.stats.Unfound++
		}
	}
}

// runKey returns the key of the run at the start of words. Different runs may have
// equal keys; the alignment that follows rejects false hits.
func runKey(words []uint32) uint64 {
	const m1, m2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	k := uint64(words[0])*m1 + uint64(words[1])
	k = (k^k>>29)*m2 + uint64(words[2])
	return k * m1
}

// Stats returns figures about the index.
func (ix *Index) Stats() Stats { return ix.stats }

// Items returns the items of the index, which must not be modified.
func (ix *Index) Items() []Item { return ix.items }

// The errors of [Read], always wrapped.
var (
	ErrFormat  = wire.ErrFormat  // not an index of items
	ErrVersion = wire.ErrVersion // written by a later version
	ErrCorrupt = wire.ErrCorrupt // damaged or cut short
)

const (
	magic   = "nbdc"
	version = 1
)

// AppendBinary appends the items and the options to dst, in the format that
// FORMAT.md describes; the error is always nil. [Index.UnmarshalBinary] rebuilds the
// index of runs, which takes a few microseconds per item, so a file does not depend
// on how texts are split into words.
func (ix *Index) AppendBinary(dst []byte) ([]byte, error) {
	start := len(dst)
	dst = wire.AppendHeader(dst, magic, version)
	accents := byte(0)
	if ix.opts.Shingler.KeepAccents {
		accents = 1
	}
	dst = append(dst, accents)
	dst = binary.AppendUvarint(dst, uint64(ix.opts.MinTokens))
	dst = binary.AppendUvarint(dst, uint64(ix.opts.Share*shareUnit))
	dst = binary.AppendUvarint(dst, uint64(len(ix.items)))
	for _, it := range ix.items {
		dst = wire.AppendString(dst, it.ID)
		dst = wire.AppendString(dst, it.Text)
		dst = wire.AppendString(dst, it.Answer)
	}
	return wire.AppendChecksum(dst, start), nil
}

// shareUnit is the resolution of Options.Share in a file.
const shareUnit = 1 << 16

// MarshalBinary returns the bytes that [Index.AppendBinary] appends.
func (ix *Index) MarshalBinary() ([]byte, error) { return ix.AppendBinary(nil) }

// UnmarshalBinary replaces ix by the encoded index. The error wraps [ErrFormat],
// [ErrVersion] or [ErrCorrupt]; ix is then unchanged. Memory is proportional to the
// bytes present, not to declared lengths.
func (ix *Index) UnmarshalBinary(data []byte) error {
	r, _, err := wire.Open(data, magic, version)
	if err != nil {
		return fmt.Errorf("decon: %w", err)
	}
	accents, least, share := r.Byte(), r.Uvarint(), r.Uvarint()
	items := make([]Item, 0, r.Count(3))
	for range cap(items) {
		items = append(items, Item{r.String(), r.String(), r.String()})
	}
	if accents > 1 || least < runLength || least > 1<<30 || share == 0 || share > shareUnit || r.Len() > 0 {
		r.Failf("options or length out of range")
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("decon: %w", err)
	}
	*ix = *New(items, Options{
		Shingler:  shingle.Shingler{KeepAccents: accents == 1},
		MinTokens: int(least),
		Share:     float64(share) / shareUnit,
	})
	return nil
}

// IsIndex reports whether data begins like the output of [Index.AppendBinary].
func IsIndex(data []byte) bool { return len(data) >= len(magic) && string(data[:len(magic)]) == magic }
