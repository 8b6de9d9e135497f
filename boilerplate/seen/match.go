package seen

import (
	"context"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// maxMatches is how many kept pages a page is compared with, the most alike first.
const maxMatches = 16

// best returns the kept page that a page is most like, and how much: set is what
// the page has without frame, and sig the signature of it.
//
// A kept page was sketched by what was known when it came. Since then more has
// become known, so the two are compared as they are and, below the threshold, also
// without what one has and the other lacks because of that.
func (f *Filter) best(ctx context.Context, p Page, sig minhash.Signature, set shingle.Set) (id string, similarity float64, err error) {
	// One more than is wanted: a match may be an earlier state of the page.
	matches, err := f.ix.search(ctx, sig, lsh.SearchOptions{Set: set, Limit: maxMatches + 1, Threshold: f.threshold * reach})
	if err != nil {
		return "", 0, err
	}
	var r *recurring
	for _, m := range matches {
		if m.ID == p.ID {
			continue
		}
		if m.Similarity > similarity {
			id, similarity = m.ID, m.Similarity
		}
		if similarity >= f.threshold {
			return id, similarity, nil // they come the best first
		}
		if r == nil {
			r = f.recurring(p, set)
		}
		d, ok, err := f.ix.get(ctx, m.ID)
		if err != nil {
			return "", 0, err
		}
		if s := r.compare(set, d.Set); ok && s > similarity {
			id, similarity = m.ID, s
		}
	}
	return id, similarity, nil
}

// revisit compares a page with the one of its ID that was kept.
func (f *Filter) revisit(ctx context.Context, p Page, set shingle.Set, v *Verdict) error {
	if p.Time.IsZero() {
		return nil
	}
	d, ok, err := f.ix.get(ctx, p.ID)
	if err == nil && ok && later(p, d) {
		v.Revisit, v.Changed = true, 1-f.compare(p, set, d)
	}
	return err
}

// choose gives a kept text the name of a page that repeats it, if that is a better
// copy.
func (f *Filter) choose(ctx context.Context, p Page, text string, v *Verdict) error {
	if f.prefer == nil {
		return nil
	}
	d, _, err := f.ix.get(ctx, text)
	if err != nil {
		return err
	}
	if f.prefer(p, Kept{ID: v.Match, Time: d.Time, Similarity: v.Similarity}) {
		f.names.set(text, p.ID)
		v.Better = true
	}
	return nil
}

// recurring is what a page has that other pages have too.
type recurring struct {
	frame  map[uint64]bool // shingles of the frame
	blocks []shingle.Set   // those of blocks that recur and are not frame: prose that is quoted
}

func (f *Filter) recurring(p Page, set shingle.Set) *recurring {
	r := &recurring{frame: map[uint64]bool{}}
	own := map[uint64]bool{}
	for _, h := range set {
		own[h] = true
	}
	for _, h := range f.sh.Set(p.Text) {
		if !own[h] {
			r.frame[h] = true
		}
	}
	for _, b := range f.detector.Judge(p.boilerplate()) {
		if !ownSite(b) && b.Documents > 1 {
			r.blocks = append(r.blocks, f.sh.Set(b.Of(p.Text)))
		}
	}
	return r
}

// compare returns the Jaccard similarity of a page and a kept one, both without
// the page's frame, and the page without blocks that recur of which the kept one
// has nothing.
func (r *recurring) compare(page, kept shingle.Set) float64 {
	kept = without(kept, r.frame)
	lacks := map[uint64]bool{}
	for _, b := range r.blocks {
		if b.Common(kept) == 0 {
			for _, h := range b {
				lacks[h] = true
			}
		}
	}
	return without(page, lacks).Jaccard(kept)
}

func without(s shingle.Set, out map[uint64]bool) shingle.Set {
	var kept shingle.Set
	for _, h := range s {
		if !out[h] {
			kept = append(kept, h)
		}
	}
	return kept
}
