package boilerplate

import (
	"time"

	"github.com/cespare/xxhash/v2"
)

// Observe counts the blocks of a page, unless a document with its ID was observed
// before, and reports whether it counted them. It panics if p.Blocks are not
// ascending, disjoint spans of p.Text.
func (d *Detector) Observe(p Page) bool {
	d.made()
	r := readers.Get().(*reader)
	defer readers.Put(r)
	name := d.name(&p)
	d.mu.RLock()
	known := d.ids.has(name.id)
	d.mu.RUnlock()
	if known {
		return false
	}
	dg := r.counted(&p, &d.opts)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.observe(&p, name, dg)
}

// addText adds a hash to d.texts if it is missing.
func (d *Detector) addText(hash uint64) {
	if !d.texts.has(hash) {
		d.texts.add(hash)
	}
}

// observe counts a digest that was prepared for counting.
func (d *Detector) observe(p *Page, name name, dg *digest) bool {
	if d.ids.has(name.id) {
		return false
	}
	d.ids.add(name.id)
	d.addText(name.text)
	if p.ID != "" {
		d.addText(name.with(fingerprint(name.text)))
	}
	d.clock++
	d.documents++

	keys, grams := dg.keys, dg.fresh
	from := source{doc: fingerprint(name.text), origin: origin{day: day(p.Time)}}
	host := place(d.hash(p.Host))
	if d.hasHost(p) {
		from.place = place(d.hash(p.Section))
		if p.Section == "" {
			from.place = 0
		}
		d.count(d.site(Host, p.Host, true), keys, grams, from)
	}
	if p.Host == "" {
		host = 0
	}
	from.place = host
	if p.Group != "" {
		d.count(d.site(Group, p.Group, true), keys, grams, from)
	}
	if d.global != nil {
		if d.hasHost(p) {
			grams = nil
		}
		d.count(d.global, keys, grams, from)
	}
	if d.bytes > d.opts.maxBytes/8*7 {
		d.evict()
	}
	return true
}

// count adds a document to a site.
func (d *Detector) count(s *site, keys, grams []uint64, from source) {
	d.bytes -= s.bytes()
	s.used = d.clock
	s.docs.count++
	insertLeast(s.docs.docs[:], from.doc)
	widen(&s.docs.days, [2]uint16{from.day, from.day})
	s.fetch(keys)
	for _, k := range keys {
		s.add(k, from)
	}
	if len(grams) > 0 {
		s.gramDocs++
		s.grams.addAll(grams)
	}
	d.bytes += s.bytes()
}

// hasHost reports whether p belongs to a site.
func (d *Detector) hasHost(p *Page) bool { return p.Host != "" || d.opts.hostOnly }

// site returns the site with a scope and name. If there is none, it adds one if add is
// set, and otherwise returns nil.
func (d *Detector) site(scope Scope, name string, add bool) *site {
	key := mix(d.hash(name) + uint64(scope))
	s := d.sites[key]
	if s == nil && add {
		s = newSite(scope == Group, d.opts.placing())
		d.sites[key] = s
		d.bytes += s.bytes()
	}
	return s
}

// hash returns the keyed hash of a name.
func (d *Detector) hash(name string) uint64 {
	return mix(xxhash.Sum64String(name) ^ d.opts.seed)
}

// A name holds the hashes of a document's ID, and of its text on its host. The first
// makes observing idempotent. Counters name the document by the second, so that Mask
// recognizes a page that was observed under an ID.
type name struct{ id, text uint64 }

// with returns the hash that links a document's ID to the fingerprint that names it
// in counters, so that the document is recognized when its text has changed.
func (n name) with(doc uint32) uint64 { return max(mix(n.id^mix(uint64(doc))), 1) }

func (d *Detector) name(p *Page) name {
	var sum uint64
	if q := p.ready(d.opts.seed); q != nil {
		sum = q.sum
	} else {
		sum = d.hash(p.Text)
	}
	text := max(mix(d.hash(p.Host)^mix(sum)), 1)
	if p.ID == "" {
		return name{text, text}
	}
	return name{max(d.hash(p.ID), 1), text}
}

// fingerprint returns the 31 bits that represent a document in counters.
func fingerprint(id uint64) uint32 { return max(uint32(id>>33), 1) }

// place returns the fingerprint of a host or section.
func place(hash uint64) uint16 {
	return min(max(uint16(hash>>48), 1), manyPlaces-1)
}

// day returns the number of days from 31 December 1969 to t in UTC, so that 1
// January 1970 is 1, and 0 for the zero time.
func day(t time.Time) uint16 {
	if t.IsZero() {
		return 0
	}
	const seconds = 24 * 60 * 60
	return uint16(min(max(t.Unix()/seconds+1, 1), 0xFFFF))
}
