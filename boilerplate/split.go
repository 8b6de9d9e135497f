package boilerplate

import (
	"fmt"
	"maps"
)

// Split returns what d holds in parts that are kept, merged and used apart: the
// counts of hosts and groups with the names of the documents, and the counts over
// all documents in n parts by block. [Detector.Merge] makes the whole of them again;
// equal blocks are in parts of equal number, whatever detector they are from. With
// HostOnly all parts are empty. It panics if n is below 1.
func (d *Detector) Split(n int) (hosts *Detector, all []*Detector) {
	d.made()
	if n < 1 {
		panic("boilerplate: Split into less than one part")
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
	part := func(hash uint64) *site { return all[(hash>>32)%uint64(n)].global } // low bits are places
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

// Compact forgets the blocks that one document holds, and the names of the
// documents, most of what there is. What is left judges the pages that d has observed
// as before, by way of [Detector.With]. A detector that still has to be merged must
// not be compact: what one document of it holds may be in one of the other.
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
// counts over all documents of all, both of which it shares: neither may observe or
// merge any more, nor may the detector that is returned. It is for pages that both
// have observed, and takes every page for one. It returns an error that wraps
// [ErrMismatch] if the two differ in Seed or HostOnly.
func (d *Detector) With(all *Detector) (*Detector, error) {
	d.made()
	all.made()
	if d.opts.seed != all.opts.seed || d.opts.hostOnly != all.opts.hostOnly {
		return nil, fmt.Errorf("boilerplate: joining detectors of unlike options: %w", ErrMismatch)
	}
	return &Detector{
		opts: d.opts, sites: maps.Clone(d.sites), global: all.global, bytes: d.bytes,
		tallies: d.tallies, closed: true,
	}, nil
}
