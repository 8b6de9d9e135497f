package seen

import (
	"context"
	"net/url"
	"time"

	"github.com/neardup/neardup/lsh/disk"
)

// A Kept is a kept page, as passed to [Options.Prefer].
type Kept struct {
	ID         string
	Time       time.Time // time of the best copy so far, if known; otherwise of the kept text
	Similarity float64   // similarity of the current page and the kept text
}

// names holds the names of kept pages. Among copies, the first one is kept and its
// text is the one that later pages are compared with. That text never changes, so
// every page left out remains a near-duplicate of a kept text. A better copy changes
// only the name.
type names struct {
	better map[string]string // ID in the index -> ID of the best copy
	texts  map[string]string // ID of the best copy -> ID in the index
	times  map[string]int64  // ID in the index -> time of the best copy, if known
	log    *[]naming         // if not nil, each change is appended to it
}

func newNames(better map[string]string, times map[string]int64) names {
	n := names{better: map[string]string{}, texts: map[string]string{}, times: map[string]int64{}}
	for text, name := range better {
		at := time.Time{}
		if ms, ok := times[text]; ok {
			at = time.UnixMilli(ms)
		}
		n.set(text, name, at)
	}
	return n
}

// set names a kept text after a better copy with the given time.
func (n names) set(text, name string, at time.Time) {
	n.drop(text)
	n.better[text], n.texts[name] = name, text
	if !at.IsZero() {
		n.times[text] = at.UnixMilli()
	}
	if n.log != nil {
		*n.log = append(*n.log, naming{text, name, n.times[text]})
	}
}

// drop restores the original name of a kept text.
func (n names) drop(text string) {
	delete(n.texts, n.better[text])
	delete(n.better, text)
	delete(n.times, text)
	if n.log != nil {
		*n.log = append(*n.log, naming{Text: text})
	}
}

// time returns the time of the best copy of a kept text, or of the text itself if
// that is not known.
func (n names) time(text string, at time.Time) time.Time {
	if ms, ok := n.times[text]; ok {
		return time.UnixMilli(ms)
	}
	return at
}

// of returns the name of a kept text.
func (n names) of(text string) string {
	if name, ok := n.better[text]; ok {
		return name
	}
	return text
}

// again judges a page whose ID names a kept text, or whose text was renamed to a
// better copy. It returns false if neither is the case, or if the page's text is a
// different one now.
func (f *Filter) again(ctx context.Context, c *comparison, v *Verdict) (bool, error) {
	p := c.page
	name, text := p.ID, p.ID
	if t, ok := f.names.texts[p.ID]; ok {
		text = t
	} else if n, ok := f.names.better[p.ID]; ok {
		name = n
	} else {
		return false, nil
	}
	d, ok, err := f.ix.get(ctx, text)
	if err != nil {
		return false, err
	}
	if ok {
		change, err := f.change(ctx, c, d)
		if err != nil {
			return false, err
		}
		covered := 0.
		if change.Similarity < f.threshold {
			if covered, err = f.coveredBy(ctx, c, text); err != nil {
				return false, err
			}
		}
		if change.Similarity >= f.threshold || covered > 0 {
			if name != p.ID {
				v.Outcome, v.Match, v.Similarity, v.Covered = Duplicate, name, change.Similarity, covered
				return true, nil
			}
			v.Outcome = New
			if later(p, d) {
				change.of(v)
			}
			return true, nil
		}
	}
	return false, f.unname(ctx, p.ID)
}

// unname drops the naming that involves an ID. If the ID is a better copy, the text
// named after it is removed. If the ID is a text with a better copy, the text is
// stored under the name of the copy.
func (f *Filter) unname(ctx context.Context, id string) error {
	if text, ok := f.names.texts[id]; ok {
		f.names.drop(text)
		_, err := f.ix.remove(ctx, text)
		return err
	}
	name, ok := f.names.better[id]
	if !ok {
		return nil
	}
	f.names.drop(id)
	d, ok, err := f.ix.get(ctx, id)
	if err != nil || !ok {
		return err
	}
	return f.rename(ctx, d, name)
}

// later reports whether a page is later than the kept one of its ID. A page that is
// judged twice because an answer was lost has the same time.
func later(p Page, d disk.Document) bool {
	return !p.Time.IsZero() && !d.Time.IsZero() && d.Time.Before(p.Time.Truncate(time.Millisecond))
}

// BetterAddress is an [Options.Prefer] for crawlers. A page is better than the kept
// one if both are on one host, its canonical address is unknown or equal to its
// address, and its address is shorter, or has no query where the other has one. So a
// plain address replaces one with a session id or a tracking parameter.
func BetterAddress(p Page, kept Kept) bool {
	if p.Canonical != "" && p.Canonical != p.ID {
		return false
	}
	a, err := url.Parse(p.ID)
	if err != nil || a.Host == "" {
		return false
	}
	b, err := url.Parse(kept.ID)
	if err != nil || a.Host != b.Host {
		return false
	}
	if (a.RawQuery == "") != (b.RawQuery == "") {
		return a.RawQuery == ""
	}
	return len(p.ID) < len(kept.ID)
}

// EarlierTime is an [Options.Prefer] for pages whose Time is their time of
// publication. A page is better than the kept one if its time is earlier and its
// canonical address is unknown or equal to its address. If a time is not known, the
// first page is kept; a page stored without a time counts as published when it was
// judged, unless the store keeps no times.
func EarlierTime(p Page, kept Kept) bool {
	if p.Canonical != "" && p.Canonical != p.ID || p.Time.IsZero() || kept.Time.IsZero() {
		return false
	}
	return p.Time.UnixMilli() < kept.Time.UnixMilli()
}
