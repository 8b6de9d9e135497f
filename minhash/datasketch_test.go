package minhash_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/minhash"
)

type datasketchCase struct {
	Scheme         string
	K              int
	Seed           uint64
	Tokens         string
	Values         string
	Sum            uint64
	Native, Little string
}

// datasketchCases reads what testdata/vectors.py wrote.
func datasketchCases(t testing.TB) (tokens map[string][]string, cases []datasketchCase) {
	data, err := os.ReadFile("testdata/datasketch.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tokens map[string][]string
		Cases  []datasketchCase
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		file.Tokens["many"] = append(file.Tokens["many"], fmt.Sprintf("stop %d of line %d", i*i%997, i%13))
	}
	return file.Tokens, file.Cases
}

func (c datasketchCase) options() minhash.Options {
	o := minhash.Options{K: c.K, Seed: c.Seed, Algorithm: minhash.Affine32, Shingling: "words"}
	if c.Scheme == "legacy" {
		o.Algorithm = minhash.Legacy
	}
	return o
}

// The signatures are those of the Python package, bit for bit.
func TestDatasketch(t *testing.T) {
	tokens, cases := datasketchCases(t)
	if len(cases) != 40 {
		t.Fatalf("%d cases in testdata", len(cases))
	}
	for _, c := range cases {
		var set []uint64
		for _, tok := range tokens[c.Tokens] {
			set = append(set, minhash.DatasketchHash([]byte(tok)))
		}
		for _, tier := range minhash.Tiers() {
			sig := minhash.New(c.options()).OnTier(tier).SketchHashes(set)
			var sum uint64
			var values []string
			for i, v := range sig.Values() {
				sum += uint64(v) * uint64(i+1)
				values = append(values, fmt.Sprintf("%08x", v))
			}
			if got := strings.Join(values, " "); !strings.HasPrefix(got, c.Values) || sum != c.Sum {
				t.Errorf("%s k=%d seed=%d %s on %s: sum %d, want %d; values\n%.80s, want\n%.80s",
					c.Scheme, c.K, c.Seed, c.Tokens, tier, sum, c.Sum, got, c.Values)
			}
			data, err := sig.AppendDatasketch(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(data); c.Native != "" && got != c.Native {
				t.Errorf("%s k=%d %s: LeanMinHash\n%s, want\n%s", c.Scheme, c.K, c.Tokens, got, c.Native)
			}
		}
	}
}

func TestReadDatasketch(t *testing.T) {
	_, cases := datasketchCases(t)
	for _, c := range cases {
		for _, text := range []string{c.Native, c.Little} {
			if text == "" {
				continue
			}
			data, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := minhash.ReadDatasketch(data, "words")
			if err != nil {
				t.Fatalf("%s k=%d: %v", c.Scheme, c.K, err)
			}
			if want := minhash.New(c.options()).Scheme(); sig.Scheme() != want {
				t.Errorf("scheme %v, want %v", sig.Scheme(), want)
			}
			if sig.IsEmpty() != (c.Tokens == "none") {
				t.Errorf("%s k=%d %s: IsEmpty() = %t", c.Scheme, c.K, c.Tokens, sig.IsEmpty())
			}
			back, err := sig.AppendDatasketch(nil)
			if err != nil || hex.EncodeToString(back) != c.Native {
				t.Errorf("%s k=%d: written again as %x, %v", c.Scheme, c.K, back, err)
			}
			for cut := range data {
				if text == c.Native && c.Scheme == "affine32" && cut == len(data)-3 {
					continue // looks like one without padding: the bytes have no checksum
				}
				if _, err := minhash.ReadDatasketch(data[:cut], ""); !errors.Is(err, minhash.ErrCorrupt) {
					t.Errorf("%s k=%d cut at %d: %v", c.Scheme, c.K, cut, err)
				}
			}
		}
	}
	if _, err := minhash.New(minhash.Options{}).SketchHashes(nil).AppendDatasketch(nil); !errors.Is(err, minhash.ErrMismatch) {
		t.Errorf("AppendDatasketch of another algorithm: %v", err)
	}
}

func FuzzReadDatasketch(f *testing.F) {
	_, cases := datasketchCases(f)
	for _, c := range cases {
		for _, text := range []string{c.Native, c.Little} {
			data, _ := hex.DecodeString(text)
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sig, err := minhash.ReadDatasketch(data, "")
		if err != nil {
			return
		}
		once, err := sig.AppendDatasketch(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := minhash.ReadDatasketch(once, "")
		if err != nil || !slices.Equal(again.Values(), sig.Values()) || again.Scheme() != sig.Scheme() {
			t.Errorf("%x became %x: %v", data, once, err)
		}
		if len(data) == len(once) && !slices.Equal(data, once) {
			t.Errorf("%x became %x", data, once)
		}
	})
}
