package shingle_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/shingle"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden renders the values that must never change: each token of the multilingual text
// with its hash, and for several shinglers the number of hashes of each line and of the
// whole text, with a checksum of them.
func golden(text string, seed uint64) string {
	var b strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		for _, tok := range (shingle.Shingler{Seed: seed}).AppendTokens(nil, line) {
			fmt.Fprintf(&b, "%d\t%d\t%d\t%016x\t%q\n", i+1, tok.Start, tok.End, tok.Hash, tok.Of(line))
		}
	}
	for _, s := range []shingle.Shingler{
		{}, {Size: 1}, {Size: 2}, {Size: 3}, {Size: 8}, {Size: 17}, {Size: 64}, {Size: 100},
		{KeepAccents: true}, {Multiset: true, Size: 1},
		{Unit: shingle.Chars}, {Unit: shingle.Chars, Size: 1}, {Unit: shingle.Chars, Size: 5, KeepAccents: true},
	} {
		s.Seed = seed
		for i, line := range append([]string{text}, lines...) {
			hashes := s.AppendHashes(nil, line)
			var bytes []byte
			for _, h := range hashes {
				bytes = binary.LittleEndian.AppendUint64(bytes, h)
			}
			fmt.Fprintf(&b, "%s\t%d\t%d\t%016x\n", s, i, len(hashes), xxhash.Sum64(bytes))
		}
	}
	return b.String()
}

// TestGoldenHashes compares hashes with the golden files: one without a seed, one with a
// seed.
func TestGoldenHashes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "multilingual.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		seed uint64
	}{{"golden.txt", 0}, {"golden_seed.txt", 0x123456789ABCDEF0}} {
		name := filepath.Join("testdata", c.file)
		if *update {
			if err := os.WriteFile(name, []byte(golden(string(text), c.seed)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shingle.EachTier(func(tier string) {
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(golden(string(text), c.seed), "\n")); diff != "" {
				t.Errorf("%s, %s: hashes have changed, which requires a new major version (-want +got):\n%s", c.file, tier, diff)
			}
		})
	}
}

// TestGoldenStreamEqualsWhole reads the multilingual text in pieces of many sizes: the
// hashes are those in the golden file for the whole text.
func TestGoldenStreamEqualsWhole(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "multilingual.txt"))
	if err != nil {
		t.Fatal(err)
	}
	shingle.EachTier(func(tier string) {
		for _, s := range []shingle.Shingler{{}, {Size: 1, Multiset: true}, {Unit: shingle.Chars, KeepAccents: true}, {Seed: 9}} {
			want := s.AppendHashes(nil, string(text))
			for _, n := range []int{1, 2, 3, 7, 61, 64, 1000, 4096, len(text)} {
				if diff := differ(want, collect(t, s, &pieces{text, n})); diff != "" {
					t.Fatalf("%s: %v in pieces of %d (-want +got):\n%s", tier, s, n, diff)
				}
			}
		}
	})
}

// pieces reads text n bytes at a time.
type pieces struct {
	text []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(p.n, len(b))], p.text)
	p.text = p.text[n:]
	return n, nil
}

// TestInvalidSequencesOnEveryTier checks that all tiers give the same hashes for
// sequences that resemble UTF-8: overlong ones, surrogates, and code points above the
// last one.
func TestInvalidSequencesOnEveryTier(t *testing.T) {
	const words = "ночной паром снова идёт с мая ภาษาไทย ὁ ποιητὴς 𝐦𝐚𝐭𝐡 "
	for lead := 0xc0; lead <= 0xff; lead++ {
		var b strings.Builder
		for second := 0x80; second < 0xc0; second++ {
			b.WriteString(words[:20+second%40])
			b.WriteByte(byte(lead))
			b.WriteByte(byte(second))
			if lead >= 0xe0 {
				b.WriteByte(byte(0x80 + second*7%64))
			}
			if lead >= 0xf0 {
				b.WriteByte(byte(0x80 + second*11%64))
			}
			b.WriteString(words)
		}
		text := b.String()
		var want []uint64
		var first string
		shingle.EachTier(func(tier string) {
			got := shingle.Shingler{Size: 1}.AppendHashes(nil, text)
			if first == "" {
				first, want = tier, got
			} else if diff := differ(want, got); diff != "" {
				t.Errorf("lead %#x: hashes (-want of %s +got of %s):\n%s", lead, first, tier, diff)
			}
		})
	}
}

func FuzzKernels(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(uint8(seed), []byte(randomText(seed, 40)))
	}
	f.Add(uint8(1), []byte(strings.Repeat("a'b ''c' ", 40)))
	f.Fuzz(func(t *testing.T, size uint8, text []byte) {
		s := shingle.Shingler{Size: 1 + int(size)%70, KeepAccents: size > 200}
		if size%3 == 0 {
			s.Seed = uint64(size)
		}
		var want []uint64
		var first string
		shingle.EachTier(func(tier string) {
			got := s.AppendHashes(nil, string(text))
			if first == "" {
				first, want = tier, got
			} else if diff := differ(want, got); diff != "" {
				t.Fatalf("hashes of %q (-want of %s +got of %s):\n%s", text, first, tier, diff)
			}
		})
	})
}
