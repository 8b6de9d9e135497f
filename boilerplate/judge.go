package boilerplate

import "slices"

// Judge returns the verdict on every block of a page, in order; blocks without a
// word or number are left out. The page need not have been observed, and judging
// changes nothing. A page that was observed does not count against itself. It panics
// if p.Blocks are not ascending, disjoint spans of p.Text.
func (d *Detector) Judge(p Page) []Block {
	return d.AppendBlocks(nil, p)
}

// AppendBlocks appends the verdicts that [Detector.Judge] returns to dst.
func (d *Detector) AppendBlocks(dst []Block, p Page) []Block {
	d.made()
	r := readers.Get().(*reader)
	defer readers.Put(r)
	dg, name := r.digestOf(&p, &d.opts), d.name(&p)
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.appendBlocks(dst, &p, name, dg, &r.judge)
}

// Next judges a page by the earlier pages and then observes it: the streaming mode.
// The text is read once.
func (d *Detector) Next(p Page) []Block {
	d.made()
	r := readers.Get().(*reader)
	defer readers.Put(r)
	dg, name := r.counted(&p, &d.opts), d.name(&p)
	d.mu.Lock()
	defer d.mu.Unlock()
	blocks := d.appendBlocks(nil, &p, name, dg, &r.judge)
	d.observe(&p, name, dg)
	return blocks
}

// A finding is the evidence about one block.
type finding struct {
	status
	recurring int     // number of grams that recur, if the block is a variant
	grams     int     // number of sampled grams
	gramDocs  int     // number of documents that hold the rarest recurring gram
	between   float64 // confidence, if the state is between
	seen      [Global]sighting
}

// A status is the part of a finding that is reset for every page.
type status struct {
	state       state
	prose       bool
	masked      bool
	weak        bool  // masked on the evidence of a few pages
	restored    bool  // unmasked by restore
	independent bool  // true in scope Host, otherwise the result of view.independent
	looked      uint8 // bit set of the scopes for which seen is filled in
	scope       Scope // the scope that decided
	others      int   // number of documents with the block in the last scope examined, without the page and its copies
	documents   int   // number of documents with the block in the deciding scope, including the page and its copies
}

type state uint8

const (
	own         state = iota
	exact             // recurs
	unsupported       // recurs, but is short and needs support: see view.support
	variant           // most of its grams recur
	between           // lies between masked blocks
	copied            // recurs, but only on copies of the page
	sameDay           // recurs, but only on one day
	paired            // prose that one other page holds
)

// undecided reports whether a wider scope may still decide on a block.
func (s state) undecided() bool { return s == own || s == copied || s == paired }

func (s state) flagged() bool { return s == exact || s == variant }

// judge is the scratch space of one judgement.
type judge struct {
	findings []finding
	overlaps overlaps
	copies   []uint32   // fingerprints of the copies of the page, ascending
	full     []*counter // full counters of blocks and anchors, which may not name all documents
	limits   []limit    // limits of the counters in full, except of blocks that all documents hold
	anchor   sighting   // scratch
	docs     int        // number of documents in the scope, including the page
	logDocs  int64      // logarithm of docs
	keys     []uint64   // scratch
	gaps     []gap      // scratch
}

func (d *Detector) appendBlocks(dst []Block, p *Page, name name, dg *digest, j *judge) []Block {
	v := view{d: d, p: *p, dg: dg, judge: j, day: day(p.Time)}
	if d.hasHost(p) {
		v.sites[Host] = d.site(Host, p.Host, false)
	}
	if p.Group != "" {
		v.sites[Group] = d.site(Group, p.Group, false)
	}
	v.sites[Global] = d.global
	switch {
	case d.closed:
		v.observed = true
	case p.ID == "":
		v.observed = d.texts.has(name.text)
	default:
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
		f.status = status{}
		f.prose = dg.blocks[i].mass >= sentenceMass && isProse(&dg.blocks[i], p.Text)
	}
	if v.observed {
		v.self = v.findSelf(name)
	}
	for scope, s := range v.sites {
		if s != nil {
			v.decide(Scope(scope))
		}
	}
	v.support()
	v.mask()
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
	sites    [scopes]*site // nil if the page has no such scope, or nothing was observed in it
	observed bool
	self     uint32 // the fingerprint by which counters name the page, if it was observed
	host     uint16 // fingerprint of the host, or 0 if there is none
	section  uint16 // fingerprint of the section, or 0 if there is none
	day      uint16

	proseMasked           bool // some block of prose is masked
	placed                bool // firstProse and lastProse are filled in
	firstProse, lastProse int  // see ownProse
}

// findSelf returns the fingerprint under which counters name an observed page: the
// fingerprint of its text or, if the text has changed since, of the earlier text. The
// latter is found only if a block of the earlier text is still on the page.
func (v *view) findSelf(name name) uint32 {
	now := fingerprint(name.text)
	if v.d.closed || v.p.ID == "" || v.d.texts.has(name.with(now)) {
		return now
	}
	for scope, s := range v.sites {
		if s == nil {
			continue
		}
		for i := range v.findings {
			for _, doc := range v.seen(i, Scope(scope)).names() {
				if v.d.texts.has(name.with(doc)) {
					return doc
				}
			}
		}
	}
	return now
}

// counted reports whether the page is among the documents that a sighting counts. If it
// does not name all its documents, an observed page is assumed to be among them.
func (v *view) counted(seen *sighting) bool {
	return v.observed && (int(seen.count) > seen.named || slices.Contains(seen.names(), v.self))
}

// seen returns the counts of the i-th block in a scope. They are looked up when
// needed, because most blocks of most pages are decided by the host scope.
func (v *view) seen(i int, scope Scope) *sighting {
	f := &v.findings[i]
	if f.looked>>scope&1 == 0 {
		v.look(i, scope)
	}
	return &f.seen[scope-Host]
}

func (v *view) look(i int, scope Scope) {
	f := &v.findings[i]
	f.looked |= 1 << scope
	v.sites[scope].lookup(v.dg.blocks[i].key, &f.seen[scope-Host])
}

// decide uses one scope to judge the blocks that no narrower scope has decided.
func (v *view) decide(scope Scope) {
	s := v.sites[scope]
	docs := int(s.docs.count)
	if !v.observed {
		docs++
	}
	need := v.d.opts.minDocs
	if scope == Global {
		need = v.d.opts.minGlobal
	}
	s.fetch(v.undecidedKeys())
	covers := scope != Global || !v.d.hasHost(&v.p)
	if !covers && !v.reach(scope, need) {
		return
	}
	most := v.findCopies(scope, docs)
	for i := range v.findings {
		f := &v.findings[i]
		if !f.state.undecided() {
			continue
		}
		seen := &f.seen[scope-Host] // filled in by findCopies
		copies, others := 0, listed
		if n := int(seen.count); n > listed && seen.named == listed {
			// The named documents are a sample of those other than the page.
			if v.observed {
				n--
			}
			f.others = n
			if len(v.copies) > 0 {
				if copies, others = v.split(seen.names()); copies > 0 {
					f.others = n * others / (copies + others)
				}
			}
		} else {
			copies, others = v.split(seen.names())
			copies += seen.unnamed()
			f.others = others
		}
		all := copies + others + 1
		switch {
		case all < need:
		case others == 0 || others+1 < need && scope != Global:
			if f.state == own {
				f.state, f.scope = copied, scope // a wider scope may still decide otherwise
			}
		case f.prose && all < leastProse:
			f.state, f.scope = paired, scope
		case scope == Global && v.p.Host != "" && v.hosts(seen) < 2:
			// Blocks that occur on one host only are judged by the host scope.
		case f.prose && v.oneDay(s, seen):
			f.state, f.scope = sameDay, scope
		case v.dg.blocks[i].mass < shortMass:
			f.state, f.scope = unsupported, scope
		default:
			f.state, f.scope = exact, scope
		}
		if f.scope == scope {
			f.documents = all
			if int(seen.count) > seen.named {
				if f.documents = int(seen.count); !v.observed {
					f.documents++
				}
			}
		}
		if f.state.flagged() || f.state == unsupported {
			f.independent = scope == Host || v.independent(i, seen, need)
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

// reach reports whether some block that no scope has decided yet is held by enough
// documents of this scope. Copies of the page are counted as well.
func (v *view) reach(scope Scope, need int) bool {
	for i := range v.findings {
		f := &v.findings[i]
		if f.state.undecided() && int(v.seen(i, scope).count) >= need-1 {
			return true
		}
	}
	return false
}

// undecidedKeys returns the keys of the blocks that no scope has decided yet.
func (v *view) undecidedKeys() []uint64 {
	v.keys = v.keys[:0]
	for i := range v.findings {
		if v.findings[i].state.undecided() {
			v.keys = append(v.keys, v.dg.blocks[i].key)
		}
	}
	return v.keys
}

// hosts returns the number of hosts that hold a block, including the page's host.
func (v *view) hosts(seen *sighting) int {
	h := seen.hosts
	h.add(v.host)
	return h.number()
}

// leastProse is the number of documents needed to decide on prose: two may be a
// story and its update.
const leastProse = 3

// oneDay reports whether a block is held by few documents, all from the same day, on
// a site that was seen on several days.
func (v *view) oneDay(s *site, seen *sighting) bool {
	days := seen.days
	widen(&days, [2]uint16{v.day, v.day})
	return seen.count <= listed &&
		days[0] != 0 && days[0] == days[1] && s.docs.days[0] != s.docs.days[1]
}

// cover judges the i-th block by its grams. A gram recurs if at least two documents
// other than the page and its copies hold it, and at least one document in a
// hundred.
func (v *view) cover(i int, scope Scope, copies int) {
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
