package passage

import (
	"cmp"
	"context"
	"slices"

	"github.com/neardup/neardup/shingle"
)

// OriginOptions configures [Index.Origins]. The zero value is ready to use.
type OriginOptions struct {
	// Share is a share of a document's own text: if an earlier holder covers that much of
	// it or more, the document is not an origin. 0 means .5.
	Share float64
}

// Origins shows who had which passage first, as far as the times of the documents
// show.
type Origins struct {
	Passages  []Origin
	Documents []Source // documents that share text with another one, in the order in which they were added
}

// An Origin is a passage with its holders, in the order of time.
type Origin struct {
	// First is the number of the holder that had the passage first, or -1 if the times
	// do not show it: if a holder has no time, or the earliest two times are equal.
	First int
	// Documents is the number of different documents that hold the passage.
	Documents int
	// Origins is the number of documents that did not take most of their text from an
	// earlier holder: a document that quotes the passage within a text of its own is an
	// origin.
	Origins int
	Tokens  int // length of the passage in its representative
	Holders []Holder
}

// A Holder is one place of a passage.
type Holder struct {
	Member
	// From is the number of an earlier holder from which the passage may come, -1 if
	// there is none. It is an earlier holder that covers so much of the document that
	// the document is not an origin; among several, the one that shares most of it.
	// Otherwise it is the first holder.
	From int
	// Cites are the cues of attribution in the passage and next to it.
	Cites []Cite
}

// A Source reports how much of a document is elsewhere.
type Source struct {
	ID string
	// Elsewhere is the share of the document's own text that passages of other documents
	// cover: earlier ones where the times are known, otherwise any.
	Elsewhere float64
	From      []string // ids of those documents, the one that covers most first
}

// Origins finds the passages that recur, as [Index.Groups] does, and for each of
// them who had it first, who may have taken it from whom, and how many origins it
// has. Only times passed to AddAt decide: ties and missing times are reported as
// such. A document with an unknown time is an origin, and covers no other.
//
// Whether a document is covered by an earlier holder is measured by an alignment of
// the two, see [Covered]. It is aligned with the earlier holders of the passage that
// can cover it, until one does: those whose shared fingerprints, with 32 tokens on
// each side, make up the share. A long document, of about a thousand words, must also
// share one in sixteen of the fingerprints in such a part, and the two are not aligned
// whole if the passages around the shared ones cover less than a quarter of the share.
// It fails only if ctx ends.
func (ix *Index) Origins(ctx context.Context, opts OriginOptions) (Origins, error) {
	docs, ps := ix.snapshot()
	l := newLinker(ix.opts, docs, ps)
	of, err := l.all(ctx)
	if err != nil {
		return Origins{}, err
	}
	links := slices.Concat(of...)
	groups := l.groups(links)
	c := newCoverage(l, of, cmp.Or(opts.Share, .5))
	texts := make([]citing, len(docs))
	out := Origins{Passages: make([]Origin, len(groups))}
	if err := ix.opts.each(ctx, len(groups), func(i int) {
		out.Passages[i] = originOf(docs, groups[i], c, func(d int, s shingle.Span) []Cite {
			return texts[d].cites(docs[d].text.String(), s)
		})
	}); err != nil {
		return Origins{}, err
	}
	out.Documents = elsewhere(docs, links)
	return out, nil
}

// before reports whether both times are known and x is earlier.
func before(x, y *document) bool {
	return !x.time.IsZero() && !y.time.IsZero() && x.time.Before(y.time)
}

func originOf(docs []*document, g numbered, covered *coverage, cites func(d int, s shingle.Span) []Cite) Origin {
	o := Origin{First: -1, Documents: g.Documents, Tokens: g.Tokens}
	missing := false
	for _, m := range g.Members {
		missing = missing || m.Time.IsZero()
	}
	rest := slices.IndexFunc(g.docs, func(d int) bool { return d != g.docs[0] })
	if !missing && (rest < 0 || before(docs[g.docs[0]], docs[g.docs[rest]])) {
		o.First = 0
	}
	by, first := map[int]int{}, map[int]int{} // for each document: the earlier one that covers it, or -1; and its first place among the members
	for k, m := range g.Members {
		d := g.docs[k]
		e, ok := by[d]
		if !ok {
			if e = covered.by(d, first); e < 0 {
				o.Origins++
			}
			by[d], first[d] = e, k
		}
		h := Holder{Member: m, From: -1, Cites: cites(d, m.Span)}
		switch {
		case e >= 0:
			h.From = first[e]
		case o.First == 0 && before(docs[g.docs[0]], docs[d]):
			h.From = 0
		}
		o.Holders = append(o.Holders, h)
	}
	return o
}

// elsewhere measures for every document how much of it other documents hold: earlier
// ones or, where a time is missing, any. A passage that only later documents share
// does not count for its first holder.
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

// unknown reports whether the times do not determine the order of two documents.
func unknown(x, y *document) bool {
	return x.time.IsZero() || y.time.IsZero() || x.time.Equal(y.time)
}
