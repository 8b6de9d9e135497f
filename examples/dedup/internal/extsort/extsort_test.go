package extsort

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// sorted returns the records as sorted by a sorter whose runs hold about limit bytes and
// which merges fanIn of them at a time; 0 leaves both at their defaults.
func sorted(t testing.TB, records [][]byte, o Options, limit int64, fanIn int) [][]byte {
	t.Helper()
	s := New(o)
	defer s.Close()
	if limit > 0 {
		s.limit, s.fanIn = limit, fanIn
	}
	for _, r := range records {
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	var out [][]byte
	for r, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, bytes.Clone(r))
	}
	return out
}

// TestSortEqualsSortInMemory compares the result with a sort in memory, for many kinds of
// records, sizes of runs, numbers of runs merged at a time, and workers.
func TestSortEqualsSortInMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	word := func(n, letters int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.IntN(letters))
		}
		return b
	}
	kinds := map[string]func(i int) []byte{
		"short":          func(int) []byte { return word(r.IntN(6), 3) },
		"equal prefixes": func(int) []byte { return append([]byte("12345678"), word(r.IntN(5), 256)...) },
		"numbers":        func(int) []byte { return binary.BigEndian.AppendUint64(nil, r.Uint64()>>r.IntN(64)) },
		"ascending":      func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) },
		"long": func(i int) []byte {
			if i%500 == 0 {
				return word(2*slabSize+r.IntN(100), 2)
			}
			return word(20, 256)
		},
		"all equal": func(int) []byte { return []byte("equal") },
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			records := make([][]byte, 2000)
			for i := range records {
				records[i] = kind(i)
			}
			want := slices.Clone(records)
			slices.SortFunc(want, bytes.Compare)
			distinct := slices.CompactFunc(slices.Clone(want), bytes.Equal)
			for _, test := range []struct {
				limit  int64
				fanIn  int
				worker int
			}{{0, 0, 1}, {slabSize + 10_000, 2, 1}, {slabSize + 10_000, 3, 4}, {slabSize + 1000, 100, 2}} {
				o := Options{Dir: t.TempDir(), Workers: test.worker}
				if got := sorted(t, records, o, test.limit, test.fanIn); !slices.EqualFunc(got, want, bytes.Equal) {
					t.Errorf("%+v: %d records differ in order from a sort in memory, want the same %d", test, len(got), len(want))
				}
				o.Unique = true
				if got := sorted(t, records, o, test.limit, test.fanIn); !slices.EqualFunc(got, distinct, bytes.Equal) {
					t.Errorf("%+v: %d distinct records, want %d", test, len(got), len(distinct))
				}
				if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
					t.Errorf("%+v: after Close the folder holds %v, %v, want no files", test, left, err)
				}
			}
		})
	}
	if got := sorted(t, nil, Options{}, 0, 0); len(got) != 0 {
		t.Errorf("sort of no records gives %d, want 0", len(got))
	}
}

// TestEarlyBreakLeavesNoFile leaves a sequence early, and closes sorters without calling
// All.
func TestEarlyBreakLeavesNoFile(t *testing.T) {
	for _, limit := range []int64{slabSize + 100, 1 << 30} {
		s := New(Options{Dir: t.TempDir(), Workers: 2})
		s.limit = limit
		for i := range 1000 {
			if err := s.Add(fmt.Append(nil, 1000-i)); err != nil {
				t.Fatal(err)
			}
		}
		for r, err := range s.All() {
			if err != nil || string(r) != "1" {
				t.Errorf("first record = %q, %v, want %q, nil", r, err, "1")
			}
			break
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close = %v, want nil", err)
		}
	}
}

// A smallDisk has room for *left more bytes.
type smallDisk struct {
	file
	left *int64
}

var errFull = errors.New("no space left")

func (d smallDisk) WriteAt(p []byte, off int64) (int, error) {
	if *d.left -= int64(len(p)); *d.left < 0 {
		return 0, errFull
	}
	return d.file.WriteAt(p, off)
}

// TestFullDiskIsReported fills the disk in the first run, in later ones and while runs
// are merged: the error is returned, and no file remains.
func TestFullDiskIsReported(t *testing.T) {
	defer func(f func(string) (file, error)) { create = f }(create)
	record := make([]byte, 100_000)
	const records = 100
	for _, left := range []int64{0, 1_000_000, 9_000_000, 12_000_000, 15_000_000} {
		dir, left := t.TempDir(), left
		real := create
		create = func(dir string) (file, error) {
			f, err := real(dir)
			return smallDisk{f, &left}, err
		}
		s := New(Options{Dir: dir})
		s.limit, s.fanIn = slabSize+2000, 2
		var err error
		for i := 0; i < records && err == nil; i++ {
			err = s.Add(record)
		}
		n := 0
		for _, e := range s.All() {
			if e == nil {
				n++
			} else if err == nil {
				err = e
			}
		}
		if !errors.Is(err, errFull) || n == records {
			t.Errorf("with a full disk: %v after %d of %d records, want errFull before the last", err, n, records)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("after Close the folder holds %v, %v, want no files", entries, err)
		}
		create = real
	}
	s := New(Options{Dir: t.TempDir() + "/missing"})
	s.limit = 1
	var err error
	for i := 0; i < records && err == nil; i++ {
		err = s.Add(record)
	}
	for _, e := range s.All() {
		err = errors.Join(err, e)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sort in a missing folder = %v, want os.ErrNotExist", err)
	}
	s.Close()
}

// TestLongRecordIsRefused adds a record that is too long for a file.
func TestLongRecordIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 1 GB of memory")
	}
	record := make([]byte, MaxRecord+1)
	s := New(Options{})
	defer s.Close()
	if err := s.Add(record); !errors.Is(err, ErrTooLong) {
		t.Errorf("Add(record longer than MaxRecord) = %v, want ErrTooLong", err)
	}
	if err := NewWriter(io.Discard).Write(record); !errors.Is(err, ErrTooLong) {
		t.Errorf("Write(record longer than MaxRecord) = %v, want ErrTooLong", err)
	}
}

// written returns records as a Writer writes them.
func written(t testing.TB, records ...[]byte) []byte {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Bytes() != int64(b.Len()) {
		t.Errorf("Bytes() = %d, want %d", w.Bytes(), b.Len())
	}
	return b.Bytes()
}

// read returns the records of a stream up to its end or damage.
func read(stream []byte) (records [][]byte, err error) {
	r := NewReader(bytes.NewReader(stream))
	for {
		record, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				return records, fmt.Errorf("another error after the first: %w", again)
			}
			return records, err
		}
		records = append(records, bytes.Clone(record))
	}
}

// TestDamageIsFound cuts a stream at every length, changes each of its bytes, and
// exchanges blocks.
func TestDamageIsFound(t *testing.T) {
	long := bytes.Repeat([]byte("long"), blockSize/4)
	want := [][]byte{{}, []byte("a"), long, []byte("b"), long, []byte("c")}
	stream := written(t, want...)
	if got, err := read(stream); err != io.EOF || !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("undamaged stream: %d records, %v, want %d, io.EOF", len(got), err, len(want))
	}
	places := []int{len(stream) - 1, len(stream) - headerSize, len(stream) / 2}
	for i := range 150 {
		places = append(places, i, i*len(stream)/150)
	}
	for _, i := range places {
		if got, err := read(stream[:i]); !errors.Is(err, ErrDamaged) || len(got) >= len(want) && i < len(stream)-headerSize {
			t.Fatalf("stream cut at %d: %d records, %v, want fewer than %d and ErrDamaged", i, len(got), err, len(want))
		}
		for _, bit := range []byte{1, 128} {
			damaged := bytes.Clone(stream)
			damaged[i] ^= bit
			got, err := read(damaged)
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d changed: %d records, %v, want ErrDamaged", i, len(got), err)
			}
		}
	}
	first := bytes.Index(stream, []byte("b")) - 1 - headerSize
	exchanged := slices.Concat(stream[first:len(stream)-headerSize], stream[:first], stream[len(stream)-headerSize:])
	if _, err := read(exchanged); !errors.Is(err, ErrDamaged) {
		t.Errorf("exchanged blocks: %v, want ErrDamaged", err)
	}
	if got, err := read(written(t)); err != io.EOF || len(got) > 0 {
		t.Errorf("stream of no records: %d, %v, want 0, io.EOF", len(got), err)
	}
}

// FuzzReader reads arbitrary bytes: it must not panic, and may allocate memory only for
// bytes that are present.
func FuzzReader(f *testing.F) {
	f.Add(written(f))
	f.Add(written(f, []byte("a"), []byte("bc")))
	f.Add([]byte{0xff, 0xff, 0xff, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewReader(bytes.NewReader(stream))
		records, n := [][]byte(nil), 0
		for {
			record, err := r.Next()
			if err == io.EOF {
				if got := written(t, records...); len(got) != n && !bytes.HasPrefix(stream, got) && len(stream) < blockSize {
					t.Fatalf("%q was read as %q, which is written as %q, want the same stream", stream, records, got)
				}
				break
			}
			if err != nil {
				break
			}
			records = append(records, bytes.Clone(record))
		}
		if cap(r.block) > 4*blockSize+2*len(stream) {
			t.Fatalf("%d bytes of memory for a stream of %d, want at most %d", cap(r.block), len(stream), 4*blockSize+2*len(stream))
		}
	})
}

func BenchmarkSort(b *testing.B) {
	for _, memory := range []int64{256 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("memory=%dMiB", memory>>20), func(b *testing.B) {
			const records = 1_000_000
			r := rand.New(rand.NewPCG(1, 1))
			b.SetBytes(16 * records)
			for b.Loop() {
				s := New(Options{Dir: b.TempDir(), Memory: memory})
				var record [16]byte
				for range records {
					binary.BigEndian.PutUint64(record[:], r.Uint64())
					binary.BigEndian.PutUint64(record[8:], r.Uint64())
					if err := s.Add(record[:]); err != nil {
						b.Fatal(err)
					}
				}
				for _, err := range s.All() {
					if err != nil {
						b.Fatal(err)
					}
				}
				s.Close()
			}
		})
	}
}
