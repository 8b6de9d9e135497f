package shingle_test

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/internal/unidata"
	"github.com/neardup/neardup/shingle"
)

// The reference defines tokens and shingles in the simplest way: it is the documentation
// of Token as code, one code point after another.

type folded struct {
	r          rune
	class      int
	start, end int
}

// foldText returns the folded code points of text.
func foldText(s shingle.Shingler, text string) []folded {
	var out []folded
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			out = append(out, folded{' ', unidata.Sep, i, i + 1})
			continue
		}
		out = foldRune(out, s, r, i, i+n, false)
	}
	return out
}

func foldRune(out []folded, s shingle.Shingler, r rune, start, end int, again bool) []folded {
	table := unidata.Plain()
	if s.KeepAccents {
		table = unidata.Kept()
	}
	var e unidata.Entry
	var delta rune
	switch b := string(r); len(b) {
	case 1:
		e = table.Low[unidata.ASCII+r]
	case 2:
		e = table.Low[r]
	case 3:
		e = table.Three(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16)
	default:
		e, delta = table.Four(r)
	}
	if e&unidata.Special == 0 {
		switch e.Len() {
		case 0:
			if n := len(out); n > 0 && out[n-1].end == start {
				out[n-1].end = end
			}
			return out
		case 4:
			return append(out, folded{r + delta, e.Class(), start, end})
		}
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], uint32(e))
		for text := string(b[:e.Len()]); text != ""; {
			c, n := utf8.DecodeRuneInString(text)
			out = append(out, folded{c, e.Class(), start, end})
			text = text[n:]
		}
		return out
	}
	if e.Kind() == unidata.Expand {
		if again {
			return append(out, folded{r, e.Class(), start, end})
		}
		for _, c := range e.Text() {
			out = foldRune(out, s, c, start, end, true)
		}
		return out
	}
	r, _ = utf8.DecodeRuneInString(e.Text())
	n := len(out)
	if n > 0 {
		if c := compose(out[n-1].r, r, e.Kind()); c != 0 {
			out[n-1].r, out[n-1].end = c, end
			return out
		}
	}
	if e.Class() == unidata.Accent && (n == 0 || out[n-1].class == unidata.Sep || out[n-1].class == unidata.Apostrophe) {
		return out // an accent on nothing
	}
	out = append(out, folded{r, e.Class(), start, end})
	order := unidata.OrderOf(r)
	k := n
	for ; k > 0 && n-k < 30 && order != 0 && unidata.OrderOf(out[k-1].r) > order; k-- {
		out[k-1].r, out[k].r = out[k].r, out[k-1].r
		out[k-1].class, out[k].class = out[k].class, out[k-1].class
	}
	for i := k; i < n; i++ {
		// Marks that are reordered share one place, the span of all of them.
		out[i].start, out[i].end, out[n].start = out[k].start, end, out[k].start
	}
	return out
}

// compose composes Hangul and voiced kana by lists rather than by arithmetic.
func compose(a, b rune, kind int) rune {
	switch kind {
	case unidata.HangulV:
		if a >= 'ᄀ' && a <= 'ᄒ' {
			return '가' + (a-'ᄀ')*21*28 + (b-'ᅡ')*28
		}
	case unidata.HangulT:
		if a >= '가' && a <= '힣' && (a-'가')%28 == 0 {
			return a + b - 'ᆨ' + 1
		}
	case unidata.Voicing:
		plain, voiced := []rune("かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチツテトハヒフヘホウワヰヱヲヽ"), []rune("がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂヅデドバビブベボヴヷヸヹヺヾ")
		if b == 0x309a {
			plain, voiced = []rune("はひふへほハヒフヘホ"), []rune("ぱぴぷぺぽパピプペポ")
		}
		if i := slices.Index(plain, a); i >= 0 {
			return voiced[i]
		}
	}
	return 0
}

// reference returns the tokens of text.
func reference(s shingle.Shingler, text string) []shingle.Token {
	rs := foldText(s, text)
	for i := range rs {
		if rs[i].class == unidata.Accent {
			rs[i].class = unidata.Extend
		}
	}
	isWord := func(f folded) bool { return f.class != unidata.Sep && f.class != unidata.Apostrophe }
	isLetter := func(f folded) bool {
		return isWord(f) && (f.r < '0' || f.r > '9')
	}
	var out []shingle.Token
	var token strings.Builder
	mul := multipliersOf(s.Seed)
	start, end := 0, 0
	flush := func() {
		if token.Len() > 0 {
			out = append(out, shingle.Token{Hash: mul.hashOf(token.String()), Span: shingle.Span{Start: start, End: end}})
			token.Reset()
		}
	}
	state := -1 // class of the open token; -1 if no token is open
	for i, f := range rs {
		if s.Unit == shingle.Chars {
			if isWord(f) {
				start, end = f.start, f.end
				token.WriteRune(f.r)
				flush()
			}
			continue
		}
		joins := false
		switch f.class {
		case unidata.Sep:
			flush()
			state = -1
			continue
		case unidata.Apostrophe:
			if state == unidata.Letter && i > 0 && isLetter(rs[i-1]) && i+1 < len(rs) && isLetter(rs[i+1]) &&
				(rs[i+1].class == unidata.Letter || rs[i+1].class == unidata.Extend || rs[i+1].class == unidata.Stacker) {
				joins = true
				f.class = unidata.Letter
			} else {
				flush()
				state = -1
				continue
			}
		case unidata.Letter, unidata.Katakana, unidata.Hiragana:
			joins = state == f.class
		case unidata.Cluster:
			joins = state == unidata.Prefix || state == unidata.Stacker
		case unidata.Extend, unidata.Stacker:
			joins = state != -1
		}
		if !joins {
			flush()
		}
		if token.Len() == 0 {
			start = f.start
		}
		token.WriteRune(f.r)
		end = f.end
		switch {
		case f.class != unidata.Extend:
			state = f.class
		case state == -1:
			state = unidata.Letter
		case state == unidata.Prefix || state == unidata.Stacker:
			state = unidata.Cluster
		}
	}
	flush()
	return out
}

// multipliers are the constants of the hashes.
type multipliers struct {
	seed                             uint64
	low, high, mix, end, step, width uint64
	short                            int
	point                            *big.Int
}

func multipliersOf(seed uint64) multipliers {
	if seed == 0 {
		return multipliers{0, 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xA0761D6478BD642D, 0x8CB92BA72F3D8DD7, 16, nil}
	}
	rng := stream(seed)
	draw := func() uint64 {
		z := rng.next() | 1
		if bits.OnesCount64(z^z>>1) < 24 {
			z ^= 0xAAAAAAAAAAAAAAAA
		}
		return z
	}
	m := multipliers{seed: seed, low: draw(), high: draw(), mix: draw(), end: draw(), short: 8}
	m.step = draw()/8*8 + 5
	m.width = draw()
	for m.point == nil || m.point.Cmp(big.NewInt(2)) < 0 || m.point.Cmp(prime) >= 0 {
		m.point = new(big.Int).SetUint64(rng.next() << 3 >> 3)
	}
	return m
}

var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 61), big.NewInt(1))

// hashOf hashes a folded token, byte by byte.
func (m multipliers) hashOf(token string) uint64 {
	if len(token) > m.short {
		if m.seed == 0 {
			return xxhash.Sum64String(token)
		}
		return m.polynomial(token)
	}
	padded := []byte(token + strings.Repeat(" ", 16-len(token)))
	for i, c := range padded {
		if c < 0x80 {
			padded[i] |= 0x20
		}
	}
	a := (binary.LittleEndian.Uint64(padded) + uint64(len(token))) * m.low
	b := binary.LittleEndian.Uint64(padded[8:]) * m.high
	a ^= a >> 32
	b ^= b >> 29
	return m.last(a + bits.RotateLeft64(b, 19))
}

func (m multipliers) last(h uint64) uint64 {
	h *= m.mix
	h ^= h >> 32
	h *= m.end
	return h ^ h>>29
}

// polynomial hashes a token as a number in the base of the secret point.
func (m multipliers) polynomial(token string) uint64 {
	var sum big.Int
	add := func(x uint64) {
		sum.Mul(&sum, m.point)
		sum.Add(&sum, new(big.Int).SetUint64(x))
		sum.Mod(&sum, prime)
	}
	for i := 0; i < len(token); i += 7 {
		var word [8]byte
		copy(word[:7], token[i:])
		add(binary.LittleEndian.Uint64(word[:]))
	}
	add(uint64(len(token)))
	return m.last(sum.Uint64() ^ m.high)
}

// shinglesOf returns the shingles of w tokens each.
func shinglesOf(toks []shingle.Token, w int, seed uint64) []shingle.Shingle {
	w = min(w, len(toks))
	if w == 0 {
		return nil
	}
	m := multipliersOf(seed)
	var out []shingle.Shingle
	for i := range len(toks) - w + 1 {
		var sum uint64
		for _, t := range toks[i : i+w] {
			sum = sum*m.step + t.Hash
		}
		sum ^= uint64(w) * m.width
		sum ^= sum >> 32
		sum *= m.mix
		out = append(out, shingle.Shingle{Hash: sum ^ sum>>29, Span: shingle.Span{Start: toks[i].Start, End: toks[i+w-1].End}})
	}
	return out
}

// snippets are the pieces of the random and the fuzzed texts.
var snippets = []string{
	"a", "word", "Word's", "'", "’", "''", " ", "  ", "\n", "\r\n", "0", "42", "x2", "_", "-", ".", "\x00", "\xff", "\xe4\xb8", "\xf0\x9f",
	"é", "e\u0301", "\u0323", "\u0301", "Ǆ", "ß", "İ", "ı", "ﬃ", "ﷺ", "½", "①", "㍿", "ＡＢ１", "\u00ad", "\u200b", "\u200d", "\ufe0f", "\ufeff",
	"привет", "Ёж", "ὀδός", "ᾳ", "σς", "שָׁלוֹם", "كِتَابـ", "لا", "ﻼ", "हिन्दी", "क\u093c", "क्\u093c", "ো", "தமிழ்", "కొ", "ไทย", "เ", "ำ", "น้ำ", "ภาษา", "ลาว", "ຫນ", "ໜ",
	"ខ្មែរ", "្", "មြန်မာ", "မြန်မာ", "္", "中", "文字", "々", "〇", "ひらがな", "が", "か\u3099", "は\u309a", "カタカナ", "ー", "ｶﾞ", "ﾊﾟ", "・", "한국어", "\u1112\u1161\u11ab", "ㅎㅏ", "\u11a8",
	"😀", "👨‍👩‍👧", "𝐀𝟘", "𐐀", "𠀀", "丽", "\U0001e900", "\u2028", "\u0085", "\u3000", "，", "。", "longerthansixteenbytes", "exactlysixteen16", "seventeen17bytes7",
	"⑷", "℃", "№", "ŉ", "∄", "\u0338", "ㅋㅋ", "eight888", "nine99999", "\u0f0b", "བོད", "ⴰⴱ", "ꙮ", "\u0488", "1\ufe0f\u20e3", "ŉ", "ΐ", "ﬗ", "\u0345", "\u1dc0", "Ã", "\u1a20\u1a75", "\u1a60", "\u1b34", "\u1b44", "\u05f3", "\u0f75", "\u0f7c", "\u0f71", "\u0f74",
}

func randomText(seed uint64, n int) string {
	var b strings.Builder
	for range n {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		s := snippets[z%uint64(len(snippets))]
		for range 1 + z>>32&7&(z>>40) {
			b.WriteString(s)
		}
		if z>>50&3 == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// differ is cmp.Diff for long slices that are mostly equal.
func differ[T comparable](want, got []T) string {
	if slices.Equal(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

func check(t *testing.T, s shingle.Shingler, text string) {
	t.Helper()
	want := reference(s, text)
	shingles := shinglesOf(want, max(1, s.Size), s.Seed)
	var hashes []uint64
	for _, h := range shingles {
		hashes = append(hashes, h.Hash)
	}
	shingle.EachTier(func(tier string) {
		if diff := differ(want, s.AppendTokens(nil, text)); diff != "" {
			t.Fatalf("%s: %v: tokens of %q (-want +got):\n%s", tier, s, text, diff)
		}
		if diff := differ(hashes, s.AppendHashes(nil, text)); diff != "" {
			t.Fatalf("%s: %v: hashes of %q (-want +got):\n%s", tier, s, text, diff)
		}
		if diff := differ(shingles, slices.Collect(s.All(text))); diff != "" {
			t.Fatalf("%s: %v: shingles of %q (-want +got):\n%s", tier, s, text, diff)
		}
		if diff := differ(hashes, joined(s.HashesSeq(text))); diff != "" {
			t.Fatalf("%s: %v: sequence of %q (-want +got):\n%s", tier, s, text, diff)
		}
	})
	for _, n := range []int{1, 7, 64} {
		if diff := differ(want, s.Pieces(text, n)); diff != "" {
			t.Fatalf("%v: tokens of %q in pieces of %d (-want +got):\n%s", s, text, n, diff)
		}
	}
}

var configurations = []shingle.Shingler{
	{Size: 5}, {Size: 1}, {Size: 2, KeepAccents: true}, {Unit: shingle.Chars, Size: 12}, {Unit: shingle.Chars, Size: 3, KeepAccents: true}, {Size: 8}, {Size: 17}, {Size: 64},
	{Size: 5, Seed: 1}, {Size: 1, Seed: 0xFEDCBA9876543210}, {Size: 2, KeepAccents: true, Seed: 3}, {Unit: shingle.Chars, Size: 7, Seed: 1 << 63}, {Size: 20, Seed: 77},
}

func TestTokensAgreeWithReference(t *testing.T) {
	race.Alone(t)
	texts := uint64(400)
	if race.Enabled {
		texts = 80
	}
	for seed := range texts {
		check(t, configurations[seed%uint64(len(configurations))], randomText(seed, 1+int(seed)%60))
	}
	for i, s := range configurations {
		check(t, s, randomText(uint64(i), 3000))
	}
}

// Unassigned code points, noncharacters and the fraction slash always separate tokens.
func TestSeparatorsAreBetweenTokens(t *testing.T) {
	for _, r := range "\uffbf\uffc0\uffc1\uffc8\uffc9\uffd0\uffd1\uffd8\uffd9\uffdd\u2044\u0378\uffff" {
		for _, c := range configurations {
			for _, text := range []string{"%", "a%b", "漢%가", "%'ワογράμμα%", "ก%'%ᄀ%ᅡ"} {
				check(t, c, strings.ReplaceAll(text, "%", string(r)))
			}
		}
		if n := len((shingle.Shingler{}).AppendTokens(nil, "a"+string(r)+"b")); n != 2 {
			t.Errorf("a%+qb has %d tokens, want 2", r, n)
		}
	}
}

func FuzzReference(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(uint8(seed), randomText(seed, int(seed)))
	}
	f.Fuzz(func(t *testing.T, c uint8, text string) {
		check(t, configurations[int(c)%len(configurations)], text)
	})
}
