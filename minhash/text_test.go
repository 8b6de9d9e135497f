package minhash_test

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// Signatures, packed signatures and schemes survive MarshalText and JSON.
func TestTextRoundTrip(t *testing.T) {
	for _, o := range everyOptions() {
		for _, elements := range []minhash.Name{"", "words:5", "line\nof \"quotes\" \\ \x00\x7f\xff é 渡"} {
			o.Elements = elements
			s := minhash.New(o)
			for _, n := range []int{0, 1, 500} {
				type record struct {
					Signature minhash.Signature
					Packed    minhash.Packed
					Scheme    minhash.Scheme
				}
				sig := s.Sketch(stream(2, n))
				made := record{sig, sig.Pack(16), s.Scheme()}
				data, err := json.Marshal(made)
				if err != nil {
					t.Fatal(err)
				}
				var read record
				if err := json.Unmarshal(data, &read); err != nil {
					t.Fatalf("%s n=%d: Unmarshal(%s) = %v, want nil", name(o), n, data, err)
				}
				if read.Scheme != made.Scheme || read.Signature.Scheme() != made.Scheme || read.Packed.Compatible(made.Packed) != nil {
					t.Errorf("%s n=%d: read scheme %v, signature of %v, want %v for all three", name(o), n, read.Scheme, read.Signature.Scheme(), made.Scheme)
				}
				if !slices.Equal(read.Signature.Values(), sig.Values()) || read.Packed.IsEmpty() != (n == 0) || n > 0 && read.Packed.Similarity(made.Packed) != 1 {
					t.Errorf("%s n=%d: read registers %x, want %x, and a Packed equal to the one written", name(o), n, read.Signature.Values(), sig.Values())
				}
				again, err := json.Marshal(read)
				if err != nil || !bytes.Equal(again, data) {
					t.Errorf("%s n=%d: read and written again =\n%s, %v, want\n%s", name(o), n, again, err, data)
				}
			}
		}
	}
}

// The texts of the golden files never change.
func TestGoldenText(t *testing.T) {
	sig := goldenSignature()
	for _, c := range []struct {
		file string
		text string
	}{
		{"testdata/signature.v1", mustText(t, sig)},
		{"testdata/packed.v1", mustText(t, sig.Pack(16))},
	} {
		data, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if want := base64.StdEncoding.EncodeToString(data); c.text != want {
			t.Errorf("%s as text is %s, want %s", c.file, c.text, want)
		}
	}
	const want = `bucket k=16 rounds=2 seed=1 elements="words:5" version=1`
	if got := mustText(t, sig.Scheme()); got != want || sig.Scheme().String() != want {
		t.Errorf("scheme as text is %s, want %s", got, want)
	}
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(format, []byte("    "+want+"\n")) {
		t.Errorf("FORMAT.md lacks %s", want)
	}
}

func mustText(t testing.TB, v encoding.TextMarshaler) string {
	t.Helper()
	data, err := v.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestUnmarshalTextRefusesDamage(t *testing.T) {
	good := mustText(t, goldenSignature())
	for _, c := range []struct {
		why, text string
		want      error
	}{
		{"nothing", "", minhash.ErrFormat},
		{"other text", "a signature", minhash.ErrFormat},
		{"a line end", good[:8] + "\n" + good[8:], minhash.ErrFormat},
		{"a line end at the end", good + "\r\n", minhash.ErrFormat},
		{"no padding", strings.TrimRight(good, "="), minhash.ErrFormat},
		{"cut", good[:40], minhash.ErrCorrupt},
		{"another letter", good[:40] + "/" + good[41:], minhash.ErrCorrupt},
	} {
		var sig minhash.Signature
		if err := sig.UnmarshalText([]byte(c.text)); !errors.Is(err, c.want) || sig.Values() != nil {
			t.Errorf("%s: Signature.UnmarshalText() = %v, want %v and no values", c.why, err, c.want)
		}
	}
	for _, c := range []struct {
		why, text string
		want      error
	}{
		{"nothing", "", minhash.ErrFormat},
		{"a field is missing", `bucket k=16 rounds=2 elements="words:5" version=1`, minhash.ErrFormat},
		{"more after it", `bucket k=16 rounds=2 seed=1 elements="words:5" version=1 `, minhash.ErrFormat},
		{"a leading zero", `bucket k=016 rounds=2 seed=1 elements="words:5" version=1`, minhash.ErrFormat},
		{"a sign", `bucket k=+16 rounds=2 seed=1 elements="words:5" version=1`, minhash.ErrFormat},
		{"a needless escape", `bucket k=16 rounds=2 seed=1 elements="words\x3a5" version=1`, minhash.ErrFormat},
		{"a raw string", "bucket k=16 rounds=2 seed=1 elements=`words:5` version=1", minhash.ErrFormat},
		{"no quotes", `bucket k=16 rounds=2 seed=1 elements=words:5 version=1`, minhash.ErrFormat},
		{"a seed of 65 bits", `bucket k=16 rounds=2 seed=18446744073709551616 elements="" version=1`, minhash.ErrFormat},
		{"another algorithm", `weighted k=16 rounds=2 seed=1 elements="words:5" version=1`, minhash.ErrVersion},
		{"a later version", `bucket k=16 rounds=2 seed=1 elements="words:5" version=2`, minhash.ErrVersion},
		{"K that is not a power of two", `bucket k=100 rounds=2 seed=1 elements="words:5" version=1`, minhash.ErrCorrupt},
		{"a name that is too long", `bucket k=16 rounds=2 seed=1 elements="` + strings.Repeat("x", 256) + `" version=1`, minhash.ErrCorrupt},
	} {
		var sc minhash.Scheme
		if err := sc.UnmarshalText([]byte(c.text)); !errors.Is(err, c.want) || sc != (minhash.Scheme{}) {
			t.Errorf("%s: Scheme.UnmarshalText() = %v, want %v and the zero Scheme", c.why, err, c.want)
		}
	}
}

// FuzzUnmarshalText checks that every accepted text is encoded back unchanged.
func FuzzUnmarshalText(f *testing.F) {
	sig := goldenSignature()
	f.Add(mustText(f, sig))
	f.Add(mustText(f, sig.Pack(8)))
	f.Add(mustText(f, sig.Scheme()))
	f.Add(`classic k=1 rounds=0 seed=0 elements="\xff\u00e9\"\\" version=1`)
	f.Fuzz(func(t *testing.T, text string) {
		same := func(v interface {
			encoding.TextMarshaler
			encoding.TextUnmarshaler
		}) {
			if v.UnmarshalText([]byte(text)) != nil {
				return
			}
			if again, err := v.MarshalText(); err != nil || string(again) != text {
				t.Errorf("%T: %q read and written again = %q, %v, want the same text", v, text, again, err)
			}
		}
		same(new(minhash.Signature))
		same(new(minhash.Packed))
		same(new(minhash.Scheme))
	})
}
