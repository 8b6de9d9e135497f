package seen

import (
	"context"

	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// decideCovered judges a page that resembles no kept page by the share of the
// shorter page that passages cover, if the options ask for that. It returns false if
// the page is new.
func (f *Filter) decideCovered(ctx context.Context, c *comparison, v *Verdict) (bool, error) {
	if f.covered == 0 {
		return false, nil
	}
	p := c.page
	near, _, err := f.near(ctx, texts.Text{ID: p.ID, Text: p.Text, Skip: c.mask}, maxMatches, func(check func() error) error { return check() })
	if err != nil {
		return false, err
	}
	best, share := texts.Text{}, 0.
	a := aligner.Prepare(p.Text, c.mask...)
	for _, t := range near.kept {
		if s := coverOf(a, t); s > share {
			best, share = t, s
		}
	}
	if share < f.covered {
		return false, nil
	}
	d, _, err := f.ix.get(ctx, best.ID)
	if err != nil {
		return false, err
	}
	v.Outcome, v.Match, v.Covered, v.Similarity = Duplicate, f.names.of(best.ID), share, c.set.Jaccard(d.Set)
	if _, err := f.ix.remove(ctx, p.ID); err != nil {
		return false, err
	}
	return true, f.choose(ctx, p, best.ID, v)
}

func coverOf(a *shingle.Text, t texts.Text) float64 {
	b := aligner.Prepare(t.Text, t.Skip...)
	return passage.Covered(a, b, passage.Shared(aligner, a, b)).Share()
}

// coveredBy returns the covered share of a page and a kept text, 0 if it is too
// small to make the page a copy.
func (f *Filter) coveredBy(ctx context.Context, c *comparison, id string) (float64, error) {
	if f.covered == 0 {
		return 0, nil
	}
	t, ok, err := f.text(ctx, id)
	if err != nil || !ok {
		return 0, err
	}
	share := coverOf(aligner.Prepare(c.page.Text, c.mask...), t)
	if share < f.covered {
		return 0, nil
	}
	return share, nil
}
