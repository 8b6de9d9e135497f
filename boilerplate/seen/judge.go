package seen

import (
	"context"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/shingle"
)

// Judge observes a page and reports whether it is new. A page whose ID was judged
// before is judged again and replaces the earlier page. After an error the page may
// have been observed; judging it again is safe. It panics if p.Blocks are not
// ascending, disjoint spans of p.Text.
func (f *Filter) Judge(ctx context.Context, p Page) (Verdict, error) {
	if err := f.enter(ctx); err != nil {
		return Verdict{}, err
	}
	defer f.leave()
	return f.judge(ctx, p)
}

// judge is Judge for the caller that has the turn.
func (f *Filter) judge(ctx context.Context, p Page) (Verdict, error) {
	if len(f.sh.Set(p.Text)) == 0 {
		return Verdict{ID: p.ID, Outcome: Unreadable}, nil
	}
	s := f.observe(p)
	if i := slices.IndexFunc(s.Held, func(h held) bool { return h.Page.ID == p.ID }); i >= 0 {
		s.Held[i].Page = p
		return Verdict{ID: p.ID, Outcome: Held}, nil
	}
	if !f.known(p.Host, s, p.Section) {
		f.turns++
		f.holding++
		s.Held = append(s.Held, held{Page: p, Turn: f.turns, At: s.Pages})
		return Verdict{ID: p.ID, Outcome: Held}, nil
	}
	return f.decide(ctx, p)
}

// observe passes a page to the detector and returns its site.
func (f *Filter) observe(p Page) *site {
	s := f.sites[p.Host]
	if s == nil {
		s = &site{Sections: map[string]int{}}
		f.sites[p.Host] = s
	}
	if f.detector.Observe(p.boilerplate()) {
		s.count(p.Section)
		if !s.dirty && len(s.Held) > 0 {
			s.dirty = true
			f.dirty = append(f.dirty, p.Host)
		}
	}
	return s
}

// mask returns the spans that are ignored when a page is compared: its frame, and
// blocks that other pages of its site repeat, such as teasers. The detector does not
// mask these, because a text without them would be incomplete; here they are left
// out of the comparison only.
func (f *Filter) mask(p Page) []shingle.Span {
	var out []shingle.Span
	for _, b := range f.detector.Judge(p.boilerplate()) {
		if ownSite(b) {
			out = append(out, b.Span)
		}
	}
	return out
}

// ownSite reports whether a block is frame or recurs within its site.
func ownSite(b boilerplate.Block) bool {
	return b.Masked || b.Flagged && (b.Scope == boilerplate.Section || b.Scope == boilerplate.Host)
}

// decide judges a page against the pages observed so far.
func (f *Filter) decide(ctx context.Context, p Page) (Verdict, error) {
	if f.repeated != nil {
		return f.repeat(p)
	}
	v, err := f.decideNow(ctx, p)
	if err == nil {
		f.record(v)
	}
	return v, err
}

func (f *Filter) decideNow(ctx context.Context, p Page) (Verdict, error) {
	v := Verdict{ID: p.ID}
	mask := f.mask(p)
	set := f.sh.Set(p.Text, mask...)
	if len(set) == 0 || len(mask) > 0 && len(set) < f.own {
		v.Outcome = Frame
		err := f.unname(ctx, p.ID)
		if err == nil {
			_, err = f.ix.remove(ctx, p.ID)
		}
		return v, wrap(err)
	}
	c := &comparison{page: p, mask: mask, set: set}
	if done, err := f.again(ctx, c, &v); done || err != nil {
		return v, wrap(err)
	}
	if err := f.revisit(ctx, c, &v); err != nil {
		return Verdict{}, wrap(err)
	}
	sig := f.mh.Sketch(set)
	match, similarity, unlike, err := f.best(ctx, c, sig)
	if err != nil {
		return Verdict{}, wrap(err)
	}
	if similarity < f.threshold {
		if done, err := f.decideCovered(ctx, c, &v); done || err != nil {
			return v, wrap(err)
		}
		if err := f.ix.quote(ctx, func() []shingle.Set { return f.quotes(p) }); err != nil {
			return Verdict{}, wrap(err)
		}
		d := disk.Document{ID: p.ID, Signature: sig, Set: set, Time: p.Time}
		if match, similarity, err = f.store(ctx, c, d, unlike); err != nil {
			return Verdict{}, wrap(err)
		}
		if match == "" {
			v.Outcome = New
			return v, wrap(f.keepText(p.ID, p.Text, mask))
		}
	}
	v.Outcome, v.Match, v.Similarity = Duplicate, f.names.of(match), similarity
	if _, err := f.ix.remove(ctx, p.ID); err != nil {
		return Verdict{}, wrap(err)
	}
	return v, wrap(f.choose(ctx, p, match, &v))
}

// quotes returns the blocks of text that are left out of a page's comparison: those
// that its site repeats.
func (f *Filter) quotes(p Page) []shingle.Set {
	var out []shingle.Set
	for _, b := range f.detector.Judge(p.boilerplate()) {
		if ownSite(b) && !b.Masked {
			out = append(out, f.sh.Set(b.Of(p.Text)))
		}
	}
	return out
}

// keep observes a page and stores it without judging it, for the caller that has the
// turn.
func (f *Filter) keep(ctx context.Context, p Page) error {
	if len(f.sh.Set(p.Text)) == 0 {
		return nil
	}
	f.observe(p)
	f.unhold(p.ID, p.Host)
	if f.repeated != nil {
		return wrap(f.keepText(p.ID, p.Text, f.mask(p)))
	}
	if err := f.unname(ctx, p.ID); err != nil {
		return wrap(err)
	}
	mask := f.mask(p)
	set := f.sh.Set(p.Text, mask...)
	if err := f.ix.quote(ctx, func() []shingle.Set { return f.quotes(p) }); err != nil {
		return wrap(err)
	}
	if err := f.ix.force(ctx, disk.Document{ID: p.ID, Signature: f.mh.Sketch(set), Set: set, Time: p.Time}); err != nil {
		return wrap(err)
	}
	return wrap(f.keepText(p.ID, p.Text, mask))
}

// remove removes a page from the index and from the held pages, for the caller that
// has the turn.
func (f *Filter) remove(ctx context.Context, id string) (bool, error) {
	there := false
	for host := range f.sites {
		there = f.unhold(id, host) || there
	}
	if f.repeated != nil {
		return there, nil
	}
	if err := f.unname(ctx, id); err != nil {
		return false, wrap(err)
	}
	removed, err := f.ix.remove(ctx, id)
	return removed || there, wrap(err)
}

// unhold drops the held page with an ID, and reports whether there was one.
func (f *Filter) unhold(id, host string) bool {
	s := f.sites[host]
	if s == nil {
		return false
	}
	n := len(s.Held)
	s.Held = slices.DeleteFunc(s.Held, func(h held) bool { return h.Page.ID == id })
	f.holding -= n - len(s.Held)
	return len(s.Held) < n
}

// Query returns the kept pages that match a page at the threshold, best first, at
// most n, 0 for all. It changes nothing. The known frame of the page is left out. It
// panics if p.Blocks are not ascending, disjoint spans of p.Text.
func (f *Filter) Query(ctx context.Context, p Page, n int) ([]lsh.Match[string], error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	set := f.sh.Set(p.Text, f.mask(p)...)
	matches, err := f.ix.search(ctx, f.mh.Sketch(set), lsh.SearchOptions{Set: set, Limit: n, Threshold: f.threshold})
	for i := range matches {
		matches[i].ID = f.names.of(matches[i].ID)
	}
	return matches, wrap(err)
}

// Blocks returns the verdict on every block of a page: see
// [boilerplate.Detector.Judge]. It panics if p.Blocks are not ascending, disjoint
// spans of p.Text.
func (f *Filter) Blocks(ctx context.Context, p Page) ([]boilerplate.Block, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	return f.detector.Judge(p.boilerplate()), nil
}
