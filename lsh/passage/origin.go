package passage

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// OriginOptions says how [Index.Origins] counts. The zero value is ready to use.
type OriginOptions struct {
	// Share is the least share of a document's own text which an earlier holder
	// covers, from which the document is no origin; 0 means .5.
	Share float64
}

// Origins is who had what first, as far as the times of the documents show it.
type Origins struct {
	Passages  []Origin
	Documents []Source // those with text that is elsewhere, in the order in which they were added
}

// An Origin is a passage with its holders, in the order of time.
type Origin struct {
	// First is the number of the holder that had the passage first, -1 where the
	// times do not show it: where a holder has none, or the earliest two are equal.
	First int
	// Documents is the number of different documents that hold the passage.
	Documents int
	// Origins is the number of them that did not take most of their text from an
	// earlier holder: who quotes the passage in a text of his own is an origin.
	Origins int
	Tokens  int // of the passage in its representative
	Holders []Holder
}

// A Holder is one place of a passage.
type Holder struct {
	Member
	// From is the number of an earlier holder from which the passage may come, -1 if
	// there is none: the earlier holder that covers most of the document, if that is
	// the share that makes it no origin, or else the first one.
	From int
	// Cites are the cues of attribution in the passage and next to it.
	Cites []Cite
}

// A Source reports how much of a document is elsewhere.
type Source struct {
	ID string
	// Elsewhere is the share of the document's own text that passages of other
	// documents cover: of earlier ones where times show it, and of any where not.
	Elsewhere float64
	From      []string // those documents, the one that covers most first
}

// Origins finds the passages that recur, as [Index.Groups] does, and for each of
// them who had it first, who may have taken it from whom, and how many origins it
// has. Only times that were given to AddAt decide: ties and missing times are
// reported as such. A document whose holder is unknown is an origin.
//
// Whether a document is covered by an earlier one is measured by an alignment of the
// two, with up to three documents that share most of its fingerprints. The error is
// that of ctx.
func (ix *Index) Origins(ctx context.Context, opts OriginOptions) (Origins, error) {
	docs, run := ix.snapshot()
	l := newLinker(ix.opts, docs, run)
	links, err := l.all(ctx)
	if err != nil {
		return Origins{}, err
	}
	share := cmp.Or(opts.Share, .5)
	covers := make([][]covering, len(docs))
	if err := ix.opts.each(ctx, len(docs), func(d int) {
		if docs[d] == nil {
			return
		}
		for _, e := range l.nearest(d) {
			c := Covered(docs[d].text, docs[e].text, ix.opts.Aligner.AlignTexts(docs[d].text, docs[e].text))
			covers[d] = append(covers[d], covering{e, c.A})
		}
		slices.SortStableFunc(covers[d], func(x, y covering) int { return cmp.Compare(y.share, x.share) })
	}); err != nil {
		return Origins{}, err
	}
	groups := l.groups(links)
	once, paragraphs := make([]sync.Once, len(docs)), make([][]shingle.Span, len(docs))
	out := Origins{Passages: make([]Origin, len(groups))}
	if err := ix.opts.each(ctx, len(groups), func(i int) {
		out.Passages[i] = originOf(docs, groups[i], covers, share, func(d int, s shingle.Span) []Cite {
			text := docs[d].text.String()
			once[d].Do(func() { paragraphs[d] = slices.Collect(shingle.Paragraphs(text)) })
			return cites(text, paragraphs[d], s)
		})
	}); err != nil {
		return Origins{}, err
	}
	out.Documents = elsewhere(docs, links)
	return out, nil
}

// A covering is the share of a document that an earlier one covers.
type covering struct {
	by    int
	share float64
}

const (
	nearSample  = 256 // entries of a document from which one in four is looked at
	nearHolders = 64  // documents looked at for a fingerprint
	nearMost    = 3   // documents compared with one
	nearShare   = .2  // least share of a document's fingerprints that these have
)

// nearest returns up to three earlier documents that share most of the fingerprints
// of document d.
func (l *linker) nearest(d int) []int {
	held := l.entry[l.from[d]:l.from[d+1]]
	sample := uint64(0)
	if len(held) >= nearSample {
		sample = 3
	}
	count := map[int]int{}
	for _, e := range held {
		hash := l.run[e.at].hash
		if hash>>7&sample != 0 {
			continue
		}
		for k, n := int(e.begin), 0; k < len(l.run) && l.run[k].hash == hash && n < nearHolders; k++ {
			if o := int(l.run[k].doc); k == int(e.begin) || l.run[k-1].doc != l.run[k].doc {
				n++
				if before(l.docs[o], l.docs[d]) {
					count[o]++
				}
			}
		}
	}
	least := nearShare * float64(l.docs[d].text.Len()) * 2 / float64(l.opts.window()+1) / float64(sample+1)
	if w := l.docs[d].text.Weights(); w != nil {
		least /= 2
	}
	var out []int
	for o, n := range count {
		if float64(n) >= least {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y int) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(l.rank[x], l.rank[y]))
	})
	return out[:min(len(out), nearMost)]
}

// before reports whether both times are known and x is earlier.
func before(x, y *document) bool {
	return !x.time.IsZero() && !y.time.IsZero() && x.time.Before(y.time)
}

func originOf(docs []*document, g numbered, covers [][]covering, share float64, cites func(d int, s shingle.Span) []Cite) Origin {
	o := Origin{First: -1, Documents: g.Documents, Tokens: g.Tokens}
	missing := false
	for _, m := range g.Members {
		missing = missing || m.Time.IsZero()
	}
	rest := slices.IndexFunc(g.docs, func(d int) bool { return d != g.docs[0] })
	if !missing && (rest < 0 || before(docs[g.docs[0]], docs[g.docs[rest]])) {
		o.First = 0
	}
	counted := map[int]bool{}
	for k, m := range g.Members {
		d := g.docs[k]
		h := Holder{Member: m, From: -1, Cites: cites(d, m.Span)}
		taken := false
		for _, c := range covers[d] {
			if at := slices.Index(g.docs, c.by); c.share >= share && at >= 0 {
				h.From, taken = at, true
				break
			}
		}
		if h.From < 0 && o.First == 0 && before(docs[g.docs[0]], docs[d]) {
			h.From = 0
		}
		if !counted[d] {
			counted[d] = true
			if !taken {
				o.Origins++
			}
		}
		o.Holders = append(o.Holders, h)
	}
	return o
}

// elsewhere measures for every document how much of it other documents hold: earlier
// ones, or any where a time is missing. A first holder whose passage only later
// documents have took nothing.
func elsewhere(docs []*document, links []link) []Source {
	type part struct {
		other int
		span  shingle.Span
	}
	parts := make([][]part, len(docs))
	for _, l := range links {
		if before(docs[l.holder], docs[l.doc]) || unknown(docs[l.holder], docs[l.doc]) {
			parts[l.doc] = append(parts[l.doc], part{l.holder, l.A})
		}
		if unknown(docs[l.holder], docs[l.doc]) {
			parts[l.holder] = append(parts[l.holder], part{l.doc, l.B})
		}
	}
	var out []Source
	for d, ps := range parts {
		if len(ps) == 0 {
			continue
		}
		t := docs[d].text
		taken := make([]bool, t.Len())
		by := map[int]int{}
		n := 0
		for _, p := range ps {
			from, to := tokensOf(t, p.span)
			by[p.other] += to - from
			for ; from < to; from++ {
				if !taken[from] {
					taken[from] = true
					n++
				}
			}
		}
		var others []int
		for o := range by {
			others = append(others, o)
		}
		slices.SortFunc(others, func(x, y int) int { return cmp.Or(cmp.Compare(by[y], by[x]), cmp.Compare(x, y)) })
		s := Source{ID: docs[d].id, Elsewhere: float64(n) / float64(t.Len())}
		for _, o := range others {
			s.From = append(s.From, docs[o].id)
		}
		out = append(out, s)
	}
	return out
}

// unknown reports whether the times do not order two documents.
func unknown(x, y *document) bool {
	return x.time.IsZero() || y.time.IsZero() || x.time.Equal(y.time)
}
