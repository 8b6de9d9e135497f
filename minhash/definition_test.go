package minhash_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/minhash"
)

// define computes registers slowly, directly from the definition in FORMAT.md: it
// computes every value assigned to a register and keeps the smallest.
func define(k int, seed uint64, classic bool, set []uint64) []uint32 {
	state := seed ^ 0x6a09e667f3bcc908
	draw := func() uint64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	odd := func() uint64 {
		z := draw() | 1
		if bits.OnesCount64(z^z>>1) < 24 {
			z ^= 0xaaaaaaaaaaaaaaaa
		}
		return z
	}
	key, mul0, mul1 := draw(), odd(), odd()
	round := [3]uint64{odd(), odd(), odd()}
	a, b := make([]uint32, k), make([]uint32, k)
	for j := range k {
		z := draw()
		a[j], b[j] = uint32(z)|1, uint32(z>>32)
	}
	regs := slices.Repeat([]uint32{1<<32 - 1}, k)
	name := func(j int, v uint32) { regs[j] = min(regs[j], v) }
	for _, h := range set {
		x := h ^ key
		x ^= x >> 32
		x *= mul0
		x ^= x >> 32
		x *= mul1
		x ^= x >> 32
		if !classic {
			top := 64 - bits.Len(uint(k)-1)
			name(int(x>>top), uint32(x)>>1)
			y := x * round[1]
			y ^= y >> 32
			name(int(y>>top), uint32(y)>>2|1<<31)
		}
		for j := range k {
			if classic {
				name(j, a[j]*uint32(x)+b[j])
			} else {
				name(j, a[j]*uint32(x)>>2|3<<30)
			}
		}
	}
	return regs
}

// The kernels skip most of the work and still compute the registers of the definition.
func TestSketchesFollowTheDefinition(t *testing.T) {
	for _, k := range []int{16, 64, 128, 1024} {
		for _, n := range []int{0, 1, 2, 20, 44, 45, 100, 300, 1500, 6000} {
			for _, algorithm := range []minhash.Algorithm{minhash.Bucket, minhash.Classic} {
				seed := uint64(n) << 50
				want := define(k, seed, algorithm == minhash.Classic, stream(7, n))
				s := minhash.New(minhash.Options{K: k, Seed: seed, Algorithm: algorithm})
				for _, tier := range minhash.Tiers() {
					if got := s.OnTier(tier).Sketch(stream(7, n)).Values(); !slices.Equal(got, want) {
						t.Errorf("%v n=%d on %s: got %x, want %x by the definition", s.Scheme(), n, tier, got, want)
					}
				}
			}
		}
	}
}

// TestFormatDumpByHand decodes the dump in FORMAT.md at the documented offsets, without
// the package.
func TestFormatDumpByHand(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for _, line := range regexp.MustCompile(`(?m)^000000[0-9a-f]{2}  ([0-9a-f ]+?)  +\|`).FindAllSubmatch(page, -1) {
		b, err := hex.DecodeString(strings.ReplaceAll(string(line[1]), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, b...)
	}
	set := make([]uint64, 40)
	for i := range set {
		set[i] = uint64(i + 1)
	}
	want := []byte("NDmh\x01\x01\x00\x02\x01") // magic, format version, kind signature, algorithm bucket, two rounds, scheme version
	want = append(want, 16)
	want = binary.LittleEndian.AppendUint64(want, 1)
	want = append(want, "\x07words:5"...)
	for _, v := range define(16, 1, false, set) {
		want = binary.LittleEndian.AppendUint32(want, v)
	}
	want = binary.LittleEndian.AppendUint64(want, xxhash.Sum64(want))
	if diff := cmp.Diff(hex.Dump(want), hex.Dump(data)); diff != "" {
		t.Errorf("dump in FORMAT.md (-want by hand +got from the page):\n%s", diff)
	}
}
