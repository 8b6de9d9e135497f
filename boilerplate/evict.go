package boilerplate

import (
	"cmp"
	"slices"
)

// Stats counts the contents of a [Detector] and what it has forgotten. The zero
// value describes an empty detector.
type Stats struct {
	Documents int // distinct documents observed
	Hosts     int // hosts and groups currently held
	Blocks    int // distinct blocks held, in all scopes together
	Recurring int // blocks that more than one document holds
	Bytes     int // memory of the counts and of the hashes of documents

	// EvictedHosts is the number of times a host or group was forgotten to stay within
	// the bound. Later observations of it start from zero.
	EvictedHosts int

	// EvictedBlocks is the number of blocks that were forgotten individually because a
	// single host, or the scope of all documents, used up the bound. While it and
	// EvictedHosts are 0, counts are exact and verdicts do not depend on the order of
	// observation.
	EvictedBlocks int

	// ForgottenDocuments is the number of documents that would be counted again if they
	// were observed again.
	ForgottenDocuments int

	// Saturation is the share of MaxBytes in use.
	Saturation float64
}

// Stats returns figures about d, in time proportional to the number of hosts.
func (d *Detector) Stats() Stats {
	d.made()
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := Stats{
		Documents: int(d.documents), Hosts: len(d.sites),
		EvictedHosts: int(d.evictedHosts), EvictedBlocks: int(d.evictedBlocks),
	}
	count := func(x *site) {
		s.Blocks += x.filled
		s.Recurring += len(x.counters)
	}
	for _, x := range d.sites {
		count(x)
	}
	if d.global != nil {
		count(d.global)
	}
	s.Bytes = d.bytes + d.ids.bytes() + d.texts.bytes()
	s.ForgottenDocuments = s.Documents - d.ids.len()
	s.Saturation = float64(s.Bytes) / float64(d.opts.maxBytes)
	return s
}

func (s *seen) bytes() int { return 8 * (len(s.recent.slots) + len(s.old.slots)) }

// evict reduces the memory to three quarters of the bound. The scope of all documents
// may keep half of that. Then it forgets the hosts and groups that were observed least
// recently, except those of the latest observation, and after that the blocks of the
// remaining ones that recur least often.
func (d *Detector) evict() {
	goal := d.opts.maxBytes / 4 * 3
	type held struct {
		key  uint64
		site *site
	}
	var all []held
	for key, s := range d.sites {
		all = append(all, held{key, s})
	}
	slices.SortFunc(all, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.site.used, b.site.used), cmp.Compare(a.key, b.key))
	})
	// The scope of all documents takes as much memory as all hosts, and neither may
	// starve the other.
	if d.global != nil && d.global.bytes() > goal/2 {
		d.lighten(d.global, goal/2)
	}
	for len(all) > 0 && d.bytes > goal && all[0].site.used < d.clock {
		d.bytes -= all[0].site.bytes()
		delete(d.sites, all[0].key)
		d.evictedHosts++
		all = all[1:]
	}
	for i, h := range all {
		if d.bytes > goal {
			over := d.bytes - goal
			d.lighten(h.site, max(0, h.site.bytes()-over/(len(all)-i)))
		}
	}
}

// lighten forgets the blocks of s held by the fewest documents, until s takes at
// most goal bytes or nothing is left to forget.
func (d *Detector) lighten(s *site, goal int) {
	d.bytes -= s.bytes()
	for least := 2; s.bytes() > goal && s.filled+s.grams.filled > 0; least *= 2 {
		d.evictedBlocks += uint64(s.prune(least))
	}
	d.bytes += s.bytes()
}

// prune forgets the blocks and grams held by fewer than least documents, and returns
// the number of blocks forgotten.
func (s *site) prune(least int) int {
	was := s.filled
	keep := func(sl slot) bool {
		return sl.ref&isCounter != 0 && int(s.counters[sl.ref&^isCounter].count) >= least
	}
	n, grams := 0, 0
	for _, sl := range s.slots {
		if sl.key != 0 && keep(sl) {
			n++
		}
	}
	s.rehash(tableSize(n), keep)

	// Move the counters that are still in use to the front, in order.
	moved := make([]uint32, len(s.counters))
	for _, sl := range s.slots {
		if sl.key != 0 {
			moved[sl.ref&^isCounter] = 1
		}
	}
	counters := make([]counter, 0, n)
	var wide []hosts
	for i, used := range moved {
		if used == 1 {
			moved[i] = uint32(len(counters))
			counters = append(counters, s.counters[i])
			if s.wide {
				wide = append(wide, s.hosts[i])
			}
		}
	}
	for i := range s.slots {
		if sl := &s.slots[i]; sl.key != 0 {
			sl.ref = isCounter | moved[sl.ref&^isCounter]
		}
	}
	s.counters, s.hosts = counters, slices.Clip(wide)

	for _, x := range s.grams.slots {
		if int(x&maxGram) >= least {
			grams++
		}
	}
	old := s.grams.slots
	s.grams = gramTable{place: s.grams.place, slots: make([]uint64, tableSize(grams))}
	for _, x := range old {
		if int(x&maxGram) >= least {
			s.grams.add(x&^maxGram, int(x&maxGram))
		}
	}
	return was - s.filled
}

// tableSize returns the number of slots of a table for n entries, with room to grow.
func tableSize(n int) int {
	size := 16
	for n >= size/2 {
		size *= 2
	}
	return size
}
