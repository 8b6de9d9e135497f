package shingle

import (
	"math"
	"slices"
	"sync"

	"github.com/neardup/neardup/internal/align"
)

// An Aligner finds the passages that two texts share. The zero value is ready to
// use. An Aligner is a plain value: it may be copied, and used by any number of
// goroutines.
//
// Texts are compared token by token, so case, typography, punctuation and line
// breaks do not matter. A passage may hold substituted, inserted, deleted and
// swapped words, and parts that were moved within a paragraph. Passages may come in
// any order, and may overlap in one text if the other repeats itself. Swapping the
// texts only swaps the sides of the passages.
//
// # Method and bounds
//
// Shared runs of three words are seeds (four if a text has more than 20,000 tokens,
// five if it has more than 200,000; in scripts without spaces, a number of tokens of
// the same weight). The longest seed is extended to both sides with affine gaps (2
// for an equal token, -1 for an unequal one, -2 for the first token of a gap and -1
// for each further one) until the score has fallen by Drop; then the longest seed
// that no extension has passed through is extended, and so on. Alignments that are
// close together in both texts are joined if their score outweighs the cost of the
// gap.
//
// A run of MinTokens equal tokens or more is always found, unless every 12
// consecutive tokens of it occur at more than 64 pairs of places; only the first few
// places are examined then. (In texts made of a handful of different words, a run may
// be displaced by a better alignment of the same tokens.) Time and memory are linear
// in the two texts: the work stops after 64 steps per token, and the passages found
// so far are returned. Only texts made for the purpose reach this limit.
type Aligner struct {
	// Shingler defines tokens by its Unit and its folding. Size and Multiset are
	// ignored.
	Shingler Shingler
	// MinTokens is the minimum length of a passage: the number of equal tokens in scripts
	// that separate words, and the equivalent number of English words in other scripts,
	// by the weights of [Text.Weights]; 0 means 12.
	MinTokens int
	// MaxGap is the largest number of tokens, on either side, that may lie between two
	// shared stretches of one passage; 0 means 25; with a negative value, only gaps
	// that Drop allows are bridged. Across a paragraph break the limit is at most 8.
	// The limit is four times as large if one text continues within a paragraph and
	// only the other has text in between, such as an inserted line or a clause that the
	// first leaves out.
	MaxGap int
	// MaxDrift is the largest difference in length between the two sides of such a gap;
	// it is four times as large wherever MaxGap is. 0 means 25, negative none.
	MaxDrift int
	// Drop is how far the score of an alignment may fall below its best before the
	// alignment ends: about the number of consecutive unequal tokens that are tolerated,
	// at most 30. 0 means 8.
	Drop int
	// Copies selects how to report a passage that one text holds several times.
	Copies Copies
	// Snap selects where a passage may end.
	Snap Snap
}

// Copies selects how to report a passage that a text holds several times.
type Copies uint8

const (
	// CoverCopies maps each copy to one counterpart: every shared stretch of
	// either text is in a passage, and two copies in each text make two
	// passages, not four.
	CoverCopies Copies = iota
	// BestCopy uses no stretch of either text twice: a passage that occurs once in one
	// text and three times in the other is reported once.
	BestCopy
	// EveryCopy reports every pair of copies (at most 64 pairs for a phrase).
	EveryCopy
)

// Snap selects where the edges of a passage lie. Except for the trimming of
// [SnapNear], edges only move outwards.
type Snap uint8

const (
	// SnapNear ends a passage at its last equal token, but includes the rest of a
	// paragraph if that is about one token in both texts (two if it has 16 equal tokens
	// or more, three if it has 32), so that a paragraph whose last word was changed is
	// included whole. It does the same with a sentence if the passage is edited anyway.
	// It leaves out equally few tokens that reach into another paragraph, parts of a
	// number, and a single token that reaches into another sentence or clause if both
	// texts also have it elsewhere.
	SnapNear Snap = iota
	// SnapNone ends a passage at its last equal token.
	SnapNone
	// SnapSentence includes the whole of every sentence touched. A sentence ends at a
	// stop followed by a space, or at an ideographic stop, but not after an initial or a
	// title, or before a lower-case letter.
	SnapSentence
	// SnapParagraph includes the whole of every paragraph touched.
	SnapParagraph
)

// A Passage is a stretch that two texts share.
type Passage struct {
	A, B Span // byte ranges in the texts; they never split a token
	// Tokens is the number of tokens of the longer side.
	Tokens int
	// Matched is the number of tokens that the two sides have in common, in order; for a
	// moved passage, in the order within each part.
	Matched int
	// Similarity is 2*Matched divided by the tokens of both sides: 1 for equal
	// sides, the share of equal tokens for edited ones.
	Similarity float64
	// Exact reports that the two sides are equal token by token: they differ at most in
	// case, typography, punctuation and space.
	Exact bool
	// Moved reports that parts of the passage, such as its sentences, are in a
	// different order in B.
	Moved bool
	// Template reports that the sides are the same wording around different content,
	// such as the results of two companies: at least a quarter of the difference is
	// numbers and names in slots that both sides fill, or a third if there is only one
	// slot. At a Similarity of .8 or more it must be two thirds, with a slot for every
	// 8 equal tokens, because a passage with fewer slots is one text whose figures were
	// updated. A word counts as a name by its capital letter, so in scripts without
	// capitals only numbers count.
	Template bool
}

// A Text is a text with its tokens, ready to be aligned with others. It must not be
// changed, and may be used by any number of goroutines. It takes 7.1 bytes per token
// in addition to the text, 8.1 in scripts without spaces. Make one with
// [Aligner.Prepare].
type Text struct {
	text   string
	skip   []Span
	sh     Shingler
	ids    []uint32
	base   []uint32          // byte offset of every 64th token
	starts []uint16          // start of each token, relative to its entry of base
	far    []uint32          // start of each token; nil if base and starts suffice
	size   []uint8           // length of each token in bytes, at most longToken
	ends   map[uint32]uint32 // ends of the tokens of longToken bytes or more

	weights []uint8 // weight of each token; nil if all are words
	weight  int     // sum of the weights

	once   sync.Once
	breaks []uint32
	first  []uint32 // for every 64th token: the number of breaks before it
}

// A Seed means that token A of one text and token B of another begin the same N
// tokens; see [Aligner.AlignAt].
type Seed struct{ A, B, N int }

// Prepare tokenizes a text once for any number of alignments. The spans of skip are
// left out as by [Shingler.AppendTokens], as if the text did not contain them, so a
// passage may run across one. It panics if the text is longer than 2 GiB.
func (al Aligner) Prepare(text string, skip ...Span) *Text {
	sh := al.Shingler
	sh.Size, sh.Multiset = 0, false // they do not change the tokens
	buf := tokenBuffers.Get().(*[]Token)
	defer tokenBuffers.Put(buf)
	*buf = sh.AppendTokens((*buf)[:0], text, skip...)
	t := newText(sh, text, *buf)
	t.skip = slices.Clone(skip)
	return t
}

var tokenBuffers = sync.Pool{New: func() any { return new([]Token) }}

func newText(sh Shingler, text string, tokens []Token) *Text {
	if int64(len(text)) > math.MaxInt32 {
		panic("shingle: the text is longer than 2 GiB")
	}
	n := len(tokens)
	t := &Text{text: text, sh: sh, base: make([]uint32, (n+63)/64), starts: make([]uint16, n), size: make([]uint8, n)}
	t.ids = make([]uint32, n)
	for i, tok := range tokens {
		t.ids[i] = uint32(tok.Hash >> 32)
		if i%64 == 0 {
			t.base[i/64] = uint32(tok.Start)
		}
		off := tok.Start - int(t.base[i/64])
		if off > math.MaxUint16 && t.far == nil {
			t.far = make([]uint32, n)
			for k := range i {
				t.far[k] = t.base[k/64] + uint32(t.starts[k])
			}
		}
		if t.far != nil {
			t.far[i] = uint32(tok.Start)
		}
		t.starts[i], t.size[i] = uint16(off), uint8(min(tok.End-tok.Start, longToken))
		if t.size[i] == longToken {
			if t.ends == nil {
				t.ends = map[uint32]uint32{}
			}
			t.ends[uint32(i)] = uint32(tok.End)
		}
	}
	t.weigh()
	return t
}

func (t *Text) seq() align.Seq { return align.Seq{IDs: t.ids, Breaks: t.paragraphs} }

// paragraphs returns the tokens that begin a paragraph. It is computed on demand,
// because most texts of a corpus share nothing.
func (t *Text) paragraphs() []uint32 {
	t.once.Do(func() {
		i := 0
		for p := range Paragraphs(t.text) {
			for i < t.Len() && t.start(i) < p.Start {
				i++
			}
			if i < t.Len() && t.start(i) < p.End {
				t.breaks = append(t.breaks, uint32(i))
			}
		}
		t.first = make([]uint32, len(t.base))
		n := 0
		for k := range t.first {
			for n < len(t.breaks) && int(t.breaks[n]) < 64*k {
				n++
			}
			t.first[k] = uint32(n)
		}
	})
	return t.breaks
}

// breakFrom returns the number of the first break at token i or after it, or
// len(breaks) if there is none.
func (t *Text) breakFrom(i int) int {
	breaks := t.paragraphs()
	if i >= t.Len() {
		return len(breaks)
	}
	k := int(t.first[uint(i)/64])
	for k < len(breaks) && int(breaks[k]) < i {
		k++
	}
	return k
}

// String returns the text as given.
func (t *Text) String() string { return t.text }

// Len returns the number of tokens.
func (t *Text) Len() int { return len(t.starts) }

// Token returns the span of token i.
func (t *Text) Token(i int) Span { return Span{t.start(i), t.end(i)} }

// The end of a token of longToken bytes or more is stored separately, in Text.ends.
const longToken = 255

// start returns the offset at which token i begins; end, at which it ends.
func (t *Text) start(i int) int {
	if t.far != nil {
		return int(t.far[i])
	}
	return int(t.base[uint(i)/64]) + int(t.starts[i])
}

// between returns where token i-1 ends and token i begins.
func (t *Text) between(i int) (from, to int) {
	n := t.size[i-1]
	if uint(i)%64 == 0 || t.far != nil || n == longToken {
		return t.end(i - 1), t.start(i)
	}
	base := int(t.base[uint(i)/64])
	return base + int(t.starts[i-1]) + int(n), base + int(t.starts[i])
}

func (t *Text) end(i int) int {
	if n := t.size[i]; n < longToken {
		return t.start(i) + int(n)
	}
	return int(t.ends[uint32(i)])
}

// Tokens returns a number for each token, equal where the tokens are equal: 32 bits
// of the token's hash. The slice must not be modified.
func (t *Text) Tokens() []uint32 { return t.ids }

// Align returns the passages that a and b share, in the order of a.
func (al Aligner) Align(a, b string) []Passage {
	return al.AlignTexts(al.Prepare(a), al.Prepare(b))
}

// AlignTexts is like [Aligner.Align], but takes prepared texts. It panics if the
// texts were prepared with different Shinglers. To align one text with many, pass it
// as a in consecutive calls, which is cheapest.
func (al Aligner) AlignTexts(a, b *Text) []Passage {
	return al.align(a, b, nil)
}

// AlignAt is like [Aligner.AlignTexts], but looks only around the given seeds, such
// as those found by an index of a whole corpus: the cost depends on the amount of
// shared text, not on the length of the texts. A seed whose tokens are unequal or out
// of range is ignored.
func (al Aligner) AlignAt(a, b *Text, seeds []Seed) []Passage {
	runs := make([]align.Run, 0, len(seeds))
	for _, s := range seeds {
		if 0 <= s.A && s.A < a.Len() && 0 <= s.B && s.B < b.Len() && s.N <= a.Len() {
			runs = append(runs, align.Run{A: int32(s.A), B: int32(s.B), N: int32(max(s.N, 1))})
		}
	}
	return al.align(a, b, runs)
}

var engines = sync.Pool{New: func() any { return new(align.Engine) }}

func (al Aligner) align(a, b *Text, seeds []align.Run) []Passage {
	if a.sh != b.sh {
		panic("shingle: the texts were prepared with different shinglers")
	}
	e := engines.Get().(*align.Engine)
	defer engines.Put(e)
	e.Params = al.params()
	e.Gram, e.Worth, e.LocalMin = scale(a, b, 3), 2*scale(a, b, min(e.Min, 8)), scale(a, b, e.LocalMin)
	var chains []align.Chain
	if seeds == nil {
		chains = e.Align(a.seq(), b.seq())
	} else {
		chains = e.AlignAt(a.seq(), b.seq(), seeds)
	}
	var out []Passage
	for _, c := range chains {
		if !long(a, c, e.Min) {
			continue // most are too short, and the next steps only shorten them
		}
		if !c.Moved {
			c = al.Snap.trim(a, b, c, e.Min)
		}
		if long(a, c, e.Min) {
			out = append(out, al.passage(a, b, c))
		}
	}
	return al.merge(a, b, out)
}

func (al Aligner) params() align.Params {
	if al.MinTokens < 0 || al.Drop < 0 {
		panic("shingle: MinTokens and Drop must not be negative")
	}
	or := func(v, otherwise int) int {
		switch {
		case v == 0:
			return otherwise
		case v < 0:
			return 0
		}
		return v
	}
	p := align.Params{
		Min: or(al.MinTokens, 12), Gap: or(al.MaxGap, 25), Drift: or(al.MaxDrift, 25),
		ParGap: 8, Drop: or(al.Drop, 8), Copies: align.Copies(al.Copies), Density: .3,
	}
	p.LocalMin = min(2*p.Min, 8)
	return p
}

// passage makes a passage from a chain: it moves the edges and computes the spans
// and figures.
func (al Aligner) passage(a, b *Text, c align.Chain) Passage {
	p := Passage{Matched: int(c.Matched), Moved: c.Moved}
	ea, eb := edges{a, int(c.A0), int(c.A1)}, edges{b, int(c.B0), int(c.B1)}
	al.Snap.move(&ea, &eb, p.Matched, len(c.Runs) == 1)
	na, nb := ea.to-ea.from, eb.to-eb.from
	p.Tokens = max(na, nb)
	p.Similarity = 2 * float64(p.Matched) / float64(na+nb)
	p.A, p.B = ea.span(), eb.span()
	al.Snap.widen(&ea, &eb, &p)
	p.Exact = na == nb && p.Matched == na && sameTokens(a, b, p)
	p.Template = !p.Exact && !p.Moved && template(ea, eb, c.Runs, p.Matched)
	return p
}

// sameTokens compares the full hashes of the tokens on both sides. Aligning compared
// only 32 bits of each.
func sameTokens(a, b *Text, p Passage) bool {
	if p.A.Of(a.text) == p.B.Of(b.text) && slices.Equal(a.skipInside(p.A), b.skipInside(p.B)) {
		return true
	}
	x, y := a.inside(p.A), b.inside(p.B)
	defer tokenBuffers.Put(x)
	defer tokenBuffers.Put(y)
	return slices.EqualFunc(*x, *y, func(s, t Token) bool { return s.Hash == t.Hash })
}

// inside tokenizes a part of the text, into a buffer from the pool.
func (t *Text) inside(s Span) *[]Token {
	buf := tokenBuffers.Get().(*[]Token)
	*buf = t.sh.AppendTokens((*buf)[:0], s.Of(t.text), t.skipInside(s)...)
	return buf
}

// skipInside returns the skipped spans within a part of the text, relative to the
// part.
func (t *Text) skipInside(s Span) (skip []Span) {
	for _, k := range t.skip {
		if k.End > s.Start && k.Start < s.End {
			skip = append(skip, Span{max(k.Start-s.Start, 0), min(k.End-s.Start, s.Len())})
		}
	}
	return skip
}

// merge drops passages that have become equal because their edges moved.
func (al Aligner) merge(a, b *Text, ps []Passage) []Passage {
	slices.SortFunc(ps, comparePassages)
	return slices.CompactFunc(ps, func(p, q Passage) bool { return p.A == q.A && p.B == q.B })
}
