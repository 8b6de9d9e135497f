// Package boilerplate finds the blocks of text that a page shares with other
// pages: site furniture, agency sign-offs, recycled background paragraphs. Text
// goes in with the name of its document and host; out come the spans of its
// blocks with the number of documents that hold each one, the scope, the reason
// and a verdict.
//
// Package shingle cuts text into the tokens and paragraphs that are counted here, and
// skips the spans that [Detector.Mask] returns, so that a signature covers only what
// is a page's own:
//
//	for _, p := range pages {
//		d.Observe(p)
//	}
//	for _, p := range pages {
//		sig := mh.Sketch(sh.Hashes(p.Text, d.Mask(p)...))
//		// ...
//	}
//
// Nothing is deleted here: a [Block] is a verdict, and [Detector.Strip] leaves text out
// because the caller asks.
//
// # Flagged and masked
//
// Two things are kept apart. A block is flagged if it recurs on documents that are not
// copies of the page: that is evidence of reuse, with the number of documents and hosts.
// A block is masked if it belongs to the frame of its page and may be left out when pages
// are compared. Most of a frame is flagged and masked; a background paragraph, a wire
// story on several sites or the paragraphs that an update has from the story before are
// flagged at most.
//
// Short blocks that the pages of a host share are frame. Prose, which is a paragraph of
// 25 words or a sentence of 16, must meet one of these conditions:
//
//   - Three in four pages of the host hold it, among them three that are not copies.
//   - Three pages of the host hold it, and it lies within the frame: no own text comes
//     next to it. So does recurring text that is enclosed by masked blocks.
//   - All pages of the host, three at least, begin or end with it.
//
// Prose on several hosts is masked only if it is a formula such as a sign-off: less than
// 25 words at an end of the text, on documents that share no other prose with the page,
// and at least six of them if it is a sentence that may close several stories. Two pages
// of a host decide nothing about prose, since one may be an update or a rewrite of the
// other; a third page revises the verdicts on both. Without hosts only blocks that eight
// other documents hold are masked, and figures never are. If a mask would leave hardly
// any text, or takes most of the prose on the word of a few pages, the page keeps its
// prose, with the reason [Kept].
//
// # Counting
//
// What counts is the number of distinct documents, never of occurrences or
// calls: observing one page a hundred times is observing it once. A block's key
// is its folded text without punctuation, every number the same, so that dates
// and counters do not hide a template. Documents are counted in up to three
// scopes: the host, the group that the caller names (say an agency), and all
// documents there are; of a host's blocks it is also known whether they keep to
// one section. A block that is unlike any other, but of whose runs of five words
// (fifteen letters in scripts without spaces) more than half recur, is an
// edited variant of recycled text.
//
// A block of less than four words is flagged only next to another that is, at an end of
// the page, or if eight other documents have it. Short stretches between masked blocks
// are masked with them ([Options].Gap), but never the title of a page, its longest
// stretch, or a stretch with prose that is not short compared with the longest.
//
// # Copies
//
// A site may print one story under several addresses. Whoever counts only pages
// takes such a story for a template and deletes it altogether. So pages that
// are copies of the page to be judged do not count: those that hold more than
// half of its text, every block weighted by its words and by how rare it is in
// the scope. What every page of a host shares weighs nothing, so that template-heavy
// pages with different stories never pass for copies of one another. There is no
// threshold on the similarity of whole pages: at a Jaccard similarity of 0.8 it would
// merge different stories of template-heavy sites, at 0.9 find next to nothing. Of
// edited paragraphs one run of words in 32 is looked up to see whether a page holds
// them. A story of which many copies were edited, each differently, and which make up a
// fifth of the host and more, is at the limit of this.
//
// After masking little may be left of a page: containment of the rest means
// something only from about twenty shingles on. Copies of a story in different frames
// are compared best by the share of their own text that they have in common: see
// [github.com/neardup/neardup/lsh/passage.Cover].
//
// # Modes
//
// Two passes, for a corpus: observe every page, then judge every page; pages that
// stay in memory may be read once for both ([Detector.Prepare]). The verdicts do
// not depend on the order of the pages as long as nothing had to be forgotten
// ([Stats]). Streaming: [Detector.Next] judges a page by those before it and then
// observes it; to judge again later revises the verdict. Detectors of parallel
// workers are joined by [Detector.Merge].
//
// # Accuracy
//
// Pages of real sites that people labelled block by block, real stories in real frames
// and made-up sites are in the tests (go test -v -run 'Eval|Hosts|TemplateHeavy'): content
// is kept with a recall of 0.98 at a precision of 0.86 on five portals in two passes, of
// which the precision depends on how much of a page stands there only, such as readers'
// comments.
//
// # Speed and memory
//
// Judging and observing cost about three to four times as much as sketching a page, of
// which a third is to find its tokens and a fourth some four hundred look-ups in tables
// for every thousand words (go test -bench ObserveJudge). Pages that are both observed
// and judged are read once if [Detector.Prepare] has read them.
//
// Pages are not kept, but by whoever prepares them. A block that one document
// holds takes 16 bytes, and one that more do 44 more, in each scope, in tables
// that are between three eighths and three quarters full; so do the sampled runs
// of words of its own. A million distinct blocks of fifteen words take some 110 MB, with HostOnly
// some 67 (go test -bench Memory). [Options].MaxBytes bounds the whole between
// calls; [Stats] tells what was forgotten to stay within it.
//
// # File format
//
// [Detector.AppendBinary] writes an envelope of package internal/wire: the magic
// "nbpl", the version 2 as a uvarint, the payload, and the XXH64 of all before
// it in eight bytes. Numbers are uvarints unless a width is given; those with a
// width are little-endian. The payload is
//
//	options    MinDocuments, MinGlobal, Gap in half words and one more (0: none),
//	           Coverage in 1/65536, HostOnly as 0 or 1, MaxBytes, Seed
//	tallies    observations, documents, hosts evicted, blocks evicted
//	documents  four times: number, then hashes, 8 bytes each, ascending: of the
//	           documents' IDs; of their texts, and of IDs together with the
//	           documents named in counters; of either the older and the newer
//	hosts      number, then of each, ascending: the hash of its name, 8 bytes; a site
//	all        a site, unless HostOnly
//
// A site is
//
//	wide       1 byte: 1 for a group and for all documents, 0 for a host
//	used       the observation that was its last
//	gramDocs   documents whose runs of words were counted
//	documents  a counter
//	single     number, then of each block, ascending: key, 8 bytes; document, 4;
//	           section, or host if wide, 2; day, 2
//	recurring  number, then of each block, ascending: key, 8 bytes; a counter; if
//	           wide, the number of hosts named, 1 byte, these, 2 bytes each, and a
//	           bitmap of hosts, 8 bytes
//	runs       number, then of each, ascending, 8 bytes: 48 bits of its hash above
//	           a count of 16
//
// and a counter is the number of documents; the section, 2 bytes (65535: many);
// the first and the last day since 1970, 2 bytes each (0: unknown); the number
// of documents named, 1 byte, at most eight; these, 4 bytes each, ascending.
//
// Version 1 has the same payload and is read too. Verdicts follow the rules of the
// version that judges: version 2 tells flagged and masked blocks apart.
//
// Every later version of this module with the same major version reads what this one
// writes.
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
	// be recycled: 2 to 8; 0 means 2. Prose needs one more than 2.
	MinDocuments int

	// MinGlobal is the same for the scope of all documents: 2 to 8; 0 means 3.
	MinGlobal int

	// Gap is the number of words that may lie between two masked blocks, or
	// one and an end of the page, and be masked too; so is a longer stretch if
	// none of its blocks has more than half as many. The longest stretch of a
	// page and its title are never taken, nor is prose that is longer than a
	// quarter of the longest stretch, a paragraph than a twelfth. 0 means 50,
	// a negative number none.
	Gap int

	// Coverage is the share of a block's five-word runs of which more must
	// recur for it to count as an edited variant: below 1; 0 means 0.5, a
	// negative number switches variants off.
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
// known makes verdicts sharper. The zero value is an empty page without a host.
type Page struct {
	// ID names the document. Documents of one ID are one document, of which
	// the first observation counts; when its text has changed since, its older
	// text is not held against it. A page without ID is named by its host and
	// text.
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

	prepared *prepared // by Prepare
}

// A Detector counts blocks and judges pages. It is made by [New] or
// [Detector.UnmarshalBinary]: the zero value is for UnmarshalBinary only, its other
// methods panic. A Detector is safe for concurrent use by multiple
// goroutines: any number may judge at once, observing takes turns.
type Detector struct {
	opts options

	mu     sync.RWMutex
	sites  map[uint64]*site // by scope and name
	global *site            // nil if HostOnly
	ids    seen             // documents that were observed
	texts  seen             // and their texts
	bytes  int              // of all sites
	closed bool             // every page was observed; see With
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

// made panics for a Detector that neither New nor UnmarshalBinary made.
func (d *Detector) made() {
	if d.opts.maxBytes == 0 {
		panic("boilerplate: use of a zero Detector; New makes one")
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
		panic("boilerplate: MinDocuments is not between 2 and 8")
	case r.minGlobal < 2 || r.minGlobal > listed:
		panic("boilerplate: MinGlobal is not between 2 and 8")
	case !(cov < 1):
		panic("boilerplate: Coverage is not below 1")
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
