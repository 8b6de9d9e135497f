package disk_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenIndex creates the index whose files are in testdata/v1.
func goldenIndex(t *testing.T, dir string) {
	t.Helper()
	ctx := t.Context()
	mh := minhash.New(minhash.Options{K: 16, Seed: 1, Elements: minhash.Name("words:5")})
	ix := open(t, dir, disk.Options{Scheme: mh.Scheme(), Threshold: 0.5, Banding: lsh.Banding{Bands: 2, Rows: 3}, Seed: 7, TableSize: 2})
	add := func(id string, ms int64, keep bool, set ...uint64) {
		t.Helper()
		d := disk.Document{ID: id, Signature: mh.Sketch(set), Time: time.UnixMilli(ms)}
		if keep {
			d.Set = set
		}
		check(t, ix.Add(ctx, d))
	}
	add("a", 1000, true, 1, 2, 3)
	add("b", 2000, false, 1, 2, 3)
	add("c", 3000, true, 4, 5, 6)
	must(ix.Remove(ctx, "b"))(t)
	must(ix.Expire(ctx, time.UnixMilli(1500)))(t)
	check(t, ix.Close())
}

// If the golden files change, the format has changed: see FORMAT.md.
func TestGoldenFilesAreReadAndWritten(t *testing.T) {
	const golden = "testdata/v1"
	names := []string{"MANIFEST", "documents-000001.log", "tables-000002.idx"}
	dir := t.TempDir()
	goldenIndex(t, dir)
	for _, name := range names {
		got := must(os.ReadFile(filepath.Join(dir, name)))(t)
		path := filepath.Join(golden, name)
		if *update {
			check(t, os.MkdirAll(golden, 0o777))
			check(t, os.WriteFile(path, got, 0o666))
		}
		want := must(os.ReadFile(path))(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the bytes of %s have changed, which requires a new version of the format (-want +got):\n%s", name, diff)
		}
	}
	ix := open(t, golden, disk.Options{ReadOnly: true})
	mh := must(minhash.ForScheme(ix.Scheme()))(t)
	set := []uint64{4, 5, 6}
	found := must(ix.Search(t.Context(), mh.Sketch(set), lsh.SearchOptions{Set: set}))(t)
	want := []lsh.Match[string]{{ID: "c", Score: lsh.Score{Similarity: 1, ContainmentA: 1, ContainmentB: 1, Exact: true}}}
	if diff := cmp.Diff(want, found); diff != "" || ix.Len() != 1 {
		t.Errorf("%d documents; Search (-want +got):\n%s", ix.Len(), diff)
	}
	check(t, ix.Verify(t.Context()))

	for _, name := range names {
		b := must(os.ReadFile(filepath.Join(golden, name)))(t)
		at := 4 // offset of the version
		if name == "tables-000002.idx" {
			continue // named by the manifest, so it always has the same version
		}
		b[at] = 2
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o666))
		if _, err := disk.Open(dir, disk.Options{}); !errors.Is(err, disk.ErrVersion) {
			t.Errorf("Open with %s of version 2 = %v, want ErrVersion", name, err)
		}
		b[0], b[at] = 'X', 1
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o666))
		if _, err := disk.Open(dir, disk.Options{}); !errors.Is(err, disk.ErrFormat) {
			t.Errorf("Open with %s without its magic = %v, want ErrFormat", name, err)
		}
		b[0] = 'N'
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o666))
	}
}
