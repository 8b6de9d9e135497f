package boilerplate

import (
	"iter"
	"slices"
)

// Judge returns the verdict on every block of a page, in order; blocks without
// a word or number are left out. The page need not have been observed, and
// judging never learns: a page that was observed does not speak against itself.
// It panics if p.Blocks are not ascending, disjoint spans of p.Text.
func (d *Detector) Judge(p Page) []Block {
	return d.AppendBlocks(nil, p)
}

// AppendBlocks appends the verdicts that [Detector.Judge] returns to dst.
func (d *Detector) AppendBlocks(dst []Block, p Page) []Block {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	dg, name := r.digestOf(&p, &d.opts), d.name(&p)
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.appendBlocks(dst, &p, name, dg, &r.judge)
}

// Next judges a page by the pages before it and then observes it, reading its
// text once: the streaming mode.
func (d *Detector) Next(p Page) []Block {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	dg, name := r.counted(&p, &d.opts), d.name(&p)
	d.mu.Lock()
	defer d.mu.Unlock()
	blocks := d.appendBlocks(nil, &p, name, dg, &r.judge)
	d.observe(&p, name, dg)
	return blocks
}

// Blocks yields the verdicts on the blocks of a text of a host; [Detector.Judge]
// takes what else is known of a page.
func (d *Detector) Blocks(host, text string) iter.Seq[Block] {
	return slices.Values(d.Judge(Page{Host: host, Text: text}))
}

// A finding is the evidence on one block.
type finding struct {
	state     state
	looked    [3]bool     // seen is filled in
	scope     int         // that decided: an index into seen
	others    int         // documents of the scope that are neither the page nor copies
	recurring int         // grams that recur, if a variant
	grams     int         // of how many
	gramDocs  int         // fewest documents of a gram that recurs
	between   float64     // confidence, if between
	seen      [3]sighting // in the host, the group and all documents
}

type state uint8

const (
	own         state = iota
	exact             // recurs
	unsupported       // recurs, short, wants support
	variant           // most of its grams recur
	between           // smoothed
	copied            // recurs on copies of the page
	sameDay           // recurs on one day
)

func (s state) flagged() bool { return s == exact || s == variant || s == between }

// judge is the scratch of one judgement.
type judge struct {
	findings []finding
	overlaps overlaps
	copies   []uint32   // fingerprints, ascending
	full     []*counter // of blocks and anchors: not all documents are named
	limits   []limit    // of what weighs among these
	anchor   sighting   // scratch
	docs     int        // of the scope, the page included
	logDocs  int64      // logarithm of docs
	keys     []uint64   // scratch
}

func (d *Detector) appendBlocks(dst []Block, p *Page, name name, dg *digest, j *judge) []Block {
	v := view{d: d, p: *p, dg: dg, judge: j, day: day(p.Time)}
	if d.hasHost(p) {
		v.sites[0] = d.site(hostScope, p.Host, false)
	}
	if p.Group != "" {
		v.sites[1] = d.site(groupScope, p.Group, false)
	}
	v.sites[2] = d.global
	if p.ID == "" {
		v.observed = d.texts.has(name.text)
	} else {
		v.observed = d.ids.has(name.id)
	}
	if p.Host != "" {
		v.host = place(d.hash(p.Host))
	}
	if p.Section != "" {
		v.section = place(d.hash(p.Section))
	}
	j.findings = slices.Grow(j.findings[:0], len(dg.blocks))[:len(dg.blocks)]
	for i := range dg.blocks {
		f := &j.findings[i]
		f.state, f.scope, f.others, f.looked = own, 0, 0, [3]bool{}
	}
	if v.observed {
		v.self = v.findSelf(name)
	}
	for scope, s := range v.sites {
		if s != nil {
			v.decide(scope)
		}
	}
	v.support()
	if d.hasHost(p) || p.Group != "" {
		v.smooth()
	}
	n := len(dst)
	dst = slices.Grow(dst, len(dg.blocks))[:n+len(dg.blocks)]
	for i := range dg.blocks {
		v.verdict(&dst[n+i], i)
	}
	return dst
}

// A view is one page seen by a detector.
type view struct {
	*judge
	d        *Detector
	p        Page
	dg       *digest
	sites    [3]*site // of host, group and all documents; nil where there is none
	observed bool
	self     uint32 // fingerprint, if observed: what counters name the page
	host     uint16 // fingerprint, or 0
	section  uint16 // fingerprint, or 0
	day      uint16
}

// findSelf returns the fingerprint under which counters name the page, which was
// observed: that of its text or, if the text has changed since, of the one that it
// had then, as far as a block is left of it.
func (v *view) findSelf(name name) uint32 {
	now := fingerprint(name.text)
	if v.p.ID == "" || v.d.texts.has(name.with(now)) {
		return now
	}
	for scope, s := range v.sites {
		if s == nil {
			continue
		}
		for i := range v.findings {
			for _, doc := range v.seen(i, scope).names() {
				if v.d.texts.has(name.with(doc)) {
					return doc
				}
			}
		}
	}
	return now
}

// counted reports whether the page is among the documents that a sighting counts,
// of which it need not name all.
func (v *view) counted(seen *sighting) bool {
	return v.observed && (int(seen.count) > seen.named || slices.Contains(seen.names(), v.self))
}

// seen returns what a scope knows of the i-th block. Most blocks of most pages
// are a host's, and of these the other scopes are not asked.
func (v *view) seen(i, scope int) *sighting {
	f := &v.findings[i]
	if !f.looked[scope] {
		f.looked[scope] = true
		v.sites[scope].look(v.dg.blocks[i].key, &f.seen[scope])
	}
	return &f.seen[scope]
}

// decide judges, by one scope, the blocks on which no narrower scope decided.
func (v *view) decide(scope int) {
	s := v.sites[scope]
	docs := int(s.docs.count)
	if !v.observed {
		docs++
	}
	need := v.d.opts.minDocs
	if scope == 2 {
		need = v.d.opts.minGlobal
	}
	s.fetch(v.undecidedKeys())
	covers := scope < 2 || !v.d.hasHost(&v.p)
	if !covers && !v.reach(scope, need) {
		return
	}
	most := v.findCopies(scope, docs)
	for i := range v.findings {
		f := &v.findings[i]
		if f.state != own && f.state != copied {
			continue
		}
		seen := v.seen(i, scope)
		copies, others := v.split(seen.names())
		copies += seen.twins()
		f.others = others
		if n := int(seen.count); n > listed && seen.named == listed {
			// Those named are a sample of those that are not the page.
			if v.counted(seen) {
				n--
			}
			f.others = n
			if copies > 0 {
				f.others = n * others / (copies + others)
			}
		}
		switch {
		case others+1 < need:
			if f.state == own && copies > 0 && copies+others+1 >= need {
				f.state, f.scope = copied, scope // a wider scope may yet decide otherwise
			}
		case scope == 2 && v.p.Host != "" && v.hosts(seen) < 2:
			// What stands on one host is the host scope's affair.
		case v.oneDay(s, seen, v.dg.blocks[i].mass):
			f.state, f.scope = sameDay, scope
		case v.dg.blocks[i].mass < shortMass:
			f.state, f.scope = unsupported, scope
		default:
			f.state, f.scope = exact, scope
		}
		if f.state == own && covers {
			s.grams.fetch(v.dg.gramsOf(&v.dg.blocks[i]))
		}
	}
	if !covers {
		return
	}
	for i := range v.findings {
		if v.findings[i].state == own {
			v.cover(i, scope, most)
		}
	}
}

// reach reports whether a block on which no scope decided yet stands in as many
// documents of this one as are needed beside the page, copies too.
func (v *view) reach(scope, need int) bool {
	for i := range v.findings {
		f := &v.findings[i]
		if (f.state == own || f.state == copied) && int(v.seen(i, scope).count) >= need-1 {
			return true
		}
	}
	return false
}

// undecidedKeys returns the keys of the blocks on which no scope decided yet.
func (v *view) undecidedKeys() []uint64 {
	v.keys = v.keys[:0]
	for i := range v.findings {
		if s := v.findings[i].state; s == own || s == copied {
			v.keys = append(v.keys, v.dg.blocks[i].key)
		}
	}
	return v.keys
}

// hosts returns the number of hosts with the block, the page's included.
func (v *view) hosts(seen *sighting) int {
	h := seen.hosts
	h.add(v.host)
	return h.number()
}

// proseMass is the mass in half words from which a block is taken for prose.
const proseMass = 2 * 25

// oneDay reports whether a block is prose that few documents hold, all of one
// day, on a site that was seen on several.
func (v *view) oneDay(s *site, seen *sighting, mass int32) bool {
	days := seen.days
	widen(&days, [2]uint16{v.day, v.day})
	return mass >= proseMass && seen.count <= listed &&
		days[0] != 0 && days[0] == days[1] && s.docs.days[0] != s.docs.days[1]
}

// cover judges the i-th block by its grams. A gram recurs if, beside the page
// and its copies, at least two documents hold it and so does one in a hundred.
func (v *view) cover(i, scope, copies int) {
	s, b, f := v.sites[scope], &v.dg.blocks[i], &v.findings[i]
	if s.gramDocs < 2 {
		return
	}
	grams := v.dg.gramsOf(b)
	if len(grams) < 2 {
		return
	}
	need := max(3, (int(s.gramDocs)+99)/100) - 1 + copies
	if v.observed {
		need++
	}
	n, least := s.grams.recurring(grams, need)
	if n >= 2 && n*coverageUnit > int(v.d.opts.coverage)*len(grams) {
		f.state, f.scope = variant, scope
		f.recurring, f.grams, f.gramDocs = n, len(grams), least
	}
}
