package seen

import (
	"context"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// maxMatches is the maximum number of kept pages compared with a page, the most
// similar first.
const maxMatches = 16

// A comparison holds the set and signature by which a page is compared with others.
type comparison struct {
	page Page
	mask []shingle.Span // the frame of the page
	set  shingle.Set    // shingles outside the frame
	r    *recurring     // nil until recur is called
}

// best returns the most similar kept page and the similarity. If none reaches the
// threshold, it also returns the IDs of the pages that were compared.
//
// A kept page was sketched with the mask known at that time, and more is known now.
// So two pages are compared as they are and, if that is below the threshold, again
// without the text that only one of them has because it was masked in the other.
func (f *Filter) best(ctx context.Context, c *comparison, sig minhash.Signature) (id string, similarity float64, unlike []string, err error) {
	// One more than needed: a match may be an earlier state of the page.
	matches, err := f.ix.search(ctx, sig, lsh.SearchOptions{Set: c.set, Limit: maxMatches + 1, Threshold: f.threshold * reach})
	if err != nil {
		return "", 0, nil, err
	}
	for _, m := range matches {
		if m.ID == c.page.ID {
			continue
		}
		s, err := f.likeness(ctx, c, m)
		if err != nil {
			return "", 0, nil, err
		}
		if s > similarity {
			id, similarity = m.ID, s
		}
		if similarity >= f.threshold {
			break // matches are ordered, best first
		}
		unlike = append(unlike, m.ID)
	}
	return id, similarity, unlike, nil
}

// likeness returns the similarity of a page and a match from the index. They are
// also compared without text that is known to recur.
func (f *Filter) likeness(ctx context.Context, c *comparison, m lsh.Match[string]) (float64, error) {
	if m.Similarity >= f.threshold {
		return m.Similarity, nil
	}
	d, ok, err := f.ix.get(ctx, m.ID)
	if err != nil || !ok {
		return 0, err
	}
	if err := f.recur(ctx, c); err != nil {
		return 0, err
	}
	page, kept := c.r.reduce(c.set, d.Set)
	return max(m.Similarity, page.Jaccard(kept)), nil
}

// maxRaces is the maximum number of documents, stored by other crawlers in the
// meantime, that are compared with a page.
const maxRaces = 64

// store stores a page that matches none of the given kept ones. If another crawler
// has stored a matching page in the meantime, it returns that page.
func (f *Filter) store(ctx context.Context, c *comparison, d disk.Document, unlike []string) (id string, similarity float64, err error) {
	for range maxRaces {
		m, faster, err := f.ix.put(ctx, d, f.threshold*reach, unlike)
		if err != nil || !faster {
			return "", 0, err
		}
		s, err := f.likeness(ctx, c, m)
		if err != nil {
			return "", 0, err
		}
		if s >= f.threshold {
			return m.ID, s, nil
		}
		unlike = append(unlike, m.ID)
	}
	m, faster, err := f.ix.put(ctx, d, f.threshold, nil)
	if err != nil || !faster {
		return "", 0, err
	}
	return m.ID, m.Similarity, nil
}

// revisit compares a page with the kept page of the same ID.
func (f *Filter) revisit(ctx context.Context, c *comparison, v *Verdict) error {
	if c.page.Time.IsZero() {
		return nil
	}
	d, ok, err := f.ix.get(ctx, c.page.ID)
	if err == nil && ok && later(c.page, d) {
		change, err := f.change(ctx, c, d)
		change.of(v)
		return err
	}
	return err
}

// choose names a kept text after a page that repeats it, if that page is a better
// copy.
func (f *Filter) choose(ctx context.Context, p Page, text string, v *Verdict) error {
	if f.prefer == nil {
		return nil
	}
	d, _, err := f.ix.get(ctx, text)
	if err != nil {
		return err
	}
	if f.prefer(p, Kept{ID: v.Match, Time: f.names.time(text, d.Time), Similarity: v.Similarity}) {
		f.names.set(text, p.ID, p.Time)
		v.Better = true
	}
	return nil
}

// recurring holds the parts of a page that other pages have too.
type recurring struct {
	frame  map[uint64]bool // shingles of the frame
	blocks []shingle.Set   // shingles of each block that recurs outside the frame, such as quoted prose
}

// recur finds the recurring parts of a page, unless they are known.
func (f *Filter) recur(ctx context.Context, c *comparison) error {
	if c.r != nil {
		return nil
	}
	p, r := c.page, &recurring{frame: map[uint64]bool{}}
	own := map[uint64]bool{}
	for _, h := range c.set {
		own[h] = true
	}
	for _, h := range f.sh.Set(p.Text) {
		if !own[h] {
			r.frame[h] = true
		}
	}
	var unknown []shingle.Set
	for _, b := range f.detector.Judge(p.boilerplate()) {
		switch s := f.sh.Set(b.Of(p.Text)); {
		case ownSite(b):
		case b.Documents > 1:
			r.blocks = append(r.blocks, s)
		case len(s) > 0:
			unknown = append(unknown, s)
		}
	}
	quoted, err := f.ix.quoted(ctx, unknown)
	if err != nil {
		return err
	}
	r.blocks = append(r.blocks, quoted...)
	c.r = r
	return nil
}

// reduce returns the sets of a page and a kept one, both without the page's frame.
// The page's set also lacks recurring blocks that share no shingle with the kept
// one.
func (r *recurring) reduce(page, kept shingle.Set) (_, _ shingle.Set) {
	kept = without(kept, r.frame)
	lacks := map[uint64]bool{}
	for _, b := range r.blocks {
		if b.Common(kept) == 0 {
			for _, h := range b {
				lacks[h] = true
			}
		}
	}
	return without(page, lacks), kept
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
