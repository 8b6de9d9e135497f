package boilerplate

import "github.com/neardup/neardup/shingle"

// A Scope is a circle of documents.
type Scope uint8

const (
	// Single is one page: no scope decided.
	Single Scope = iota
	// Section is one section of one host: no other of its pages has the block.
	Section
	// Host is one host.
	Host
	// Group is the group that the caller named.
	Group
	// Global is all documents.
	Global
)

// String returns the name of the scope in lower case.
func (s Scope) String() string {
	return nameOf(s, "single", "section", "host", "group", "global")
}

// A Reason says in a word or two why a verdict is as it is.
type Reason uint8

const (
	// Own is text that no other document holds.
	Own Reason = iota
	// Furniture is what a site puts on its pages: menus, footers, notices.
	Furniture
	// SignOff is a short block that stands on pages of several hosts.
	SignOff
	// Background is a paragraph of prose that several documents share.
	Background
	// Recurring is a block of which no host is known and which is too short to
	// be Background.
	Recurring
	// Variant is a block most of whose runs of words recur.
	Variant
	// Between is a short stretch between recycled blocks.
	Between
	// Copy is text that recurs, but only on copies of the page. It is not
	// flagged.
	Copy
	// SameDay is prose that recurs, but on pages of one day only: content
	// that is repeated while it is new. It is not flagged.
	SameDay
	// Unsupported is a block of less than four words that recurs, but stands
	// amid text of the page's own. It is not flagged.
	Unsupported
)

// String returns the reason in words.
func (r Reason) String() string {
	return nameOf(r, "own text", "site furniture", "agency sign-off",
		"recycled background", "recurring block", "edited variant", "between recycled blocks",
		"copy of the page", "repeated on one day", "short, amid own text")
}

func nameOf[T ~uint8](i T, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "unknown"
}

// A Block is the verdict on one block of a page.
type Block struct {
	shingle.Span // of the text as given

	// Flagged reports whether the block is recycled.
	Flagged bool

	// Reason says why, whether flagged or not.
	Reason Reason

	// Scope is the narrowest scope that decided on the block.
	Scope Scope

	// Documents is the number of distinct documents in the scope that hold
	// the block, this page included, copies of it too.
	Documents int

	// Hosts is the number of hosts that these documents are from: exact up to
	// four, then an estimate that saturates near 250; 0 if no document has a
	// host.
	Hosts int

	// Confidence is the strength of the evidence that the block is recycled,
	// from 0 to 1: with n other documents that are not copies n/(n+1), for a
	// Variant the share of its runs that recur, for Between the weaker
	// neighbour's halved, 0 for what is not flagged.
	Confidence float64
}

// verdict puts the finding on the i-th block into words.
func (v *view) verdict(out *Block, i int) {
	f, b := &v.findings[i], &v.dg.blocks[i]
	*out = Block{}
	out.Span, out.Flagged, out.Documents = b.Span, f.state.flagged(), 1
	out.Confidence = v.confidence(i)
	if v.p.Host != "" {
		out.Hosts = 1
	}
	switch f.state {
	case own:
		return
	case between:
		out.Reason = Between
		return
	case variant:
		out.Reason, out.Scope = Variant, v.scope(f, manyPlaces)
		out.Documents = f.gramDocs
		if !v.observed {
			out.Documents++
		}
		return
	}
	seen := v.seen(i, f.scope)
	out.Documents = int(seen.count)
	if !v.counted(seen) {
		out.Documents++
	}
	out.Scope = v.scope(f, seen.place)
	if f.scope > 0 {
		out.Hosts = v.hosts(seen)
	}
	switch f.state {
	case copied:
		out.Reason = Copy
	case sameDay:
		out.Reason = SameDay
	case unsupported:
		out.Reason = Unsupported
	default:
		out.Reason = v.reason(i)
	}
}

// scope names the scope that decided on a block.
func (v *view) scope(f *finding, section uint16) Scope {
	switch {
	case f.scope == 2:
		return Global
	case f.scope == 1:
		return Group
	case v.section != 0 && section == v.section:
		return Section
	}
	return Host
}

// reason tells what kind of recycled text the i-th block is.
func (v *view) reason(i int) Reason {
	f, b := &v.findings[i], &v.dg.blocks[i]
	const many = 3
	amid := i > 0 && !v.findings[i-1].state.flagged() ||
		i+1 < len(v.findings) && !v.findings[i+1].state.flagged()
	switch {
	case b.mass >= proseMass && f.scope > 0:
		return Background
	case b.mass >= proseMass && (amid || v.hosts(v.seen(i, 2)) > 1) &&
		many*int(f.seen[0].count) < int(v.sites[0].docs.count):
		return Background
	case f.scope == 1, amid && v.hosts(v.seen(i, 2)) >= many,
		amid && f.scope == 2 && v.p.Host != "":
		return SignOff
	case v.p.Host == "":
		return Recurring
	}
	return Furniture
}

// confidence returns the strength of the evidence on the i-th block, which
// stretches between blocks do not have of themselves; an end of the page counts
// as certain.
func (v *view) confidence(i int) float64 {
	if i < 0 || i == len(v.findings) {
		return 1
	}
	switch f := &v.findings[i]; f.state {
	case exact:
		n := f.others
		return float64(n) / float64(n+1)
	case variant:
		return float64(f.recurring) / float64(f.grams)
	case between:
		return f.between
	}
	return 0
}
