package seen

import (
	"cmp"
	"context"
	"slices"
)

// A Released page was held, and has been judged.
type Released struct {
	Page    Page
	Verdict Verdict
}

// A site is the state of a filter for a host, in addition to the detector's.
type site struct {
	Pages    int            `json:"pages"`
	Sections map[string]int `json:"sections,omitempty"` // number of pages in each section; nil if there are too many sections
	Many     bool           `json:"many,omitempty"`     // there are too many sections to distinguish
	Held     []held         `json:"held,omitempty"`

	dirty bool // pages were observed since the last release
}

// A held page waits until its frame is known.
type held struct {
	Page Page  `json:"page"`
	Turn int64 `json:"turn"` // number of the page among all pages ever held
	At   int   `json:"at"`   // site.Pages when the page arrived
}

// count counts an observed page of a section.
func (s *site) count(section string) {
	s.Pages++
	if s.Many {
		return
	}
	if s.Sections[section]++; len(s.Sections) > maxSections {
		s.Sections, s.Many = nil, true
	}
}

// known reports whether enough pages of a section have been observed. Pages without a
// host do not belong to a site and never wait.
func (f *Filter) known(host string, s *site, section string) bool {
	if host == "" {
		return true
	}
	if s.Many {
		return s.Pages >= f.settle
	}
	return s.Sections[section] >= f.settle
}

// Release judges held pages whose frame is known by now, or all held pages if all is
// true, and returns them in order of arrival. Pages that it returns along with an
// error have been judged; the others remain held.
func (f *Filter) Release(ctx context.Context, all bool) ([]Released, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	return f.release(ctx, all)
}

// release is Release for the caller that has the turn.
func (f *Filter) release(ctx context.Context, all bool) ([]Released, error) {
	hosts := f.dirty
	if all {
		hosts = nil
		for host, s := range f.sites {
			if len(s.Held) > 0 {
				hosts = append(hosts, host)
			}
		}
	}
	var due []held
	for _, host := range hosts {
		s := f.sites[host]
		for _, h := range s.Held {
			if all || f.known(host, s, h.Page.Section) || s.Pages-h.At >= 4*f.settle {
				due = append(due, h)
			}
		}
	}
	slices.SortFunc(due, func(a, b held) int { return cmp.Compare(a.Turn, b.Turn) })
	out := make([]Released, 0, len(due))
	for _, h := range due {
		v, err := f.decide(ctx, h.Page)
		if err != nil {
			return out, err
		}
		s := f.sites[h.Page.Host]
		s.Held = slices.DeleteFunc(s.Held, func(x held) bool { return x.Turn == h.Turn })
		f.holding--
		out = append(out, Released{Page: h.Page, Verdict: v})
	}
	for _, host := range f.dirty {
		f.sites[host].dirty = false
	}
	f.dirty = nil
	return out, nil
}
