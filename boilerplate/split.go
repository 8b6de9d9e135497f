package boilerplate

import (
	"fmt"
	"maps"
)

// Split divides d into parts that can be stored, merged and used separately: the
// counts of hosts and groups with the names of the documents, and the counts over
// all documents in n parts by block. [Detector.Merge] joins them again. Equal blocks
// are in parts with the same number, whatever detector they come from. With HostOnly
// the n parts are empty. It panics if n is below 1.
func (d *Detector) Split(n int) (hosts *Detector, all []*Detector) {
	d.made()
	if n < 1 {
		panic("boilerplate: Split: the number of parts must be at least 1")
	}
	hosts = d.clone()
	whole := hosts.global
	if whole != nil {
		hosts.global = newSite(true, d.opts.placing())
		hosts.bytes += hosts.global.bytes() - whole.bytes()
	}
	for range n {
		p := &Detector{opts: d.opts}
		p.reset()
		all = append(all, p)
	}
	if whole == nil {
		return hosts, all
	}
	first := all[0].global
	first.docs, first.gramDocs, first.used = whole.docs, whole.gramDocs, whole.used
	part := func(hash uint64) *site { return all[(hash>>32)%uint64(n)].global } // find uses the low bits
	blocks, grams := make(map[*site]int, n), make(map[*site]int, n)
	for _, sl := range whole.slots {
		if sl.key != 0 {
			blocks[part(sl.key)]++
		}
	}
	for _, g := range whole.grams.slots {
		if g != 0 {
			grams[part(g)]++
		}
	}
	for _, p := range all {
		p.global.reserve(blocks[p.global])
		p.global.grams.reserve(grams[p.global])
	}
	for _, sl := range whole.slots {
		if sl.key == 0 {
			continue
		}
		s := part(sl.key)
		s.take(&s.slots[s.find(sl.key)], sl, whole)
		s.filled++
	}
	for _, g := range whole.grams.slots {
		if g != 0 {
			part(g).grams.add(g&^maxGram, int(g&maxGram))
		}
	}
	for _, p := range all {
		p.bytes = p.global.bytes()
	}
	return hosts, all
}

// Compact forgets the blocks that only one document holds and the names of the
// documents, which are most of the contents. The rest judges the pages that d has
// observed as before, through [Detector.With]. Do not compact a detector before
// merging it: a block in one document of d may also be in a document of the other.
func (d *Detector) Compact() {
	d.made()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bytes = 0
	for _, s := range d.sites {
		s.prune(2)
		d.bytes += s.bytes()
	}
	if d.global != nil {
		d.global.prune(2)
		d.bytes += d.global.bytes()
	}
	d.ids, d.texts = seen{limit: d.ids.limit}, seen{limit: d.texts.limit}
}

// With returns a detector that judges pages by the hosts and groups of d and by the
// global counts of all. It shares both, so none of the three detectors may observe
// or merge afterwards. It is for pages that both have observed, and treats every
// page as observed. It returns an error that wraps [ErrMismatch] if the two differ
// in Seed or HostOnly.
func (d *Detector) With(all *Detector) (*Detector, error) {
	d.made()
	all.made()
	if d.opts.seed != all.opts.seed || d.opts.hostOnly != all.opts.hostOnly {
		return nil, fmt.Errorf("boilerplate: the joined detectors have different options: %w", ErrMismatch)
	}
	return &Detector{
		opts: d.opts, sites: maps.Clone(d.sites), global: all.global, bytes: d.bytes,
		tallies: d.tallies, closed: true,
	}, nil
}
