// Package seen separates pages that are new from those that were seen before. A
// [Filter] takes the text of a page with its address and host and returns a
// [Verdict]: all that a crawler needs, in one call that fits any pipeline:
//
//	filter, err := seen.Open("state", seen.Options{})
//	...
//	verdict, err := filter.Judge(ctx, seen.Page{ID: url, Host: host, Text: text})
//
// It joins two packages: a [boilerplate.Detector] learns what the pages of a
// site have in common, and an index holds the pages that were kept, without that:
// a [disk.Index] of its own, or one that several crawlers share (Options.Store).
// Package boilerplate/pages makes text of HTML.
//
// # Frame
//
// Two pages that carry the same article in the frames of two sites are alike
// only without the frames, and two articles in the same large frame differ only
// without it. A frame is known when several pages have it. So a page is not
// judged before its site is known: until [Options.Settle] pages of its section
// have been observed, the verdict is [Held], and the page is kept in memory.
// [Filter.Release] judges the held pages whose frame is known by now, in the
// order in which they came; all of them at the end of a crawl. Pages of sections
// that are known are judged in line. A verdict other than Held is final.
//
// A section that remains small does not hold its pages for ever: four times
// Settle further pages of the host release them. Of a host with more than 256
// sections the sections are forgotten, and the host counts as one.
//
// What can go wrong is the first page in a frame that replaces a known one: it
// is sketched with the new frame, and a copy of it may be kept.
//
// A paragraph that many articles quote is learnt about in the same way, only
// later, and by one host before another. So two pages are compared without what
// either is known to share with others by the time of the comparison: what is
// frame of the later page does not count in the earlier one, and a block of the
// later page that recurs anywhere does not count if the earlier one is without it.
//
// # First come, first kept
//
// The index holds only pages that were judged [New], so a page repeats one that
// was kept, and never one that was itself left out.
//
// # Durability
//
// [Filter.Save] makes everything durable that was judged before. After a crash a
// filter is exactly as it was saved: judge again, in the same order, the pages
// judged since, and the verdicts are the same. A page never repeats itself. So
// acknowledge pages to a queue after Save, and let it deliver the others again.
// Until it is saved a filter keeps the pages that it stores in memory, about 5 KB
// each. A [Durable] is a filter with a journal, each of whose answers is durable.
//
// A shared store is changed at once, because others look into it. It may then know
// more than the last save. If, since the last save, a page was judged a duplicate of a
// kept page, and then that kept page changed its text or was removed, the store no
// longer has the text that the verdict was based on. Repeated after a crash, the
// verdict may be New. Save before kept pages are removed or visited again where that
// matters.
//
// # Revisits
//
// A page of an ID that was kept before, with a later [Page.Time], is compared with
// its earlier state: [Verdict.Changed]. It stays New, and takes the place of that
// state. The server of a shared store keeps no times, and so no revisits.
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
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options configures [Open]; the zero value is the recommended setting.
type Options struct {
	// Threshold is the least Jaccard similarity of five-word shingles, without
	// frame, of a page that repeats another, at most 1; 0 means 0.8. It is fixed
	// when a filter is created.
	Threshold float64

	// Own is how many shingles must be left of a page that has frame for it to
	// be more than frame; 0 means 20, 1 takes all that have any.
	Own int

	// Settle is how many pages of a section must have been observed before its
	// pages are judged; 0 means 16.
	Settle int

	// Detector configures the detector of a new filter. A filter that is there
	// has the options that it was made with.
	Detector boilerplate.Options

	// Seed keys signatures and buckets: secret where texts may be hostile. It is
	// stored in the index.
	Seed uint64

	// Prefer, if not nil, reports whether a page is a better copy than the kept page
	// that it repeats, such as [BetterAddress]. Then the verdict on it is Duplicate
	// with Better set: the caller puts it in the place of the kept one, and later
	// copies match it. It must return the same for the same arguments. Where filters
	// share a store, each knows only its own choices.
	Prefer func(p Page, kept Kept) bool

	// Store, if not nil, holds the pages that are new, instead of an index in the
	// directory, such as an index in Redis that several crawlers share. It must have
	// been opened with what [Options.StoreOptions] returns, and Close leaves it
	// open. Each crawler has a filter of its own, with the pages of certain hosts,
	// since the frame of a site is learnt from all of its pages. Of copies that two
	// of them judge at the same time one is new.
	Store disk.Store
}

func (o Options) withDefaults() Options {
	o.Threshold, o.Own, o.Settle = cmp.Or(o.Threshold, lsh.DefaultThreshold), cmp.Or(o.Own, 20), cmp.Or(o.Settle, 16)
	return o
}

// reach is the share of the threshold at which the index finds pages: what was
// taken for a page's own and is frame by now, or the other way about, hides that
// two pages are alike. The remaining third is more than two paragraphs of ten.
const reach = 0.7

// maxSections is the number of sections of a host that are distinguished.
const maxSections = 256

// A Filter judges pages. It is made by [Open] and safe for concurrent use by
// multiple goroutines, which take turns; waiting for one's turn ends with the
// context.
type Filter struct {
	dir       string
	threshold float64
	own       int
	settle    int
	turn      chan struct{} // holds one token: the right to use what follows
	detector  *boilerplate.Detector
	ix        kept
	mh        *minhash.Sketcher
	sh        shingle.Shingler
	sites     map[string]*site
	prefer    func(Page, Kept) bool
	names     names
	dirty     []string // sites in the order in which they became so
	turns     int64    // pages that were held so far
	holding   int
	saved     uint64 // the number of the last save
	note      []byte
	closed    bool
}

// Open opens the filter in a directory, and creates both where there is none.
// The error wraps [disk.ErrLocked] if another process has it open, and
// [disk.ErrMismatch] if the threshold is not that of the index. It panics if an
// option is out of its range.
func Open(dir string, o Options) (*Filter, error) {
	if o.Own < 0 || o.Settle < 0 || !(o.Threshold >= 0 && o.Threshold <= 1) {
		panic("seen: option out of range")
	}
	o = o.withDefaults()
	f := &Filter{
		dir: dir, threshold: o.Threshold, own: o.Own, settle: o.Settle,
		turn: make(chan struct{}, 1), sites: map[string]*site{}, prefer: o.Prefer, names: newNames(nil),
		detector: boilerplate.New(o.Detector),
	}
	f.mh = o.sketcher()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("seen: %w", err)
	}
	if err := f.openStore(o); err != nil {
		return nil, err
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, f.ix.close())
	}
	f.turn <- struct{}{}
	return f, nil
}

// openStore opens the index in the directory, whose lock is that of the directory,
// or takes the store that is given.
func (f *Filter) openStore(o Options) error {
	name := filepath.Join(f.dir, "index")
	do := disk.Options{Scheme: f.mh.Scheme(), Threshold: f.threshold * reach, Seed: o.Seed}
	if o.Store != nil {
		// An index without documents is the lock.
		name = filepath.Join(f.dir, "lock")
	}
	ix, err := disk.Open(name, do)
	if errors.Is(err, disk.ErrMismatch) {
		return fmt.Errorf("seen: %s was made with another threshold than %v, or with another seed: %w", f.dir, f.threshold, err)
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

// enter waits for the turn of the caller, who calls leave unless it returns an
// error.
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

// Forget takes pages out of the index that are older than the given time, so
// that what repeats them is new again. The next Save frees their room. With a
// shared store it returns an error that wraps [errors.ErrUnsupported]: that store
// forgets pages by its own settings.
func (f *Filter) Forget(ctx context.Context, before time.Time) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.leave()
	if err := f.ix.expire(ctx, before); err != nil {
		return wrap(err)
	}
	for text := range f.names.better {
		_, ok, err := f.ix.get(ctx, text)
		if err != nil {
			return wrap(err)
		}
		if !ok {
			f.names.drop(text)
		}
	}
	return nil
}

// Stats counts the contents of a filter.
type Stats struct {
	Kept     int // pages in the index; 0 with a shared store. What Forget took out counts until the next Save
	Held     int // pages that wait for their frame
	Detector boilerplate.Stats
	Index    disk.Metrics // of the last Save
}

// Stats returns figures about the filter.
func (f *Filter) Stats(ctx context.Context) (Stats, error) {
	if err := f.enter(ctx); err != nil {
		return Stats{}, err
	}
	defer f.leave()
	s := Stats{Held: f.holding, Detector: f.detector.Stats()}
	f.ix.stats(&s)
	return s, nil
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("seen: %w", err)
}
