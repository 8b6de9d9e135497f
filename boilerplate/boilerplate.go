// Package boilerplate finds the blocks of text that a page shares with other
// pages: site furniture, agency sign-offs, recycled background paragraphs. Text
// goes in with the name of its document and host; out come the spans of its
// blocks with the number of documents that hold each one, the scope, the reason
// and a verdict.
//
// The neighbours: package shingle cuts text into the tokens and paragraphs that
// are counted here, and leaves out the spans that [Detector.Mask] returns, so
// that a signature sees only what is a page's own:
//
//	for _, p := range pages {
//		d.Observe(p)
//	}
//	for _, p := range pages {
//		sig := mh.Sketch(sh.Hashes(p.Text, d.Mask(p.Host, p.Text)...))
//		// ...
//	}
//
// Nothing is ever deleted here: a [Block] is a verdict, and [Detector.Strip]
// leaves text out only because the caller asks.
//
// # Counting
//
// What counts is the number of distinct documents, never of occurrences or
// calls: observing one page a hundred times is observing it once. A block's key
// is its folded text without punctuation, every number the same, so that dates
// and counters do not hide a template. Documents are counted in up to three
// scopes: the host, the group that the caller names (say an agency), and all
// documents there are. A block that is unlike any other, but of whose runs of
// five words more than half recur, is an edited variant of recycled text.
//
// # Copies
//
// A site may print one story under several addresses. Whoever counts only pages
// takes such a story for a template and deletes it altogether. So pages that
// are copies of the page to be judged do not count: those that hold more than
// half of its text, every block weighted by its words and by how rare it is on
// the host, or nine tenths of its text without weights. What every page of a
// host shares weighs nothing, so that template-heavy pages with different
// stories never pass for copies of one another. There is no threshold on the
// similarity of whole pages: at a Jaccard similarity of 0.8 it would merge
// different stories of template-heavy sites, at 0.9 find next to nothing.
//
// # Modes
//
// Two passes, for a corpus: observe every page, then judge every page. The
// verdicts do not depend on the order of the pages as long as nothing had to be
// forgotten ([Stats]). Streaming: [Detector.Next] judges a page by those before
// it and then observes it; to judge again later revises the verdict. Detectors
// of parallel workers are joined by [Detector.Merge].
package boilerplate

import (
	"sync"
	"time"

	"github.com/neardup/neardup/shingle"
)

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	// MinDocuments is how many distinct documents of a host or group, the
	// page itself included and its copies not, must hold a block for it to
	// be recycled: 2 to 8; 0 means 2.
	MinDocuments int

	// MinGlobal is the same for the scope of all documents: 2 to 8; 0 means 3.
	MinGlobal int

	// Gap is the number of words that may lie between two recycled blocks, or
	// one and an end of the page, and be taken for recycled too; so is a
	// longer stretch if none of its blocks has more than half as many. The
	// longest stretch of a page and its title are never taken. 0 means 20,
	// a negative number none.
	Gap int

	// Coverage is the share of a block's five-word runs that must recur for
	// it to count as an edited variant: above 0 and at most 1; 0 means 0.5,
	// a negative number switches variants off.
	Coverage float64

	// HostOnly leaves out the scope of all documents, and with it a third to
	// half of the memory. Pages without a host are then counted as one host.
	HostOnly bool

	// MaxBytes bounds the memory; 0 means 1 GiB. Beyond it the hosts that
	// were not observed for longest are forgotten, then the blocks that were
	// seen least often; see [Stats].
	MaxBytes int

	// Seed keys the hashes: secret where texts may be hostile.
	Seed uint64
}

// A Page is a text and where it is from. Only Text is needed; what else is
// known makes verdicts sharper.
type Page struct {
	// ID names the document. Documents of one ID are one document, of which
	// the first observation counts. A page without ID is named by its host
	// and text.
	ID string

	// Host is the site that the page is from. Without a host only what recurs
	// among all documents is found, and stretches between are not taken.
	Host string

	// Section is the part of the host, say the first segment of the path.
	Section string

	// Group is a scope of the caller's own, such as the agency that a story
	// is from.
	Group string

	Text string

	// Time is when the page was published or fetched, if known. It tells
	// what is repeated on one day from what recurs over time.
	Time time.Time

	// Blocks are the spans of Text to be judged, ascending and disjoint; nil
	// means the paragraphs that [shingle.Paragraphs] finds.
	Blocks []shingle.Span
}

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

// A Detector counts blocks and judges pages. It is made by [New] or
// [Detector.UnmarshalBinary] and safe for concurrent use by multiple
// goroutines: any number may judge at once, observing takes turns.
type Detector struct {
	opts options

	mu     sync.RWMutex
	sites  map[uint64]*site // by scope and name
	global *site            // nil if HostOnly
	seen   seen
	bytes  int // of all sites
	tallies
}

// tallies are the counts that a detector keeps for [Stats].
type tallies struct {
	clock         uint64 // observations, for the eviction of hosts
	documents     uint64
	evictedHosts  uint64
	evictedBlocks uint64
}

// options is Options with the defaults filled in.
type options struct {
	minDocs, minGlobal int
	gap                int // half words
	coverage           uint32
	hostOnly           bool
	maxBytes           int
	seed               uint64
}

// New returns a Detector that has observed nothing. It panics if an option is
// out of the range that [Options] states.
func New(o Options) *Detector {
	d := &Detector{opts: o.resolve()}
	d.reset()
	return d
}

func (d *Detector) reset() {
	d.sites, d.global, d.bytes = map[uint64]*site{}, nil, 0
	if !d.opts.hostOnly {
		d.global = newSite(true)
		d.bytes = d.global.bytes()
	}
	d.seen = seen{limit: d.opts.maxBytes / 256}
}

func (o Options) resolve() options {
	r := options{
		minDocs: o.MinDocuments, minGlobal: o.MinGlobal, gap: 2 * o.Gap,
		hostOnly: o.HostOnly, maxBytes: o.MaxBytes, seed: o.Seed,
	}
	if r.minDocs == 0 {
		r.minDocs = 2
	}
	if r.minGlobal == 0 {
		r.minGlobal = 3
	}
	if r.gap == 0 {
		r.gap = 2 * 20
	}
	if r.maxBytes == 0 {
		r.maxBytes = 1 << 30
	}
	cov := o.Coverage
	if cov == 0 {
		cov = 0.5
	}
	switch {
	case r.minDocs < 2 || r.minDocs > listed:
		panic("boilerplate: MinDocuments is not between 2 and 8")
	case r.minGlobal < 2 || r.minGlobal > listed:
		panic("boilerplate: MinGlobal is not between 2 and 8")
	case !(cov <= 1):
		panic("boilerplate: Coverage is above 1")
	case r.maxBytes < minBytes:
		panic("boilerplate: MaxBytes is below 1 MiB")
	}
	if cov > 0 {
		r.coverage = uint32(cov * coverageUnit)
	} else {
		r.coverage = coverageUnit // more than all runs cannot recur
	}
	return r
}

// minBytes is the least MaxBytes.
const minBytes = 1 << 20

// coverageUnit is a coverage of 1.
const coverageUnit = 1 << 16
