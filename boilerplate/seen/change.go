package seen

import (
	"context"
	"slices"
	"time"

	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/shingle"
)

// A Change describes how much a page has changed since an earlier page with its ID
// was kept. The frames of both are ignored.
//
// Words are counted from the shingles of both pages, without their texts: a word
// counts as unchanged if it is in a run of five words that the other page also has.
// So the counts are exact if changes are at least five words apart and no run of five
// words repeats; words between closer changes count as added and as removed.
type Change struct {
	Time       time.Time // time of the earlier page
	Similarity float64   // Jaccard similarity of the shingles
	Added      int       // number of words that only the later page has
	Removed    int       // number of words that only the earlier page has
}

// Changed is 1 minus the similarity: the share of all shingles that only one of the
// two pages has.
func (c Change) Changed() float64 { return 1 - c.Similarity }

// of records the change in a verdict.
func (c Change) of(v *Verdict) {
	v.Revisit, v.Changed, v.Added, v.Removed = true, c.Changed(), c.Added, c.Removed
}

// Earlier returns how much a page differs from the kept page with its ID, and false
// if there is none. It changes nothing, and ignores the times of both. It panics if
// p.Blocks are not ascending, disjoint spans of p.Text.
func (f *Filter) Earlier(ctx context.Context, p Page) (Change, bool, error) {
	if err := f.enter(ctx); err != nil {
		return Change{}, false, err
	}
	defer f.leave()
	id := p.ID
	if text, ok := f.names.texts[id]; ok {
		id = text
	}
	d, ok, err := f.ix.get(ctx, id)
	if err != nil || !ok {
		return Change{}, false, wrap(err)
	}
	mask := f.mask(p)
	c, err := f.change(ctx, &comparison{page: p, mask: mask, set: f.sh.Set(p.Text, mask...)}, d)
	return c, err == nil, wrap(err)
}

// change compares a page with a kept one twice: as they are, and without text that
// only one of them has because more is known about frames now. It returns the smaller
// change.
func (f *Filter) change(ctx context.Context, c *comparison, d disk.Document) (Change, error) {
	page, kept := c.set, shingle.Set(d.Set)
	out := Change{Time: d.Time, Similarity: page.Jaccard(kept)}
	if out.Similarity == 1 {
		return out, nil
	}
	if err := f.recur(ctx, c); err != nil {
		return Change{}, err
	}
	page2, kept2 := c.r.reduce(page, kept)
	if s := page2.Jaccard(kept2); s > out.Similarity {
		page, kept, out.Similarity = page2, kept2, s
	}
	out.Added, out.Removed = f.words(c, page, kept)
	return out, nil
}

// words counts the words that were added and removed between two sets of shingles.
// The first set belongs to a page.
//
// Inserting or removing words breaks the shingles across that place: four more
// shingles than words, or as many as words at the beginning and the end.
func (f *Filter) words(c *comparison, page, kept shingle.Set) (added, removed int) {
	const over = 4
	var shared []bool // for each shingle of the page, in order, whether the kept page has it
	for _, h := range f.sh.Hashes(c.page.Text, c.mask...) {
		if _, ok := slices.BinarySearch(page, h); ok {
			_, ok = slices.BinarySearch(kept, h)
			shared = append(shared, ok)
		}
	}
	removed = len(kept) - page.Common(kept)
	if !slices.Contains(shared, true) {
		// No word is unchanged, so every word counts.
		if len(kept) > 0 {
			removed += over
		}
		return len(f.sh.AppendTokens(nil, c.page.Text, c.mask...)), removed
	}
	for i := 0; i < len(shared); i++ {
		begin := i
		for i < len(shared) && !shared[i] {
			i++
		}
		switch n := i - begin; {
		case n == 0:
		case begin == 0 || i == len(shared):
			added += n
		default:
			added += max(n-over, 0)
			removed -= over
		}
	}
	return added, max(removed, 0)
}
