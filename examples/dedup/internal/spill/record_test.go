package spill

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/lsh"
)

// TestRecordsRoundTrip writes records and reads them back.
func TestRecordsRoundTrip(t *testing.T) {
	for _, ref := range []int64{0, 1, 255, 256, 1<<32 + 7, maxRef} {
		if got := refAt(appendRef(nil, ref)); got != ref {
			t.Errorf("ref written and read = %d, want %d", got, ref)
		}
		e := edge{ref, maxRef, lsh.Score{Similarity: .8, ContainmentA: .9, ContainmentB: 1, Exact: true}, 1, 300}
		if got, err := edgeAt(e.append(nil)); err != nil || got != e {
			t.Errorf("edge written and read = %v, %v, want %v", got, err, e)
		}
		p := place{ref, 5, .25}
		if got, err := placeAt(p.append(nil)); err != nil || got != p {
			t.Errorf("place written and read = %v, %v, want %v", got, err, p)
		}
	}
	d := document{Doc: input.Doc{ID: "a\x00é", Host: "h", Time: "t", Format: input.WARC, Place: input.Place{File: "f", Record: 3, Offset: 1 << 40}}, Size: 77, Rank: math.Inf(-1), Origin: maxRef}
	var got document
	if err := got.read(d.append(nil)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// TestStreamsRefuseCutFiles reads several streams of one file, and refuses the file if it
// is cut at any length.
func TestStreamsRefuseCutFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	out, err := create(name, 3)
	if err != nil {
		t.Fatal(err)
	}
	long := make([]byte, 100_000)
	for i := range 20 {
		long[0] = byte(i)
		if err := out.add(i%2, long); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the file exists before it is complete, want none")
	}
	if err := out.commit(); err != nil {
		t.Fatal(err)
	}
	read := func(stream int) (firsts []byte, err error) {
		f, err := open(name)
		if err != nil {
			return nil, err
		}
		defer f.close()
		s, err := f.stream(stream)
		for err == nil {
			var record []byte
			if record, err = s.Next(); err == nil {
				firsts = append(firsts, record[0])
			}
		}
		if err == io.EOF {
			err = nil
		}
		return firsts, err
	}
	want := [][]byte{{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}, {1, 3, 5, 7, 9, 11, 13, 15, 17, 19}, nil}
	for i := range want {
		if got, err := read(i); err != nil || cmp.Diff(want[i], got) != "" {
			t.Errorf("stream %d: %v, %v, want %v", i, got, err, want[i])
		}
	}
	if _, err := read(3); !errors.Is(err, errNotSpill) {
		t.Errorf("stream 3 of 3 streams = %v, want errNotSpill", err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(whole); i += 1 + len(whole)/97 {
		if err := os.WriteFile(name, whole[:i], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(0); !errors.Is(err, errNotSpill) && !errors.Is(err, extsort.ErrDamaged) {
			t.Errorf("file cut at %d = %v, want errNotSpill or ErrDamaged", i, err)
		}
	}
}

// FuzzRecords reads arbitrary bytes as every kind of record: the result is a value or an
// error.
func FuzzRecords(f *testing.F) {
	f.Add((&document{Doc: input.Doc{ID: "a", Place: input.Place{File: "f", Line: 3}}, Size: 7, Rank: 2.5}).append(nil))
	f.Add(edge{1, 2, lsh.Score{Similarity: 1}, 1, 2}.append(nil))
	f.Add(place{1, 2, .5}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d document
		if d.read(b) == nil {
			var again document
			if err := again.read(d.append(nil)); err != nil || cmp.Diff(d, again) != "" {
				t.Fatalf("document of %q written and read again = %+v, %v, want %+v", b, again, err, d)
			}
		}
		if e, err := edgeAt(b); err == nil && len(b) > 2*refSize+scoreSize {
			if again, err := edgeAt(e.append(nil)); err != nil || again.a != e.a || again.nb != e.nb {
				t.Fatalf("edge of %q written and read again = %v, %v, want %v", b, again, err, e)
			}
		}
		_, _ = placeAt(b) // an error or a value, and no panic
	})
}
