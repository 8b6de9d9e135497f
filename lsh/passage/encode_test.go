package passage_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

var update = flag.Bool("update", false, "write testdata")

// written returns an index with everything that a file can hold, and its file.
func written(t testing.TB) (*passage.Index, []byte) {
	t.Helper()
	ix := passage.New(passage.Options{})
	ix.Add("plain", "The ferry leaves at seven in the morning, except on Sundays and when the lake is frozen over.")
	ix.AddAt("dated", time.Date(1931, 7, 4, 12, 30, 0, 5, time.UTC), "Notice: the ferry leaves at seven in the morning, except on Sundays and when the lake is frozen over.")
	ix.Add("gone", "This one is removed again, and no trace of it is in the file.")
	ix.Add("masked", "AD The ferry leaves at seven AD in the morning, except on Sundays and when the lake is frozen over.",
		shingle.Span{Start: 0, End: 3}, shingle.Span{Start: 29, End: 32})
	ix.Add("", "")
	ix.Add("bytes", "\xff\x00 渡船早上七点开")
	ix.Remove("gone")
	var file bytes.Buffer
	n, err := ix.WriteTo(&file)
	if err != nil || n != int64(file.Len()) {
		t.Fatalf("WriteTo: %d bytes of %d, %v", n, file.Len(), err)
	}
	return ix, file.Bytes()
}

func TestReadWritten(t *testing.T) {
	ix, file := written(t)
	got, err := passage.Read(iotest.OneByteReader(bytes.NewReader(file)), passage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(collect(ix), collect(got)); diff != "" {
		t.Errorf("Pairs (-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(groupsOf(ix), groupsOf(got)); diff != "" {
		t.Errorf("Groups (-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(ix.Stats(), got.Stats()); diff != "" {
		t.Errorf("Stats (-written +read):\n%s", diff)
	}
	var again bytes.Buffer
	if _, err := got.WriteTo(&again); err != nil || !bytes.Equal(again.Bytes(), file) {
		t.Errorf("written again: %v, equal %v", err, bytes.Equal(again.Bytes(), file))
	}
	if n := len(collect(got)); n != 3 {
		t.Errorf("%d pairs, want 3", n)
	}
}

// TestGoldenFile reads a file that version 1 wrote; it must be readable for ever.
func TestGoldenFile(t *testing.T) {
	_, file := written(t)
	const name = "testdata/v1.ndpa"
	if *update {
		if err := os.WriteFile(name, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, want) {
		t.Error("the format has changed: that needs a new version")
	}
	if _, err := passage.Read(bytes.NewReader(want), passage.Options{}); err != nil {
		t.Error(err)
	}
}

// TestFormatExample compares the bytes in FORMAT.md with what is written.
func TestFormatExample(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, dump, _ := strings.Cut(string(page), "without time:\n\n```\n")
	dump, _, _ = strings.Cut(dump, "```")
	var want []byte
	for line := range strings.Lines(dump) {
		b, err := hex.DecodeString(strings.ReplaceAll(regexp.MustCompile(`^([0-9a-f]{2} )+`).FindString(line), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, b...)
	}
	var ix passage.Index
	ix.Add("a", "hi")
	var got bytes.Buffer
	if _, err := ix.WriteTo(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hex.Dump(want), hex.Dump(got.Bytes())); diff != "" {
		t.Errorf("(-FORMAT.md +written):\n%s", diff)
	}
}

// TestReadDamaged cuts and flips a file at every byte.
func TestReadDamaged(t *testing.T) {
	_, file := written(t)
	for n := range file {
		_, err := passage.Read(bytes.NewReader(file[:n]), passage.Options{})
		want := passage.ErrCorrupt
		if n < 4 {
			want = passage.ErrFormat
		}
		if !errors.Is(err, want) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
		bad := slices.Clone(file)
		bad[n] ^= 0x10
		_, err = passage.Read(bytes.NewReader(bad), passage.Options{})
		if !errors.Is(err, passage.ErrCorrupt) && !errors.Is(err, passage.ErrFormat) && !errors.Is(err, passage.ErrVersion) {
			t.Errorf("byte %d changed: %v", n, err)
		}
	}
	if _, err := passage.Read(bytes.NewReader(append(slices.Clone(file), 0)), passage.Options{}); !errors.Is(err, passage.ErrCorrupt) {
		t.Errorf("a byte too many: %v", err)
	}
	broken := errors.New("broken")
	for n := range 40 {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := passage.Read(r, passage.Options{}); !errors.Is(err, broken) {
			t.Errorf("a reader that breaks after %d bytes: %v", n, err)
		}
	}
	ix, _ := written(t)
	if _, err := ix.WriteTo(full{}); err == nil {
		t.Error("a writer that fails goes unnoticed")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestReadHugeLength declares a block of a terabyte: nothing of the kind may be
// allocated.
func TestReadHugeLength(t *testing.T) {
	file := append([]byte("NDpa\x01"), binary.LittleEndian.AppendUint64(nil, 1<<40)...)
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := passage.Read(bytes.NewReader(append(file, "some bytes"...)), passage.Options{}); !errors.Is(err, passage.ErrCorrupt) {
			t.Errorf("a huge block: %v", err)
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
}

func FuzzRead(f *testing.F) {
	_, file := written(f)
	f.Add(file)
	f.Add(file[:40])
	f.Add([]byte("NDpa\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ix, err := passage.Read(bytes.NewReader(data), passage.Options{})
		if err != nil {
			if !errors.Is(err, passage.ErrCorrupt) && !errors.Is(err, passage.ErrFormat) && !errors.Is(err, passage.ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		// What was read is written and read alike.
		var once, twice bytes.Buffer
		if _, err := ix.WriteTo(&once); err != nil {
			t.Fatal(err)
		}
		again, err := passage.Read(bytes.NewReader(once.Bytes()), passage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.WriteTo(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("written twice: %v", err)
		}
		for range again.Pairs(context.Background()) {
		}
	})
}
