package decon

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// The rule of GPT-3: see [GPT3].
const (
	gramWords  = 13  // words of a gram
	gramLimit  = 10  // largest number of documents that may hold a gram
	gramWindow = 200 // characters removed on either side of a gram
	leastPiece = 200 // least characters of a piece that is kept
	mostPieces = 10  // most pieces into which a document may be split
)

// A GPT3 finds items by the rule that filtered the training text of GPT-3, for
// comparison: a document collides with an item where both have the same 13 words in
// a row. Words are separated by white space, lower-cased and stripped of punctuation
// and symbols. Runs that more than 10 documents hold are ignored, items of fewer
// than 13 words are never found, and one changed word hides 13 runs. [CutGPT3] cuts
// collisions out of a document.
//
// Source: Brown et al., Language Models are Few-Shot Learners (2020), appendix C.
// The paper does not define punctuation.
//
// Its methods are safe for concurrent use. Make it with [NewGPT3].
type GPT3 struct {
	grams  map[string]uint32 // number of each run of 13 words in the items
	places [][]gramPlace     // places of each run in the items, by its number

	mu        sync.Mutex
	documents []int // number of documents that hold each run
	found     []collision
}

// A gramPlace is the position of a run in an item.
type gramPlace struct {
	item int
	part Part
	span shingle.Span
}

type collision struct {
	document int
	gram     uint32
	span     shingle.Span
}

// NewGPT3 returns a search for items.
func NewGPT3(items []Item) *GPT3 {
	g := &GPT3{grams: map[string]uint32{}}
	for i, it := range items {
		for part, text := range []string{it.Text, it.Answer} {
			eachGram(text, func(gram []byte, span shingle.Span) {
				n, ok := g.grams[string(gram)]
				if !ok {
					n = uint32(len(g.places))
					g.grams[string(gram)] = n
					g.places = append(g.places, nil)
				}
				g.places[n] = append(g.places[n], gramPlace{i, Part(part), span})
			})
		}
	}
	g.documents = make([]int, len(g.places))
	return g
}

// Add reads a document and reports whether it may collide with an item. Results are
// sorted by document number.
func (g *GPT3) Add(document int, text string) bool {
	var found []collision
	held := map[uint32]bool{}
	eachGram(text, func(gram []byte, span shingle.Span) {
		if n, ok := g.grams[string(gram)]; ok {
			held[n] = true
			found = append(found, collision{document, n, span})
		}
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := range held {
		g.documents[n]++
	}
	g.found = append(g.found, found...)
	return len(found) > 0
}

// Matches returns the collisions, one for each run of 13 words and each place of it
// in an item, ordered by document, then by position, then by item.
func (g *GPT3) Matches() []Match {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Match
	for _, c := range g.found {
		if g.documents[c.gram] > gramLimit {
			continue
		}
		for _, p := range g.places[c.gram] {
			out = append(out, Match{Document: c.document, Span: c.span, Item: p.item, Part: p.part, ItemSpan: p.span, Similarity: 1, Share: 1, Exact: true})
		}
	}
	slices.SortFunc(out, func(x, y Match) int {
		return cmp.Or(cmp.Compare(x.Document, y.Document), cmp.Compare(x.Span.Start, y.Span.Start),
			cmp.Compare(x.Item, y.Item), cmp.Compare(x.Part, y.Part), cmp.Compare(x.ItemSpan.Start, y.ItemSpan.Start))
	})
	return out
}

// CutGPT3 returns the pieces of a document that the rule keeps, given the spans of
// its collisions in ascending order of their starts: each collision is removed with
// 200 characters on either side, and pieces of fewer than 200 characters are
// dropped. A document that is split into more than 10 pieces is dropped whole, and
// removed is true.
func CutGPT3(text string, collisions []shingle.Span) (pieces []shingle.Span, removed bool) {
	split, from := 0, 0
	add := func(to int) {
		if to <= from {
			return
		}
		split++
		if utf8.RuneCountInString(text[from:to]) >= leastPiece {
			pieces = append(pieces, shingle.Span{Start: from, End: to})
		}
	}
	for _, c := range collisions {
		add(back(text, c.Start, gramWindow))
		from = max(from, forward(text, c.End, gramWindow))
	}
	add(len(text))
	if split > mostPieces {
		return nil, true
	}
	return pieces, false
}

// back returns the offset n characters before at, or 0 if there are fewer.
func back(text string, at, n int) int {
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}

// forward returns the offset n characters after at, or the length of the text if
// there are fewer.
func forward(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// eachGram calls f for every run of 13 words of a text. The bytes are valid during
// the call.
func eachGram(text string, f func(gram []byte, span shingle.Span)) {
	type word struct {
		shingle.Span
		at int // offset of the word in line
	}
	var words []word
	var line []byte // the words, each followed by a space
	for at := 0; at < len(text); {
		end, space := nextWord(text, at)
		if end == at {
			at += space
			continue
		}
		before := len(line)
		for _, r := range strings.ToLower(text[at:end]) {
			if !unicode.IsPunct(r) && !unicode.IsSymbol(r) {
				line = utf8.AppendRune(line, r)
			}
		}
		if len(line) > before {
			words = append(words, word{shingle.Span{Start: at, End: end}, before})
			line = append(line, ' ')
		}
		at = end
	}
	for i := range len(words) - gramWords + 1 {
		stop := len(line)
		if i+gramWords < len(words) {
			stop = words[i+gramWords].at
		}
		f(line[words[i].at:stop], shingle.Span{Start: words[i].Start, End: words[i+gramWords-1].End})
	}
}

// nextWord returns the end of the word that begins at an offset; at a space, it
// returns the offset itself and the length of the space.
func nextWord(text string, at int) (end, space int) {
	for end = at; end < len(text); {
		r, size := utf8.DecodeRuneInString(text[end:])
		if unicode.IsSpace(r) {
			return end, size
		}
		end += size
	}
	return end, 0
}
