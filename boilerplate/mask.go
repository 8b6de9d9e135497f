package boilerplate

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Masses of text, in units of half a word.
const (
	proseMass    = 2 * 25  // a block of this mass is prose
	sentenceMass = 2 * 16  // a block of this mass that ends like a sentence is prose too
	spokenMass   = 2 * 5   // minimum mass of a block that reads like running text
	framedMass   = 2 * 100 // maximum mass of contiguous prose in a frame
	enclosedMass = 2 * 60  // maximum mass of recurring text that is masked between masked blocks
	ownMass      = 2 * 12  // minimum mass of own text that masking must leave
)

// sentenceStories is the number of other documents, from several sites, that must
// hold a sentence for it to count as a stock phrase.
const sentenceStories = 5

// isProse reports whether a block is a paragraph, or a sentence that is too long
// for a caption.
func isProse(b *block, text string) bool {
	return b.mass >= proseMass || b.mass >= sentenceMass && endsSentence(b.Of(text))
}

// endsSentence reports whether s ends with a full stop or the like, ignoring quotation
// marks and parentheses after it.
func endsSentence(s string) bool {
	if n := len(s); n > 0 && (s[n-1]|0x20-'a' < 26 || s[n-1]-'0' < 10) {
		return false
	}
	for len(s) > 0 {
		r, size := utf8.DecodeLastRuneInString(s)
		switch {
		case strings.ContainsRune(".!?…。！？｡।؟", r):
			return true
		case !strings.ContainsRune(" \t\r\n\"'”’»)]」』）", r):
			return false
		}
		s = s[:len(s)-size]
	}
	return false
}

// mask decides which blocks belong to the frame and may be left out of comparisons.
// Recurrence alone is not enough for prose, since pages may share a story, its
// updates or a background paragraph. Prose belongs to the frame if it lies in the
// frame or nearly all pages of the site have it.
func (v *view) mask() {
	open := false // set if unmasked recurring text may be enclosed
	for i := range v.findings {
		f := &v.findings[i]
		switch {
		case !f.state.flagged():
		case f.scope == Host && !f.prose && f.others > 1:
			f.masked = true // the most common case
			continue
		default:
			f.masked = v.framed(i)
			v.proseMasked = v.proseMasked || f.masked && f.prose
		}
		open = open || !f.masked && f.enclosable()
	}
	if open {
		v.enclose()
	}
	v.smooth()
	if v.proseMasked {
		v.restore()
	}
}

// amid reports whether own prose comes both before and after the i-th block. It is
// computed on demand, because few pages need it.
func (v *view) amid(i int) bool {
	if !v.placed {
		v.firstProse, v.lastProse = v.ownProse()
		v.placed = true
	}
	return v.firstProse < i && i < v.lastProse
}

// ownProse returns the indices of two blocks: the one at which the page's own prose,
// added up from the beginning, reaches the mass of a paragraph, and the same from the
// end.
func (v *view) ownProse() (first, last int) {
	first, last = len(v.findings), -1
	mass := int32(0)
	for i := range v.findings {
		if f := &v.findings[i]; f.prose && !f.state.flagged() {
			if mass += v.dg.blocks[i].mass; mass >= proseMass {
				first = i
				break
			}
		}
	}
	mass = 0
	for i := range slices.Backward(v.findings) {
		if f := &v.findings[i]; f.prose && !f.state.flagged() {
			if mass += v.dg.blocks[i].mass; mass >= proseMass {
				last = i
				break
			}
		}
	}
	return first, last
}

// framed reports whether the flagged i-th block belongs to a frame.
func (v *view) framed(i int) bool {
	f, b := &v.findings[i], &v.dg.blocks[i]
	switch {
	case f.scope != Host && (f.scope == Group || v.p.Host != ""):
		// Text that travels between sites is masked only if it is a stock phrase. A sentence
		// may be a quotation that closes several stories, so more documents are required.
		return b.mass < proseMass && f.state == exact && f.independent && !v.amid(i) && !figures(b.Of(v.p.Text)) &&
			(!f.prose || f.others >= sentenceStories)
	case f.scope != Host:
		// Without sites, a frame cannot be distinguished from a wire story, nor one day's
		// figures from another's.
		return f.state == exact && f.others >= listed && !figures(b.Of(v.p.Text)) &&
			(!f.prose || 4*v.holders(i) >= int(v.sites[f.scope].docs.count))
	case v.everywhere(i):
		return true
	case f.prose:
		run := v.proseRun(i)
		if run <= enclosedMass && v.witnesses(i) >= 2 && v.closes(i) {
			return true
		}
		f.weak = v.witnesses(i) >= 2 && run <= framedMass && !v.touches(i, -1) && !v.touches(i, 1)
		return f.weak
	}
	// If only two pages share sentences, one may be a rewrite of the other.
	return f.others > 1 || !v.spoken(i) || !v.spoken(i-1) && !v.spoken(i+1)
}

// holders returns the number of documents, including the page, that hold the i-th
// block or, for a variant, one of its recurring grams.
func (v *view) holders(i int) int {
	f := &v.findings[i]
	if f.state == variant {
		return f.gramDocs
	}
	return f.documents
}

// witnesses returns the number of documents that hold the i-th block and are neither
// the page nor copies of it.
func (v *view) witnesses(i int) int {
	if f := &v.findings[i]; f.state == variant {
		return f.gramDocs - 1
	}
	return v.findings[i].others
}

// everywhere reports whether at least three in four documents of a scope hold the
// i-th block, including at least three that are not copies of the page.
func (v *view) everywhere(i int) bool {
	f := &v.findings[i]
	return f.scope != Single && v.witnesses(i) >= 3 &&
		4*v.holders(i) >= 3*int(v.sites[f.scope].docs.count)
}

// proseRun returns the mass of the contiguous recurring prose that includes the i-th
// block. It stops adding blocks once the mass exceeds framedMass.
func (v *view) proseRun(i int) int32 {
	mass := v.dg.blocks[i].mass
	for _, by := range [...]int{-1, 1} {
		for k := i + by; 0 <= k && k < len(v.findings) && mass <= framedMass; k += by {
			if f := &v.findings[k]; !f.prose || !f.state.flagged() {
				break
			}
			mass += v.dg.blocks[k].mass
		}
	}
	return mass
}

// touches reports whether the page's own text is next to the i-th block in direction by
// (-1 or 1); recurring prose in between is skipped.
func (v *view) touches(i, by int) bool {
	for i += by; 0 <= i && i < len(v.findings); i += by {
		if f := &v.findings[i]; !f.state.flagged() {
			return true
		} else if !f.prose {
			return false
		}
	}
	return false
}

// closes reports whether all pages of the site hold the i-th block, and only
// recurring prose lies between the block and an end of this page.
func (v *view) closes(i int) bool {
	if v.holders(i) < int(v.sites[v.findings[i].scope].docs.count) {
		return false
	}
	edge := func(by int) bool {
		k := i + by
		for 0 <= k && k < len(v.findings) && v.findings[k].prose && v.findings[k].state.flagged() {
			k += by
		}
		return k < 0 || k == len(v.findings)
	}
	return edge(-1) || edge(1)
}

// spoken reports whether the i-th block recurs and reads like running text.
func (v *view) spoken(i int) bool {
	if i < 0 || i >= len(v.findings) || v.findings[i].state == own {
		return false
	}
	b := &v.dg.blocks[i]
	return v.findings[i].prose || b.mass >= spokenMass && endsSentence(b.Of(v.p.Text))
}

// independent reports whether most documents that hold the i-th block in a scope
// share no other prose with the page: then the block is a stock phrase, not part of
// a story. It is valid after findCopies.
func (v *view) independent(i int, seen *sighting, need int) bool {
	own := int64(v.dg.blocks[i].mass) * v.rarity(seen)
	related, others := 0, 0
	for _, doc := range seen.names() {
		if v.observed && doc == v.self {
			continue
		}
		o := *v.overlaps.of(doc)
		o.weight -= own
		if v.findings[i].prose {
			o.prose -= own
		}
		// Sister sites share a frame, and prose is the smaller part of a frame.
		if o.prose+v.undecided(doc) >= proseMass/2*v.logDocs && 2*o.prose >= o.weight {
			related++
		} else {
			others++
		}
	}
	return others+1 >= need && others >= 3*related
}

// figures reports whether s consists of numbers. Blocks that differ only in numbers
// are counted as one.
func figures(s string) bool {
	digits, letters := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' < 10:
			digits++
		case c >= utf8.RuneSelf || c|0x20-'a' < 26:
			letters++
		}
	}
	return 3*digits > letters
}

// enclosable reports whether a block recurs, so that it may be masked between others.
func (f *status) enclosable() bool {
	return f.state.flagged() || f.state == paired || f.state == unsupported
}

// enclose masks recurring text between masked blocks. On a site of two pages it
// skips the blocks decided by the host scope.
func (v *view) enclose() {
	host := v.sites[Host]
	if host == nil {
		return
	}
	docs := int(host.docs.count)
	if !v.observed {
		docs++
	}
	for _, r := range v.findGaps() {
		ok := (r.from > 0 || r.to < len(v.findings)) && r.mass <= enclosedMass
		for i := r.from; i < r.to && ok; i++ {
			f := &v.findings[i]
			ok = f.enclosable() && !v.dg.blocks[i].title && (docs > 2 || f.scope != Host)
		}
		if !ok {
			continue
		}
		for i := r.from; i < r.to; i++ {
			f := &v.findings[i]
			f.masked, f.weak = true, f.prose
			v.proseMasked = v.proseMasked || f.prose
			if !f.state.flagged() {
				f.state = exact
			}
		}
	}
}

// restore unmasks prose where masking it would remove most of the page's prose on
// the evidence of a few pages, or leave hardly any text.
func (v *view) restore() {
	var weak, prose, text int32 // weak is the mass masked on the evidence of a few pages; the others are the mass left
	for i := range v.findings {
		f, m := &v.findings[i], v.dg.blocks[i].mass
		switch {
		case !f.masked:
			text += m
			if f.prose {
				prose += m
			}
		case f.weak:
			weak += m
		}
	}
	if weak <= prose && text >= ownMass {
		return
	}
	for i := range v.findings {
		if f := &v.findings[i]; f.masked && f.prose && f.state != between && (text < ownMass || f.weak) {
			f.masked, f.restored = false, true
		}
	}
}
