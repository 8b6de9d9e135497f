package minhash_test

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/neardup/neardup/minhash"
)

type datasketchCase struct {
	Scheme string
	K      int
	Seed   uint64
	Tokens string
	Values string
	Sum    uint64
}

// datasketchCases reads the output of datasketch/testdata/vectors.py.
func datasketchCases(t *testing.T) (tokens map[string][]string, cases []datasketchCase) {
	data, err := os.ReadFile("datasketch/testdata/datasketch.json")
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
	o := minhash.Options{K: c.K, Seed: c.Seed, Algorithm: minhash.Affine32, Elements: minhash.Name("words")}
	if c.Scheme == "legacy" {
		o.Algorithm = minhash.Legacy
	}
	return o
}

// The signatures equal those of the Python package, bit for bit.
func TestAffineEqualsDatasketch(t *testing.T) {
	tokens, cases := datasketchCases(t)
	if len(cases) != 40 {
		t.Fatalf("testdata has %d cases, want 40", len(cases))
	}
	for _, c := range cases {
		var set []uint64
		for _, tok := range tokens[c.Tokens] {
			sum := sha1.Sum([]byte(tok)) // as datasketch hashes tokens
			set = append(set, uint64(binary.LittleEndian.Uint32(sum[:])))
		}
		for _, tier := range minhash.Tiers() {
			sig := minhash.New(c.options()).OnTier(tier).Sketch(set)
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
		}
	}
}
