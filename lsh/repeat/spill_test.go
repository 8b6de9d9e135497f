package repeat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
)

// A memoryFile is a file in memory, for tests that create very many.
type memoryFile struct{ *bytes.Buffer }

func (memoryFile) Close() error { return nil }
func (memoryFile) Name() string { return "" }

func (f memoryFile) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(f.Bytes()).ReadAt(p, at)
}

// inMemory makes a test keep its files in memory.
func inMemory(t testing.TB) {
	before := create
	create = func(string) (file, error) { return memoryFile{new(bytes.Buffer)}, nil }
	t.Cleanup(func() { create = before })
}

// spilled returns the result of a Cutter with that much memory.
func spilled(t testing.TB, o Options, texts []string, memory int64, fences int) result {
	t.Helper()
	o.Memory = memory
	c := New(o)
	defer c.Close()
	c.index.disk.fences = fences
	r := result{texts: texts}
	for _, text := range texts {
		r.add(text, c.Add(c.Prepare(text)))
	}
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

// same fails unless two results are equal.
func (r result) same(t testing.TB, want result, why string) {
	t.Helper()
	for i := range want.cuts {
		if !slices.Equal(r.cuts[i], want.cuts[i]) {
			t.Fatalf("%s: Add(%q) = %v, want %v", why, r.texts[i], r.cuts[i], want.cuts[i])
		}
	}
}

// TestSpilledCutsAreTheSame compares cuts with and without files: one run per document,
// several runs, and one run.
func TestSpilledCutsAreTheSame(t *testing.T) {
	race.Alone(t)
	inMemory(t)
	for _, a := range alphabets {
		for _, border := range []Border{Tokens, Sentences, Paragraphs} {
			for seed := range uint64(max(1, *seeds/10)) {
				r := rand.New(rand.NewPCG(seed, 8))
				o := Options{MinTokens: 1 + r.IntN(9), Border: border}
				var texts []string
				for range 5 {
					texts = append(texts, random(r, a.words, a.marks)...)
				}
				want := cutAll(o, texts)
				for _, memory := range []int64{1, 2000, 8000} {
					got := spilled(t, o, texts, memory, 1+r.IntN(3))
					got.same(t, want, fmt.Sprintf("%s, %v, seed %d, memory %d", a.name, border, seed, memory))
				}
			}
		}
	}
}

// TestSpilledRealCutsAreTheSame compares cuts of real documents, in runs of many blocks
// that were merged several times, with some documents kept whole.
func TestSpilledRealCutsAreTheSame(t *testing.T) {
	race.Alone(t)
	var texts []string
	for _, d := range corpus.Docs(t, "licensecheck_spans", "docs.jsonl")[:400] {
		texts = append(texts, d.Text)
	}
	level, blocks := 0, 0
	for _, o := range []Options{{MinTokens: 12}, {Border: Paragraphs, MinTokens: 5}} {
		cut := func(o Options, fences int) (result, *Cutter) {
			c := New(o)
			defer c.Close()
			if fences > 0 {
				c.index.disk.fences = fences
			}
			r := result{texts: texts}
			for i, text := range texts {
				if i%7 == 3 {
					c.Keep(c.Prepare(text))
					r.add(text, nil)
					continue
				}
				r.add(text, c.Add(c.Prepare(text)))
			}
			if c.Err() != nil {
				t.Fatal(c.Err())
			}
			for _, run := range c.index.disk.runs {
				level, blocks = max(level, run.level), max(blocks, run.blocks())
			}
			return r, c
		}
		want, in := cut(o, 0)
		o.Dir = t.TempDir()
		o.Memory = 100 << 10
		got, out := cut(o, 3)
		got.same(t, want, "spilled")
		if in.Stats() != out.Stats() {
			t.Errorf("spilled: Stats() = %+v, want %+v", out.Stats(), in.Stats())
		}
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Errorf("the folder holds %v, %v, want no files", left, err)
		}
	}
	if level < 2 || blocks < 50 {
		t.Errorf("a run has %d blocks at most and was merged %d times at most, want 50 and 2 (else nothing is tested)", blocks, level)
	}
}

// TestSpilledCommonPhraseTakesLinearTime is TestCommonPhraseTakesLinearTime with files:
// the places of one anchor, and its mark, are in many runs.
func TestSpilledCommonPhraseTakesLinearTime(t *testing.T) {
	var texts []string
	for i := range 300 {
		texts = append(texts, fmt.Sprintf("a%d ", i)+words(0, 40)+fmt.Sprintf("b%d ", i)+words(1000*i, 1000*i+20))
	}
	for i := range 300 {
		texts = append(texts, "x "+texts[299-i])
	}
	want := cutAll(Options{}, texts)
	inMemory(t)
	for _, memory := range []int64{1, 30_000} {
		got := spilled(t, Options{}, texts, memory, 1)
		got.same(t, want, fmt.Sprint(memory))
	}
	for i := range 300 {
		if k := want.cuts[300+i]; len(k) != 1 || k[0].Document != 299-i {
			t.Fatalf("cuts of %d = %v, want one, for document %d", 300+i, k, 299-i)
		}
	}
}

// A smallDisk is a file on a disk that has room for only left more bytes.
type smallDisk struct {
	file
	left *int
}

var errFull = errors.New("no space left")

func (d smallDisk) Write(p []byte) (int, error) {
	if *d.left -= len(p); *d.left < 0 {
		return 0, errFull
	}
	return d.file.Write(p)
}

func (d smallDisk) ReadAt(p []byte, at int64) (int, error) {
	if *d.left < 0 {
		return 0, io.ErrUnexpectedEOF // only the first failure counts
	}
	return d.file.ReadAt(p, at)
}

// TestFullDiskIsReported fills the disk at every point: the first error is kept, nothing
// is cut after it, and no file remains.
func TestFullDiskIsReported(t *testing.T) {
	defer func(f func(string) (file, error)) { create = f }(create)
	real := create
	text := words(0, 300)
	for _, left := range []int{0, 5_000, 20_000, 100_000, 300_000} {
		create = func(dir string) (file, error) {
			f, err := real(dir)
			return smallDisk{f, &left}, err
		}
		dir := t.TempDir()
		c := New(Options{Memory: 1000, Dir: dir})
		failed := false
		for i := range 200 {
			cuts := c.Add(c.Prepare(fmt.Sprintf("n%d ", i) + words(1000*i, 1000*i+400) + text))
			if failed && len(cuts) > 0 {
				t.Fatalf("document %d: cuts %v after a failure, want none", i, cuts)
			}
			failed = c.Err() != nil
		}
		if !errors.Is(c.Err(), errFull) {
			t.Errorf("Err() = %v, want %v", c.Err(), errFull)
		}
		c.Close()
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("the folder holds %v, %v, want no files", entries, err)
		}
	}
	create = real
	c := New(Options{Memory: 1, Dir: t.TempDir() + "/missing"})
	defer c.Close()
	c.Add(c.Prepare(text))
	if err := c.Err(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/missing/") {
		t.Errorf("Err() with a missing folder = %v, want os.ErrNotExist with its name", err)
	}
}

// A damagedFile has one bit changed.
type damagedFile struct{ file }

func (d damagedFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := d.file.ReadAt(p, at)
	if n > 0 {
		p[n/2] ^= 4
	}
	return n, err
}

func TestDamagedFileIsReported(t *testing.T) {
	defer func(f func(string) (file, error)) { create = f }(create)
	real := create
	create = func(dir string) (file, error) {
		f, err := real(dir)
		return damagedFile{f}, err
	}
	c := New(Options{Memory: 1, Dir: t.TempDir()})
	defer c.Close()
	for range 2 {
		c.Add(c.Prepare(words(0, 100)))
	}
	if !errors.Is(c.Err(), errDamaged) {
		t.Errorf("Err() = %v, want %v", c.Err(), errDamaged)
	}
}

// TestFilterFindsItsKeys queries a filter for keys that it has and for others.
func TestFilterFindsItsKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 100_000
	for _, bits := range []int{20, 12, 6, 2} {
		f := newFilter(n, n*bits/8)
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = r.Uint64() >> 3 // like the smallest hashes of windows, whose leading bits are 0
			f.add(keys[i])
		}
		for _, k := range keys {
			if !f.has(k) {
				t.Fatalf("%d bits: has(added key) = false, want true", bits)
			}
		}
		wrong := 0
		for range n {
			if f.has(r.Uint64() >> 3) {
				wrong++
			}
		}
		if rate, most := float64(wrong)/n, map[int]float64{20: .008, 12: .008, 6: .09, 2: .45}[bits]; rate > most || f.bytes() > n*bits/8 || f.bytes() > n*mostBits/8+64 {
			t.Errorf("%d bits: %.4f of other keys, want at most %v; %d bytes", bits, rate, most, f.bytes())
		}
	}
	if f := newFilter(n, 100); !f.has(1) || f.bytes() != 0 {
		t.Errorf("filter without room: has(1) = %v, bytes() = %d, want true, 0", f.has(1), f.bytes())
	}
}
