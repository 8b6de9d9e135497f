package seen

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// own is the filter's private index, in its directory. Changes are kept in memory
// until the filter is saved. A save lists them, and they reach the index on disk
// once the save is durable. So the index is never ahead of the last save: pages
// judged again after a crash are compared with the same documents as before it,
// including those replaced or removed since.
//
// The documents are the ones in the index on disk, followed by each layer's in turn.
// A layer overrides the ones below for its IDs. Search results are ordered as in a
// single index: documents of later layers were added later.
type own struct {
	ix     *disk.Index
	reach  lsh.Options // options for the index of each layer
	layers []*layer    // the oldest first; changes go into the last one
	base   int         // number of documents on disk when no layer was being applied
	turn   int64       // number of the next change
}

// A layer holds the changes between two saves: the last one of each ID.
type layer struct {
	changes map[string]change
	ix      *lsh.Index // index of the documents added
	expired time.Time  // documents on disk from before this time are removed; the zero Time removes none
	more    int        // number of documents added minus number removed

	// applied is set when the index on disk has the changes. From then on the layer is
	// redundant, and the next caller that has the turn drops it.
	applied atomic.Bool
}

// A change puts a document or removes it.
type change struct {
	turn int64
	gone bool
	doc  disk.Document
}

func newOwn(ix *disk.Index, threshold float64, seed uint64) *own {
	o := &own{ix: ix, reach: lsh.Options{Threshold: threshold, Banding: ix.Banding(), Seed: seed}, base: ix.Len()}
	o.push()
	return o
}

// push adds an empty layer, which receives further changes.
func (o *own) push() {
	l := &layer{changes: map[string]change{}}
	lo := o.reach
	lo.Sets = func(id string) []uint64 { return l.changes[id].doc.Set }
	l.ix = lsh.New(lo)
	o.layers = append(o.layers, l)
}

func (o *own) top() *layer { return o.layers[len(o.layers)-1] }

// trim drops the layers that the index on disk already contains.
func (o *own) trim() {
	n := 0
	for n < len(o.layers)-1 && o.layers[n].applied.Load() {
		n++
	}
	if n > 0 {
		o.layers = slices.Delete(o.layers, 0, n)
		o.base = o.ix.Len()
	}
}

// expired returns the time before which documents on disk are removed.
func (o *own) expired() time.Time {
	var t time.Time
	for _, l := range o.layers {
		if l.expired.After(t) {
			t = l.expired
		}
	}
	return t
}

// find looks up a document by ID in the index on disk and some layers.
func (o *own) find(ctx context.Context, id string, layers []*layer) (disk.Document, bool, error) {
	for _, l := range slices.Backward(layers) {
		if c, ok := l.changes[id]; ok {
			return c.doc, !c.gone, nil
		}
	}
	d, ok, err := o.ix.Get(ctx, id)
	if err != nil || !ok || older(d, o.expired()) {
		return disk.Document{}, false, err
	}
	return d, true, nil
}

// older reports whether a document is from before a time, by the rule of the index on
// disk. No document is older than the zero Time.
func older(d disk.Document, before time.Time) bool {
	return !before.IsZero() && d.Time.UnixMilli() < before.UnixMilli()
}

func (o *own) get(ctx context.Context, id string) (disk.Document, bool, error) {
	o.trim()
	return o.find(ctx, id, o.layers)
}

func (o *own) search(ctx context.Context, sig minhash.Signature, so lsh.SearchOptions) ([]lsh.Match[string], error) {
	o.trim()
	out, err := o.searchDisk(ctx, sig, so)
	if err != nil {
		return nil, err
	}
	limit := so.Limit
	so.Limit = 0
	for i, l := range o.layers {
		for _, m := range l.ix.Search(sig, so) {
			if !changed(m.ID, o.layers[i+1:]) {
				out = append(out, m)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b lsh.Match[string]) int { return cmp.Compare(b.Similarity, a.Similarity) })
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

func changed(id string, layers []*layer) bool {
	return slices.ContainsFunc(layers, func(l *layer) bool { _, ok := l.changes[id]; return ok })
}

// searchDisk returns the best matches on disk that no layer changes or removes. It
// doubles the limit until enough of them are left.
func (o *own) searchDisk(ctx context.Context, sig minhash.Signature, so lsh.SearchOptions) ([]lsh.Match[string], error) {
	limit, expired := so.Limit, o.expired()
	for ; ; so.Limit *= 2 {
		found, err := o.ix.Search(ctx, sig, so)
		if err != nil {
			return nil, err
		}
		all := limit == 0 || len(found) < so.Limit
		there := found[:0]
		for _, m := range found {
			if changed(m.ID, o.layers) {
				continue
			}
			if !expired.IsZero() {
				// Matches have no times, and the document may be gone by now, so look it up.
				d, ok, err := o.ix.Get(ctx, m.ID)
				if err != nil {
					return nil, err
				}
				if !ok || older(d, expired) {
					continue
				}
			}
			there = append(there, m)
		}
		if all || len(there) >= limit {
			return there, nil
		}
	}
}

// No other filter uses the index, so there are no quotes to report.
func (o *own) quote(context.Context, func() []shingle.Set) error { return nil }
func (o *own) quoted(context.Context, []shingle.Set) ([]shingle.Set, error) {
	return nil, nil
}

func (o *own) put(ctx context.Context, d disk.Document, _ float64, _ []string) (lsh.Match[string], bool, error) {
	return lsh.Match[string]{}, false, o.force(ctx, d)
}

func (o *own) force(ctx context.Context, d disk.Document) error {
	// Otherwise the index on disk would refuse it, but only at the next save.
	if len(d.ID) > maxID || len(d.Set) > maxText {
		return fmt.Errorf("%w: id of %d bytes (limit %d), %d shingles (limit %d)", ErrPage, len(d.ID), maxID, len(d.Set), maxText)
	}
	_, there, err := o.get(ctx, d.ID)
	if err != nil {
		return err
	}
	if d.Time.IsZero() {
		d.Time = time.Now()
	}
	d.Time = time.UnixMilli(max(d.Time.UnixMilli(), 0)) // the index on disk stores times in this form
	l := o.top()
	if !there {
		l.more++
	}
	l.changes[d.ID] = change{turn: o.turn, doc: d}
	l.ix.Add(d.ID, d.Signature)
	o.turn++
	return nil
}

func (o *own) remove(ctx context.Context, id string) (bool, error) {
	_, there, err := o.get(ctx, id)
	if err != nil || !there {
		return false, err
	}
	return true, o.drop(ctx, id)
}

// drop removes a document that exists.
func (o *own) drop(ctx context.Context, id string) error {
	_, below, err := o.find(ctx, id, o.layers[:len(o.layers)-1])
	if err != nil {
		return err
	}
	l := o.top()
	delete(l.changes, id)
	if below {
		l.changes[id] = change{turn: o.turn, gone: true}
		o.turn++
	}
	l.ix.Remove(id)
	l.more--
	return nil
}

func (o *own) expire(ctx context.Context, before time.Time) error {
	o.trim()
	var old []string
	for i, l := range o.layers {
		for id, c := range l.changes {
			if !c.gone && older(c.doc, before) && !changed(id, o.layers[i+1:]) {
				old = append(old, id)
			}
		}
	}
	for _, id := range old {
		if err := o.drop(ctx, id); err != nil {
			return err
		}
	}
	if l := o.top(); before.After(l.expired) {
		l.expired = before
	}
	return nil
}

func (o *own) stats(s *Stats) {
	o.trim()
	s.Kept, s.Index = o.base, o.ix.Metrics()
	for _, l := range o.layers {
		s.Kept += l.more
	}
}

// compact rewrites the index on disk when most of it is gone, so that each removal
// causes at most one document to be rewritten. For a few documents this is not
// worthwhile.
func (o *own) compact(ctx context.Context) error {
	if dead := o.ix.Dead(); dead < minGone || dead <= o.ix.Len() {
		return nil
	}
	return o.ix.Compact(ctx)
}

func (o *own) keeps(ctx context.Context, id string) (disk.Document, bool, error) {
	return o.ix.Get(ctx, id)
}

func (o *own) count() int { return o.ix.Len() }

func (o *own) close() error { return o.ix.Close() }

// freeze closes the current layer and returns all changes that the index on disk
// lacks.
func (o *own) freeze() *changes {
	o.trim()
	last := map[string]change{}
	c := &changes{layers: slices.Clone(o.layers)}
	for _, l := range c.layers {
		maps.Copy(last, l.changes)
	}
	c.expired = o.expired()
	if len(last) == 0 && c.expired.IsZero() {
		return nil
	}
	var put []change
	for id, x := range last {
		if x.gone {
			c.gone = append(c.gone, id)
		} else {
			put = append(put, x)
		}
	}
	slices.Sort(c.gone)
	slices.SortFunc(put, func(a, b change) int { return cmp.Compare(a.turn, b.turn) })
	for _, x := range put {
		c.docs = append(c.docs, x.doc)
	}
	o.push()
	return c
}

// apply applies changes to the index on disk and makes them durable. The caller need
// not have the turn. Repeating it after a crash leaves the same documents in the
// same order.
func (o *own) apply(ctx context.Context, c *changes) error {
	if !c.expired.IsZero() {
		if _, err := o.ix.Expire(ctx, c.expired); err != nil {
			return err
		}
	}
	for _, id := range c.gone {
		if _, err := o.ix.Remove(ctx, id); err != nil {
			return err
		}
	}
	for i, d := range c.docs {
		if err := o.ix.Add(ctx, d); err != nil {
			return err
		}
		if i%256 == 255 { // see syncEvery
			if err := o.ix.Sync(ctx); err != nil {
				return err
			}
		}
	}
	if err := o.ix.Sync(ctx); err != nil {
		return err
	}
	for _, l := range c.layers {
		l.applied.Store(true)
	}
	return nil
}
