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

	"github.com/cespare/xxhash/v2"
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
		t.Fatalf("WriteTo = %d, %v, want %d, nil", n, err, file.Len())
	}
	return ix, file.Bytes()
}

func TestReadReturnsWrittenIndex(t *testing.T) {
	ix, file := written(t)
	got, err := passage.Read(iotest.OneByteReader(bytes.NewReader(file)), passage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(collect(ix), collect(got)); diff != "" {
		t.Errorf("Pairs (-want as written +got):\n%s", diff)
	}
	if diff := cmp.Diff(groupsOf(ix), groupsOf(got)); diff != "" {
		t.Errorf("Groups (-want as written +got):\n%s", diff)
	}
	if diff := cmp.Diff(ix.Stats(), got.Stats()); diff != "" {
		t.Errorf("Stats (-want as written +got):\n%s", diff)
	}
	var again bytes.Buffer
	if _, err := got.WriteTo(&again); err != nil || !bytes.Equal(again.Bytes(), file) {
		t.Errorf("written again: %v, same bytes %v, want nil, true", err, bytes.Equal(again.Bytes(), file))
	}
	if n := len(collect(got)); n != 3 {
		t.Errorf("%d pairs, want 3", n)
	}
}

// TestGoldenFileIsReadAndWritten compares the output with a file of this version, and
// reads files of all versions, which must remain readable.
func TestGoldenFileIsReadAndWritten(t *testing.T) {
	ix, file := written(t)
	const newest = "testdata/v2.ndpa"
	if *update {
		if err := os.WriteFile(newest, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"testdata/v1.ndpa", newest} {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == newest && !bytes.Equal(file, want) {
			t.Errorf("WriteTo differs from %s, want the same bytes: another format needs a new version", name)
		}
		got, err := passage.Read(bytes.NewReader(want), passage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(collect(ix), collect(got)); diff != "" {
			t.Errorf("%s: Pairs (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(ix.Stats(), got.Stats()); diff != "" {
			t.Errorf("%s: Stats (-want +got):\n%s", name, diff)
		}
	}
}

// TestReadRefusesOtherOptions reads a file with options that give different tokens or
// fingerprints.
func TestReadRefusesOtherOptions(t *testing.T) {
	_, file := written(t)
	for _, opts := range []passage.Options{
		{Run: 9},
		{Aligner: shingle.Aligner{MinTokens: 5}},
		{Aligner: shingle.Aligner{Shingler: shingle.Shingler{KeepAccents: true}}},
		{Aligner: shingle.Aligner{Shingler: shingle.Shingler{Unit: shingle.Chars}}},
	} {
		got, err := passage.Read(bytes.NewReader(file), opts)
		if err != nil {
			t.Fatal(err)
		}
		want, err := passage.Read(bytes.NewReader(golden1(t)), opts) // rebuilt from texts
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(collect(want), collect(got)); diff != "" {
			t.Errorf("%+v: Pairs (-want rebuilt from texts +got):\n%s", opts, diff)
		}
		if diff := cmp.Diff(want.Stats(), got.Stats()); diff != "" {
			t.Errorf("%+v: Stats (-want rebuilt from texts +got):\n%s", opts, diff)
		}
	}
}

func golden1(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/v1.ndpa")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// resealed changes the content of the blocks of a file and corrects its checksums.
func resealed(file []byte, change func(block int, content []byte)) []byte {
	out := slices.Clone(file)
	empty := 0
	for at, n := 5, 0; empty < 2; n++ {
		size := int(binary.LittleEndian.Uint64(out[at:]))
		content := out[at+8 : at+8+size]
		if size == 0 {
			empty++
		}
		change(n, content)
		sum := xxhash.New()
		sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
		sum.Write(content)
		binary.LittleEndian.PutUint64(out[at+8+size:], sum.Sum64())
		at += 16 + size
	}
	return out
}

// TestReadSurvivesHostileContent changes every byte of the content of a file and corrects
// the checksums: the file is refused, or gives an index that can be searched.
func TestReadSurvivesHostileContent(t *testing.T) {
	_, file := written(t)
	refused := 0
	for at := range file {
		for _, with := range []byte{1, 0x80, 0xff} {
			seen := 0
			bad := resealed(file, func(_ int, content []byte) {
				if k := at - seen; 0 <= k && k < len(content) {
					content[k] ^= with
				}
				seen += len(content)
			})
			if at >= seen {
				break
			}
			ix, err := passage.Read(bytes.NewReader(bad), passage.Options{})
			if err != nil {
				if !errors.Is(err, passage.ErrCorrupt) {
					t.Fatalf("Read with byte %d changed = %v, want nil or ErrCorrupt", at, err)
				}
				refused++
				continue
			}
			collect(ix)
			if _, err := ix.Origins(t.Context(), passage.OriginOptions{}); err != nil {
				t.Fatal(err)
			}
			ix.Query("The ferry leaves at seven in the morning, except on Sundays and when the lake is frozen over.")
		}
	}
	if refused < 300 {
		t.Errorf("%d changes are refused, want at least 300", refused)
	}
}

// TestFormatExampleMatchesOutput compares the bytes in FORMAT.md with the output.
func TestFormatExampleMatchesOutput(t *testing.T) {
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
		t.Errorf("bytes of the example (-want of FORMAT.md +got):\n%s", diff)
	}
}

// TestReadRefusesDamage cuts and flips a file at every byte.
func TestReadRefusesDamage(t *testing.T) {
	_, file := written(t)
	for n := range file {
		_, err := passage.Read(bytes.NewReader(file[:n]), passage.Options{})
		want := passage.ErrCorrupt
		if n < 4 {
			want = passage.ErrFormat
		}
		if !errors.Is(err, want) {
			t.Errorf("Read(first %d bytes) = %v, want %v", n, err, want)
		}
		bad := slices.Clone(file)
		bad[n] ^= 0x10
		_, err = passage.Read(bytes.NewReader(bad), passage.Options{})
		if !errors.Is(err, passage.ErrCorrupt) && !errors.Is(err, passage.ErrFormat) && !errors.Is(err, passage.ErrVersion) {
			t.Errorf("Read with byte %d changed = %v, want ErrCorrupt, ErrFormat or ErrVersion", n, err)
		}
	}
	if _, err := passage.Read(bytes.NewReader(append(slices.Clone(file), 0)), passage.Options{}); !errors.Is(err, passage.ErrCorrupt) {
		t.Errorf("Read(one byte too many) = %v, want ErrCorrupt", err)
	}
	broken := errors.New("broken")
	for n := range 40 {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := passage.Read(r, passage.Options{}); !errors.Is(err, broken) {
			t.Errorf("Read from a reader that fails after %d bytes = %v, want %v", n, err, broken)
		}
	}
	ix, _ := written(t)
	if _, err := ix.WriteTo(full{}); err == nil {
		t.Error("WriteTo to a failing writer = nil error, want an error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestReadDoesNotAllocateDeclaredLength declares a block of a terabyte, which must not be
// allocated.
func TestReadDoesNotAllocateDeclaredLength(t *testing.T) {
	file := append([]byte("NDpa\x02"), binary.LittleEndian.AppendUint64(nil, 1<<40)...)
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := passage.Read(bytes.NewReader(append(file, "some bytes"...)), passage.Options{}); !errors.Is(err, passage.ErrCorrupt) {
			t.Errorf("Read(block of 1 TiB) = %v, want ErrCorrupt", err)
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations, want at most 100", allocated)
	}
}

func FuzzRead(f *testing.F) {
	_, file := written(f)
	f.Add(file)
	f.Add(file[:40])
	f.Add([]byte("NDpa\x01"))
	f.Add([]byte("NDpa\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ix, err := passage.Read(bytes.NewReader(data), passage.Options{})
		if err != nil {
			if !errors.Is(err, passage.ErrCorrupt) && !errors.Is(err, passage.ErrFormat) && !errors.Is(err, passage.ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		// A decoded index is written and read back equal.
		var once, twice bytes.Buffer
		if _, err := ix.WriteTo(&once); err != nil {
			t.Fatal(err)
		}
		again, err := passage.Read(bytes.NewReader(once.Bytes()), passage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.WriteTo(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("written, read and written again: %v, want the same bytes", err)
		}
		for range again.Pairs(context.Background()) {
		}
	})
}
