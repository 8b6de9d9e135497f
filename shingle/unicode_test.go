package shingle_test

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

func readLines(t *testing.T, name string) (lines []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if line := sc.Text(); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

func codePoint(t *testing.T, hex string) string {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return string(rune(n))
}

// TestWordBoundariesFollowUAX29 compares tokens with the conformance data of Unicode
// Standard Annex 29. A line with a character on which the package departs from the annex
// is left out; everything else must agree: each word of the annex that has a letter or
// digit is a token, and vice versa.
func TestWordBoundariesFollowUAX29(t *testing.T) {
	departures := []struct{ chars, why string }{
		{".:,;\u2024", "points, colons and commas always split: 3.14 and example.com are found as parts too"},
		{"_\u203f", "connectors always split: names in code and in text meet"},
		{"\"", "a double quote is not part of a Hebrew word"},
		{"'\u2019", "an apostrophe joins letters only, not digits, and does not end a Hebrew word"},
		{"\U0001f1e6\U0001f476\U0001f6d1\u2701", "emoji separate, joined or not: texts agree with and without them"},
		{"\u3031", "a kana repeat mark is a letter, not Katakana"},
	}
	compared, left := 0, map[string]int{}
lines:
	for _, line := range readLines(t, "testdata/wordbreak.txt") {
		var text strings.Builder
		var ends []int
		for i := 0; i < len(line); {
			mark := line[i]
			i++
			if mark == '/' {
				ends = append(ends, text.Len())
			}
			k := i
			for k < len(line) && line[k] != '/' && line[k] != '+' {
				k++
			}
			if k > i {
				text.WriteString(codePoint(t, line[i:k]))
			}
			i = k
		}
		s := text.String()
		for _, d := range departures {
			if strings.ContainsAny(s, d.chars) {
				left[d.why]++
				continue lines
			}
		}
		// Words of the annex that have a letter or digit, without invisible characters
		// and accents at their ends.
		trim := func(s string) string { return strings.Trim(s, "\u00ad\u2060\u200d\u0300\u0308") }
		var want, got []string
		for i := 1; i < len(ends); i++ {
			word := trim(s[ends[i-1]:ends[i]])
			if strings.ContainsAny(word, "0123456789") || strings.IndexFunc(word, func(r rune) bool {
				return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= 0x5d0 && r < 0x1f000 && r != 0x231a && r != 0x2701 && r != 0x3000
			}) >= 0 {
				want = append(want, word)
			}
		}
		for _, tok := range (shingle.Shingler{}).AppendTokens(nil, s) {
			got = append(got, trim(tok.Of(s)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", line, s, diff)
		}
		compared++
	}
	t.Logf("%d lines compared", compared)
	for _, d := range departures {
		t.Logf("%d lines left out: %s", left[d.why], d.why)
		if left[d.why] == 0 {
			t.Errorf("no line departs because %s, want at least 1", d.why)
		}
	}
}

// TestCaseFoldingIsComplete checks that every code point with a case folding makes the
// same token as what it folds to, accents kept or not.
func TestCaseFoldingIsComplete(t *testing.T) {
	n := 0
	for _, line := range readLines(t, "testdata/casefolding.txt") {
		f := strings.Fields(line)
		a, b := codePoint(t, f[0]), ""
		for _, hex := range f[1:] {
			b += codePoint(t, hex)
		}
		for _, s := range []shingle.Shingler{{Size: 1}, {Size: 1, KeepAccents: true}} {
			x, y := s.AppendHashes(nil, "x"+a+"y"), s.AppendHashes(nil, "x"+b+"y")
			if len(x) == 0 || !slices.Equal(x, y) {
				t.Errorf("%v: hashes of %s (%s) = %x, want %x as of %q", s, a, f[0], x, y, b)
			}
		}
		n++
	}
	if n < 1500 {
		t.Errorf("%d case foldings, want more", n)
	}
}

// TestFoldingIsIdempotent folds what each code point folds to once more: nothing may
// change, or a text and a copy of it that was normalised elsewhere would differ.
func TestFoldingIsIdempotent(t *testing.T) {
	race.Alone(t)
	for _, s := range []shingle.Shingler{{}, {KeepAccents: true}} {
		for r := rune(0); r <= unicode.MaxRune; r++ {
			if !utf8.ValidRune(r) {
				continue
			}
			var once strings.Builder
			for _, f := range foldText(s, string(r)) {
				once.WriteRune(f.r)
			}
			var twice strings.Builder
			for _, f := range foldText(s, once.String()) {
				twice.WriteRune(f.r)
			}
			if once.String() != twice.String() {
				t.Errorf("%v: %U folds to %q, folded again %q, want no change", s, r, once.String(), twice.String())
			}
		}
	}
}

// TestCanonicallyEquivalentTextsAgree compares the hashes of texts that are canonically
// equivalent but differ in the order of marks, some of which join consonants, or in the
// code points.
func TestCanonicallyEquivalentTextsAgree(t *testing.T) {
	for _, c := range [][2]string{
		{"Ã\u1039ซ", "a\u1039\u0303ซ"},
		{"\u1a20\u1a75\u1a60\u1a23", "\u1a20\u1a60\u1a75\u1a23"}, // Tai Tham: a tone and a joiner
		{"\u1b13\u1b44\u1b34\u1b13", "\u1b13\u1b34\u1b44\u1b13"}, // Balinese: a joiner and a nukta
		{"e\u0323\u0302x", "ệx"}, {"x\u0374y", "x\u02b9y"}, {"\u212bx", "åx"}, {"\u1f71", "ά"}, {"\u0958ल", "क\u093cल"},
	} {
		for _, s := range []shingle.Shingler{{Size: 1}, {Size: 1, KeepAccents: true}, {Unit: shingle.Chars}} {
			a, b := s.AppendHashes(nil, c[0]), s.AppendHashes(nil, c[1])
			if len(a) == 0 || !slices.Equal(a, b) {
				t.Errorf("%v: hashes of %+q = %x, want %x as of %+q", s, c[0], a, b, c[1])
			}
		}
	}
}
