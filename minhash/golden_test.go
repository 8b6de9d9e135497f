package minhash_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/minhash"
)

var update = flag.Bool("update", false, "rewrite the golden files: only with a new scheme version or format version")

// golden compares got with the file, which -update rewrites.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s has changed: that is a new version of the scheme (-want +got):\n%s", file, diff)
	}
}

func checksum(values []uint32) uint64 {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, v)
	}
	return xxhash.Sum64(data)
}

// Registers never change: every register that the package has made, it makes in every
// later version. For each scheme and the elements that stream(n, n) yields, the file has
// the first registers, XXH64 of all registers in little-endian order, and XXH64 of the
// band keys.
func TestGoldenValues(t *testing.T) {
	var out strings.Builder
	for _, o := range everyOptions() {
		for _, seed := range []uint64{0, 1, 1<<32 - 1, 0xFEDCBA9876543210} {
			if o.Algorithm >= minhash.Affine32 && seed>>32 != 0 {
				continue
			}
			o.Seed = seed
			s := minhash.New(o)
			for _, n := range []int{1, 20, 200, 3000} {
				sig := s.Sketch(stream(uint64(n), n))
				rows := max(1, o.K/16)
				keys := sig.BandKeys(nil, o.K/rows, rows, seed+9)
				packed, err := sig.Pack(8).MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				var data []byte
				for _, k := range keys {
					data = binary.LittleEndian.AppendUint64(data, k)
				}
				fmt.Fprintf(&out, "%v k=%d rounds=%d seed=%x n=%d: %08x %016x keys %016x packed %016x\n",
					o.Algorithm, o.K, s.Scheme().Rounds, seed, n, sig.Values()[:min(2, o.K)], checksum(sig.Values()), xxhash.Sum64(data), xxhash.Sum64(packed))
			}
		}
	}
	for _, n := range []int{0, 1, 20, 1000} {
		fmt.Fprintf(&out, "simhash n=%d: %016x\n", n, minhash.SimHash64(stream(uint64(n), n)))
	}
	golden(t, "testdata/golden.txt", []byte(out.String()))
}

func goldenSignature() minhash.Signature {
	s := minhash.New(minhash.Options{K: 16, Seed: 1, Elements: minhash.Name("words:5")})
	set := make([]uint64, 40)
	for i := range set {
		set[i] = uint64(i + 1)
	}
	return s.Sketch(set)
}

// The golden files can be written by this version and read by every version.
func TestGoldenFiles(t *testing.T) {
	sig := goldenSignature()
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		value interface{ AppendBinary([]byte) ([]byte, error) }
	}{
		{"testdata/signature.v1", sig},
		{"testdata/packed.v1", sig.Pack(16)},
		{"testdata/scheme.v1", sig.Scheme()},
	} {
		data, err := c.value.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, c.file, data)
		if c.file == "testdata/signature.v1" && !bytes.Contains(format, []byte(hex.Dump(data))) {
			t.Errorf("FORMAT.md has no dump of %s, want\n%s", c.file, hex.Dump(data))
		}
	}
	read := func(file string) []byte {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var gotSig minhash.Signature
	var gotPacked minhash.Packed
	var gotScheme minhash.Scheme
	if err := errors.Join(
		gotSig.UnmarshalBinary(read("testdata/signature.v1")),
		gotPacked.UnmarshalBinary(read("testdata/packed.v1")),
		gotScheme.UnmarshalBinary(read("testdata/scheme.v1"))); err != nil {
		t.Fatal(err)
	}
	if gotSig.Similarity(sig) != 1 || gotPacked.Similarity(sig.Pack(16)) != 1 {
		t.Errorf("similarity of the decoded and the encoded value = %v, packed %v, want 1 and 1", gotSig.Similarity(sig), gotPacked.Similarity(sig.Pack(16)))
	}
	if diff := cmp.Diff(sig.Scheme(), gotScheme); diff != "" {
		t.Errorf("scheme mismatch (-want +got):\n%s", diff)
	}
}

func TestBinaryRoundTrip(t *testing.T) {
	for _, o := range everyOptions() {
		o.Elements = minhash.Name("chars:9")
		s := minhash.New(o)
		for _, n := range []int{0, 1, 500} {
			sig := s.Sketch(stream(2, n))
			data, err := sig.AppendBinary([]byte("x"))
			if err != nil {
				t.Fatal(err)
			}
			var got minhash.Signature
			if err := got.UnmarshalBinary(data[1:]); err != nil {
				t.Fatalf("%s n=%d: UnmarshalBinary(MarshalBinary()) = %v, want nil", name(o), n, err)
			}
			if got.Scheme() != sig.Scheme() || !slices.Equal(got.Values(), sig.Values()) {
				t.Errorf("%s n=%d: read %v %x, want %v %x", name(o), n, got.Scheme(), got.Values(), sig.Scheme(), sig.Values())
			}
			if got, err = s.Decode(data[1:]); err != nil || got.Compatible(sig) != nil {
				t.Errorf("%s: Decode = %v, %v, want a compatible signature", name(o), got.Scheme(), err)
			}
			o2 := o
			o2.Seed++
			if _, err := minhash.New(o2).Decode(data[1:]); !errors.Is(err, minhash.ErrMismatch) {
				t.Errorf("%s: Decode by a Sketcher of another seed = %v, want ErrMismatch", name(o), err)
			}
			for _, width := range []int{8, 16} {
				p := sig.Pack(width)
				data, err := p.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				var got minhash.Packed
				if err := got.UnmarshalBinary(data); err != nil || got.Compatible(p) != nil || got.IsEmpty() != p.IsEmpty() {
					t.Errorf("%s: Packed read with error %v, IsEmpty() = %v, want nil, %v and a compatible one", name(o), err, got.IsEmpty(), p.IsEmpty())
				}
				if !p.IsEmpty() && got.Similarity(p) != 1 {
					t.Errorf("%s: similarity of a Packed written and read = %v, want 1", name(o), got.Similarity(p))
				}
			}
		}
	}
}

// reseal replaces the checksum, so that the checks after it are tested too.
func reseal(data []byte) []byte {
	body := data[:len(data)-8]
	return binary.LittleEndian.AppendUint64(slices.Clone(body), xxhash.Sum64(body))
}

func TestUnmarshalRefusesDamagedBytes(t *testing.T) {
	sig := goldenSignature()
	good, err := sig.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range good {
		var got minhash.Signature
		if err := got.UnmarshalBinary(good[:cut]); err == nil || got.Values() != nil {
			t.Errorf("UnmarshalBinary(first %d bytes) = %v and values %v, want an error and none", cut, err, got.Values())
		}
	}
	set := func(at int, b ...byte) []byte {
		data := slices.Clone(good)
		copy(data[at:], b)
		return reseal(data)
	}
	for _, c := range []struct {
		why  string
		data []byte
		want error
	}{
		{"another file altogether", []byte("PK\x03\x04 and so on"), minhash.ErrFormat},
		{"a flipped bit", append(slices.Clone(good[:30]), append([]byte{good[30] ^ 1}, good[31:]...)...), minhash.ErrCorrupt},
		{"format of the future", set(4, 2), minhash.ErrVersion},
		{"a packed signature", set(5, 2), minhash.ErrFormat},
		{"unknown algorithm", set(6, 200), minhash.ErrVersion},
		{"another number of rounds", set(7, 3), minhash.ErrCorrupt},
		{"scheme of the future", set(8, 9), minhash.ErrVersion},
		{"K that is not a power of two", set(9, 17), minhash.ErrCorrupt},
		{"K larger than the registers that are there", set(9, 32), minhash.ErrCorrupt},
		{"name longer than the rest", set(18, 127), minhash.ErrCorrupt},
		{"registers that no set has", set(26, bytes.Repeat([]byte{0xFE}, 64)...), minhash.ErrCorrupt},
		{"a register too many", reseal(append(slices.Clone(good), 0, 0, 0, 0)), minhash.ErrCorrupt},
	} {
		var got minhash.Signature
		if err := got.UnmarshalBinary(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: UnmarshalBinary() = %v, want %v", c.why, err, c.want)
		}
		if got.Values() != nil {
			t.Errorf("%s: failed UnmarshalBinary left values %v, want none", c.why, got.Values())
		}
	}
}

// FuzzUnmarshal decodes untrusted bytes: accepted bytes are encoded back unchanged, and
// memory is allocated only for bytes that are present.
func FuzzUnmarshal(f *testing.F) {
	sig := goldenSignature()
	for _, v := range []interface{ AppendBinary([]byte) ([]byte, error) }{sig, sig.Pack(8), sig.Scheme()} {
		data, err := v.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("NDmh\x01\x01\x00\x02\x01\xff\xff\x03 and too little behind it, to be sure"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 8 {
			data = reseal(data)
		}
		same := func(what string, again []byte, err error) {
			if err != nil || !bytes.Equal(again, data) {
				t.Errorf("%s: read and written again = %x, %v, want %x", what, again, err, data)
			}
		}
		var sig minhash.Signature
		if sig.UnmarshalBinary(data) == nil {
			again, err := sig.MarshalBinary()
			same("signature", again, err)
			if 4*len(sig.Values()) > len(data) {
				t.Errorf("UnmarshalBinary made %d registers of %d bytes, want at most one per 4 bytes", len(sig.Values()), len(data))
			}
			sig.Cardinality()
			sig.Similarity(sig)
			if sc := sig.Scheme(); sc.K <= 1024 {
				if _, err := minhash.ForScheme(sc); err != nil {
					t.Error(err)
				}
			}
		}
		var p minhash.Packed
		if p.UnmarshalBinary(data) == nil {
			again, err := p.MarshalBinary()
			same("packed signature", again, err)
			p.Similarity(p)
		}
		var sc minhash.Scheme
		if sc.UnmarshalBinary(data) == nil {
			again, err := sc.MarshalBinary()
			same("scheme", again, err)
		}
	})
}
