package disk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

// TestTornLogKeepsIntactRecords cuts the log at every length: intact records are present,
// and the rest is reported as cut off.
func TestTornLogKeepsIntactRecords(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	ix := open(t, dir, options)
	name := dir + "/documents-000001.log"
	size := func() int64 { return must(os.Stat(name))(t).Size() }
	ends := []int64{size()}
	for i := range 4 {
		check(t, ix.Add(ctx, makeDocument(fmt.Sprint(i), i, i, i%2 == 0)))
		check(t, ix.Sync(ctx))
		ends = append(ends, size())
	}
	whole := must(os.ReadFile(name))(t)
	manifest := must(os.ReadFile(dir + "/MANIFEST"))(t) // manifest of an index that was not closed
	for n := ends[0]; n <= ends[4]; n += 1 + n%41 {
		torn := t.TempDir()
		check(t, os.WriteFile(torn+"/documents-000001.log", whole[:n], 0o666))
		check(t, os.WriteFile(torn+"/MANIFEST", manifest, 0o666))
		ix := open(t, torn, disk.Options{})
		docs := 0
		for ends[docs+1:][0] <= n {
			if docs++; docs == 4 {
				break
			}
		}
		if ix.Len() != docs {
			t.Fatalf("%d documents of a log cut at %d, want %d", ix.Len(), n, docs)
		}
		r := ix.Recovery()
		if want := n - ends[docs]; r.Bytes != want || want > 0 && (r.Offset != ends[docs] || r.File != "documents-000001.log") {
			t.Fatalf("log cut at %d: %+v, want %d bytes", n, r, want)
		}
		check(t, ix.Add(ctx, makeDocument("new", 9, 9, true)))
		check(t, ix.Close())
		ix = open(t, torn, disk.Options{})
		if ix.Len() != docs+1 || ix.Recovery().Bytes != 0 {
			t.Fatalf("%d documents after another was added, want %d", ix.Len(), docs+1)
		}
		check(t, ix.Close())
	}
	// A log that lost bytes that were durable when it was closed is damaged.
	check(t, ix.Close())
	check(t, os.Truncate(name, ends[3]+5))
	if _, err := disk.Open(dir, options); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("Open with a closed log cut short = %v, want ErrCorrupt", err)
	}
}

// A file that becomes shorter than its mapping is reported like any other damage.
func TestShrunkFileIsCorrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file is read into memory on Windows")
	}
	ctx := t.Context()
	dir := t.TempDir()
	o := options
	o.TableSize = 1000
	ix := open(t, dir, o)
	for i := range 3000 {
		check(t, ix.Add(ctx, makeDocument(strconv.Itoa(i), i, i, false)))
	}
	names := must(filepath.Glob(dir + "/tables-*.idx"))(t)
	for _, name := range names {
		check(t, os.Truncate(name, 0))
	}
	failed := 0
	for i := range 100 {
		if _, err := ix.Search(ctx, makeDocument("", i, i, false).Signature, lsh.SearchOptions{}); errors.Is(err, disk.ErrCorrupt) {
			failed++
		}
	}
	if failed != 100 || len(names) == 0 {
		t.Errorf("Search = ErrCorrupt in %d of 100 queries with %d emptied files, want 100 and at least 1 file", failed, len(names))
	}
	if err := ix.Verify(ctx); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("Verify = %v, want ErrCorrupt", err)
	}
	if _, _, err := ix.Insert(ctx, makeDocument("new", 1, 1, false)); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("Insert = %v, want ErrCorrupt", err)
	}
}
