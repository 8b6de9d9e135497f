package disk_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

type match = lsh.Match[string]

var concurrentTime = flag.Duration("concurrent", 2*time.Second, "how long TestConcurrentWritersAgreeWithSequential runs")

// TestConcurrentWritersAgreeWithSequential adds and queries from eight goroutines while
// files are replaced, and compares the result with a sequential run.
func TestConcurrentWritersAgreeWithSequential(t *testing.T) {
	ctx := t.Context()
	o := options
	o.TableSize = 100
	ix := open(t, t.TempDir(), o)
	end := time.Now().Add(*concurrentTime)
	var added [8]int
	var queries, seen atomic.Int64
	var wg sync.WaitGroup
	document := func(g, i int) disk.Document {
		// Goroutines add copies of each other's documents.
		return makeDocument(fmt.Sprintf("%d/%d", g, i), i%500, i, i%2 == 0)
	}
	for g := range 8 {
		wg.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				d := document(g, i)
				if _, _, err := ix.Insert(ctx, d); err != nil {
					t.Error(err)
					return
				}
				added[g] = i + 1
				found, err := ix.Search(ctx, d.Signature, lsh.SearchOptions{Set: d.Set})
				if err != nil {
					t.Error(err)
					return
				}
				if !slices.ContainsFunc(found, func(m match) bool { return m.ID == d.ID }) {
					t.Errorf("Search after Add(%s) does not return it, want a match", d.ID)
					return
				}
				queries.Add(1)
				switch {
				case i%10 == 0:
					if err := ix.Sync(ctx); err != nil {
						t.Error(err)
					}
				case i%10 == 1:
					if _, err := ix.Remove(ctx, fmt.Sprintf("%d/%d", g, i-1)); err != nil {
						t.Error(err)
					}
				case i%300 == 5 && g == 0:
					if err := ix.Compact(ctx); err != nil {
						t.Error(err)
					}
				case i%300 == 5 && g == 1:
					for d, err := range ix.All(ctx) {
						if err != nil || d.ID == "" {
							t.Errorf("All yields id %q and error %v, want an id and nil", d.ID, err)
						}
						seen.Add(1)
					}
				case i%300 == 5 && g == 2:
					if err := ix.Verify(ctx); err != nil {
						t.Error(err)
					}
				case i%300 == 5 && g == 3:
					if _, err := ix.Stats(ctx); err != nil {
						t.Error(err)
					}
					_ = ix.Metrics()
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sequential := lsh.New(lsh.Options{})
	for g := range 8 {
		for i := range added[g] {
			d := document(g, i)
			sequential.AddSet(d.ID, d.Signature, d.Set)
			if i%10 == 1 {
				sequential.Remove(fmt.Sprintf("%d/%d", g, i-1))
			}
		}
	}
	if ix.Len() != sequential.Len() {
		t.Errorf("%d documents, want %d", ix.Len(), sequential.Len())
	}
	// Equal matches come in the order of insertion, which differs between the two
	// indexes.
	byID := func(m []match) []match {
		slices.SortFunc(m, func(x, y match) int {
			return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(x.ID, y.ID))
		})
		return m
	}
	for i := range min(300, added[0]) {
		d := document(0, i)
		q := lsh.SearchOptions{Set: d.Set}
		got, err := ix.Search(ctx, d.Signature, q)
		check(t, err)
		if diff := gocmp.Diff(byID(sequential.Search(d.Signature, q)), byID(got)); diff != "" {
			t.Fatalf("query %d (-want of the sequential index +got):\n%s", i, diff)
		}
	}
	t.Logf("%d documents, %d queries", ix.Len(), queries.Load())
}

// Exactly one of several copies inserted at the same time is new, and one sync serves
// many inserts.
func TestOneSyncServesManyInserts(t *testing.T) {
	ctx := context.Background()
	ix := open(t, t.TempDir(), options)
	var wg sync.WaitGroup
	var fresh atomic.Int64
	for g := range 32 {
		wg.Go(func() {
			for i := range 5 {
				_, dup, err := ix.Insert(ctx, makeDocument(strconv.Itoa(g*10+i), i, 0, true))
				if err == nil {
					err = ix.Sync(ctx)
				}
				if err != nil {
					t.Error(err)
				}
				if !dup {
					fresh.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 5 {
		t.Errorf("%d documents of 5 texts were new, want 5", fresh.Load())
	}
	m := ix.Metrics()
	if m.Syncs > m.Added*3/4 || m.Syncs == 0 || m.Duplicates != 155 || m.Add.Calls != 160 || m.Add.P99 < m.Add.P50 || m.Add.P50 <= 0 {
		t.Errorf("Metrics() = %+v, want 1 to 3 syncs per 4 documents added, 155 duplicates, 160 calls of Add, 0 < P50 <= P99", m)
	}
	t.Logf("%d documents, each synced, by %d writes", m.Added, m.Syncs)
}

// Among versions that drift, InsertNew leaves out only documents whose similarity to a
// kept one is at or above the threshold, for any number of goroutines.
func TestInsertNewLeavesOutOnlyMatches(t *testing.T) {
	ctx := t.Context()
	o := options
	o.TableSize = 50
	ix := open(t, t.TempDir(), o)
	const families, versions, writers = 6, 30, 4
	drift := func(family, version int) disk.Document {
		r := rand.New(rand.NewPCG(uint64(family), 9))
		set := make([]uint64, 100)
		for i := range set {
			set[i] = r.Uint64()
		}
		for v := range version { // each version is the one before with some elements replaced
			for range 5 {
				set[r.IntN(len(set))] = uint64(family)<<32 | uint64(v)<<8 | uint64(r.IntN(256))
			}
		}
		return disk.Document{ID: fmt.Sprintf("%d/%d", family, version), Signature: sketcher.Sketch(set), Set: set}
	}
	var mu sync.Mutex
	var out []disk.Document
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for f := w; f < families+writers; f++ { // neighbours share families
				for v := range versions {
					d := drift(f%families, v)
					d.ID = fmt.Sprintf("%d:%s", w, d.ID)
					_, seen, err := ix.InsertNew(ctx, d)
					if err != nil {
						t.Error(err)
						return
					}
					if seen {
						mu.Lock()
						out = append(out, d)
						mu.Unlock()
					}
				}
			}
		})
	}
	wg.Wait()
	var kept []disk.Document
	for d, err := range ix.All(ctx) {
		check(t, err)
		kept = append(kept, d)
	}
	for _, d := range out {
		if !slices.ContainsFunc(kept, func(k disk.Document) bool {
			return lsh.ExactScore(d.Set, k.Set).Similarity >= lsh.DefaultThreshold
		}) {
			t.Errorf("%s was left out, want a kept document at similarity %v or above", d.ID, lsh.DefaultThreshold)
		}
	}
	if len(kept) < 2*families || len(out) < 10*families {
		t.Errorf("%d documents kept and %d left out, want at least %d and %d (else nothing is proved)", len(kept), len(out), 2*families, 10*families)
	}
	check(t, ix.Verify(ctx))
}

// Readers that open, refresh and verify while a writer adds, merges and compacts see at
// least the documents that were durable before, and do not report a frame that is being
// written as damaged.
func TestReadersSeeDurableDocuments(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	o := options
	o.TableSize = 30
	ix := open(t, dir, o)
	end := time.Now().Add(*concurrentTime / 2)
	var durable atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; time.Now().Before(end); n++ {
			err := ix.Add(ctx, makeDocument(strconv.Itoa(n), n%700, n, n%3 == 0))
			if err == nil && n%5 == 0 {
				if err = ix.Sync(ctx); err == nil {
					durable.Store(int64(n + 1))
				}
			}
			if err == nil && n%400 == 399 {
				err = ix.Compact(ctx)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	var looks atomic.Int64
	for r := range 3 {
		wg.Go(func() {
			var reader *disk.Index
			for i := 0; time.Now().Before(end); i++ {
				least := durable.Load()
				var err error
				if reader == nil {
					reader, err = disk.Open(dir, disk.Options{ReadOnly: true})
				} else {
					err = reader.Refresh(ctx)
				}
				if err == nil && i%4 == r {
					err = reader.Verify(ctx)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := reader.Len(); int64(n) < least {
					t.Errorf("reader: Len() = %d, want at least the %d documents durable before", n, least)
					return
				}
				looks.Add(1)
				if i%10 == 9 {
					check(t, reader.Close())
					reader = nil
				}
			}
			if reader != nil {
				check(t, reader.Close())
			}
		})
	}
	wg.Wait()
	t.Logf("%d documents, readers looked %d times", ix.Len(), looks.Load())
}
