package shingle_test

import (
	"math/bits"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// TestEveryCodePoint puts each code point between others of every rule, in a
// block by itself and near others: all sets of instructions must agree.
func TestEveryCodePoint(t *testing.T) {
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
				t.Errorf("U+%04X to U+%04X: %s and %s differ:\n%s", lo, lo+63, first, tier, diff)
			}
		})
	}
}

// FuzzBlocks compares the vector instructions for blocks of 64 bytes with
// their plain form.
func FuzzBlocks(f *testing.F) {
	for _, s := range []string{
		"漢字かなカナーabc、「日本語」'a'漢'", "0年5月abc中a中a中a中a中a中a中a中a中a中a中a中a",
		"Широкая электрификация южных губерний", "ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "çã éñ ßü ğışİ", "\xe3\xe3\xe4\xe4\xd0\xd0\xd1",
	} {
		f.Add([]byte(s), uint64(0x9249249249249249), uint64(0x5555555555555555))
	}
	f.Fuzz(func(t *testing.T, text []byte, breaks, two uint64) {
		if len(text) == 0 {
			return
		}
		var block [80]byte
		for n := 0; n < len(block); {
			n += copy(block[n:], text)
		}
		// No more than 17 spaces in either half, none in adjoining places.
		breaks &^= breaks << 1
		for bits.OnesCount32(uint32(breaks)) > 17 || bits.OnesCount64(breaks>>32) > 17 {
			breaks &= breaks - 1
		}
		if !shingle.SameBlocks(block, breaks, two) {
			t.Errorf("%q, breaks %x, two %x: vector instructions differ", block, breaks, two)
		}
	})
}
