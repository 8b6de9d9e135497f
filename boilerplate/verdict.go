package boilerplate

import "github.com/neardup/neardup/shingle"

// A Scope is the set of documents that are counted together. The zero Scope is
// Single.
type Scope uint8

const (
	// Single is one page: no scope decided.
	Single Scope = iota
	// Host is one host.
	Host
	// Group is the group that the caller named.
	Group
	// Global is all documents.
	Global
	// Section is one section of one host: no other pages of the host have the block.
	Section
)

// scopes is the number of scopes that are counted plus one: a Scope is an index into
// arrays of that length.
const scopes = Global + 1

// String returns the name of the scope in lower case.
func (s Scope) String() string {
	return nameOf(s, "single", "host", "group", "global", "section")
}

// A Reason explains a verdict. The zero Reason is Own.
type Reason uint8

const (
	// Own is text that no other document holds.
	Own Reason = iota
	// Furniture is text that a site puts on its pages: headers, footers, notices.
	Furniture
	// Navigation is a block of a few words that leads elsewhere: a menu item or the
	// heading of a list.
	Navigation
	// Advertisement is the label of an advertisement.
	Advertisement
	// SignOff is text that an agency or a contributor puts at the beginning or end of
	// its stories.
	SignOff
	// Background is prose that several documents share and that is not masked:
	// evidence of reuse, within a site or between sites.
	Background
	// Recurring is any other block that recurs, such as a heading or a block without a
	// known host.
	Recurring
	// Variant is a block most of whose runs of words recur.
	Variant
	// Between is a short stretch between masked blocks. It does not recur and is
	// masked, but not flagged.
	Between
	// Kept is prose that recurs and seems to belong to the frame on the evidence of a
	// few pages, but whose removal would leave little of the page's prose. It is
	// flagged, and not masked.
	Kept
	// Copy is text that recurs, but only on copies of the page. It is not
	// flagged.
	Copy
	// SameDay is prose that recurs, but on pages of one day only: content
	// that is repeated while it is new. It is not flagged.
	SameDay
	// Unsupported is a block of fewer than four words that recurs amid text of the
	// page's own. It is not flagged.
	Unsupported
	// Paired is prose that one other page of the site holds: it is as often an update or
	// a rewrite as a frame. It is not flagged.
	Paired
)

// String returns the reason in words.
func (r Reason) String() string {
	return nameOf(r, "own text", "site furniture", "navigation", "advertisement", "sign-off",
		"recycled background", "recurring block", "edited variant", "between recycled blocks",
		"most of the page", "copy of the page", "same-day content", "short, amid own text",
		"on one other page")
}

func nameOf[T ~uint8](i T, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "unknown"
}

// A Block is the verdict on one block of a page. The zero value is an empty block
// of own text.
type Block struct {
	shingle.Span // position in Page.Text

	// Flagged reports whether the block recurs, on documents that are not
	// copies of the page. That is evidence of reuse.
	Flagged bool

	// Masked reports whether the block belongs to the frame of the page, so
	// that it may be left out when pages are compared. A masked block is
	// flagged or Between masked blocks.
	Masked bool

	// Reason explains the verdict, whether the block is flagged or not.
	Reason Reason

	// Scope is the narrowest scope that decided on the block.
	Scope Scope

	// Documents is the number of distinct documents in the scope that hold the block,
	// including this page and its copies.
	Documents int

	// Hosts is the number of hosts that these documents are from: exact up to
	// four, then an estimate that saturates near 250 and never exceeds
	// Documents; 0 if no document has a host.
	Hosts int

	// Confidence is the strength of the evidence that the block is recycled, from 0 to
	// 1. With n other documents that are not copies it is n/(n+1); for a Variant it is
	// the share of its runs that recur; for Between it is half the weaker neighbour's
	// confidence; for blocks that are neither flagged nor masked it is 0.
	Confidence float64
}

// verdict fills in the verdict on the i-th block.
func (v *view) verdict(out *Block, i int) {
	f, b := &v.findings[i], &v.dg.blocks[i]
	*out = Block{}
	out.Span, out.Flagged, out.Masked, out.Documents = b.Span, f.state.flagged(), f.masked, 1
	out.Confidence = v.confidence(i)
	if v.p.Host != "" {
		out.Hosts = 1
	}
	switch {
	case f.state == own:
		return
	case f.state == between:
		out.Reason = Between
		return
	case f.state == variant:
		out.Reason, out.Scope = Variant, v.scope(f, manyPlaces)
		out.Documents = f.gramDocs
		if !v.observed {
			out.Documents++
		}
		if f.restored {
			out.Reason = Kept
		}
		return
	}
	out.Documents, out.Scope = f.documents, f.scope
	if f.scope != Host {
		out.Hosts = min(v.hosts(v.seen(i, f.scope)), out.Documents)
	} else if v.section != 0 {
		out.Scope = v.scope(f, v.seen(i, f.scope).place)
	}
	switch f.state {
	case copied:
		out.Reason = Copy
	case sameDay:
		out.Reason = SameDay
	case paired:
		out.Reason = Paired
	case unsupported:
		out.Reason = Unsupported
	default:
		out.Reason = v.reason(i)
	}
}

// scope names the scope that decided on a block.
func (v *view) scope(f *finding, section uint16) Scope {
	switch {
	case f.scope != Host:
		return f.scope
	case v.section != 0 && section == v.section:
		return Section
	}
	return Host
}

// confidence returns the strength of the evidence on the i-th block. For a stretch
// between blocks it follows from the neighbours; an end of the page counts as
// certain.
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
