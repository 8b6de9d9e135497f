package disk_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

var sketcher = minhash.New(minhash.Options{Elements: minhash.Name("test")})

var options = disk.Options{Scheme: sketcher.Scheme()}

// makeDocument returns a document determined by its id and version. Documents of one
// family are near-duplicates of each other, to a varying degree.
func makeDocument(id string, family, version int, withSet bool) disk.Document {
	r := rand.New(rand.NewPCG(uint64(family), 1))
	set := make([]uint64, 0, 120)
	for range 100 {
		set = append(set, r.Uint64())
	}
	own := rand.New(rand.NewPCG(uint64(version), 2))
	for range version % 30 {
		set[own.IntN(len(set))] = own.Uint64()
	}
	slices.Sort(set)
	set = slices.Compact(set)
	d := disk.Document{ID: id, Signature: sketcher.Sketch(set), Time: time.UnixMilli(int64(version))}
	if withSet {
		d.Set = set
	}
	return d
}

func open(t testing.TB, dir string, o disk.Options) *disk.Index {
	t.Helper()
	ix, err := disk.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ix.Close() })
	return ix
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAgreesWithIndexInMemory performs the same operations on an index in memory and on
// one on disk, whose files are replaced all the time, and compares the answers.
func TestAgreesWithIndexInMemory(t *testing.T) {
	ctx := t.Context()
	for _, withSets := range []bool{false, true} {
		t.Run(fmt.Sprintf("sets=%v", withSets), func(t *testing.T) {
			dir := t.TempDir()
			o := options
			o.TableSize = 16
			o.Threshold = 0.7
			ix := open(t, dir, o)
			oracle := lsh.New(lsh.Options{Threshold: 0.7})
			times := map[string]int64{}
			r := rand.New(rand.NewPCG(1, 1))
			steps := 4000
			if testing.Short() {
				steps = 800
			}
			for step := range steps {
				id := fmt.Sprintf("d%d", r.IntN(300))
				switch p := r.IntN(1000); {
				case p < 700:
					d := makeDocument(id, r.IntN(40), step, withSets && r.IntN(4) > 0)
					if r.IntN(50) == 0 {
						d.Signature, d.Set = sketcher.Sketch(nil), nil
					}
					got, dup, err := ix.Insert(ctx, d)
					check(t, err)
					want, wantDup := oracle.Insert(id, d.Signature, d.Set)
					if diff := cmp.Diff(want, got); diff != "" || dup != wantDup {
						t.Fatalf("step %d: Insert(%s): duplicate = %v, want %v; matches (-want of memory +got of disk):\n%s", step, id, dup, wantDup, diff)
					}
					times[id] = int64(step)
				case p < 850:
					if got, want := must(ix.Remove(ctx, id))(t), oracle.Remove(id); got != want {
						t.Fatalf("step %d: Remove(%s) = %v, want %v", step, id, got, want)
					}
					delete(times, id)
				case p < 860:
					before := int64(step - 300)
					n := 0
					for id, ms := range maps.Clone(times) {
						if ms < before {
							oracle.Remove(id)
							delete(times, id)
							n++
						}
					}
					if got := must(ix.Expire(ctx, time.UnixMilli(before)))(t); got != n {
						t.Fatalf("step %d: Expire = %d, want %d", step, got, n)
					}
				case p < 870:
					check(t, ix.Compact(ctx))
				case p < 890:
					check(t, ix.Close())
					ix = open(t, dir, o)
				case p < 900:
					check(t, ix.Sync(ctx))
				}
				q := makeDocument("", r.IntN(40), step+1, withSets && r.IntN(2) > 0)
				so := lsh.SearchOptions{Set: q.Set, Limit: r.IntN(4)}
				got := must(ix.Search(ctx, q.Signature, so))(t)
				if diff := cmp.Diff(oracle.Search(q.Signature, so), got); diff != "" {
					t.Fatalf("step %d: Search (-want of memory +got of disk):\n%s", step, diff)
				}
				if ix.Len() != oracle.Len() {
					t.Fatalf("step %d: %d documents, want %d", step, ix.Len(), oracle.Len())
				}
			}
			check(t, ix.Verify(ctx))
			ids := map[string]bool{}
			for d, err := range ix.All(ctx) {
				check(t, err)
				if !oracle.Contains(d.ID) || ids[d.ID] {
					t.Errorf("All yields %q, want each document of the index in memory once", d.ID)
				}
				ids[d.ID] = true
			}
			if len(ids) != oracle.Len() {
				t.Errorf("All yields %d documents, want %d", len(ids), oracle.Len())
			}
			s := must(ix.Stats(ctx))(t)
			if want := oracle.Stats().Documents; s.Documents != want || s.Segments > 12 || len(s.Largest) == 0 {
				t.Errorf("Stats() = %+v, want %d documents in at most a dozen files", s, want)
			}
		})
	}
}

func TestOpenRefusesWhatDoesNotFit(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "deep", "index")
	if _, err := disk.Open(dir, disk.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open(missing folder, read-only) = %v, want fs.ErrNotExist", err)
	}
	if _, err := disk.Open(dir, disk.Options{}); err == nil {
		t.Error("Open of a new index without a scheme = nil error, want an error")
	}
	ix := open(t, dir, options)
	if _, err := disk.Open(dir, options); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("Open by a second writer = %v, want ErrLocked", err)
	} else if want := fmt.Sprintf("process %d", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("second writer: %q lacks %q", err, want)
	}
	reader := open(t, dir, disk.Options{ReadOnly: true})
	check(t, ix.Add(ctx, makeDocument("a", 1, 1, true)))
	if reader.Len() != 0 {
		t.Errorf("reader before Sync: Len() = %d, want 0: nothing is durable yet", reader.Len())
	}
	check(t, ix.Sync(ctx))
	check(t, reader.Refresh(ctx))
	if d, ok, err := reader.Get(ctx, "a"); err != nil || !ok || !d.Time.Equal(time.UnixMilli(1)) || len(d.Set) == 0 {
		t.Errorf("Get(a) = %+v, %v, %v, want the document with time 1 ms and its set", d, ok, err)
	}
	for name, err := range map[string]error{
		"Add":     reader.Add(ctx, makeDocument("b", 1, 1, false)),
		"Compact": reader.Compact(ctx),
		"Sync":    reader.Sync(ctx),
	} {
		if !errors.Is(err, disk.ErrReadOnly) {
			t.Errorf("%s of a reader = %v, want ErrReadOnly", name, err)
		}
	}
	check(t, reader.Close())
	check(t, ix.Close())
	if err := ix.Add(ctx, makeDocument("b", 1, 1, false)); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("Add after Close = %v, want ErrClosed", err)
	}
	if _, err := ix.Search(ctx, sketcher.Sketch(nil), lsh.SearchOptions{}); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("Search after Close = %v, want ErrClosed", err)
	}

	other := minhash.New(minhash.Options{K: 64, Elements: minhash.Name("test")})
	for name, o := range map[string]disk.Options{
		"scheme":    {Scheme: other.Scheme()},
		"threshold": {Threshold: 0.7},
		"recall":    {Recall: 0.5},
		"banding":   {Banding: lsh.Banding{Bands: 2, Rows: 3}},
		"seed":      {Seed: 7},
	} {
		if _, err := disk.Open(dir, o); !errors.Is(err, disk.ErrMismatch) {
			t.Errorf("Open with another %s = %v, want ErrMismatch", name, err)
		}
	}
	ix = open(t, dir, disk.Options{Scheme: sketcher.Scheme(), Threshold: 0.8, Recall: 0.99})
	if _, err := ix.Search(ctx, other.Sketch(nil), lsh.SearchOptions{}); !errors.Is(err, disk.ErrMismatch) {
		t.Errorf("Search with a signature of another scheme = %v, want ErrMismatch", err)
	}
	if err := ix.Add(ctx, disk.Document{ID: "c", Signature: other.Sketch(nil)}); !errors.Is(err, disk.ErrMismatch) {
		t.Errorf("Add of a signature of another scheme = %v, want ErrMismatch", err)
	}
	if err := ix.Add(ctx, disk.Document{ID: strings.Repeat("x", 1<<20+1), Signature: sketcher.Sketch(nil)}); err == nil {
		t.Error("Add of an id of 1 MiB and a byte = nil error, want an error")
	}
	long := strings.Repeat("x", 1<<20)
	check(t, ix.Add(ctx, disk.Document{ID: long, Signature: sketcher.Sketch(nil)}))
	check(t, ix.Sync(ctx))
	if _, ok, err := ix.Get(ctx, long); !ok || err != nil {
		t.Errorf("Get(id of 1 MiB) = _, %v, %v, want true, nil", ok, err)
	}
	if ix.Scheme() != sketcher.Scheme() || ix.Threshold() != 0.8 || ix.Banding() != lsh.Choose(128, 0.8, 0.99) {
		t.Errorf("Scheme, Threshold, Banding = %v, %v, %v, want %v, 0.8, %v", ix.Scheme(), ix.Threshold(), ix.Banding(), sketcher.Scheme(), lsh.Choose(128, 0.8, 0.99))
	}
}

func TestSnapshotHoldsTheSameDocuments(t *testing.T) {
	ctx := t.Context()
	o := options
	o.TableSize = 64
	ix := open(t, t.TempDir(), o)
	for i := range 500 {
		check(t, ix.Add(ctx, makeDocument(fmt.Sprint(i), i, i, i%2 == 0)))
	}
	for i := range 100 {
		must(ix.Remove(ctx, fmt.Sprint(3*i)))(t)
	}
	dir := t.TempDir()
	check(t, ix.Snapshot(ctx, dir))
	if err := ix.Snapshot(ctx, dir); err == nil {
		t.Error("Snapshot into a folder with a snapshot = nil error, want an error")
	}
	check(t, ix.Add(ctx, makeDocument("later", 1, 1, false)))
	copied := open(t, dir, disk.Options{})
	check(t, copied.Verify(ctx))
	if copied.Len() != 400 {
		t.Errorf("%d documents in the snapshot, want 400", copied.Len())
	}
	for i := range 500 {
		want, ok := must2(ix.Get(ctx, fmt.Sprint(i)))(t)
		got, also := must2(copied.Get(ctx, fmt.Sprint(i)))(t)
		if ok != also || ok && (got.ID != want.ID || !slices.Equal(got.Set, want.Set) || !slices.Equal(got.Signature.Values(), want.Signature.Values()) || !got.Time.Equal(want.Time)) {
			t.Fatalf("document %d in the snapshot = %v, %v, want %v, %v", i, got, also, want, ok)
		}
	}
}

func must2[T any](v T, ok bool, err error) func(testing.TB) (T, bool) {
	return func(t testing.TB) (T, bool) {
		t.Helper()
		check(t, err)
		return v, ok
	}
}

func TestCancelledContextStopsMethods(t *testing.T) {
	ix := open(t, t.TempDir(), options)
	ctx, cancel := context.WithCancel(t.Context())
	check(t, ix.Add(ctx, makeDocument("a", 1, 1, false)))
	cancel()
	for name, err := range map[string]error{
		"Add":      ix.Add(ctx, makeDocument("b", 1, 1, false)),
		"Compact":  ix.Compact(ctx),
		"Snapshot": ix.Snapshot(ctx, t.TempDir()),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context = %v, want context.Canceled", name, err)
		}
	}
	if _, err := ix.Search(ctx, sketcher.Sketch(nil), lsh.SearchOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search with a cancelled context = %v, want context.Canceled", err)
	}
	check(t, ix.Add(t.Context(), makeDocument("c", 1, 1, false)))
	if ix.Len() != 2 {
		t.Errorf("%d documents, want 2", ix.Len())
	}
}

// Opening and closing repeatedly does not pile up files.
func TestReopeningDoesNotPileUpFiles(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	o := options
	o.TableSize = 10
	n := 0
	for range 30 {
		ix := open(t, dir, o)
		for range 12 {
			check(t, ix.Add(ctx, makeDocument(fmt.Sprint(n), n, n, false)))
			n++
		}
		check(t, ix.Close())
	}
	ix := open(t, dir, o)
	s := must(ix.Stats(ctx))(t)
	files := must(os.ReadDir(dir))(t)
	if s.Documents != n || s.Segments > 12 || len(files) != s.Segments+3 {
		t.Errorf("%d documents in %d tables and %d files, want %d", s.Documents, s.Segments, len(files), n)
	}
}

// The methods of an Index that was not opened panic with a clear message.
func TestZeroIndexPanics(t *testing.T) {
	ctx := t.Context()
	for name, f := range map[string]func(ix *disk.Index){
		"Add":     func(ix *disk.Index) { _ = ix.Add(ctx, disk.Document{}) },
		"Search":  func(ix *disk.Index) { _, _ = ix.Search(ctx, sketcher.Sketch(nil), lsh.SearchOptions{}) },
		"Get":     func(ix *disk.Index) { _, _, _ = ix.Get(ctx, "a") },
		"Remove":  func(ix *disk.Index) { _, _ = ix.Remove(ctx, "a") },
		"Sync":    func(ix *disk.Index) { _ = ix.Sync(ctx) },
		"Compact": func(ix *disk.Index) { _ = ix.Compact(ctx) },
		"Verify":  func(ix *disk.Index) { _ = ix.Verify(ctx) },
		"Stats":   func(ix *disk.Index) { _, _ = ix.Stats(ctx) },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, "not made by Open") {
					t.Errorf("%s of a zero Index panics with %q, want %q in it", name, s, "not made by Open")
				}
			}()
			f(new(disk.Index))
		}()
	}
}

// Dead counts the rows that Compact would free: those of replaced, removed and expired
// documents.
func TestDeadCountsRowsToCompact(t *testing.T) {
	ctx := t.Context()
	ix := open(t, t.TempDir(), disk.Options{Scheme: sketcher.Scheme()})
	sig := sketcher.Sketch([]uint64{1, 2, 3})
	for i, id := range []string{"a", "a", "b", "c", "d"} {
		if err := ix.Add(ctx, disk.Document{ID: id, Signature: sig, Time: time.Unix(int64(100*i), 0)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ix.Remove(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if n, err := ix.ExpireAll(ctx, time.Unix(350, 0)); n != 2 || err != nil {
		t.Errorf("ExpireAll = %d, %v, want 2", n, err)
	}
	if got := ix.Dead(); got != 4 || ix.Len() != 1 {
		t.Errorf("Dead() = %d, Len() = %d, want 4 and 1", got, ix.Len())
	}
	if err := ix.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if got := ix.Dead(); got != 0 || ix.Len() != 1 {
		t.Errorf("after Compact: Dead() = %d, Len() = %d, want 0 and 1", got, ix.Len())
	}
}
