package shingle_test

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

func collect(t *testing.T, s shingle.Shingler, r io.Reader) (hashes []uint64) {
	t.Helper()
	for block, err := range s.HashesFrom(r) {
		if err != nil || len(block) == 0 {
			t.Fatalf("HashesFrom yields a block of %d hashes and error %v, want hashes and nil", len(block), err)
		}
		hashes = append(hashes, block...)
	}
	return hashes
}

// joined returns the hashes of all blocks; none of them may be empty.
func joined(blocks iter.Seq[[]uint64]) (hashes []uint64) {
	for block := range blocks {
		if len(block) == 0 {
			panic("an empty block")
		}
		hashes = append(hashes, block...)
	}
	return hashes
}

// Leaving a sequence early frees its memory properly.
func TestLeavingHashesEarlyIsSafe(t *testing.T) {
	text := strings.Repeat("one two three four five six seven ", 1000)
	want := (shingle.Shingler{}).Hashes(text)
	for range 3 {
		for block := range (shingle.Shingler{}).HashesSeq(text) {
			if !slices.Equal(block, want[:len(block)]) {
				t.Fatalf("first block of HashesSeq = %x, want %x", block, want[:len(block)])
			}
			break
		}
	}
}

func TestHashesFromEqualsHashes(t *testing.T) {
	long := 20000
	if race.Enabled {
		long = 1500
	}
	texts := []string{"", " ", "word", "two words", "中", "e\u0301", "cut\xe4\xb8", strings.Repeat("a", 100), randomText(7, long), randomText(8, 30)}
	for i, s := range append(configurations, shingle.Shingler{Multiset: true}) {
		for _, text := range texts {
			want := joined(s.HashesSeq(text))
			for name, r := range map[string]io.Reader{
				"whole":         strings.NewReader(text),
				"half":          iotest.HalfReader(strings.NewReader(text)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(text)),
				"bytes":         iotest.OneByteReader(strings.NewReader(text)),
			} {
				if diff := differ(want, collect(t, s, r)); diff != "" {
					t.Fatalf("configuration %d, %d bytes, %s (-want +got):\n%s", i, len(text), name, diff)
				}
			}
		}
	}
}

// TestLongTokensAreHashedWhole hashes tokens that are longer than any buffer for a token.
func TestLongTokensAreHashedWhole(t *testing.T) {
	race.Alone(t)
	long := 60000
	if race.Enabled {
		long = 25000
	}
	for _, unit := range []string{"a", "Ab", "中", "é", "e\u0301", "don't", "'", "x'", "か", "e\u0301\u0323", "\u0301\u0323", "ﷺ", "ក្ក", "1", "longer than piece "} {
		text := "before " + strings.Repeat(unit, long/len(unit)) + " after it all"
		for _, s := range []shingle.Shingler{{Size: 2}, {Size: 3, KeepAccents: true}, {Size: 2, Seed: 5}} {
			want := reference(s, text)
			if diff := differ(want, s.AppendTokens(nil, text)); diff != "" {
				t.Fatalf("%v: %q (-want +got):\n%s", s, unit, diff)
			}
			var hashes []uint64
			for _, h := range shinglesOf(want, s.Size, s.Seed) {
				hashes = append(hashes, h.Hash)
			}
			if diff := differ(hashes, s.AppendHashes(nil, text)); diff != "" {
				t.Fatalf("%v: %q (-want +got):\n%s", s, unit, diff)
			}
			if diff := differ(hashes, collect(t, s, iotest.HalfReader(strings.NewReader(text)))); diff != "" {
				t.Fatalf("%v: %q read (-want +got):\n%s", s, unit, diff)
			}
		}
	}
}

func TestHashesFromReportsError(t *testing.T) {
	broken := errors.New("broken")
	n := 0
	var last error
	for block, err := range (shingle.Shingler{Size: 1}).HashesFrom(io.MultiReader(strings.NewReader("one two three"), iotest.ErrReader(broken))) {
		if last != nil {
			t.Fatalf("HashesFrom yields %x, %v after an error, want nothing", block, err)
		}
		last = err
		n += len(block)
	}
	if last != broken || n != 2 {
		t.Errorf("%d hashes, then %v; want 2 (the third word may go on), then %v", n, last, broken)
	}
	for _, err := range (shingle.Shingler{}).HashesFrom(idle{}) {
		if last = err; err != io.ErrNoProgress {
			t.Errorf("%v, want %v", err, io.ErrNoProgress)
		}
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// repeated reads a text repeatedly.
type repeated struct {
	text  string
	left  int
	place int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.place:])
	r.place = (r.place + n) % len(r.text)
	r.left -= n
	return n, nil
}

// TestHashesFromTakesBoundedMemory reads 64 MB of one word, and of many words.
func TestHashesFromTakesBoundedMemory(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("reads 128 MB")
	}
	for _, text := range []string{strings.Repeat("endless", 5000), strings.Repeat("word after word ", 2000)} {
		n := 0
		got := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				n = 0
				for block, err := range (shingle.Shingler{}).HashesFrom(&repeated{text: text, left: 64 << 20}) {
					if err != nil {
						b.Fatal(err)
					}
					n += len(block)
				}
			}
		})
		if per := got.AllocedBytesPerOp(); per > 1<<20 || n == 0 {
			t.Errorf("%d shingles, %d bytes allocated, want some shingles and at most %d bytes", n, per, 1<<20)
		}
	}
}
