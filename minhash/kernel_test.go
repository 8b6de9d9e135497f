package minhash_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// compareTiers fails unless all kernels make the same signature of the set.
func compareTiers(t *testing.T, s *minhash.Sketcher, set []uint64) {
	t.Helper()
	tiers := minhash.Tiers()
	want := s.OnTier(tiers[0]).Sketch(set).Values()
	for _, tier := range tiers[1:] {
		got := s.OnTier(tier).Sketch(set).Values()
		for i, v := range want {
			if got[i] != v {
				t.Fatalf("%v of %d elements, register %d: got %08x on %s, want %08x as in %s", s.Scheme(), len(set), i, got[i], tier, v, tiers[0])
			}
		}
	}
}

func TestTiersAgree(t *testing.T) {
	t.Log(minhash.Tiers())
	for _, o := range everyOptions() {
		s := minhash.New(o)
		for n := range 70 {
			compareTiers(t, s, stream(uint64(n), n))
		}
		for _, n := range []int{100, 200, 255, 256, 257, 500, 1000, 1023, 1024, 1025, 2500, 7001, 20003} {
			compareTiers(t, s, stream(uint64(n), n))
		}
	}
	for rounds := range 4 {
		for _, k := range []int{16, 128, 512} {
			s := minhash.New(minhash.Options{K: k})
			for _, n := range []int{1, 3, 20, 64, 200, 1000} {
				want := s.OnTier("Go").WithRounds(rounds).Sketch(stream(1, n)).Values()
				for _, tier := range minhash.Tiers() {
					if got := s.OnTier(tier).WithRounds(rounds).Sketch(stream(1, n)).Values(); !slices.Equal(got, want) {
						t.Fatalf("%d rounds, k=%d, n=%d on %s: got %x, want %x", rounds, k, n, tier, got, want)
					}
				}
			}
		}
	}
}

func TestAgreeIsTheSameOnEveryTier(t *testing.T) {
	a, b := make([]uint32, 300), make([]uint32, 300)
	for i, h := range stream(4, 300) {
		a[i] = uint32(h)
		b[i] = a[i] ^ uint32(h>>32&1)<<(h>>33&31)
	}
	for n := range len(a) {
		want := minhash.AgreeOnTier("Go", a[:n], b[:n])
		for _, tier := range minhash.Tiers() {
			if got := minhash.AgreeOnTier(tier, a[:n], b[:n]); got != want {
				t.Errorf("%d of %d agree on %s, want %d", got, n, tier, want)
			}
		}
	}
}

func FuzzTiers(f *testing.F) {
	f.Add(uint64(1), uint8(3), []byte("some bytes to make a few elements of, thirty-two and more"))
	f.Add(uint64(0), uint8(0), []byte{})
	f.Add(uint64(1<<63), uint8(13), slices.Repeat([]byte{0}, 2000))
	f.Add(uint64(5), uint8(0x83), slices.Repeat([]byte("abcdefghabcdefgi"), 300))
	var bytes []byte
	for _, h := range stream(3, 500) {
		bytes = binary.LittleEndian.AppendUint64(bytes, h)
	}
	f.Add(uint64(9), uint8(0x83), bytes) // thousands of distinct elements
	f.Fuzz(func(t *testing.T, seed uint64, choice uint8, data []byte) {
		o := minhash.Options{Seed: seed, K: 16 << (choice % 7)}
		if choice>>4&1 == 1 {
			o = minhash.Options{Seed: seed, K: 1 + int(choice%8)*37, Algorithm: minhash.Classic}
		}
		var set []uint64
		for len(data) >= 8 {
			var h uint64
			for i, c := range data[:8] {
				h |= uint64(c) << (8 * i)
			}
			set = append(set, h)
			if choice>>7 == 1 {
				data = data[1:] // makes many elements from few bytes
			} else {
				data = data[8:]
			}
		}
		s := minhash.New(o)
		compareTiers(t, s, set)
		if len(set) > 2 {
			cut := len(set) / 2
			union := s.Sketch(set[:cut]).Union(s.Sketch(set[cut:]))
			if !slices.Equal(union.Values(), s.Sketch(set).Values()) {
				t.Errorf("%v: union of both halves = %x, want the signature of the whole", s.Scheme(), union.Values())
			}
		}
	})
}

func TestBandKeysAreTheSameOnEveryTier(t *testing.T) {
	for _, k := range []int{16, 128, 1024} {
		values := minhash.New(minhash.Options{K: k}).Sketch(stream(3, 50)).Values()
		for rows := 1; rows <= k; rows += 1 + rows/20 {
			for _, bands := range []int{1, (k/rows + 1) / 2, k / rows} {
				got := minhash.BandKeys([]uint64{5}, values, bands, rows, 77)
				want := minhash.BandKeysGeneric(values, bands, rows, 77)
				if !slices.Equal(got[1:], want) || got[0] != 5 {
					t.Fatalf("k=%d, %d bands of %d rows: %x, want %x", k, bands, rows, got[1:], want)
				}
			}
		}
	}
}
