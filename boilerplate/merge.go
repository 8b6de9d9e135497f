package boilerplate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/neardup/neardup/internal/wire"
)

// ErrMismatch is the error for merging detectors with different options.
var ErrMismatch = wire.ErrMismatch

// Merge adds the observations of other to d, as if d had made them. It returns an
// error that wraps [ErrMismatch], and changes nothing, if the detectors differ in
// Seed or HostOnly. The order of merges does not matter if the detectors have no
// document in common.
//
// If the two have no document in common, or one has observed all documents of the
// other, the result is exact. Otherwise a document that both have observed is
// counted once in blocks that at most eight documents of each detector hold; in
// other blocks the number of documents is estimated from the eight that are named.
// If the text of a document changed between the two observations, both texts count.
func (d *Detector) Merge(other *Detector) error {
	d.made()
	other.made()
	if d == other {
		return nil
	}
	// A copy, so that two detectors are never locked at the same time.
	from := other.clone()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opts.seed != from.opts.seed || d.opts.hostOnly != from.opts.hostOnly {
		return fmt.Errorf("boilerplate: the merged detectors have different options: %w", ErrMismatch)
	}
	mine := d.ids.len()
	common := d.ids.addAll(&from.ids)
	d.texts.addAll(&from.texts)
	switch {
	case common == from.ids.len() && common > 0:
		return nil // other has nothing new
	case common == mine && common > 0:
		// from has observed all documents of d, so its counts replace those of d.
		d.sites, d.global, d.bytes = map[uint64]*site{}, nil, 0
		if from.global != nil {
			d.global = newSite(true, d.opts.placing())
			d.bytes = d.global.bytes()
		}
	}
	d.clock = max(d.clock, from.clock)
	d.documents += from.documents - uint64(common)
	d.evictedHosts += from.evictedHosts
	d.evictedBlocks += from.evictedBlocks
	for key, s := range from.sites {
		if t := d.sites[key]; t != nil {
			d.bytes -= t.bytes()
			t.merge(s, common > 0)
			d.bytes += t.bytes()
		} else {
			d.sites[key] = s
			d.bytes += s.bytes()
		}
	}
	if d.global != nil {
		d.bytes -= d.global.bytes()
		d.global.merge(from.global, common > 0)
		d.bytes += d.global.bytes()
	}
	if d.bytes > d.opts.maxBytes/8*7 {
		d.evict()
	}
	return nil
}

func (d *Detector) clone() *Detector {
	d.mu.RLock()
	defer d.mu.RUnlock()
	c := &Detector{
		opts: d.opts, sites: maps.Clone(d.sites), global: d.global,
		ids: d.ids.clone(), texts: d.texts.clone(), bytes: d.bytes, tallies: d.tallies,
	}
	for key, s := range c.sites {
		c.sites[key] = s.clone()
	}
	if c.global != nil {
		c.global = c.global.clone()
	}
	return c
}

func (s seen) clone() seen {
	s.recent.slots = slices.Clone(s.recent.slots)
	s.old.slots = slices.Clone(s.old.slots)
	return s
}

func (s *site) clone() *site {
	c := *s
	c.slots = slices.Clone(s.slots)
	c.counters = slices.Clone(s.counters)
	c.hosts = slices.Clone(s.hosts)
	c.grams.slots = slices.Clone(s.grams.slots)
	return &c
}

// merge adds the counts of t to s; overlap is set if both may hold the same documents.
func (s *site) merge(t *site, overlap bool) {
	s.used = max(s.used, t.used)
	before := s.docs
	s.docs = union(before, t.docs, overlap)
	total := uint64(before.count) + uint64(t.docs.count)
	s.gramDocs = uint32(scale(uint64(s.gramDocs)+uint64(t.gramDocs), uint64(s.docs.count), total))
	s.reserve(s.missing(t))
	for _, x := range t.slots {
		if x.key == 0 {
			continue
		}
		sl := &s.slots[s.find(x.key)]
		if sl.key == 0 {
			s.take(sl, x, t)
			s.filled++
			continue
		}
		a, ah := s.counterOf(*sl)
		b, bh := t.counterOf(x)
		c := union(a, b, overlap)
		if c.count < 2 {
			continue // the one document is the same in both
		}
		if sl.ref&isCounter == 0 {
			s.promote(sl)
		}
		i := sl.ref &^ isCounter
		s.counters[i] = c
		if s.wide {
			for _, h := range bh.least {
				if h != 0 {
					insertLeast(ah.least[:], h)
				}
			}
			ah.classes |= bh.classes
			s.hosts[i] = ah
		}
	}
	missing := 0
	for _, g := range t.grams.slots {
		if g != 0 && s.grams.lookup(g) == 0 {
			missing++
		}
	}
	s.grams.reserve(missing)
	for _, g := range t.grams.slots {
		if g != 0 {
			have := s.grams.lookup(g)
			n := int(scale(uint64(have)+g&maxGram, uint64(s.docs.count), total))
			s.grams.add(g&^maxGram, max(n, have, int(g&maxGram))-have)
		}
	}
}

// missing returns the number of blocks that t has and s does not.
func (s *site) missing(t *site) int {
	if len(s.slots) == 0 {
		return t.filled
	}
	n := 0
	for _, x := range t.slots {
		if x.key != 0 && s.slots[s.find(x.key)].key == 0 {
			n++
		}
	}
	return n
}

// scale returns n*of/total, rounded to nearest, or n if total is 0.
func scale(n, of, total uint64) uint64 {
	if total == 0 || of == total {
		return n
	}
	return (n*of + total/2) / total
}

// take fills the free slot sl with the counts in slot x of t.
func (s *site) take(sl *slot, x slot, t *site) {
	*sl = x
	if x.ref&isCounter != 0 {
		sl.ref = isCounter | uint32(len(s.counters))
		s.counters = append(s.counters, t.counters[x.ref&^isCounter])
		if s.wide {
			s.hosts = append(s.hosts, t.hosts[x.ref&^isCounter])
		}
	}
}

// union returns the counter for the documents of a and b; overlap is set if both may
// hold the same documents.
func union(a, b counter, overlap bool) counter {
	c := a
	widen(&c.days, b.days)
	if a.place != b.place {
		c.place = manyPlaces
	}
	na, nb := filled(a.docs[:]), filled(b.docs[:])
	both := 0
	for _, doc := range b.docs[:nb] {
		if slices.Contains(a.docs[:na], doc) {
			both++
		}
		insertLeast(c.docs[:], doc)
	}
	total := uint64(a.count) + uint64(b.count)
	switch {
	case !overlap:
	case int(a.count) == na && int(b.count) == nb:
		total -= uint64(both)
	default:
		// The named documents have the smallest fingerprints. They are a sample of the
		// union, so the share of those in both estimates the share in the whole (Bar-Yossef
		// et al. 2002).
		both = 0
		names := c.docs[:filled(c.docs[:])]
		for _, doc := range names {
			if slices.Contains(a.docs[:na], doc) && slices.Contains(b.docs[:nb], doc) {
				both++
			}
		}
		total = scale(total, uint64(len(names)), uint64(len(names)+both))
		total = max(total, uint64(a.count), uint64(b.count))
	}
	c.count = uint32(min(total, 1<<32-1))
	return c
}
