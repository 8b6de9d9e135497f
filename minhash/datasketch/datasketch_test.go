package datasketch_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/minhash/datasketch"
)

type leanCase struct {
	Scheme         string
	K              int
	Seed           uint64
	Tokens         string
	Native, Little string // hexadecimal bytes of a LeanMinHash in native form and with byteorder "<"
}

// leanCases reads the output of testdata/vectors.py.
func leanCases(t testing.TB) []leanCase {
	data, err := os.ReadFile("testdata/datasketch.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []leanCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 40 {
		t.Fatalf("testdata has %d cases, want 40", len(file.Cases))
	}
	return file.Cases
}

func (c leanCase) options() minhash.Options {
	o := minhash.Options{K: c.K, Seed: c.Seed, Algorithm: minhash.Affine32, Elements: minhash.Name("words")}
	if c.Scheme == "legacy" {
		o.Algorithm = minhash.Legacy
	}
	return o
}

func TestReadAndAppendRoundTrip(t *testing.T) {
	cases := leanCases(t)
	for _, c := range cases {
		for _, text := range []string{c.Native, c.Little} {
			if text == "" {
				continue
			}
			data, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := datasketch.Read(data, minhash.Name("words"))
			if err != nil {
				t.Fatalf("Read(%s k=%d) = %v, want nil", c.Scheme, c.K, err)
			}
			if want := minhash.New(c.options()).Scheme(); sig.Scheme() != want {
				t.Errorf("scheme %v, want %v", sig.Scheme(), want)
			}
			if sig.IsEmpty() != (c.Tokens == "none") {
				t.Errorf("%s k=%d %s tokens: IsEmpty() = %t, want %t", c.Scheme, c.K, c.Tokens, sig.IsEmpty(), c.Tokens == "none")
			}
			back, err := datasketch.Append(nil, sig)
			if err != nil || hex.EncodeToString(back) != c.Native {
				t.Errorf("%s k=%d: Append(Read(data)) = %x, %v, want %s", c.Scheme, c.K, back, err, c.Native)
			}
			for cut := range data {
				if text == c.Native && c.Scheme == "affine32" && cut == len(data)-3 {
					continue // without its padding this is a valid LeanMinHash, since there is no checksum
				}
				if _, err := datasketch.Read(data[:cut], nil); !errors.Is(err, minhash.ErrCorrupt) {
					t.Errorf("%s k=%d: Read(first %d bytes) = %v, want ErrCorrupt", c.Scheme, c.K, cut, err)
				}
			}
		}
	}
	if _, err := datasketch.Append(nil, minhash.New(minhash.Options{}).Sketch(nil)); !errors.Is(err, minhash.ErrMismatch) {
		t.Errorf("Append(signature of another algorithm) = %v, want ErrMismatch", err)
	}
	if _, err := datasketch.Append(nil, minhash.Signature{}); !errors.Is(err, minhash.ErrMismatch) {
		t.Errorf("Append(zero Signature) = %v, want ErrMismatch", err)
	}
}

func FuzzRead(f *testing.F) {
	cases := leanCases(f)
	for _, c := range cases {
		for _, text := range []string{c.Native, c.Little} {
			data, _ := hex.DecodeString(text)
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sig, err := datasketch.Read(data, nil)
		if err != nil {
			return
		}
		once, err := datasketch.Append(nil, sig)
		if err != nil {
			t.Fatal(err)
		}
		again, err := datasketch.Read(once, nil)
		if err != nil || !slices.Equal(again.Values(), sig.Values()) || again.Scheme() != sig.Scheme() {
			t.Errorf("Read(%x) was written as %x, which reads as another signature (error %v), want the same signature", data, once, err)
		}
		if len(data) == len(once) && !slices.Equal(data, once) {
			t.Errorf("Append(Read(data)) = %x, want %x", once, data)
		}
	})
}
