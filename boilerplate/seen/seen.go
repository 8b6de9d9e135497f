// Package seen separates new pages from pages that were seen before. A [Filter]
// takes the text of a page with its address and host and returns a [Verdict]:
//
//	filter, err := seen.Open("state", seen.Options{})
//	...
//	verdict, err := filter.Judge(ctx, seen.Page{ID: url, Host: host, Text: text})
//
// It combines two packages: a [boilerplate.Detector] learns what the pages of a site
// have in common, and an index holds the pages that were kept, without those parts.
// The index is a private [disk.Index] or one that several crawlers share
// (Options.Store). Package boilerplate/pages extracts text from HTML.
//
// # Frame
//
// Two pages that carry the same article in the frames of two sites are alike only
// without the frames, and two articles in the same large frame differ only without
// it. A frame is recognized once several pages have it, so a page is not judged
// before its site is known. Until [Options.Settle] pages of its section have been
// observed, the verdict is [Held], and the page is kept in memory. [Filter.Release]
// judges the held pages whose frame is known by now, in order of arrival; call it
// with all set at the end of a crawl. Pages of known sections are judged at once. A
// verdict other than Held is final.
//
// The pages of a section that remains small are not held forever: they are released
// after four times Settle more pages of the host. A host with more than 256 sections
// counts as one section.
//
// One error remains: when a site gets a new frame, the first page in it is sketched
// with the frame, and a copy of the page may be kept.
//
// A paragraph that many articles quote is recognized in the same way, but later, and
// on some hosts before others. So two pages are compared without the text that
// either is known to share with others at that time: the frame of the later page is
// ignored in the earlier one, and a block of the later page that recurs anywhere is
// ignored if the earlier page lacks it.
//
// # First come, first kept
//
// The index holds only pages that were judged [New], so a duplicate always repeats a
// page that was kept.
//
// # Durability
//
// [Filter.Save] makes all judgements so far durable. After a crash a filter is
// exactly as it was saved: judge the pages judged since then again, in the same
// order, and the verdicts are the same. A page never repeats itself. So acknowledge
// pages to a queue after Save, and let the queue deliver the others again. Until it
// is saved, a filter keeps the pages that it stores in memory, about 5 KB each. A
// [Durable] is a filter with a journal, and each of its answers is durable.
//
// A shared store is changed at once, because others search it. It may then be ahead
// of the last save. If, since the last save, a page was judged a duplicate of a kept
// page, and then that kept page changed its text or was removed, the store no longer
// has the text that the verdict was based on. Repeated after a crash, the verdict
// may be New. If that matters, call Save before removing or revisiting kept pages. A
// [Durable] has no such gap: with a shared store its journal also has the verdicts,
// so that after a crash it repeats them without changing the store. Each answer then
// waits for two flushes.
//
// # Revisits
//
// A page whose ID was kept before, with an earlier [Page.Time], is compared with its
// earlier state: see [Verdict.Changed]. It is New, and replaces that state. With a
// shared store, the earlier state may be one that another filter kept.
//
// [disk.Index]: https://pkg.go.dev/github.com/neardup/neardup/lsh/disk#Index
package seen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options configures [Open]; the zero value is the recommended setting.
type Options struct {
	// Threshold is the minimum Jaccard similarity of a page and one that it repeats, at
	// most 1. It is counted from the five-word shingles outside the frame. 0 means 0.8.
	// The threshold is fixed when a filter is created.
	Threshold float64

	// Own is the minimum number of shingles outside the frame that a page with a frame
	// must have; a page with fewer is a Frame page. 0 means 20, 1 accepts any page that
	// has a shingle left.
	Own int

	// Settle is the number of pages of a section that must have been observed before its
	// pages are judged; 0 means 16.
	Settle int

	// Detector configures the detector of a new filter. An existing filter keeps the
	// options that it was made with.
	Detector boilerplate.Options

	// Seed keys signatures and buckets. Keep it secret if texts may be hostile. It is
	// stored in the index.
	Seed uint64

	// Prefer, if not nil, reports whether a page is a better copy than the kept page
	// that it repeats, such as [BetterAddress] or [EarlierTime]. Then the verdict is
	// Duplicate with Better set: the caller replaces the kept page by the better copy,
	// and later copies match that. Prefer must return the same result for the same
	// arguments. Where filters share a store, each knows only its own choices.
	Prefer func(p Page, kept Kept) bool

	// Passages keeps the texts of new pages, for [Filter.Passages]. This takes about
	// twice the size of the texts on disk. Pages stored while it was off are not found.
	Passages bool

	// Covered, if not 0, also makes a page a near-duplicate if passages shared with a
	// kept page cover this share of the shorter of the two, without frame: see
	// [passage.Cover]. It is at most 1; 0.5 finds an article with different text around
	// it. It keeps texts like Passages, and cannot be combined with a Store.
	Covered float64

	// Store, if not nil, holds the new pages instead of an index in the directory: for
	// example, an index in Redis that several crawlers share. It must have been opened
	// with the result of [Options.StoreOptions], and Close leaves it open. Each crawler
	// has its own filter for the pages of certain hosts, since the frame of a site
	// is learnt from all of its pages. If two crawlers judge copies at the same time,
	// one of them is new.
	Store disk.Store
}

func (o Options) withDefaults() Options {
	o.Threshold, o.Own, o.Settle = cmp.Or(o.Threshold, lsh.DefaultThreshold), cmp.Or(o.Own, 20), cmp.Or(o.Settle, 16)
	return o
}

// reach is the share of the threshold at which the index finds pages. Text that was
// the page's own when it was stored and is frame now, or the reverse, can hide that
// two pages are alike. The remaining third allows for more than two such paragraphs
// in ten.
const reach = 0.7

// maxSections is the maximum number of sections distinguished on a host.
const maxSections = 256

// A Filter judges pages. It is made by [Open] and safe for concurrent use by
// multiple goroutines, which take turns; waiting for a turn ends with the context.
type Filter struct {
	dir       string
	threshold float64
	own       int
	settle    int
	turn      chan struct{} // holds one token: the right to use the fields below
	detector  *boilerplate.Detector
	ix        kept
	texts     *texts.Store // nil if texts are not kept
	textsLeft int          // number of texts after the last compaction, or when they were opened
	covered   float64
	mh        *minhash.Sketcher
	sh        shingle.Shingler
	sites     map[string]*site
	prefer    func(Page, Kept) bool
	names     names
	outcome   *outcome // outcome of the current operation, if it is being recorded
	repeated  *outcome // the part of a known outcome that is still to be repeated
	dirty     []string // names of the dirty sites, in the order in which they became dirty
	turns     int64    // number of pages held so far
	holding   int
	saved     uint64 // number of the last save
	note      []byte
	closed    bool
}

// Open opens the filter in a directory, and creates it if there is none. The error
// wraps [disk.ErrLocked] if another process has it open, and [disk.ErrMismatch] if
// the threshold differs from the index's. It panics if an option is out of its
// range.
func Open(dir string, o Options) (*Filter, error) {
	if o.Own < 0 || o.Settle < 0 || !(o.Threshold >= 0 && o.Threshold <= 1) || !(o.Covered >= 0 && o.Covered <= 1) {
		panic("seen: Own and Settle must not be negative, Threshold and Covered must be from 0 to 1")
	}
	if o.Covered > 0 && o.Store != nil {
		return nil, fmt.Errorf("seen: covered shares need the texts of all pages, which a shared store does not have: %w", errors.ErrUnsupported)
	}
	o = o.withDefaults()
	f := &Filter{
		dir: dir, threshold: o.Threshold, own: o.Own, settle: o.Settle,
		turn: make(chan struct{}, 1), sites: map[string]*site{}, prefer: o.Prefer, covered: o.Covered, names: newNames(nil, nil),
		detector: boilerplate.New(o.Detector),
	}
	f.mh = o.sketcher()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("seen: %w", err)
	}
	if err := f.openStore(o); err != nil {
		return nil, err
	}
	err := f.load()
	if err == nil && (o.Passages || o.Covered > 0) {
		f.texts, err = texts.Open(filepath.Join(dir, "texts"))
		if err = wrap(err); err == nil {
			f.textsLeft = f.texts.Stats().Texts
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.ix.close())
	}
	f.turn <- struct{}{}
	return f, nil
}

// openStore opens the index in the directory, or returns the given store. The lock
// of the index also guards the directory.
func (f *Filter) openStore(o Options) error {
	name := filepath.Join(f.dir, "index")
	do := disk.Options{Scheme: f.mh.Scheme(), Threshold: f.threshold * reach, Seed: o.Seed}
	if o.Store != nil {
		// An index without documents serves as the lock.
		name = filepath.Join(f.dir, "lock")
	}
	ix, err := disk.Open(name, do)
	if errors.Is(err, disk.ErrMismatch) {
		return fmt.Errorf("seen: %s was made with a threshold other than %v, or with another seed: %w", f.dir, f.threshold, err)
	}
	if err != nil {
		return fmt.Errorf("seen: %w", err)
	}
	f.ix = newOwn(ix, f.threshold*reach, o.Seed)
	if o.Store != nil {
		f.ix = &shared{Store: o.Store, lock: ix, mh: f.mh, stored: map[string]time.Time{}}
	}
	return nil
}

// enter waits for the caller's turn. Unless it returns an error, the caller must
// call leave.
func (f *Filter) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-f.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.closed {
		f.leave()
		return fmt.Errorf("seen: %w", disk.ErrClosed)
	}
	return nil
}

func (f *Filter) leave() { f.turn <- struct{}{} }

// Forget removes pages that are older than the given time from the index, so that
// later copies of them are new again. A page without a time gets the time at which
// it was judged. The next Save frees their space. A shared store forgets at once,
// for all its filters.
func (f *Filter) Forget(ctx context.Context, before time.Time) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.leave()
	return wrap(f.forget(ctx, before))
}

// forget is Forget for the caller that has the turn.
func (f *Filter) forget(ctx context.Context, before time.Time) error {
	if f.repeated != nil {
		return nil
	}
	if err := f.ix.expire(ctx, before); err != nil {
		return err
	}
	for text := range f.names.better {
		_, ok, err := f.ix.get(ctx, text)
		if err != nil {
			return err
		}
		if !ok {
			f.names.drop(text)
		}
	}
	return nil
}

// Stats counts the contents of a filter.
type Stats struct {
	Texts     int   // kept texts, including those of removed pages; 0 without Options.Passages
	TextBytes int64 // total size of the files with these texts

	Kept     int // pages in the index; 0 with a shared store. Forgotten pages count until the next Save
	Held     int // pages waiting for their frame
	Detector boilerplate.Stats
	Index    disk.Metrics // metrics at the last Save
}

// Stats returns figures about the filter.
func (f *Filter) Stats(ctx context.Context) (Stats, error) {
	if err := f.enter(ctx); err != nil {
		return Stats{}, err
	}
	defer f.leave()
	s := Stats{Held: f.holding, Detector: f.detector.Stats()}
	f.ix.stats(&s)
	if f.texts != nil {
		t := f.texts.Stats()
		s.Texts, s.TextBytes = t.Texts, t.Bytes
	}
	return s, nil
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("seen: %w", err)
}
