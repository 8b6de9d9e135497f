package passage

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/shingle"
)

const (
	holders = 8 // a common fingerprint is tried with this many documents at most, its first holders
	places  = 8 // at most this many places of a fingerprint are tried in a document

	limitless = math.MaxInt

	// A fingerprint that more than formulaDocuments documents hold belongs to a
	// formula, unless two texts share at least formulaShared of them, as they do if
	// they share a run of 22 words. A formula is tried only with its first holders.
	formulaDocuments = 64
	formulaShared    = 6
)

// A trial is a fingerprint that the current text shares with a document.
type trial struct {
	doc    uint32
	pa, pb uint32 // first tokens of the fingerprint in the current text and in the document
	kind   kind
}

// A kind rates a shared fingerprint by how distinctive it is.
type kind uint8

const (
	usual   kind = iota
	rare         // few documents hold it
	formula      // many documents hold it, and others held it first
)

// Query returns the documents that share passages with a text, in the order in which
// they were added. The text need not be in the index; if it is, it is found too.
// Spans of skip are left out, as by [Index.Add].
func (ix *Index) Query(text string, skip ...shingle.Span) []Match {
	checkSkip(text, skip)
	t := ix.opts.Aligner.Prepare(text, skip...)
	var mine []posting // postings of the text, as if it were the only document
	for _, f := range appendFingerprints(nil, t, ix.opts.window()) {
		mine = append(mine, newPosting(f.hash, f.pos))
	}
	slices.SortFunc(mine, comparePostings)
	trials, docs := ix.candidates(mine)
	n := uint32(0)
	for _, tr := range trials {
		n = max(n, tr.doc+1)
	}
	g := groupings.Get().(*grouping)
	defer groupings.Put(g)
	found, _ := ix.opts.matches(g, t, func(doc uint32) *document { return docs[doc] }, int(n), trials)
	return found
}

// candidates returns the trials for the sorted fingerprints of a text, and the
// documents that they name.
func (ix *Index) candidates(mine []posting) ([]trial, map[uint32]*document) {
	ix.mu.RLock()
	if ix.store.sealed < len(ix.docs) {
		ix.mu.RUnlock()
		ix.mu.Lock()
		ix.store.seal(ix.docs, ix.opts.window())
		ix.mu.Unlock()
		ix.mu.RLock()
	}
	defer ix.mu.RUnlock()
	var trials []trial
	var held []posting
	common := ix.opts.maxDocuments()
	for k := 0; len(mine) > 0; mine = mine[k:] {
		hash := mine[0].hash()
		for k = 1; k < len(mine) && mine[k].hash() == hash; k++ {
		}
		var df int
		held, df = ix.store.holders(held[:0], hash, ix.docs, common)
		most := limitless
		if common > 0 && df > common {
			most = holders
		}
		kind := ix.opts.kind(df)
		if kind == formula {
			kind = usual // a queried text is compared with all holders
		}
		for _, m := range mine[:min(k, places)] {
			trials = propose(trials, m.at, held, &ix.store.numbers, kind, most)
		}
	}
	slices.SortFunc(trials, func(x, y trial) int { return cmp.Or(cmp.Compare(x.pa, y.pa), cmp.Compare(x.pb, y.pb)) })
	docs := map[uint32]*document{}
	for _, tr := range trials {
		docs[tr.doc] = ix.docs[tr.doc]
	}
	return trials, docs
}

// propose adds the trials of one fingerprint, which the current text has at the
// token pos, with the first documents of held, at most the number given by most.
func propose(trials []trial, pos uint32, held []posting, numbers *numbering, kind kind, most int) []trial {
	for i, n := 0, 0; i < len(held) && n < most; n++ {
		doc := numbers.doc(held[i].at)
		first, end := numbers.first[doc], numbers.first[doc+1]
		for k := 0; i < len(held) && held[i].at < end; i, k = i+1, k+1 {
			if k < places {
				trials = append(trials, trial{doc, pos, held[i].at - first, kind})
			}
		}
	}
	return trials
}

// sure is the number of shared rare fingerprints that is enough to align two texts
// whole, without first trying each fingerprint.
const sure = 6

// matches aligns a text with the documents that the trials name, which have numbers
// below n. The trials must be in the order of the text. It also returns the number
// of documents left out because they share only a few formulas.
func (o Options) matches(g *grouping, t *shingle.Text, docs func(uint32) *document, n int, trials []trial) ([]Match, int) {
	if len(trials) == 0 {
		return nil, 0
	}
	left := 0
	trials = g.sort(trials, n)
	var out []Match
	var seeds []shingle.Seed
	for i, k := 0, 0; i < len(trials); i = k {
		d := docs(trials[i].doc)
		seeds = seeds[:0]
		var of [formula + 1]int
		for k = i; k < len(trials) && trials[k].doc == trials[i].doc; k++ {
			seeds = append(seeds, shingle.Seed{A: int(trials[k].pa), B: int(trials[k].pb), N: gram})
			of[trials[k].kind]++
		}
		if len(seeds) == of[formula] && len(seeds) < formulaShared {
			left++
			continue
		}
		var ps []shingle.Passage
		whole := of[rare] >= sure && worthTokens*2*of[rare] >= t.Len()+d.text.Len()
		if !whole {
			ps = o.Aligner.AlignAt(t, d.text, seeds)
			whole = of[rare] > 0 && worthWhole(ps, t, d.text, trials[i:k])
		}
		if whole {
			ps = o.Aligner.AlignTexts(t, d.text)
		}
		if len(ps) > 0 {
			out = append(out, Match{d.id, ps})
		}
	}
	return out, left
}

// A grouping sorts trials by document, with one counter for each document.
type grouping struct {
	next   []uint32 // by document: 0, or the position of its next trial
	docs   []uint32
	sorted []trial
	spots  []uint64 // places in the current text, each with the fingerprint there
	trials []trial
}

var groupings = sync.Pool{New: func() any { return new(grouping) }}

// sort returns the trials by document, keeping the given order within each document.
// Documents have numbers below n.
func (g *grouping) sort(trials []trial, n int) []trial {
	if len(g.next) < n {
		g.next = make([]uint32, n+n/4)
	}
	g.docs = g.docs[:0]
	for _, t := range trials {
		if g.next[t.doc]++; g.next[t.doc] == 1 {
			g.docs = append(g.docs, t.doc)
		}
	}
	slices.Sort(g.docs)
	sum := uint32(0)
	for _, d := range g.docs {
		g.next[d], sum = sum, sum+g.next[d]
	}
	g.sorted = slices.Grow(g.sorted[:0], len(trials))[:len(trials)]
	for _, t := range trials {
		g.sorted[g.next[t.doc]] = t
		g.next[t.doc]++
	}
	for _, d := range g.docs {
		g.next[d] = 0
	}
	return g.sorted
}

// Two texts are aligned whole if their passages with rare fingerprints have this
// many tokens, or this share of the shorter text: passages edited too heavily to
// hold a fingerprint rarely occur without such passages.
const (
	wholeTokens = 24
	wholeShare  = .02
	worthTokens = 256
)

// worthWhole reports whether two texts with these passages are worth aligning whole.
func worthWhole(ps []shingle.Passage, a, b *shingle.Text, trials []trial) bool {
	sum, all := 0, 0
	for _, p := range ps {
		all += p.Matched
		for _, tr := range trials {
			if tr.kind != rare {
				continue
			}
			x, y := a.Token(int(tr.pa)).Start, b.Token(int(tr.pb)).Start
			if p.A.Start <= x && x < p.A.End && p.B.Start <= y && y < p.B.End {
				sum += p.Matched
				break
			}
		}
	}
	return sum >= wholeTokens && worthTokens*all >= a.Len()+b.Len() || sum > 0 && float64(sum) >= wholeShare*float64(min(a.Len(), b.Len()))
}

// Pairs yields every two documents that share a passage, with the passages: ordered
// by the first document, then the second, as they were added. When ctx is done, it
// yields an empty pair with the error of ctx, and ends. After the last pair it calls
// Options.LeftOut.
func (ix *Index) Pairs(ctx context.Context) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		docs, ps := ix.snapshot()
		s := newSearch(ix.opts, docs, ps)
		for d, matches := range s.all(ctx) {
			for _, m := range matches {
				if !yield(Pair{d.id, m.ID, m.Passages}, nil) {
					return
				}
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Pair{}, fmt.Errorf("passage: %w", err))
			return
		}
		if ix.opts.LeftOut != nil {
			ix.opts.LeftOut(int(s.left.Load()))
		}
	}
}

// A search looks for the pairs of a corpus. For every document it keeps which of its
// fingerprints can propose later documents.
type search struct {
	opts Options
	docs []*document
	postings
	from []uint32     // the fingerprints of document d are at[from[d]:from[d+1]]
	at   []uint32     // first posting of each fingerprint in its document, as an index in run
	kind []kind       // kind[i] is the kind of the fingerprint at[i] for its document
	left atomic.Int64 // pairs left out because they share only formulas
}

func newSearch(opts Options, docs []*document, ps postings) *search {
	s := &search{opts: opts, docs: docs, postings: ps, from: make([]uint32, len(docs)+1)}
	most := opts.maxDocuments()
	each := func(visit func(doc uint32, at int, kind kind)) {
		for i, df := range ps.fingerprints() {
			// The last document has no other after it; for a common fingerprint only the first
			// documents propose pairs.
			left := df - 1
			if most > 0 && df > most {
				left = min(left, holders)
			}
			for j, n := i, 0; n < left; n++ {
				kind := opts.kind(df)
				if kind == formula && n < holders && j-i < holders*places {
					kind = usual // a formula counts as usual for its first holders
				}
				doc := ps.docOf(j)
				visit(doc, j, kind)
				j = ps.after(j, doc)
			}
		}
	}
	each(func(doc uint32, _ int, _ kind) { s.from[doc+1]++ })
	for d := range docs {
		s.from[d+1] += s.from[d]
	}
	s.at, s.kind = make([]uint32, s.from[len(docs)]), make([]kind, s.from[len(docs)])
	free := slices.Clone(s.from)
	each(func(doc uint32, at int, kind kind) {
		s.at[free[doc]], s.kind[free[doc]] = uint32(at), kind
		free[doc]++
	})
	return s
}

// kind returns how distinctive a fingerprint is if the given number of documents
// hold it.
func (o Options) kind(documents int) kind {
	switch {
	case documents <= o.rare():
		return rare
	case documents > formulaDocuments && o.MaxDocuments >= 0:
		return formula
	}
	return usual
}

// later returns the matches of document d among the documents added after it.
func (s *search) later(d int, g *grouping) []Match {
	// The places of the fingerprints, in the order of the text.
	g.spots = g.spots[:0]
	first, end := s.first[d], s.first[d+1]
	for i := s.from[d]; i < s.from[d+1]; i++ {
		from := int(s.at[i])
		for k := from; k < min(from+places, len(s.run)) && s.run[k].at < end && s.same(k, from); k++ {
			g.spots = append(g.spots, uint64(s.run[k].at-first)<<32|uint64(i))
		}
	}
	slices.Sort(g.spots)
	trials := g.trials[:0]
	for _, spot := range g.spots {
		i := uint32(spot)
		from := s.after(int(s.at[i]), uint32(d))
		to := from + 1 // there is a later document with the fingerprint
		for to < len(s.run) && s.same(to, from) {
			to++
		}
		trials = propose(trials, uint32(spot>>32), s.run[from:to], &s.numbering, s.kind[i], limitless)
	}
	g.trials = trials
	found, left := s.opts.matches(g, s.docs[d].text, func(doc uint32) *document { return s.docs[doc] }, len(s.docs), trials)
	s.left.Add(int64(left))
	return found
}

// all yields the documents in order, each with its matches among the later ones,
// until ctx is done.
func (s *search) all(ctx context.Context) iter.Seq2[*document, []Match] {
	return func(yield func(*document, []Match) bool) {
		workers := s.opts.workers()
		batch := make([][]Match, 16*workers)
		scratch := make([]grouping, workers)
		for first := 0; first < len(s.docs); first += len(batch) {
			n := min(len(batch), len(s.docs)-first)
			s.fill(ctx, batch[:n], first, scratch)
			if ctx.Err() != nil {
				return
			}
			if s.opts.Progress != nil {
				s.opts.Progress(first+n, len(s.docs))
			}
			for i, m := range batch[:n] {
				if d := s.docs[first+i]; d != nil && len(m) > 0 && !yield(d, m) {
					return
				}
			}
		}
	}
}

// fill computes the matches of consecutive documents, until ctx is done, with a
// goroutine for each scratch.
func (s *search) fill(ctx context.Context, batch [][]Match, first int, scratch []grouping) {
	work := func(i int, g *grouping) {
		batch[i] = nil
		if s.docs[first+i] != nil && ctx.Err() == nil {
			batch[i] = s.later(first+i, g)
		}
	}
	if len(scratch) == 1 {
		for i := range batch {
			work(i, &scratch[0])
		}
		return
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for k := range scratch {
		wg.Go(func() {
			for i := range next {
				work(i, &scratch[k])
			}
		})
	}
	for i := range batch {
		next <- i
	}
	close(next)
	wg.Wait()
}
