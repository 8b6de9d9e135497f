package shingle_test

import (
	"encoding"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/shingle"
)

var (
	_ encoding.TextMarshaler   = shingle.Shingler{}
	_ encoding.TextUnmarshaler = (*shingle.Shingler)(nil)
)

func TestShinglerTextRoundTrips(t *testing.T) {
	for _, c := range []struct {
		s    shingle.Shingler
		name string
	}{
		{shingle.Shingler{}, "words:5"},
		{shingle.Shingler{Size: 3}, "words:3"},
		{shingle.Shingler{Unit: shingle.Chars}, "chars:12"},
		{shingle.Shingler{Unit: shingle.Chars, Size: 5, KeepAccents: true, Multiset: true}, "chars:5+accents+multiset"},
	} {
		if got := c.s.String(); got != c.name {
			t.Errorf("%#v is called %q, want %q", c.s, got, c.name)
		}
		var back shingle.Shingler
		if err := back.UnmarshalText([]byte(c.name)); err != nil || back != c.s {
			t.Errorf("%q gives %#v, %v; want %#v", c.name, back, err, c.s)
		}
	}
	same := shingle.Shingler{Size: 7}
	for _, bad := range []string{"", "lines:5", "words:", "words:0", "words:-1", "words:5+", "words:5+accents+accents", "words:99999999999", "Words:5", "words:5 "} {
		if err := same.UnmarshalText([]byte(bad)); err == nil || same != (shingle.Shingler{Size: 7}) {
			t.Errorf("UnmarshalText(%q) left %v, error %v, want it unchanged and an error", bad, same, err)
		}
	}
	if _, err := (shingle.Shingler{Unit: 9}).MarshalText(); err == nil {
		t.Error("MarshalText of unit 9 = nil error, want an error")
	}
	if _, err := (shingle.Shingler{Size: -1}).MarshalText(); err == nil {
		t.Error("MarshalText of size -1 = nil error, want an error")
	}
}

// FuzzText uses any bytes as a name: an accepted one is written in canonical form and
// read again.
func FuzzText(f *testing.F) {
	for _, name := range []string{"words:5", "chars", "words:12+accents+multiset", "words:05", "chars:+accents", "words:2147483648", "words:5+keyed:80bb9b052a6c3b55"} {
		f.Add([]byte(name))
	}
	f.Fuzz(func(t *testing.T, name []byte) {
		var s, again shingle.Shingler
		if strings.Contains(string(name), "+keyed:") {
			s.Seed, again.Seed = 42, 42
		}
		before := s
		if s.UnmarshalText(name) != nil {
			if s != before {
				t.Errorf("refused UnmarshalText(%q) left %#v, want %#v", name, s, before)
			}
			return
		}
		text, err := s.MarshalText()
		if err != nil || again.UnmarshalText(text) != nil || again != s {
			t.Errorf("UnmarshalText(%q) = %#v, written as %q, which reads as %#v, want the same again", name, s, text, again)
		}
	})
}

func TestNonsenseShinglerPanics(t *testing.T) {
	for name, f := range map[string]func(s shingle.Shingler){
		"Set":          func(s shingle.Shingler) { s.Set("x") },
		"AppendHashes": func(s shingle.Shingler) { s.AppendHashes(nil, "x") },
		"HashesFrom":   func(s shingle.Shingler) { s.HashesFrom(strings.NewReader("x")) },
		"AppendTokens": func(s shingle.Shingler) { s.AppendTokens(nil, "x") },
		"All":          func(s shingle.Shingler) { s.All("x") },
		"Hashes":       func(s shingle.Shingler) { s.Hashes("x") },
	} {
		for _, s := range []shingle.Shingler{{Size: -1}, {Unit: 2}} {
			if !panics(func() { f(s) }) {
				t.Errorf("%s of %v did not panic, want a panic", name, s)
			}
		}
	}
}

// TestMultisetCountsOccurrences compares multisets of shingles with a count by hand.
func TestMultisetCountsOccurrences(t *testing.T) {
	a, b := "x y x y x z", "x x y y y"
	s := shingle.Shingler{Size: 1, Multiset: true}
	// a and b have x 3 and 2 times, y 2 and 3 times, z 1 and 0 times: 4 of 7 in common.
	if got := s.Set(a).Jaccard(s.Set(b)); got != 4.0/7 {
		t.Errorf("Jaccard similarity of multisets = %v, want 4/7", got)
	}
	if n := len(s.Set(a)); n != 6 {
		t.Errorf("the multiset has %d elements, want 6", n)
	}
	if !slices.Equal(s.AppendHashes([]uint64{1}, a)[1:], joined(s.HashesSeq(a))) {
		t.Error("AppendHashes and HashesSeq differ, want the same hashes")
	}
	// First occurrences are the plain elements.
	plain := shingle.Shingler{Size: 1}.Set(a)
	if got := plain.Containment(s.Set(a)); got != 1 {
		t.Errorf("containment of the plain elements = %v, want 1", got)
	}
}

// TestSkipDropsTokens compares skipping with a text that lacks the skipped tokens.
func TestSkipDropsTokens(t *testing.T) {
	for seed := range uint64(60) {
		text := randomText(seed, 200)
		s := configurations[seed%uint64(len(configurations))]
		r := stream(seed)
		var skip []shingle.Span
		for at := int(r.next() % 100); at < len(text); {
			end := min(len(text), at+int(r.next()%60))
			skip = append(skip, shingle.Span{Start: at, End: end})
			if r.next()%4 == 0 { // this span overlaps the one before it, and may reach beyond the text
				skip = append(skip, shingle.Span{Start: at, End: at + int(r.next()%500)})
			}
			at = end + int(r.next()%300)
		}
		var want []shingle.Token
	tokens:
		for _, tok := range reference(s, text) {
			for _, sp := range skip {
				if sp.Len() > 0 && sp.Start < tok.End && tok.Start < sp.End {
					continue tokens
				}
			}
			want = append(want, tok)
		}
		if got := s.AppendTokens(nil, text, skip...); !slices.Equal(got, want) {
			t.Fatalf("seed %d: tokens with spans skipped = %v, want %v", seed, got, want)
		}
		shingles := shinglesOf(want, s.Size, s.Seed)
		if got := slices.Collect(s.All(text, skip...)); !slices.Equal(got, shingles) {
			t.Fatalf("seed %d: shingles with spans skipped = %v, want %v", seed, got, shingles)
		}
		var hashes []uint64
		for _, h := range shingles {
			hashes = append(hashes, h.Hash)
		}
		if !slices.Equal(s.AppendHashes(nil, text, skip...), hashes) || !slices.Equal(joined(s.HashesSeq(text, skip...)), hashes) {
			t.Fatalf("seed %d: hashes with spans skipped differ, want %x", seed, hashes)
		}
		if got := s.Set(text, skip...); !slices.Equal(got, shingle.MakeSet(hashes)) {
			t.Fatalf("seed %d: set with spans skipped = %x, want %x", seed, got, shingle.MakeSet(hashes))
		}
	}
}

func TestSkipOutOfOrderPanics(t *testing.T) {
	s := shingle.Shingler{}
	for _, skip := range [][]shingle.Span{
		{{Start: 5, End: 9}, {Start: 0, End: 2}},
		{{Start: 3, End: 2}},
	} {
		for name, f := range map[string]func(){
			"AppendTokens": func() { s.AppendTokens(nil, "one two three", skip...) },
			"AppendHashes": func() { s.AppendHashes(nil, "one two three", skip...) },
			"All":          func() { s.All("one two three", skip...) },
			"Hashes":       func() { s.Hashes("one two three", skip...) },
			"Set":          func() { s.Set("one two three", skip...) },
		} {
			if !panics(f) {
				t.Errorf("%s with spans %v did not panic, want a panic", name, skip)
			}
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}
