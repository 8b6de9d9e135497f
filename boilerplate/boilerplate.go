// Package boilerplate finds the blocks of text that a page shares with other pages:
// site furniture, agency sign-offs, recycled background paragraphs. It takes a text
// with the names of its document and host, and returns the spans of its blocks, each
// with the number of documents that hold it, the scope, a reason and a verdict.
//
// [Detector.Mask] returns the spans that may be left out when pages are compared, so
// that a signature covers the page's own text:
//
//	for _, p := range pages {
//		d.Observe(p)
//	}
//	for _, p := range pages {
//		sig := mh.SketchSeq(sh.HashesSeq(p.Text, d.Mask(p)...))
//		// ...
//	}
//
// The package deletes nothing: a [Block] is a verdict, and [Detector.Strip] removes
// text only because the caller asks for it.
//
// # Flagged and masked
//
// A block is flagged if it recurs on documents that are not copies of the page,
// which is evidence of reuse. It is masked if it belongs to the frame of its page.
// Most of a frame is both. Background paragraphs, wire stories on several sites, and
// text that an update keeps from the earlier story may be flagged, but are not
// masked.
//
// Short blocks that the pages of a host share are frame. Prose (a paragraph of at
// least 25 words or a sentence of at least 16) must meet one of these conditions:
//
//   - Three in four pages of the host hold it, including three that are not copies.
//   - Three pages of the host hold it, and it lies within the frame: no text of the
//     page's own is next to it. Recurring text that is enclosed by masked blocks counts
//     as within the frame.
//   - All pages of the host (at least three) begin or end with it.
//
// Prose on several hosts is masked only if it is a stock phrase such as a sign-off:
// fewer than 25 words at the beginning or end of the text, on documents that share
// no other prose with the page, and on at least six of them if it is a sentence. Two
// pages of a host are not enough to decide on prose; a third page revises the
// verdicts on both. Without hosts, only blocks held by eight other documents are
// masked, and blocks of numbers never are. If masking would remove nearly all the
// text of a page, or most of its prose on the evidence of a few pages, the page
// keeps its prose, with the reason [Kept].
//
// # Counting
//
// Only distinct documents are counted, not occurrences or calls: observing a page a
// hundred times counts once. The key of a block is its folded text, without
// punctuation and with all numbers treated as equal, so dates and counters do not
// hide a template. A block whose runs of five words mostly recur is an edited
// variant of recycled text. Documents are counted per host, per group named by the
// caller (such as an agency) and in total. Copies of the page being judged do not
// count, so a story published under several addresses is not taken for a template.
//
// # Modes
//
// Two passes, for a corpus: observe every page, then judge every page; pages that
// stay in memory can be read once for both passes ([Detector.Prepare]). Verdicts do
// not depend on the order of the pages as long as nothing had to be forgotten
// ([Stats]). Streaming: [Detector.Next] judges a page by the earlier pages and then
// observes it. Judging it again later revises the verdict. [Detector.Merge] joins
// the detectors of parallel workers.
//
// # Cost
//
// Pages are not kept. A block takes 16 bytes in each scope, and 44 more if several
// documents hold it: about 110 MB for a million distinct blocks of fifteen words.
// Options.MaxBytes bounds the total memory between calls. Observing and judging a
// page costs three to four times as much as sketching it.
//
// The file format is in FORMAT.md. docs/boilerplate.md explains the rules and has
// the measurements.
package boilerplate

import (
	"sync"
	"time"

	"github.com/neardup/neardup/shingle"
)

// Options configures [New]; the zero value is the recommended setting.
type Options struct {
	// MinDocuments is the number of distinct documents of a host or group that must hold
	// a block for it to be recycled, counting the page itself but not its copies: 2 to
	// 8; 0 means 2. Prose needs one more than 2.
	MinDocuments int

	// MinGlobal is the equivalent of MinDocuments over all documents: 2 to 8; 0 means 3.
	MinGlobal int

	// Gap is the maximum length, in words, of a stretch that is masked because it lies
	// between two masked blocks, or between one and an end of the page. A longer stretch
	// is also masked if none of its blocks has more than half as many words. The longest
	// stretch of a page, its title, prose longer than a quarter of the longest stretch,
	// and paragraphs longer than a twelfth of it are never masked in this way. 0 means
	// 50; a negative number masks no stretches.
	Gap int

	// Coverage is a share below 1: a block counts as an edited variant if more than this
	// share of its five-word runs recur. 0 means 0.5; a negative number disables
	// variants.
	Coverage float64

	// HostOnly disables counting over all documents, which saves a third to half of the
	// memory. Pages without a host are then counted as one host.
	HostOnly bool

	// MaxBytes bounds the memory; 0 means 1 GiB. Above it, the least recently observed
	// hosts are forgotten, then the least frequent blocks; see [Stats].
	MaxBytes int

	// Seed keys the hashes. Keep it secret if texts may be hostile.
	Seed uint64
}

// A Page is a text and its origin. Only Text is required; the other fields make
// verdicts more accurate. The zero value is an empty page without a host.
type Page struct {
	// ID names the document. Pages with the same ID are one document, and the first
	// observation counts. If the text has changed since, the older text does not count
	// against the page. A page without an ID is identified by its host and text.
	ID string

	// Host is the site that the page is from. Without a host, only text that recurs
	// among all documents is found, and stretches between masked blocks are never
	// masked.
	Host string

	// Section is the part of the host, such as the first segment of the path.
	Section string

	// Group is a scope that the caller defines, such as the agency that supplied a
	// story.
	Group string

	Text string

	// Time is when the page was published or fetched, if known. It distinguishes
	// blocks repeated on one day from blocks that recur over time.
	Time time.Time

	// Blocks are the spans of Text to be judged, ascending and disjoint; nil
	// means the paragraphs that [shingle.Paragraphs] finds.
	Blocks []shingle.Span

	prepared *prepared // set by Prepare
}

// A Detector counts blocks and judges pages. Make one with [New] or
// [Detector.UnmarshalBinary]. The zero value is only for UnmarshalBinary; its other
// methods panic. A Detector is safe for concurrent use by multiple goroutines:
// judging runs in parallel, observing is serialized.
type Detector struct {
	opts options

	mu     sync.RWMutex
	sites  map[uint64]*site // by the hash of scope and name; see Detector.site
	global *site            // counts over all documents; nil if HostOnly
	ids    seen             // hashes of the IDs of the observed documents
	texts  seen             // hashes of the observed texts, and their links to IDs: see name.with
	bytes  int              // memory of all sites
	closed bool             // every page has been observed; see With
	tallies
}

// tallies are the counts that a detector keeps for [Stats].
type tallies struct {
	clock         uint64 // number of observations so far; decides which hosts to evict
	documents     uint64
	evictedHosts  uint64
	evictedBlocks uint64
}

// options is Options with the defaults filled in.
type options struct {
	minDocs, minGlobal int
	gap                int // in half words
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

// made panics if the Detector was not made by New or UnmarshalBinary.
func (d *Detector) made() {
	if d.opts.maxBytes == 0 {
		panic("boilerplate: the Detector was not made by New")
	}
}

func (d *Detector) reset() {
	d.ids, d.texts = seen{}, seen{}
	d.sites, d.global, d.bytes = map[uint64]*site{}, nil, 0
	if !d.opts.hostOnly {
		d.global = newSite(true, d.opts.placing())
		d.bytes = d.global.bytes()
	}
	d.ids.limit, d.texts.limit = d.opts.maxBytes/512, d.opts.maxBytes/256
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
		r.gap = 2 * 50
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
		panic("boilerplate: MinDocuments must be from 2 to 8")
	case r.minGlobal < 2 || r.minGlobal > listed:
		panic("boilerplate: MinGlobal must be from 2 to 8")
	case !(cov < 1):
		panic("boilerplate: Coverage must be below 1")
	case r.maxBytes < minBytes:
		panic("boilerplate: MaxBytes must be at least 1 MiB")
	}
	if cov > 0 {
		r.coverage = uint32(cov * coverageUnit)
	} else {
		r.coverage = coverageUnit // all runs at most can recur, so this disables variants
	}
	return r
}

// minBytes is the smallest allowed MaxBytes.
const minBytes = 1 << 20

// coverageUnit represents a coverage of 1.
const coverageUnit = 1 << 16
