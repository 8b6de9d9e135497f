package disk

import (
	"context"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// A Store is an index that may be in this process, as [Index] is, or in a server
// that several crawlers share. Its calls take many documents, so that a few round
// trips to a server are enough.
type Store interface {
	// InsertAll stores documents, replacing those with the same ids, and reports for
	// each whether it matched one that was there before or that comes earlier in the
	// call. They are durable when it returns without error.
	InsertAll(ctx context.Context, docs []Document) ([]Verdict, error)

	// InsertNewAll stores the documents that match neither a document that was there
	// before nor one that was stored earlier in the call. See [Index.InsertNew]. The
	// stored documents are durable when it returns without error. After an error it may
	// be repeated.
	InsertNewAll(ctx context.Context, docs []Document) ([]Verdict, error)

	// InsertUnless stores a document unless one that is not among the exceptions matches
	// it; threshold is the minimum similarity of a match, 0 for the store's own. It is for
	// callers that have decided that the exceptions do not match: documents that others
	// stored in the meantime are not overlooked. The verdict is durable when it returns
	// without error. After an error it may be repeated.
	InsertUnless(ctx context.Context, d Document, threshold float64, exceptions []string) (Verdict, error)

	// SearchAll returns the matches of each query, as [Index.Search] does.
	SearchAll(ctx context.Context, queries []Query) ([][]lsh.Match[string], error)

	// GetAll returns the documents with the given ids, and the zero Document for ids
	// that are not stored. Sets are the inserted ones, in ascending order. Time is the
	// time of the document or, if that was the zero Time, of its insertion, in
	// milliseconds; it is the zero Time if the store does not know it.
	GetAll(ctx context.Context, ids []string) ([]Document, error)

	// RemoveAll removes documents and reports for each id whether it was there. The
	// removal is durable when it returns without error. After an error it may be
	// repeated.
	RemoveAll(ctx context.Context, ids []string) ([]bool, error)

	// ExpireAll removes the documents with a [Document.Time] before the given one and
	// returns their number. The removal is durable when it returns without error. After
	// an error it may be repeated.
	ExpireAll(ctx context.Context, before time.Time) (int, error)

	Close() error
}

var _ Store = (*Index)(nil)

// A Verdict is the outcome of an insertion into a [Store]. The zero Verdict is the
// outcome for a document without a match.
type Verdict struct {
	Seen  bool              // the document matched one with a different id
	Match lsh.Match[string] // the best match
}

// A Query is one query of [Store.SearchAll].
type Query struct {
	Signature minhash.Signature
	lsh.SearchOptions
}

// InsertAll calls [Index.Insert] for each document, then [Index.Sync] once. After an
// error, some documents may be in the index.
func (ix *Index) InsertAll(ctx context.Context, docs []Document) ([]Verdict, error) {
	return ix.insertAll(ctx, docs, addAndLook)
}

// InsertNewAll calls [Index.InsertNew] for each document, then [Index.Sync] once.
// After an error, some documents may be in the index.
func (ix *Index) InsertNewAll(ctx context.Context, docs []Document) ([]Verdict, error) {
	return ix.insertAll(ctx, docs, addNew)
}

func (ix *Index) insertAll(ctx context.Context, docs []Document, how adding) ([]Verdict, error) {
	out := make([]Verdict, len(docs))
	for i, d := range docs {
		match, seen, err := ix.insert(ctx, d, how, condition{})
		if err != nil {
			return nil, err
		}
		out[i] = Verdict{seen, match}
	}
	return out, ix.Sync(ctx)
}

// InsertUnless works like [Index.InsertNew] with its own threshold and some
// documents as exceptions, followed by [Index.Sync]: see [Store].
func (ix *Index) InsertUnless(ctx context.Context, d Document, threshold float64, exceptions []string) (Verdict, error) {
	if threshold < 0 || threshold > 1 {
		panic("disk: threshold must be from 0 to 1")
	}
	match, seen, err := ix.insert(ctx, d, addNew, condition{threshold, exceptions})
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{seen, match}, ix.Sync(ctx)
}

// SearchAll calls [Index.Search] for each query.
func (ix *Index) SearchAll(ctx context.Context, queries []Query) ([][]lsh.Match[string], error) {
	out := make([][]lsh.Match[string], len(queries))
	for i, q := range queries {
		var err error
		if out[i], err = ix.Search(ctx, q.Signature, q.SearchOptions); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// GetAll calls [Index.Get] for each id.
func (ix *Index) GetAll(ctx context.Context, ids []string) ([]Document, error) {
	out := make([]Document, len(ids))
	for i, id := range ids {
		var err error
		if out[i], _, err = ix.Get(ctx, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RemoveAll calls [Index.Remove] for each id, then [Index.Sync] once.
func (ix *Index) RemoveAll(ctx context.Context, ids []string) ([]bool, error) {
	out := make([]bool, len(ids))
	for i, id := range ids {
		var err error
		if out[i], err = ix.Remove(ctx, id); err != nil {
			return nil, err
		}
	}
	return out, ix.Sync(ctx)
}

// ExpireAll calls [Index.Expire], then [Index.Sync].
func (ix *Index) ExpireAll(ctx context.Context, before time.Time) (int, error) {
	n, err := ix.Expire(ctx, before)
	if err != nil {
		return n, err
	}
	return n, ix.Sync(ctx)
}
