package shingle_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/shingle"
)

// TestTiersAgreeOnEveryCodePoint puts each code point between others of every rule, in a
// separate block and near others: all instruction sets must agree.
func TestTiersAgreeOnEveryCodePoint(t *testing.T) {
	around := []string{"漢", "か", "カ", "ー", "a", "'", "。", "я", "ក", "가"}
	var b strings.Builder
	for lo := rune(0x80); lo < 0x10000; lo += 64 {
		b.Reset()
		for r := lo; r < lo+64; r++ {
			if !utf8.ValidRune(r) {
				continue
			}
			k := int(r) % len(around)
			b.WriteString("日本の")
			b.WriteString(around[k])
			b.WriteRune(r)
			b.WriteString(around[(k+int(r>>6))%len(around)])
			b.WriteString("東京タワーへ行く、")
			b.WriteRune(r)
			b.WriteString("слово и дело γράμμα ")
			b.WriteRune(r)
		}
		s, text := shingle.Shingler{Size: 1, KeepAccents: lo&64 != 0}, b.String()
		var want []uint64
		var first string
		shingle.EachTier(func(tier string) {
			got := s.AppendHashes(nil, text)
			if first == "" {
				first, want = tier, got
			} else if diff := differ(want, got); diff != "" {
				t.Errorf("U+%04X to U+%04X (-want of %s +got of %s):\n%s", lo, lo+63, first, tier, diff)
			}
		})
	}
}

// unspacedPieces are the pieces of the texts in TestUnspacedKernelsAgree.
var unspacedPieces = []string{
	"漢", "字", "の", "ひらがな", "カナ", "ー", "々", "、", "。", "「", "」", "a", "B", "'", "'", " ", "9", "word", "\n", "\u3000", "“", "—", "…", "，",
	"Ａ", "１", "\u3099", "\u309a", "゛", "é", "한", "\U00020000", "\xe3", "\x80", "\xe4\xb8", "㈱", "ﾊ", "\u3400", "\u9fff",
}

// unspacedKnown is the number of pieces, from the first on, that the kernels handle.
const unspacedKnown = 24

// TestUnspacedKernelsAgree compares the kernels for text without spaces with their generic
// counterpart, on text that mostly consists of the kinds that they handle.
func TestUnspacedKernelsAgree(t *testing.T) {
	s, taken := stream(11), 0
	for range 20000 {
		var b strings.Builder
		for n, few := 64+int(s.next()%300), 1+s.next()%100; b.Len() < n; {
			of := unspacedKnown
			if s.next()%few == 0 {
				of = len(unspacedPieces)
			}
			b.WriteString(unspacedPieces[s.next()%uint64(of)])
		}
		same, read := shingle.SameUnspaced([]byte(b.String()))
		if !same {
			t.Fatalf("unspaced text %q: the kernel differs, want the result of plain Go", b.String())
		}
		taken += read
	}
	if taken < 1<<20 {
		t.Errorf("%d bytes were folded by blocks, want most", taken)
	}
}

// The kernels for words, kinds of bytes and runs of ASCII agree with their generic
// counterparts.
func TestKernelBytesAgree(t *testing.T) {
	s := stream(7)
	for range 3000 {
		text := make([]byte, s.next()%300)
		for i := range text {
			switch s.next() % 16 {
			case 0:
				text[i] = '\''
			case 1:
				text[i] = byte(s.next())
			default:
				text[i] = "ab '.Zz09@[`{/:"[s.next()%15]
			}
		}
		shingle.EachTier(func(tier string) {
			if !shingle.SameBytes(text) {
				t.Fatalf("words of %q: %s differs, want the result of plain Go", text, tier)
			}
		})
	}
}

// The kernels for blocks of two-byte letters agree with their generic counterpart.
func TestKernelLettersAgree(t *testing.T) {
	s, taken := stream(17), 0
	for i := range 10000 {
		var b []byte
		for n := 80 + int(s.next()%400); len(b) < n; {
			switch s.next() % 16 {
			case 0:
				b = append(b, "— «\u00bbe, 9–'"[s.next()%6:]...)
			case 1:
				if s.next()%20 == 0 {
					b = append(b, byte(s.next()))
				}
			case 2:
				if s.next()%20 == 0 {
					b = utf8.AppendRune(b, rune(s.next()%0x12000))
				}
			default:
				b = utf8.AppendRune(b, []rune{0x430, 0x3b1, 0x531, 0x5d0}[i%4]+rune(s.next()%16))
			}
		}
		shingle.EachTier(func(tier string) {
			same, read := shingle.SameLetters(b)
			if !same {
				t.Fatalf("letters of %q: %s differs, want the result of plain Go", b, tier)
			}
			taken += read
		})
	}
	if taken < 1<<18 {
		t.Errorf("%d bytes were folded by blocks, want most", taken)
	}
}

// The kernel for blocks of any content agrees with its generic counterpart: on natural
// text, on code points of every kind in any order, and on invalid bytes.
func TestKernelRunAgrees(t *testing.T) {
	s, taken := stream(13), 0
	for i := range 3000 {
		var b []byte
		for n := 80 + int(s.next()%800); len(b) < n; {
			switch r := rune(s.next()); {
			case i%3 == 0:
				b = append(b, randomText(s.next(), 3)...)
			case s.next()%4 == 0:
				b = append(b, "some ASCII, isn't it?"[s.next()%21:]...)
			case i%3 == 1 && s.next()%400 == 0:
				b = append(b, byte(r))
			default:
				// One script at a time, as in most texts.
				lo := []rune{0x80, 0x370, 0x400, 0x5d0, 0xe00, 0x1780, 0x1f00, 0x3040, 0x4e00, 0xac00, 0xd7c0, 0x1d400, 0x1f300}[uint64(i)*7%13]
				b = utf8.AppendRune(b, lo+r&0xff)
			}
		}
		n := int(s.next() % 200)
		shingle.EachTier(func(tier string) {
			same, read := shingle.SameRun(b, n)
			if !same {
				t.Fatalf("run of %d in %q: %s differs, want the result of plain Go", n, b, tier)
			}
			taken += read
		})
	}
	if taken < 100_000 {
		t.Errorf("%d bytes were folded by blocks, want most", taken)
	}
}

// The kernel for blocks of few pages gives the same tokens as folding code point by code
// point: on texts of one script, mixed with code points that fold to nothing or to two,
// or with other marks, and on other texts.
func TestKernelPagesAgree(t *testing.T) {
	s, taken := stream(19), 0
	for i := range 3000 {
		var b []byte
		for n := 80 + int(s.next()%800); len(b) < n; {
			switch s.next() % 32 {
			case 0:
				b = append(b, "some ASCII, isn't it?"[s.next()%21:]...)
			case 1:
				b = utf8.AppendRune(b, []rune{0x200b, 0xad, 0xe33, 0x1fb3, '\'', 0x2019, 0x301, 0xe48, 0xe38, 0xf72, 0xf74, 0xfb01}[s.next()%12])
			case 2:
				if s.next()%40 == 0 {
					b = append(b, byte(s.next()))
				}
			case 3:
				if s.next()%8 == 0 {
					b = append(b, randomText(s.next(), 1)...)
				}
			default:
				lo := []rune{0x80, 0x370, 0x400, 0x900, 0xe00, 0xe00, 0xf00, 0x1780, 0x1780, 0x1f00, 0x1e00, 0x1d400, 0x10a0}[uint64(i)*7%13]
				b = utf8.AppendRune(b, lo+rune(s.next()&0x7f))
			}
		}
		shingle.EachTier(func(tier string) {
			same, read := shingle.SamePages(b)
			if !same {
				t.Fatalf("%q: %s differs, want the result of plain Go", b, tier)
			}
			taken += read
		})
	}
	if slices.Contains(cpu.Tiers(), cpu.AVX512) && taken < 100_000 {
		t.Errorf("%d bytes were folded by pages, want most", taken)
	}
}

// FuzzBlocks compares the kernels for blocks of 64 bytes with their generic counterparts.
func FuzzBlocks(f *testing.F) {
	for _, s := range []string{
		"漢字かなカナーabc、「日本語」'a'漢'", "0年5月abc中a中a中a中a中a中a中a中a中a中a中a中a",
		"ผู้ใหญ่น้ำ ที่'ก", "ខ្មែរ\u200bភាសា", "Ἐν ἀρχῇ ᾔδει δ’", "𝐓𝐡𝐞 𝐟𝐞𝐫𝐫𝐲",
		"Широкая электрификация южных губерний", "ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "çã éñ ßü ğışİ", "\xe3\xe3\xe4\xe4\xd0\xd0\xd1",
	} {
		f.Add([]byte(s), uint64(0x5555555555555555))
	}
	f.Fuzz(func(t *testing.T, text []byte, two uint64) {
		if len(text) == 0 {
			return
		}
		var block [80]byte
		for n := 0; n < len(block); {
			n += copy(block[n:], text)
		}
		for len(text) < 200 {
			text = append(text, text...)
		}
		shingle.EachTier(func(tier string) {
			if !shingle.SameTwos(block, two) {
				t.Errorf("twos of %q, two %x: %s differs, want the result of plain Go", block, two, tier)
			}
			if same, _ := shingle.SameUnspaced(text); !same {
				t.Errorf("unspaced text %q: %s differs, want the result of plain Go", text, tier)
			}
			if !shingle.SameBytes(text) {
				t.Errorf("words of %q: %s differs, want the result of plain Go", text, tier)
			}
			if same, _ := shingle.SameLetters(text); !same {
				t.Errorf("letters of %q: %s differs, want the result of plain Go", text, tier)
			}
			if same, _ := shingle.SamePages(text); !same {
				t.Errorf("pages of %q: %s differs, want the result of plain Go", text, tier)
			}
			if same, _ := shingle.SameRun(text, int(two%256)); !same {
				t.Errorf("run of %d in %q: %s differs, want the result of plain Go", two%256, text, tier)
			}
		})
	})
}
