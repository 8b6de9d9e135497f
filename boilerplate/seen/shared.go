package seen

import (
	"context"
	"fmt"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// shared is a store to which other filters also write.
//
// A filter leaves out the paragraphs of a page that its own site quotes again and
// again. Another filter, whose site has such a paragraph once, would treat it as the
// page's own text and miss that two pages are alike. So the store also has a
// document for each of those paragraphs, under an ID that no page can have.
type shared struct {
	disk.Store
	lock   *disk.Index // locks the directory
	mh     *minhash.Sketcher
	stored map[string]time.Time // IDs of paragraphs -> when they were stored
}

// Paragraphs are stored again after a while, since a server may forget old
// documents.
const (
	quotePrefix = "\x00quoted "
	storeAgain  = time.Hour
	maxStored   = 1 << 16
)

// quoteID returns the ID of a paragraph.
func quoteID(block shingle.Set) string {
	sum := uint64(len(block))
	for _, h := range block {
		sum = (sum ^ h) * 0x9e3779b97f4a7c15
		sum ^= sum >> 29
	}
	return fmt.Sprintf("%s%016x", quotePrefix, sum)
}

func (s *shared) quote(ctx context.Context, blocks func() []shingle.Set) error {
	var docs []disk.Document
	now := time.Now()
	for _, b := range blocks() {
		id := quoteID(b)
		if t, ok := s.stored[id]; len(b) == 0 || ok && now.Sub(t) < storeAgain {
			continue
		}
		// Its set has none of the text's shingles, so no search finds it.
		set := shingler.Set(id)
		docs = append(docs, disk.Document{ID: id, Signature: s.mh.Sketch(set), Set: set})
	}
	if len(docs) == 0 {
		return nil
	}
	if _, err := s.InsertAll(ctx, docs); err != nil {
		return err
	}
	if len(s.stored) > maxStored {
		clear(s.stored)
	}
	for _, d := range docs {
		s.stored[d.ID] = now
	}
	return nil
}

func (s *shared) quoted(ctx context.Context, blocks []shingle.Set) ([]shingle.Set, error) {
	if len(blocks) == 0 {
		return nil, nil
	}
	ids := make([]string, len(blocks))
	for i, b := range blocks {
		ids[i] = quoteID(b)
	}
	docs, err := s.GetAll(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []shingle.Set
	for i, d := range docs {
		if d.ID != "" {
			out = append(out, blocks[i])
		}
	}
	return out, nil
}

func (s *shared) search(ctx context.Context, sig minhash.Signature, o lsh.SearchOptions) ([]lsh.Match[string], error) {
	found, err := s.SearchAll(ctx, []disk.Query{{Signature: sig, SearchOptions: o}})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s *shared) get(ctx context.Context, id string) (disk.Document, bool, error) {
	docs, err := s.GetAll(ctx, []string{id})
	if err != nil {
		return disk.Document{}, false, err
	}
	return docs[0], docs[0].Signature.Scheme() != minhash.Scheme{}, nil
}

func (s *shared) put(ctx context.Context, d disk.Document, threshold float64, unlike []string) (lsh.Match[string], bool, error) {
	v, err := s.InsertUnless(ctx, d, threshold, unlike)
	return v.Match, v.Seen, err
}

func (s *shared) force(ctx context.Context, d disk.Document) error {
	_, err := s.InsertAll(ctx, []disk.Document{d})
	return err
}

func (s *shared) remove(ctx context.Context, id string) (bool, error) {
	removed, err := s.RemoveAll(ctx, []string{id})
	if err != nil {
		return false, err
	}
	return removed[0], nil
}

func (s *shared) expire(ctx context.Context, before time.Time) error {
	_, err := s.ExpireAll(ctx, before)
	return err
}

func (s *shared) freeze() *changes                      { return nil } // every call of the store is durable
func (s *shared) apply(context.Context, *changes) error { return nil }
func (s *shared) compact(context.Context) error         { return nil } // the store compacts itself
func (s *shared) keeps(ctx context.Context, id string) (disk.Document, bool, error) {
	return s.get(ctx, id)
}
func (s *shared) count() int   { return -1 }
func (s *shared) stats(*Stats) {}
func (s *shared) close() error { return s.lock.Close() }
