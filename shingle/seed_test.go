package shingle_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// forge returns a different token of 16 letters and digits with the same unseeded hash.
// It inverts the multiplications of the hash: for any first half of the new token there
// is one second half, which consists of letters and digits about once in a million.
func forge(token string, s *stream) string {
	const (
		low, high = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
		alphabet  = "abcdefghijklmnopqrstuvwxyz0123456789"
	)
	inverse := uint64(1) // inverse of high modulo 2^64, by Newton's iteration
	for range 6 {
		inverse *= 2 - high*inverse
	}
	first := func(x uint64) uint64 {
		a := (x + 16) * low
		return a ^ a>>32
	}
	second := func(y uint64) uint64 {
		b := y * high
		return bits.RotateLeft64(b^b>>29, 19)
	}
	half := func(t string) uint64 { return binary.LittleEndian.Uint64([]byte(t)) }
	sum := first(half(token[:8])) + second(half(token[8:]))
	var isLetter [256]bool
	for _, c := range []byte(alphabet) {
		isLetter[c] = true
	}
	for {
		x := uint64(0)
		for r, i := s.next(), 0; i < 8; i++ {
			x = x<<8 | uint64(alphabet[r&31])
			r >>= 5
		}
		b := bits.RotateLeft64(sum-first(x), -19)
		b ^= b>>29 ^ b>>58
		y := b * inverse
		rest := y
		for isLetter[rest&0xff] && rest != 0 {
			rest >>= 8
		}
		if rest != 0 {
			continue
		}
		other := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, x), y)
		if string(other) != token {
			return string(other)
		}
	}
}

// TestForgedTokensNeedThePublicHash makes another text with the same hashes as a text,
// which shows that the public hash does not resist forgery, and checks that none of many
// seeds accepts it.
func TestForgedTokensNeedThePublicHash(t *testing.T) {
	s := stream(99)
	words := []string{"counterclockwise", "responsibilities", "interoperability"}
	forged := make([]string, len(words))
	for i, w := range words {
		forged[i] = forge(w, &s)
	}
	real, fake := strings.Join(words, " "), strings.Join(forged, " ")
	var public shingle.Shingler
	if j := public.Set(real).Jaccard(public.Set(fake)); j != 1 {
		t.Fatalf("forged %q for %q: similarity %g without a seed, want 1 (else the forgery failed and nothing is tested)", fake, real, j)
	}
	seeds := 4000
	if race.Enabled {
		seeds = 500
	}
	for range seeds {
		sh := shingle.Shingler{Seed: s.next()}
		a, b := sh.AppendTokens(nil, real), sh.AppendTokens(nil, fake)
		for i := range a {
			if a[i].Hash == b[i].Hash {
				t.Errorf("seed %d: %q and its forgery %q have the same hash, want different ones", sh.Seed, words[i], forged[i])
			}
		}
		if j := sh.Set(real).Jaccard(sh.Set(fake)); j != 0 {
			t.Errorf("seed %d: similarity of text and forgery = %g, want 0", sh.Seed, j)
		}
	}
}

// TestShortTokensNeverCollide checks that up to eight bytes of a token and its hash
// determine each other, with any seed.
func TestShortTokensNeverCollide(t *testing.T) {
	race.Alone(t)
	s := stream(4)
	text := randomText(11, 20000)
	var folded []string
	for _, tok := range (shingle.Shingler{KeepAccents: true}).AppendTokens(nil, text) {
		if w := strings.ToLower(tok.Of(text)); tok.Len() <= 8 {
			folded = append(folded, w)
		}
	}
	for i := range 30000 {
		folded = append(folded, fmt.Sprint(i))
	}
	slices.Sort(folded)
	folded = slices.Compact(folded)
	public := tokenHashes(shingle.Shingler{KeepAccents: true}, folded)
	for range 20 {
		keyed := tokenHashes(shingle.Shingler{KeepAccents: true, Seed: s.next()}, folded)
		byPublic := map[uint64]uint64{}
		byKeyed := map[uint64]uint64{}
		for i := range public {
			if h, ok := byPublic[public[i]]; ok && h != keyed[i] {
				t.Fatalf("public hash %#x belongs to seeded hashes %#x and %#x, want one each", public[i], h, keyed[i])
			}
			if h, ok := byKeyed[keyed[i]]; ok && h != public[i] {
				t.Fatalf("seeded hash %#x belongs to public hashes %#x and %#x, want one each", keyed[i], h, public[i])
			}
			byPublic[public[i]], byKeyed[keyed[i]] = keyed[i], public[i]
		}
		if len(byKeyed) < 10000 {
			t.Fatalf("%d tokens, want at least 10000", len(byKeyed))
		}
	}
}

func tokenHashes(sh shingle.Shingler, words []string) (out []uint64) {
	for _, tok := range sh.AppendTokens(nil, strings.Join(words, " ")) {
		out = append(out, tok.Hash)
	}
	return out
}

// TestSeedChangesHashesOnly checks that a seed changes all hashes, but not the similarity
// of two texts.
func TestSeedChangesHashesOnly(t *testing.T) {
	a, b := randomText(21, 900), randomText(21, 800)+randomText(22, 100)
	for _, base := range []shingle.Shingler{{}, {Size: 2}, {Unit: shingle.Chars, Size: 9}, {KeepAccents: true}, {Multiset: true, Size: 3}} {
		want := base.Set(a).Jaccard(base.Set(b))
		if want < .3 || want == 1 {
			t.Fatalf("%v: similarity %g, want at least 0.3 and below 1 (else nothing is tested)", base, want)
		}
		sets := []shingle.Set{base.Set(a)}
		for _, seed := range []uint64{1, 2, 3, 1 << 32, 1 << 63, ^uint64(0)} {
			sh := base
			sh.Seed = seed
			set := sh.Set(a)
			if got := set.Jaccard(sh.Set(b)); got != want {
				t.Errorf("%v: similarity %g, want %g as without a seed", sh, got, want)
			}
			for _, other := range sets {
				if n := set.Common(other); n != 0 {
					t.Errorf("%v: %d hashes shared with another seed, want 0", sh, n)
				}
			}
			sets = append(sets, set)
		}
	}
}

func TestSeedIsNamedByFingerprint(t *testing.T) {
	sh := shingle.Shingler{Size: 3, KeepAccents: true, Multiset: true, Seed: 42}
	const name = "words:3+accents+multiset+keyed:80bb9b052a6c3b55"
	if sh.String() != name {
		t.Errorf("called %s, want %s", sh, name)
	}
	back := shingle.Shingler{Seed: 42}
	if err := back.UnmarshalText([]byte(name)); err != nil || back != sh {
		t.Errorf("UnmarshalText(%s) = %v, %v, want %v, nil", name, back, err, sh)
	}
	for _, c := range []struct {
		why  string
		seed uint64
		name string
		want error
	}{
		{"no seed to read it with", 0, name, shingle.ErrSeed},
		{"another seed", 43, name, shingle.ErrSeed},
		{"a seed, but a name without", 42, "words:3", shingle.ErrSeed},
		{"a short fingerprint", 42, name[:len(name)-1], nil},
		{"capital digits", 42, strings.ToUpper(name), nil},
		{"something after it", 42, name + "+accents", nil},
	} {
		sh := shingle.Shingler{Size: 9, Seed: c.seed}
		err := sh.UnmarshalText([]byte(c.name))
		if err == nil || errors.Is(err, shingle.ErrSeed) != (c.want != nil) || sh != (shingle.Shingler{Size: 9, Seed: c.seed}) {
			t.Errorf("%s: UnmarshalText left %v, error %v, want it unchanged and an error, which is ErrSeed: %v", c.why, sh, err, c.want != nil)
		}
		if err != nil && c.seed != 0 && strings.Contains(err.Error(), fmt.Sprint(c.seed)+" ") {
			t.Errorf("%s: the error shows the seed: %v, want it kept secret", c.why, err)
		}
	}
	seen := map[string]bool{}
	for seed := range uint64(1000) {
		seen[shingle.Shingler{Seed: seed}.String()] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d names of 1000 seeds, want 1000", len(seen))
	}
}
