package seen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// ErrNoText is the error for a page whose text is not kept.
var ErrNoText = errors.New("the text of this page is not stored")

// maxShares is the default number of kept pages with which a page is aligned.
const maxShares = 16

// Shares are the passages that a page shares with kept pages.
type Shares struct {
	ID   string
	Text string // the page's text, to which spans of the page refer

	// Pages are the pages that share a passage, ordered by how much of the page they
	// cover, largest first.
	Pages []Share

	// LeftOut is the number of texts that share words with the page but were not
	// compared, because others share more.
	LeftOut int
}

// A Share is a kept page that shares passages with another page.
type Share struct {
	ID   string
	Text string // the kept text, to which the spans refer

	// Better is the better copy that replaced this page, according to [Options.Prefer];
	// "" if there is none.
	Better string

	// Cover is the extent to which the passages cover both: A is the page, B this one.
	Cover passage.Cover

	// Passages are in the order of the page. In each, A refers to the page and B to
	// Text.
	Passages []shingle.Passage
}

// Passages returns the passages that a page shares with kept pages other than the
// one with its ID: at most n pages, 0 for 16. Pages that share the most runs of
// words are compared. A page is a candidate if it shares a run of eight words that
// fewer than 257 kept texts have; passages have at least twelve words. It changes
// nothing. The known frame of the page is left out. The error wraps
// [errors.ErrUnsupported] if the filter keeps no texts: see [Options.Passages]. It
// panics if p.Blocks are not ascending, disjoint spans of p.Text.
func (f *Filter) Passages(ctx context.Context, p Page, n int) (Shares, error) {
	if err := f.enter(ctx); err != nil {
		return Shares{}, err
	}
	t := texts.Text{ID: p.ID, Text: p.Text, Skip: f.mask(p)}
	f.leave()
	return f.shares(ctx, t, n)
}

// PassagesOf is like [Filter.Passages] for a kept page. The error wraps [ErrNoText]
// if its text is not kept.
func (f *Filter) PassagesOf(ctx context.Context, id string, n int) (Shares, error) {
	if err := f.enter(ctx); err != nil {
		return Shares{}, err
	}
	t, ok, err := f.text(ctx, id)
	f.leave()
	if err == nil && !ok {
		err = fmt.Errorf("%q: %w", id, ErrNoText)
	}
	if err != nil {
		return Shares{}, wrap(err)
	}
	return f.shares(ctx, t, n)
}

// shares returns the passages that a text shares with kept ones. It takes the turn only
// to check which candidates are kept, because a long text has many candidates.
func (f *Filter) shares(ctx context.Context, t texts.Text, n int) (Shares, error) {
	near, left, err := f.near(ctx, t, n, func(check func() error) error {
		if err := f.enter(ctx); err != nil {
			return err
		}
		defer f.leave()
		return check()
	})
	if err != nil {
		return Shares{}, wrap(err)
	}
	return near.align(ctx, left)
}

// neighbours are a text and the kept texts that share words with it.
type neighbours struct {
	of     texts.Text
	kept   []texts.Text
	better []string
}

// near returns the n kept texts that share the most words with a text, and the number
// of texts left out. turn runs the steps that need the turn.
func (f *Filter) near(ctx context.Context, t texts.Text, n int, turn func(func() error) error) (near neighbours, left int, err error) {
	if f.texts == nil {
		return near, 0, fmt.Errorf("texts are not stored: %w", errors.ErrUnsupported)
	}
	n = cmp.Or(n, maxShares)
	for most := n + 8; ; most *= 2 {
		all, more, err := f.texts.Near(ctx, t, most)
		if err != nil {
			return near, 0, err
		}
		near = neighbours{of: t}
		left = more
		err = turn(func() error {
			for i, c := range all {
				if len(near.kept) == n {
					left += len(all) - i
					return nil
				}
				if c.Text.ID == t.ID || slices.ContainsFunc(near.kept, func(k texts.Text) bool { return k.ID == c.Text.ID }) {
					continue
				}
				ok, err := f.valid(ctx, c.Text)
				if err != nil {
					return err
				}
				if ok {
					near.kept = append(near.kept, c.Text)
					near.better = append(near.better, f.names.better[c.Text.ID])
				}
			}
			return nil
		})
		if err != nil || more == 0 || len(near.kept) == n {
			return near, left, err
		}
	}
}

// valid reports whether a text belongs to a kept page. The store also has texts that
// were replaced or removed, and texts judged after the last save before a crash.
func (f *Filter) valid(ctx context.Context, t texts.Text) (bool, error) {
	d, ok, err := f.ix.get(ctx, t.ID)
	return ok && slices.Equal(shingle.Set(d.Set), f.sh.Set(t.Text, t.Skip...)), err
}

// text returns the text of a kept page.
func (f *Filter) text(ctx context.Context, id string) (texts.Text, bool, error) {
	if f.texts == nil {
		return texts.Text{}, false, fmt.Errorf("texts are not stored: %w", errors.ErrUnsupported)
	}
	all, err := f.texts.Get(id)
	if err != nil {
		return texts.Text{}, false, err
	}
	for _, t := range all {
		if ok, err := f.valid(ctx, t); ok || err != nil {
			return t, ok, err
		}
	}
	return texts.Text{}, false, nil
}

// keepText stores the text of a page that was kept.
func (f *Filter) keepText(id, text string, mask []shingle.Span) error {
	if f.texts == nil {
		return nil
	}
	return f.texts.Put(texts.Text{ID: id, Text: text, Skip: mask})
}

// rename stores a document under another ID, with its text.
func (f *Filter) rename(ctx context.Context, d disk.Document, id string) error {
	if f.texts != nil {
		t, ok, err := f.text(ctx, d.ID)
		if err != nil {
			return err
		}
		if ok {
			if err := f.keepText(id, t.Text, t.Skip); err != nil {
				return err
			}
		}
	}
	d.ID = id
	return f.ix.force(ctx, d)
}

var aligner shingle.Aligner

// align aligns a text with its neighbours.
func (n neighbours) align(ctx context.Context, left int) (Shares, error) {
	out := Shares{ID: n.of.ID, Text: n.of.Text, LeftOut: left}
	a := aligner.Prepare(n.of.Text, n.of.Skip...)
	for i, t := range n.kept {
		if err := ctx.Err(); err != nil {
			return Shares{}, err
		}
		b := aligner.Prepare(t.Text, t.Skip...)
		if ps := passage.Shared(aligner, a, b); len(ps) > 0 {
			out.Pages = append(out.Pages, Share{ID: t.ID, Text: t.Text, Better: n.better[i], Cover: passage.Covered(a, b, ps), Passages: ps})
		}
	}
	slices.SortStableFunc(out.Pages, func(a, b Share) int { return cmp.Compare(b.Cover.A, a.Cover.A) })
	return out, nil
}
