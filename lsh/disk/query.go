package disk

import (
	"context"
	"fmt"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// Search returns the documents that match the signature, best first; equal matches
// are in the order in which they were added. Options have the same meaning as for
// [lsh.Index.Search], except for the bound that a Limit sets: among the documents
// that share a band with the query, the first 1,024 are compared, and 8 more for
// each match requested. The error wraps [ErrMismatch] if the signature has a scheme
// other than the index's. Search panics if an option is out of its range.
func (ix *Index) Search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match[string], error) {
	began := time.Now()
	if o.Limit < 0 {
		panic("disk: Limit must not be negative")
	}
	if o.Threshold != 0 && !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("disk: threshold must be above 0 and at most 1")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sc := ix.newScratch()
	defer ix.scratch.Put(sc)
	o.Set = ascending(&sc.sorted, o.Set)
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if err := ix.usable(); err != nil {
		return nil, err
	}
	p := ix.st.p
	if sig.Scheme() != p.scheme {
		return nil, fmt.Errorf("disk: signature of %v, but the index has %v: %w", sig.Scheme(), p.scheme, ErrMismatch)
	}
	threshold := p.threshold
	if o.Threshold != 0 {
		threshold = o.Threshold
	}
	q := makeQuery(p.scheme.K, threshold)
	q.regs, q.set, q.limit = sig.Values(), o.Set, o.Limit
	found, err := ix.st.search(ctx, sc, q)
	if err != nil {
		return nil, ix.wrap(err)
	}
	ix.meter.queried(began, len(found), sc)
	return found, nil
}

// Get returns the document with an id, if there is one.
func (ix *Index) Get(ctx context.Context, id string) (_ Document, _ bool, err error) {
	defer faults(&err)()
	if err := ctx.Err(); err != nil {
		return Document{}, false, err
	}
	ix.mu.Lock() // findID uses a buffer that all calls share
	defer ix.mu.Unlock()
	if err := ix.usable(); err != nil {
		return Document{}, false, err
	}
	row, err := ix.st.findID(id)
	if err != nil || row == noRow {
		return Document{}, false, ix.wrap(err)
	}
	d, err := ix.st.document(row)
	return d, err == nil, ix.wrap(err)
}

// document returns the document of a row.
func (st *store) document(row uint32) (Document, error) {
	var buf []byte
	r, err := st.head(row, &buf)
	if err != nil {
		return Document{}, err
	}
	d := Document{ID: string(r.id), Time: time.UnixMilli(r.time)}
	if d.Signature, err = st.sk.Wrap(appendRegisters(nil, r.regs)); err != nil {
		return Document{}, err
	}
	if r.kind == kindAddSet {
		var bytes []byte
		d.Set, err = st.set(row, &r, []uint64{}, &bytes)
	}
	return d, err
}

// Len returns the number of documents; 0 once the index is closed.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if ix.st == nil {
		return 0
	}
	return ix.st.live
}

// Scheme returns the scheme of the signatures in the index.
func (ix *Index) Scheme() minhash.Scheme { return ix.p.scheme }

// Threshold returns the minimum similarity of a match.
func (ix *Index) Threshold() float64 { return ix.p.threshold }

// Banding returns the banding of the index.
func (ix *Index) Banding() lsh.Banding { return ix.p.banding }
