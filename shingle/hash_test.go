package shingle_test

import (
	"flag"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

var collisions = flag.Int("collisions", 1_000_000, "shingles of BenchmarkCollisions")

// TestEveryCharacterChangesHalfTheBits changes one character of a token, at every place
// in tokens of every length, and checks that every bit of the token's hash and of the
// shingle's hash flips half of the time.
func TestEveryCharacterChangesHalfTheBits(t *testing.T) {
	race.Alone(t)
	for _, seed := range []uint64{0, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { avalanche(t, shingle.Shingler{Seed: seed}) })
	}
}

func avalanche(t *testing.T, sh shingle.Shingler) {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	trials, last := 3000, 20
	if race.Enabled {
		trials, last = 500, 17
	}
	s := stream(5)
	for n := 1; n <= last; n++ {
		for place := range n {
			var tokens, shingles [64]int
			for range trials {
				word := make([]byte, n)
				for i := range word {
					word[i] = alphabet[s.next()%uint64(len(alphabet))]
				}
				text := "w1 w2 " + string(word) + " w4 w5"
				k := strings.IndexByte(alphabet, word[place])
				word[place] = alphabet[(k+1+int(s.next()%35))%36]
				other := "w1 w2 " + string(word) + " w4 w5"
				a, b := sh.AppendTokens(nil, text), sh.AppendTokens(nil, other)
				x := a[2].Hash ^ b[2].Hash
				y := sh.AppendHashes(nil, text)[0] ^ sh.AppendHashes(nil, other)[0]
				for bit := range 64 {
					tokens[bit] += int(x >> bit & 1)
					shingles[bit] += int(y >> bit & 1)
				}
			}
			// There are too few single characters for 64 fair coins.
			limit := 5.5 * math.Sqrt(float64(trials)) / 2
			if n == 1 {
				limit = float64(trials) / 4
			}
			for bit := range 64 {
				if d := math.Abs(float64(tokens[bit]) - float64(trials)/2); d > limit {
					t.Errorf("length %d, place %d: bit %d of the token flips %d times of %d, want half within %.0f", n, place, bit, tokens[bit], trials, limit)
				}
				if d := math.Abs(float64(shingles[bit]) - float64(trials)/2); d > limit {
					t.Errorf("length %d, place %d: bit %d of the shingle flips %d times of %d, want half within %.0f", n, place, bit, shingles[bit], trials, limit)
				}
			}
		}
	}
}

// TestSequentialIDsSpread checks that hashes of consecutive numbers spread over buckets
// like random ones, whichever bits choose the bucket.
func TestSequentialIDsSpread(t *testing.T) {
	race.Alone(t)
	const n = 1 << 16
	for _, format := range []string{"%d", "%06d", "user%06d", "user-%06d", "item%012d", "a long identifier %08d", "%016d", "id%018d"} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, format, i)
			text.WriteString(" . ")
		}
		size := len((shingle.Shingler{}).AppendTokens(nil, fmt.Sprintf(format, 0)))
		all := shingle.Shingler{Size: size}.AppendHashes(nil, text.String())
		var hashes []uint64
		for i := 0; i < len(all); i += size {
			hashes = append(hashes, all[i])
		}
		if len(hashes) != n {
			t.Fatalf("%s: %d hashes, want %d", format, len(hashes), n)
		}
		if set := shingle.MakeSet(slices.Clone(hashes)); len(set) != n {
			t.Errorf("%s: %d distinct hashes, want %d", format, len(set), n)
		}
		for shift := 0; shift <= 56; shift += 4 {
			var count [256]int
			for _, h := range hashes {
				count[h>>shift&255]++
			}
			chi := 0.0
			for _, c := range count {
				d := float64(c) - n/256
				chi += d * d / (n / 256)
			}
			// Mean 255, standard deviation 22.6.
			if chi > 255+6*22.6 || chi < 255-6*22.6 {
				t.Errorf("%s: chi-square of bits %d to %d is %.0f, want about 255", format, shift, shift+7, chi)
			}
		}
	}
}

// TestTokenBordersAndOrderMatter checks that the borders of tokens and their order change
// hashes.
func TestTokenBordersAndOrderMatter(t *testing.T) {
	for _, s := range []shingle.Shingler{{}, {Size: 2}, {Size: 3}, {Size: 64}} {
		seen := map[uint64]string{}
		for _, text := range []string{
			"ab c", "a bc", "abc", "a b c", "c ab", "bc a", "a a", "a a a", "aa", "b a", "a b", "ab ab", "abab", "a0 b", "a 0b",
			"1 23", "12 3", "123", "1 2 3", "seventeen17bytes7 x", "seventeen17bytes7x",
		} {
			hashes := s.AppendHashes(nil, text)
			if len(hashes) == 0 {
				t.Fatalf("%v: Hashes(%q) = none, want at least 1", s, text)
			}
			if len(hashes) > 1 {
				continue
			}
			if other, ok := seen[hashes[0]]; ok {
				t.Errorf("%v: %q and %q have the same hash, want different ones", s, text, other)
			}
			seen[hashes[0]] = text
		}
	}
	// Runs of one token, of any length, in shingles of any size.
	seen := map[uint64]string{}
	for _, word := range []string{"a", "b", "zz", "0"} {
		for n := 1; n <= 130; n++ {
			h := shingle.Shingler{Size: n}.AppendHashes(nil, strings.Repeat(word+" ", n))
			if len(h) != 1 {
				t.Fatalf("Size %d: %d hashes for %d tokens, want 1", n, len(h), n)
			}
			if other, ok := seen[h[0]]; ok {
				t.Errorf("%q repeated %d times and %s have the same hash, want different ones", word, n, other)
			}
			seen[h[0]] = fmt.Sprintf("%q repeated %d times", word, n)
		}
	}
}

// TestShortTextsCompareAsWholes checks the similarities of texts of a few tokens and of
// empty texts.
func TestShortTextsCompareAsWholes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"", "", 0}, {"", " ", 0}, {" ", " ", 0}, {"...", "!?", 0}, {"", "word", 0}, {"👍", "👍", 0},
		{"word", "word", 1}, {"word", "Word!", 1}, {"word", "other", 0}, {"one two", "one two", 1},
		{"中", "中", 1}, {"中", "文", 0},
		{"今天下午图书馆门口排着很长的队伍。", "这种苹果只在山谷北面的坡地上生长。", 0},
		{"คืนนี้ฝนจะตกหนัก", "แมวตัวนั้นชอบนอนบนหลังคา", 0},
		{"きょうは風が強い。", "あの橋はもう渡れません。", 0},
	} {
		for _, s := range []shingle.Shingler{{}, {Size: 3}, {Unit: shingle.Chars}} {
			if got := s.Set(c.a).Jaccard(s.Set(c.b)); got != c.want {
				t.Errorf("%v: similarity of %q and %q = %v, want %v", s, c.a, c.b, got, c.want)
			}
		}
	}
	for _, c := range [][2]string{{"one two", "two one"}, {"one two", "one two three"}, {"one", "one one"}} {
		if got := (shingle.Shingler{}).Set(c[0]).Jaccard((shingle.Shingler{}).Set(c[1])); got != 0 {
			t.Errorf("similarity of %q and %q = %v, want 0", c[0], c[1], got)
		}
	}
}

// TestHashesCollideNoMoreThanRandom counts collisions among distinct shingles of real and
// generated text: the upper and lower halves of the hashes must collide no more often
// than random 32-bit numbers, and whole hashes never.
func TestHashesCollideNoMoreThanRandom(t *testing.T) {
	race.Alone(t)
	var hashes []uint64
	s := stream(6)
	var text strings.Builder
	made, docs := 100000, 60
	if race.Enabled {
		made, docs = 20000, 6
	}
	for i := range made { // combinations of near-equal tokens
		text.WriteString(strconv.Itoa(i % 317))
		text.WriteString([]string{"a ", "b ", " ", "x1 "}[s.next()%4])
		text.WriteString([]string{"the ", "of ", "abcdefgh", "中"}[i/5%4])
	}
	hashes = distinctShingles(t, text.String())
	t.Run("made up", func(t *testing.T) { birthday(t, hashes) })
	t.Run("real", func(t *testing.T) {
		var all []uint64
		for _, d := range corpus.Docs(t, "throughput", "english_rfc.jsonl")[:docs] {
			all = append(all, distinctShingles(t, d.Text)...)
		}
		birthday(t, shingle.MakeSet(all))
	})
}

// distinctShingles returns the hashes of the distinct shingles of text, and fails if two
// different ones have the same hash.
func distinctShingles(t *testing.T, text string) []uint64 {
	t.Helper()
	toks := (shingle.Shingler{}).AppendTokens(nil, text)
	names := make([]string, len(toks))
	for i, tok := range toks {
		names[i] = strings.ToLower(tok.Of(text))
	}
	byHash := map[uint64]string{}
	for i, h := range (shingle.Shingler{}).AppendHashes(nil, text) {
		name := strings.Join(names[i:i+5], "\x00")
		if other, ok := byHash[h]; ok && other != name {
			t.Errorf("%q and %q have the same hash, want different ones", name, other)
		}
		byHash[h] = name
	}
	hashes := make([]uint64, 0, len(byHash))
	for h := range byHash {
		hashes = append(hashes, h)
	}
	return hashes
}

func birthday(t *testing.T, hashes []uint64) {
	n := float64(len(hashes))
	want := n * n / 2 / (1 << 32)
	for _, rotate := range []int{0, 16, 32, 48} {
		half := make([]uint64, len(hashes))
		for i, h := range hashes {
			half[i] = bits.RotateLeft64(h, rotate) >> 32
		}
		got := float64(len(half) - len(shingle.MakeSet(half)))
		if math.Abs(got-want) > 6*math.Sqrt(want)+3 {
			t.Errorf("rotated by %d: %v collisions of 32 bits among %v, want about %.1f", rotate, got, n, want)
		}
	}
}

// BenchmarkCollisions counts collisions among shingles of five of a small
// vocabulary, distinct by construction. Run it with
//
//	go test -run '^$' -bench Collisions -benchtime 1x -timeout 1h ./shingle -args -collisions 100000000
//
// for the figure of the documentation; it needs 16 bytes per shingle.
func BenchmarkCollisions(b *testing.B) {
	n := *collisions
	for b.Loop() {
		hashes := make([]uint64, 0, n+8192)
		var text []byte
		// The i-th shingle is i in base 631, written in words that differ little.
		for i := 0; i < n; {
			text = text[:0]
			for range 1024 {
				for k, x := 0, i; k < 5; k++ {
					text = append(text, "word"...)
					text = strconv.AppendInt(text, int64(x%631), 10)
					text = append(text, ' ')
					x /= 631
				}
				i++
			}
			from := len(hashes)
			hashes = (shingle.Shingler{}).AppendHashes(hashes, string(text))
			// Keep those that begin at every fifth token.
			m := from
			for k := from; k < len(hashes); k += 5 {
				hashes[m] = hashes[k]
				m++
			}
			hashes = hashes[:m]
		}
		total := len(hashes)
		b.ReportMetric(float64(total-len(shingle.MakeSet(hashes))), "collisions")
		b.ReportMetric(float64(total), "shingles")
	}
}
