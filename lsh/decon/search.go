package decon

import (
	"cmp"
	"slices"
	"sync"

	"github.com/neardup/neardup/internal/intlog"
	"github.com/neardup/neardup/shingle"
)

// A Search reads documents and collects the places that may hold items. Its methods
// are safe for concurrent use, and its results depend only on the numbers of the
// documents, not on the order of calls. It keeps 4 bytes for each word of the items
// and about 100 for each place that may match, but no text. Make one with
// [Index.Search].
type Search struct {
	ix *Index

	mu        sync.Mutex
	documents int      // number of documents that have a word
	holders   []uint32 // number of documents that hold each word, by the number of the word
	found     []found
	free      []*reader
}

// A found is a place in a document that may hold an entry.
type found struct {
	document int
	entry    uint32
	span     shingle.Span
	first    int    // first word of the entry that was found in the document
	last     int    // last word of the entry that was found in the document
	matched  []bool // whether the document has each word of the entry; nil if it has all of them
	words    int    // number of words of the document from the first to the last matched one
	answers  []nearAnswer
}

// A nearAnswer is the short answer of an item next to its question.
type nearAnswer struct {
	item int
	span shingle.Span
}

// Search returns a search for the items in the documents that are added to it.
func (ix *Index) Search() *Search {
	return &Search{ix: ix, holders: make([]uint32, len(ix.words)+1)}
}

// Add reads a document and reports whether it may hold an item. Document numbers may
// be chosen freely; results are sorted by number. The text is not kept.
func (s *Search) Add(document int, text string) bool {
	s.mu.Lock()
	var r *reader
	if n := len(s.free); n > 0 {
		r, s.free = s.free[n-1], s.free[:n-1]
	} else {
		r = &reader{ix: s.ix, seen: make([]bool, len(s.ix.words)+1)}
	}
	s.mu.Unlock()
	places := r.read(document, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.tokens) > 0 {
		s.documents++
	}
	for _, w := range r.distinct {
		s.holders[w]++
		r.seen[w] = false
	}
	s.found = append(s.found, places...)
	s.free = append(s.free, r)
	return len(places) > 0
}

// A Match is an item that a document holds.
type Match struct {
	Document int
	Span     shingle.Span // a span of the document's text

	Item     int // index of the item
	Part     Part
	ItemSpan shingle.Span // a span of the item's text or answer: from its first word found to its last

	// Similarity is twice the number of words that the two spans have in common, in
	// order, divided by the number of words in the whole text or answer plus those in
	// Span.
	Similarity float64
	// Share is the share of the item in Span, each word weighted by its rarity.
	Share float64
	Exact bool // word for word
}

// Matches returns the items that the documents hold, ordered by document, then by
// position, then by item. Call it after all documents were added, because only then
// is the rarity of words known.
func (s *Search) Matches() []Match {
	s.mu.Lock()
	defer s.mu.Unlock()
	weight := make([]int64, len(s.holders))
	all := intlog.Log2(uint64(s.documents + 2))
	for w, n := range s.holders {
		// Two documents are added to the counts: the item itself, so that no word
		// has a count of zero, and one without the word, so that words have a weight
		// even in a corpus of one document.
		weight[w] = all - intlog.Log2(uint64(max(n, 1)+1))
	}
	// Common words are evidence if a document is unlikely to have them by chance: they
	// need one and a half times the information that it takes to name one of all
	// documents.
	evidence := all + all/2
	var out []Match
	for _, f := range s.found {
		e := &s.ix.entries[f.entry]
		m := Match{Document: f.document, Span: f.span, Part: e.part, ItemSpan: shingle.Span{Start: e.spans[f.first].Start, End: e.spans[f.last].End}}
		if f.matched == nil {
			m.Similarity, m.Share, m.Exact = 1, 1, true
		} else {
			n, have, whole := 0, int64(0), int64(0)
			for i, w := range e.words {
				whole += weight[w]
				if f.matched[i] {
					have += weight[w]
					n++
				}
			}
			m.Similarity = 2 * float64(n) / float64(len(e.words)+f.words)
			if have < evidence {
				continue
			}
			if m.Share = float64(have) / float64(whole); m.Share < s.ix.opts.Share {
				continue
			}
		}
		for _, item := range e.items {
			m.Item = item
			out = append(out, m)
		}
		for _, a := range f.answers {
			answer := s.ix.entries[s.ix.short[a.item]-1].spans
			out = append(out, Match{
				Document: f.document, Span: a.span, Item: a.item, Part: Answer,
				ItemSpan:   shingle.Span{Start: answer[0].Start, End: answer[len(answer)-1].End},
				Similarity: 1, Share: 1, Exact: true,
			})
		}
	}
	slices.SortFunc(out, func(x, y Match) int {
		return cmp.Or(cmp.Compare(x.Document, y.Document), cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.Span.End, y.Span.End),
			cmp.Compare(x.Item, y.Item), cmp.Compare(x.Part, y.Part), cmp.Compare(y.Share, x.Share))
	})
	return slices.CompactFunc(out, func(x, y Match) bool {
		return x.Document == y.Document && x.Span == y.Span && x.Item == y.Item && x.Part == y.Part
	})
}

// A reader finds the places in one document after the other.
type reader struct {
	ix       *Index
	tokens   []shingle.Token
	words    []uint32 // number of each token of the document; 0 if no item has it
	seen     []bool   // whether the document has a word, by the number of the word
	distinct []uint32 // numbers of the words seen
	hits     []hit
	count    []uint16
	align    aligner
}

// A hit is a run of an entry in the document.
type hit struct{ entry, at, run uint32 } // at: first word in the document; run: first word in the entry

// chunk is the number of words that are processed together, so that a text takes no
// more memory than its words and the postings of that many runs.
const chunk = 2048

// read returns the places of a document that may hold an entry.
func (r *reader) read(document int, text string) (places []found) {
	ix := r.ix
	r.tokens = ix.opts.Shingler.AppendTokens(r.tokens[:0], text)
	r.words, r.distinct = r.words[:0], r.distinct[:0]
	for _, t := range r.tokens {
		w := ix.words[t.Hash]
		r.words = append(r.words, w)
		if w != 0 && !r.seen[w] {
			r.seen[w] = true
			r.distinct = append(r.distinct, w)
		}
	}
	// Hits of one entry are processed together while they are close to each other; those
	// that began near the end of a chunk wait for the next chunk.
	r.hits = r.hits[:0]
	for start := 0; start < len(r.words); start += chunk {
		end := min(start+chunk, len(r.words))
		for i := start; i < end && i+runLength <= len(r.words); i++ {
			w := r.words[i : i+runLength]
			if w[0] == 0 || w[1] == 0 || w[2] == 0 {
				continue
			}
			for _, p := range ix.runs[runKey(w)] {
				r.hits = append(r.hits, hit{p.entry, uint32(i), p.at})
			}
		}
		slices.SortFunc(r.hits, func(x, y hit) int {
			return cmp.Or(cmp.Compare(x.entry, y.entry), cmp.Compare(x.at, y.at), cmp.Compare(x.run, y.run))
		})
		rest := r.hits[:0]
		for h := r.hits; len(h) > 0; {
			n := 1
			for n < len(h) && h[n].entry == h[0].entry {
				n++
			}
			left, p := r.entry(document, h[:n], end)
			places = append(places, p...)
			rest = append(rest, left...)
			h = h[n:]
		}
		r.hits = rest
	}
	return places
}

// window returns the number of words of a document that an entry of n words may
// take: half as many again and a few more, or an inserted remark of twenty words and
// a few more.
func window(n int) int { return n + max(n/2+8, 28) }

// entry aligns an entry with the stretches that hold enough of its runs. hits are
// ascending; it returns the hits that a later chunk may add to.
func (r *reader) entry(document int, hits []hit, end int) (left []hit, places []found) {
	e := &r.ix.entries[hits[0].entry]
	width := window(len(e.words))
	need := max(1, (e.indexed*15+99)/100)
	r.count = append(r.count[:0], make([]uint16, len(e.words))...) // count of each run in the window
	distinct, next := 0, 0                                         // the window is hits[:next]
	free := 0                                                      // words before free already belong to a place
	shift := func() {
		if r.count[hits[0].run]--; r.count[hits[0].run] == 0 {
			distinct--
		}
		hits = hits[1:]
		next--
	}
	for len(hits) > 0 {
		from := int(hits[0].at)
		if from+width > end && end < len(r.words) {
			return hits, places
		}
		for next < len(hits) && int(hits[next].at) < from+width {
			if r.count[hits[next].run]++; r.count[hits[next].run] == 1 {
				distinct++
			}
			next++
		}
		if distinct < need {
			shift()
			continue
		}
		// The entry may begin before the first run, by at most the number of words that
		// precede the run in it.
		lead := int(hits[0].run)
		start := max(free, from-lead-lead/2-8)
		f, last, ok := r.place(e, start, min(len(r.words), from+width))
		if ok {
			f.document, f.entry = document, hits[0].entry
			places = append(places, f)
			free = last + 1
		} else {
			last = from + width/4 // the next attempt begins after this word
		}
		for len(hits) > 0 && int(hits[0].at) <= last {
			if next == 0 {
				hits = hits[1:]
			} else {
				shift()
			}
		}
	}
	return nil, places
}

// place aligns an entry with the words from start to stop of the document. It
// returns the last common word.
func (r *reader) place(e *entry, start, stop int) (f found, last int, ok bool) {
	pairs := r.align.align(e.words, r.words[start:stop])
	if 2*len(pairs) < len(e.words) {
		return found{}, 0, false
	}
	head, tail := pairs[0], pairs[len(pairs)-1]
	first, last := start+head.b, start+tail.b
	f = found{
		span:  shingle.Span{Start: r.tokens[first].Start, End: r.tokens[last].End},
		first: head.a, last: tail.a,
		words: last - first + 1,
	}
	if len(pairs) < len(e.words) || f.words > len(e.words) {
		f.matched = make([]bool, len(e.words))
		for _, p := range pairs {
			f.matched[p.a] = true
		}
	}
	if e.part == Text {
		f.answers = r.answers(e, first, last)
	}
	return f, last, true
}

// answers finds the short answers of the items of an entry near words first to last
// of the document: after them if possible, otherwise before them.
func (r *reader) answers(e *entry, first, last int) (out []nearAnswer) {
	for _, item := range e.items {
		at := r.ix.short[item]
		if at == 0 {
			continue
		}
		answer := r.ix.entries[at-1].words
		n := len(answer)
		found := -1
		for i := last + 1; i <= last+NearTokens && i+n <= len(r.words) && found < 0; i++ {
			if slices.Equal(r.words[i:i+n], answer) {
				found = i
			}
		}
		for i := first - n; i >= 0 && i >= first-NearTokens && found < 0; i-- {
			if slices.Equal(r.words[i:i+n], answer) {
				found = i
			}
		}
		if found >= 0 {
			out = append(out, nearAnswer{item, shingle.Span{Start: r.tokens[found].Start, End: r.tokens[found+n-1].End}})
		}
	}
	return out
}
