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
// filter is as it was saved, except for the index, which may hold pages that were
// judged since: judge those again, in the same order, and the verdicts are the same.
// A page never repeats itself. So acknowledge pages to a queue after Save, and let it
// deliver the others again. A [Durable] is a filter with a journal, each of whose
// answers is durable.
//
// One thing is not repeated exactly: if, since the last save, a page was judged a
// duplicate of a kept page, and then that kept page changed its text or was removed,
// the index no longer has the text that the verdict was based on. Repeated after a
// crash, the verdict may be New, and the filter then holds the page although its
// first verdict was Duplicate. Save before kept pages are removed or visited again
// where that matters.
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
	"slices"
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
	// that it repeats, say [BetterAddress]. Then the verdict on it is Duplicate with
	// Better set: the caller puts it in the place of the kept one, and later copies
	// match it. It must return the same for the same arguments. Where filters share a
	// store, each knows only its own choices.
	Prefer func(p Page, kept Kept) bool

	// Store, if not nil, holds the pages that are new, instead of an index in the
	// directory: say an index in Redis that several crawlers share. It must have been
	// opened with what [Options.StoreOptions] returns, and Close leaves it open. Each
	// crawler has a filter of its own, with the pages of certain hosts, since the
	// frame of a site is learnt from all of its pages. Of copies that two of them
	// judge at the same time one is new.
	Store disk.Store
}

func (o Options) withDefaults() Options {
	o.Threshold, o.Own, o.Settle = cmp.Or(o.Threshold, lsh.DefaultThreshold), cmp.Or(o.Own, 20), cmp.Or(o.Settle, 16)
	return o
}

// A Page is a text and where it is from.
type Page struct {
	ID      string `json:"id"`                // its address; at most 1 MiB
	Host    string `json:"host,omitempty"`    // the site; a page without one is never held
	Section string `json:"section,omitempty"` // of the site, say the first segment of the path
	Text    string `json:"text"`

	// Canonical is the address that the page itself gives for its text
	// (rel=canonical), if it does.
	Canonical string `json:"canonical,omitempty"`

	// Blocks are the spans of Text that may be frame, ascending and disjoint;
	// nil means its paragraphs.
	Blocks []shingle.Span `json:"blocks,omitempty"`

	// Time is when the page was published or fetched, if known.
	Time time.Time `json:"time,omitzero"`
}

func (p Page) boilerplate() boilerplate.Page {
	return boilerplate.Page{ID: p.ID, Host: p.Host, Section: p.Section, Text: p.Text, Blocks: p.Blocks, Time: p.Time}
}

// An Outcome is what became of a page.
type Outcome string

const (
	// New pages repeat none that was kept. They are in the index.
	New Outcome = "new"
	// Duplicate pages are near-duplicates of one that was kept.
	Duplicate Outcome = "near-duplicate"
	// Frame pages are nothing but frame, or next to nothing.
	Frame Outcome = "frame"
	// Unreadable pages have no text.
	Unreadable Outcome = "unreadable"
	// Held pages wait until their frame is known; see [Filter.Release].
	Held Outcome = "held"
)

// A Verdict says what became of a page.
type Verdict struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"verdict"`

	// Match is the kept page that a Duplicate is most like, and Similarity the
	// Jaccard similarity of the shingles of both without frame, counted, not
	// estimated.
	Match      string  `json:"match,omitempty"`
	Similarity float64 `json:"similarity,omitempty"`

	// Better reports that a Duplicate is a better copy than Match, by
	// [Options.Prefer], and takes its place.
	Better bool `json:"better,omitempty"`

	// Revisit reports that an earlier page of this ID was kept, whose [Page.Time]
	// is earlier, and Changed how much the text has changed since, from 0 to 1: 1
	// minus the Jaccard similarity of the two without frame.
	Revisit bool    `json:"revisit,omitempty"`
	Changed float64 `json:"changed,omitempty"`
}

// String returns the verdict in words. A New page that is a Revisit is described by
// how much it has changed.
func (v Verdict) String() string {
	switch v.Outcome {
	case New:
		if v.Revisit {
			return fmt.Sprintf("%.0f %% changed", 100*v.Changed)
		}
	case Duplicate:
		if v.Better {
			return fmt.Sprintf("better copy of %s at %.2f", v.Match, v.Similarity)
		}
		return fmt.Sprintf("near-duplicate of %s at %.2f", v.Match, v.Similarity)
	case Frame:
		return "nothing but frame"
	}
	return string(v.Outcome)
}

// reach is the share of the threshold at which the index finds pages: what was
// taken for a page's own and is frame by now, or the other way about, hides that
// two pages are alike. The remaining third is more than two paragraphs of ten.
const reach = 0.7

// maxSections is how many sections of a host are told apart.
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
	f.ix = own{ix}
	if o.Store != nil {
		f.ix = shared{o.Store, ix}
	}
	return nil
}

// enter waits for the turn of the caller, who calls leave if there is no error.
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

// Judge observes a page and says whether it is new. A page of an id that was
// judged before is judged anew, and takes its place. After an error the page may
// have been observed; judging it again is safe. It panics if p.Blocks are not
// ascending, disjoint spans of p.Text.
func (f *Filter) Judge(ctx context.Context, p Page) (Verdict, error) {
	if err := f.enter(ctx); err != nil {
		return Verdict{}, err
	}
	defer f.leave()
	return f.judge(ctx, p)
}

// judge is Judge for whoever has the turn.
func (f *Filter) judge(ctx context.Context, p Page) (Verdict, error) {
	if len(f.sh.Set(p.Text)) == 0 {
		return Verdict{ID: p.ID, Outcome: Unreadable}, nil
	}
	s := f.observe(p)
	if i := slices.IndexFunc(s.Held, func(h held) bool { return h.Page.ID == p.ID }); i >= 0 {
		s.Held[i].Page = p
		return Verdict{ID: p.ID, Outcome: Held}, nil
	}
	if !f.known(p.Host, s, p.Section) {
		f.turns++
		f.holding++
		s.Held = append(s.Held, held{Page: p, Turn: f.turns, At: s.Pages})
		return Verdict{ID: p.ID, Outcome: Held}, nil
	}
	return f.decide(ctx, p)
}

// observe counts a page and returns its site.
func (f *Filter) observe(p Page) *site {
	s := f.sites[p.Host]
	if s == nil {
		s = &site{Sections: map[string]int{}}
		f.sites[p.Host] = s
	}
	if f.detector.Observe(p.boilerplate()) {
		s.count(p.Section)
		if !s.dirty && len(s.Held) > 0 {
			s.dirty = true
			f.dirty = append(f.dirty, p.Host)
		}
	}
	return s
}

// mask returns the spans that do not count when a page is compared: its frame, and
// blocks that other pages of its site repeat, such as teasers. The detector does not
// mask these, because a text without them would lack something; here nothing is
// taken out but for the comparison.
func (f *Filter) mask(p Page) []shingle.Span {
	var out []shingle.Span
	for _, b := range f.detector.Judge(p.boilerplate()) {
		if ownSite(b) {
			out = append(out, b.Span)
		}
	}
	return out
}

// ownSite reports whether a block is frame or repeated within its site.
func ownSite(b boilerplate.Block) bool {
	return b.Masked || b.Flagged && (b.Scope == boilerplate.Section || b.Scope == boilerplate.Host)
}

// decide judges a page by what is known.
func (f *Filter) decide(ctx context.Context, p Page) (Verdict, error) {
	v := Verdict{ID: p.ID}
	mask := f.mask(p)
	set := f.sh.Set(p.Text, mask...)
	if len(set) == 0 || len(mask) > 0 && len(set) < f.own {
		v.Outcome = Frame
		err := f.unname(ctx, p.ID)
		if err == nil {
			_, err = f.ix.remove(ctx, p.ID)
		}
		return v, wrap(err)
	}
	if done, err := f.again(ctx, p, set, &v); done || err != nil {
		return v, wrap(err)
	}
	if err := f.revisit(ctx, p, set, &v); err != nil {
		return Verdict{}, wrap(err)
	}
	sig := f.mh.Sketch(set)
	match, similarity, err := f.best(ctx, p, sig, set)
	if err != nil {
		return Verdict{}, wrap(err)
	}
	if similarity >= f.threshold {
		v.Outcome, v.Match, v.Similarity = Duplicate, f.names.of(match), similarity
		if _, err := f.ix.remove(ctx, p.ID); err != nil {
			return Verdict{}, wrap(err)
		}
		err := f.choose(ctx, p, match, &v)
		return v, wrap(err)
	}
	m, faster, err := f.ix.put(ctx, disk.Document{ID: p.ID, Signature: sig, Set: set, Time: p.Time})
	if err != nil {
		return Verdict{}, wrap(err)
	}
	if faster { // another crawler was
		v.Outcome, v.Match, v.Similarity = Duplicate, m.ID, m.Similarity
		_, err := f.ix.remove(ctx, p.ID)
		return v, wrap(err)
	}
	v.Outcome = New
	return v, nil
}

// keep observes a page and stores it without judging it, for whoever has the turn.
func (f *Filter) keep(ctx context.Context, p Page) error {
	if len(f.sh.Set(p.Text)) == 0 {
		return nil
	}
	f.observe(p)
	f.unhold(p.ID, p.Host)
	if err := f.unname(ctx, p.ID); err != nil {
		return wrap(err)
	}
	set := f.sh.Set(p.Text, f.mask(p)...)
	return wrap(f.ix.force(ctx, disk.Document{ID: p.ID, Signature: f.mh.Sketch(set), Set: set, Time: p.Time}))
}

// remove takes a page out of the index and out of those that are held, for whoever
// has the turn.
func (f *Filter) remove(ctx context.Context, id string) (bool, error) {
	if err := f.unname(ctx, id); err != nil {
		return false, wrap(err)
	}
	there := false
	for host := range f.sites {
		there = f.unhold(id, host) || there
	}
	removed, err := f.ix.remove(ctx, id)
	return removed || there, wrap(err)
}

// unhold forgets a held page and reports whether there was one.
func (f *Filter) unhold(id, host string) bool {
	s := f.sites[host]
	if s == nil {
		return false
	}
	n := len(s.Held)
	s.Held = slices.DeleteFunc(s.Held, func(h held) bool { return h.Page.ID == id })
	f.holding -= n - len(s.Held)
	return len(s.Held) < n
}

// Query returns the kept pages that are at the threshold to a page, the best first,
// n at most, 0 for all. It changes nothing, and leaves out the frame that is known
// of the page. It panics if p.Blocks are not ascending, disjoint spans of p.Text.
func (f *Filter) Query(ctx context.Context, p Page, n int) ([]lsh.Match[string], error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	set := f.sh.Set(p.Text, f.mask(p)...)
	matches, err := f.ix.search(ctx, f.mh.Sketch(set), lsh.SearchOptions{Set: set, Limit: n, Threshold: f.threshold})
	for i := range matches {
		matches[i].ID = f.names.of(matches[i].ID)
	}
	return matches, wrap(err)
}

// Blocks returns the verdict on every block of a page: see
// [boilerplate.Detector.Judge]. It panics if p.Blocks are not ascending, disjoint
// spans of p.Text.
func (f *Filter) Blocks(ctx context.Context, p Page) ([]boilerplate.Block, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	return f.detector.Judge(p.boilerplate()), nil
}

// Forget takes pages out of the index that are older than the given time, so
// that what repeats them is new again, and returns how many there were. With a
// shared store it returns an error that wraps [errors.ErrUnsupported]: that store
// forgets pages by its own settings.
func (f *Filter) Forget(ctx context.Context, before time.Time) (int, error) {
	if err := f.enter(ctx); err != nil {
		return 0, err
	}
	defer f.leave()
	n, err := f.ix.expire(ctx, before)
	for text := range f.names.better {
		if err != nil {
			break
		}
		var ok bool
		if _, ok, err = f.ix.get(ctx, text); err == nil && !ok {
			f.names.drop(text)
		}
	}
	return n, wrap(err)
}

// Stats says how much a filter holds.
type Stats struct {
	Kept     int // pages in the index; 0 with a shared store, as Index is
	Held     int // pages that wait for their frame
	Detector boilerplate.Stats
	Index    disk.Metrics
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
