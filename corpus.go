package neardup

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A Document is a text with the caller's id. The zero Document has no id and no
// text.
type Document struct {
	ID   string
	Text string

	// Host is the site of a page. Blocks that the pages of a host recycle, such as menus
	// and footers, are ignored when a document with a host is compared. A document
	// without a host is compared as a whole.
	Host string

	// Time is when the document was published or fetched, if known. It helps to tell
	// site furniture from news that several pages carry on the same day.
	Time time.Time
}

func (d Document) page() boilerplate.Page {
	return boilerplate.Page{ID: d.ID, Host: d.Host, Text: d.Text, Time: d.Time}
}

// A Corpus holds documents in memory and finds what they have in common. The zero
// value is an empty corpus with the recommended settings.
//
// A page is compared without the blocks that its host recycles, which are known only
// after other pages of the host have been added. So [Corpus.Seen] and [Corpus.AddNew]
// use the documents added before the call, while Pairs, Clusters and Passages first
// sketch all documents again if pages were added since the last such call. If no
// document has a host, nothing is sketched twice.
//
// A Corpus keeps the texts and about 8 bytes for each of their words. All methods
// may be called by any number of goroutines at once. A Corpus must not be copied
// after first use.
type Corpus struct {
	// Threshold is the minimum Jaccard similarity of near-duplicates; 0 means 0.8. It
	// must not change after first use; methods panic if it is out of range.
	Threshold float64

	mu       sync.Mutex
	docs     []*Document // in the order in which they were added; nil where one was replaced
	rows     map[string]int
	pages    bool // some document has a host
	stale    bool // documents were added since all masks were last computed
	sites    *boilerplate.Detector
	index    *lsh.Index
	sketcher *minhash.Sketcher
	shingler shingle.Shingler
	passages *passage.Index // nil if documents were added since it was made
}

// prepare makes an empty corpus ready; c.mu is held.
func (c *Corpus) prepare() {
	if c.rows != nil {
		return
	}
	c.rows = map[string]int{}
	c.sites = boilerplate.New(boilerplate.Options{})
	c.sketcher = minhash.New(minhash.Options{Elements: c.shingler})
	c.index = c.newIndex()
}

func (c *Corpus) newIndex() *lsh.Index { return lsh.New(lsh.Options{Threshold: c.Threshold}) }

// mask returns the recycled blocks of a document with a host.
func (c *Corpus) mask(d Document) []shingle.Span {
	if d.Host == "" {
		return nil
	}
	return c.sites.Mask(d.page())
}

// sketch returns the shingles of a document and their signature.
func (c *Corpus) sketch(d Document) (minhash.Signature, []uint64) {
	hashes := c.shingler.Hashes(d.Text, c.mask(d)...)
	return c.sketcher.Sketch(hashes), hashes
}

// keep stores a document that is in the index; c.mu is held.
func (c *Corpus) keep(d Document) {
	if i, ok := c.rows[d.ID]; ok {
		c.docs[i] = nil
	}
	if len(c.docs) >= 2*len(c.rows)+2 {
		c.docs = slices.DeleteFunc(c.docs, func(d *Document) bool { return d == nil })
		for i, d := range c.docs {
			c.rows[d.ID] = i
		}
	}
	c.rows[d.ID] = len(c.docs)
	c.docs = append(c.docs, &d)
	c.pages = c.pages || d.Host != ""
	c.stale = c.pages
	c.passages = nil
}

// Add adds documents. Each one replaces the document with the same ID, if there is
// one, and then counts as the most recently added.
func (c *Corpus) Add(docs ...Document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	for _, d := range docs {
		c.sites.Observe(d.page())
		sig, hashes := c.sketch(d)
		c.index.AddSet(d.ID, sig, hashes)
		c.keep(d)
	}
}

// AddNew adds a document unless it is a near-duplicate of another one; in that case
// it returns the most similar match and true. A corpus filled only by AddNew holds
// the first of several near-duplicates, and every document left out matches one that
// was kept. The document with the same ID is not a match: it is replaced if nothing
// else matches, and otherwise stays.
func (c *Corpus) AddNew(d Document) (lsh.Match[string], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	c.sites.Observe(d.page())
	sig, hashes := c.sketch(d)
	m, seen := c.index.InsertNew(d.ID, sig, hashes)
	if !seen {
		c.keep(d)
	}
	return m, seen
}

// Seen returns the document most similar to d, and whether their similarity reaches
// the threshold. It adds nothing. A document with the same ID as d is not a match.
func (c *Corpus) Seen(d Document) (lsh.Match[string], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	sig, hashes := c.sketch(d)
	for _, m := range c.index.Search(sig, lsh.SearchOptions{Set: hashes, Limit: 2}) {
		if m.ID != d.ID {
			return m, true
		}
	}
	return lsh.Match[string]{}, false
}

// Len returns the number of documents.
func (c *Corpus) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rows)
}

// all yields the documents in the order in which they were added; c.mu is held.
func (c *Corpus) all() iter.Seq[Document] {
	return func(yield func(Document) bool) {
		for _, d := range c.docs {
			if d != nil && !yield(*d) {
				return
			}
		}
	}
}

// sketched returns the index of all documents, without the blocks currently known to
// be recycled.
func (c *Corpus) sketched(ctx context.Context) (*lsh.Index, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	if !c.stale {
		return c.index, nil
	}
	index := c.newIndex()
	for d := range c.all() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sig, hashes := c.sketch(d)
		index.AddSet(d.ID, sig, hashes)
	}
	c.index, c.stale = index, false
	return index, nil
}

// Pairs returns every pair of near-duplicates with their similarity, in the order in
// which A and then B were added. The error is the context's. If very many documents
// are equal, not all of their pairs are listed: see [lsh.Index.Pairs].
func (c *Corpus) Pairs(ctx context.Context) ([]lsh.Pair[string], error) {
	index, err := c.sketched(ctx)
	if err != nil {
		return nil, err
	}
	return index.Pairs(ctx)
}

// Clusters returns groups of near-duplicates. Each member matches the representative,
// the document of the cluster that was added first. Documents without near-duplicates
// are in no cluster. The error is the context's.
func (c *Corpus) Clusters(ctx context.Context) ([]lsh.Cluster[string], error) {
	index, err := c.sketched(ctx)
	if err != nil {
		return nil, err
	}
	return index.Clusters(ctx, lsh.ClusterOptions[string]{})
}

// Passages yields all pairs of documents that share passages of at least twelve
// words, exact or slightly edited, with these passages, in the order in which the
// documents were added. Recycled blocks of pages are left out. If the context is
// done, it yields the error and ends.
func (c *Corpus) Passages(ctx context.Context) iter.Seq2[passage.Pair, error] {
	return func(yield func(passage.Pair, error) bool) {
		index, err := c.withPassages(ctx)
		if err != nil {
			yield(passage.Pair{}, err)
			return
		}
		for p, err := range index.Pairs(ctx) {
			if !yield(p, err) {
				return
			}
		}
	}
}

func (c *Corpus) withPassages(ctx context.Context) (*passage.Index, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	if c.passages != nil {
		return c.passages, nil
	}
	index := passage.New(passage.Options{})
	for d := range c.all() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		index.AddAt(d.ID, d.Time, d.Text, c.mask(d)...)
	}
	c.passages = index
	return index, nil
}

// Recycled returns the blocks of a document that recur in other documents, with the
// number of these documents and the reason, in the order of the text. It returns nil
// if no document has that ID.
func (c *Corpus) Recycled(id string) []boilerplate.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare()
	row, ok := c.rows[id]
	if !ok {
		return nil
	}
	var out []boilerplate.Block
	for _, b := range c.sites.Judge(c.docs[row].page()) {
		if b.Flagged {
			out = append(out, b)
		}
	}
	return out
}
