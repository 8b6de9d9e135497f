// Command gen writes the frozen tables of package unidata. It refuses to run with a
// Unicode version other than the one it was written for, so that tables never change
// by accident.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const version = "15.0.0"

// The classes, in the order of package unidata.
const (
	sep = iota
	letter
	single
	katakana
	extend
	prefix
	cluster
	stacker
	apostrophe
	ignore
	hiragana
	accentMark
)

// The special treatments, in the order of package unidata.
const (
	expand = iota
	reorder
	hangulV
	hangulT
	voicing
)

// accentFolds are letters that Unicode does not decompose but that people
// write without their stroke, and ligatures that they write as two letters.
var accentFolds = map[rune]string{
	'ı': "i", 'đ': "d", 'ð': "d", 'ħ': "h", 'ł': "l", 'ø': "o", 'ŧ': "t", 'ƀ': "b",
	'ɨ': "i", 'ɉ': "j", 'ɍ': "r", 'ɏ': "y", 'ƶ': "z", 'ǥ': "g", 'æ': "ae", 'œ': "oe", 'þ': "th",
	'ȼ': "c", 'ɇ': "e", 'ⱥ': "a", 'ⱦ': "t", 'ƚ': "l",
}

// symbols have a compatibility decomposition into letters but are decoration.
const symbols = "™℠"

// apostrophes are all characters that people and programs use as one, and the geresh
// of Hebrew. The acute accent is not included: its compatibility form is a space and
// a mark.
const apostrophes = "'‘’‛\u02b9\u02bb\u02bc\u02bd\u055a\u05f3\uff07"

// southEast are the scripts without spaces whose tokens are clusters: a consonant or
// independent vowel with everything attached to it.
var southEast = []*unicode.RangeTable{
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tai_Tham,
	unicode.Tai_Viet, unicode.New_Tai_Lue, unicode.Tai_Le, unicode.Javanese, unicode.Balinese,
}

// clusterVowels have the category of letters but belong to the consonant before them.
const clusterVowels = "\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46\u0eaf\u0eb0\u0eb2\u0eb3\u0ebd\u0ec6\u17d7\uaab1\uaaba"

// stackers join the consonant after them to the cluster before.
const stackers = "\u17d2\u1039\u1a60\u1b44\ua9c0"

// ideographic are the scripts in which one character is one token.
var ideographic = []*unicode.RangeTable{
	unicode.Han, unicode.Tangut, unicode.Khitan_Small_Script, unicode.Nushu, unicode.Yi,
	unicode.Cuneiform, unicode.Egyptian_Hieroglyphs, unicode.Anatolian_Hieroglyphs,
}

func ignorable(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Me, r) || r == 0x0640 || optional(r)
}

// optional reports whether r is a mark that ordinary writing leaves out: a point of
// Hebrew, or a vowel sign or annotation of Arabic or Syriac.
func optional(r rune) bool {
	return unicode.Is(unicode.Mn, r) && (unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac) ||
		r >= 0x064b && r <= 0x0655 && r != 0x0653 && r != 0x0654 && r != 0x0655 || r == 0x0670 || r == 0x05c7)
}

// accent reports whether r is a mark that is folded away unless accents are kept.
func accent(r rune) bool {
	return unicode.Is(unicode.Mn, r) && (unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) ||
		unicode.Is(unicode.Inherited, r) && r != 0x3099 && r != 0x309a)
}

func voiced(r rune) bool { return r == 0x3099 || r == 0x309a }

func wordlike(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N) || unicode.Is(unicode.Han, r)
}

func reservedHan(r rune) bool { return r >= 0x20000 && r <= 0x3fffd }

// class returns the class of a folded code point.
func class(r rune) int {
	switch {
	case r == '\'':
		return apostrophe
	case ignorable(r):
		return ignore
	case reservedHan(r):
		return single
	case !wordlike(r):
		return sep
	case r == 0x30fc || voiced(r):
		return extend
	case strings.ContainsRune(stackers, r):
		return stacker
	case unicode.In(r, southEast...):
		switch {
		case unicode.Is(unicode.Logical_Order_Exception, r):
			return prefix
		case strings.ContainsRune(clusterVowels, r) || r >= 0x19b0 && r <= 0x19c9 || unicode.Is(unicode.M, r):
			return extend
		case unicode.Is(unicode.L, r):
			return cluster
		}
		return letter
	case accent(r):
		return accentMark
	case unicode.Is(unicode.M, r):
		return extend
	case unicode.In(r, ideographic...):
		return single
	case unicode.Is(unicode.Hiragana, r):
		return hiragana
	case unicode.Is(unicode.Katakana, r):
		return katakana
	}
	return letter
}

var caser = cases.Fold()

// foldCase folds case. Package cases swaps the two cases of Cherokee instead of
// folding the small letters to the capital ones, as CaseFolding.txt does.
func foldCase(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case r >= 0x13a0 && r <= 0x13f5:
		return s
	case r >= 0x13f8 && r <= 0x13fd:
		return string(r - 8)
	case r >= 0xab70 && r <= 0xabbf:
		return string(r - 0xab70 + 0x13a0)
	}
	return caser.String(s)
}

// decimal returns the value of a decimal digit, or -1.
func decimal(r rune) rune {
	if !unicode.Is(unicode.Nd, r) {
		return -1
	}
	// Digits come in runs of ten, and runs may adjoin.
	lo := r
	for unicode.Is(unicode.Nd, lo-1) {
		lo--
	}
	return (r - lo) % 10
}

// compose recombines kana and Hangul, which decomposition separates.
func compose(s string) string {
	var out []rune
	for _, r := range s {
		if n := len(out); n > 0 && (voiced(r) || r >= 0x1161 && r <= 0x1175 || r >= 0x11a8 && r <= 0x11c2) {
			if c := []rune(norm.NFC.String(string(out[n-1:]) + string(r))); len(c) == 1 {
				out[n-1] = c[0]
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// fold returns the folded form of a code point: "" for nothing, " " for a separator.
func fold(r rune, keep bool) string {
	switch {
	case strings.ContainsRune(apostrophes, r):
		return "'"
	case strings.ContainsRune(symbols, r):
		return " "
	case r >= 0x3131 && r <= 0x318e && !ignorable(r):
		return string(r) // compatibility jamo fold to themselves
	case r == '⁄':
		return " "
	case r >= 0xffa1 && r <= 0xffdc && unicode.IsLetter(r):
		// half-width jamo become compatibility jamo; between them are unassigned code points
		return halfJamo(r)
	case ignorable(r):
		return ""
	}
	s := norm.NFKD.String(string(r))
	for i := 0; ; i++ {
		next := norm.NFKD.String(foldCase(s))
		if next == s {
			break
		}
		if i > 8 {
			log.Fatalf("folding %U does not settle: %q, %q", r, s, next)
		}
		s = next
	}
	if strings.ContainsRune(s, '⁄') {
		return string(r) // a vulgar fraction is one number
	}
	var b strings.Builder
	for _, c := range s {
		d := decimal(c)
		switch {
		case ignorable(c) || accent(c) && !keep:
		case strings.ContainsRune(apostrophes, c):
			b.WriteByte('\'')
		case d >= 0:
			b.WriteRune('0' + d)
		case accentFolds[c] != "" && !keep:
			b.WriteString(accentFolds[c])
		default:
			b.WriteRune(c)
		}
	}
	if b.Len() == 0 {
		return "" // an accent
	}
	s = compose(b.String())
	if s == "'" {
		return s
	}
	word := false
	for _, c := range s {
		word = word || wordlike(c) && !accent(c)
	}
	if !word && !(accent(r) || voiced(r)) && !reservedHan(r) {
		return " "
	}
	// A spacing clone of a mark decomposes to a space and the mark.
	if c, n := utf8.DecodeRuneInString(s); c == ' ' && len(s) > n {
		return " "
	}
	return s
}

func halfJamo(r rune) string {
	s := norm.NFKD.String(string(r))
	if d, _ := utf8.DecodeRuneInString(s); d >= 0x1100 && d <= 0x11ff {
		for c := rune(0x3131); c <= 0x318e; c++ {
			if norm.NFKD.String(string(c)) == s {
				return string(c)
			}
		}
	}
	return s
}

var (
	expansions strings.Builder
	offsets    = map[string]int{}
)

func special(kind, cls int, text string) uint32 {
	off, ok := offsets[text]
	if !ok && text != "" {
		off = expansions.Len()
		expansions.WriteString(text)
		offsets[text] = off
	}
	if len(text) > 63 || off > 0xffff {
		log.Fatalf("expansion %q does not fit", text)
	}
	return 1<<31 | uint32(kind)<<28 | uint32(cls)<<24 | uint32(len(text))<<16&0x3f0000 | uint32(off)
}

// entry returns the folded form of a code point as an Entry of package unidata.
func entry(r rune, keep bool) uint32 {
	s := fold(r, keep)
	switch {
	case s == " " && r < 0x80:
		return sep<<24 | 1<<28 | uint32(r) // text stays unchanged where possible
	case s == "":
		return ignore << 24
	case s == " ":
		return sep<<24 | 1<<28 | ' '
	case s == "'":
		return apostrophe<<24 | 1<<28 | '\''
	}
	rs := []rune(s)
	if len(rs) == 1 {
		c := rs[0]
		switch {
		case c >= 0x1161 && c <= 0x1175:
			return special(hangulV, letter, s)
		case c >= 0x11a8 && c <= 0x11c2:
			return special(hangulT, letter, s)
		case voiced(c):
			return special(voicing, extend, s)
		case reorders(c, keep):
			return special(reorder, class(c), s)
		}
	}
	ordinary := len(s) <= 3
	for _, c := range rs {
		ordinary = ordinary && (len(rs) == 1 || class(c) == letter) && class(c) != sep
	}
	if !ordinary {
		return special(expand, class(rs[0]), s)
	}
	e := uint32(class(rs[0]))<<24 | uint32(len(s))<<28
	for i := range len(s) {
		e |= uint32(s[i]) << (8 * i)
	}
	return e
}

// order returns the canonical combining class of a mark, or 0 if folding drops the mark.
func order(r rune, keep bool) int {
	if ignorable(r) || accent(r) && !keep {
		return 0
	}
	return int(norm.NFD.PropertiesString(string(r)).CCC())
}

// reorders reports whether a mark may have to move before an earlier one. Unless
// accents are kept, viramas, which are frequent, do so only if they can follow tones
// of their script.
func reorders(r rune, keep bool) bool {
	c := order(r, keep)
	return c != 0 && (c != 9 || keep || strings.ContainsRune("\u0e3a\u0eba\u1a60", r)) && c != 107
}

const invalid = sep<<24 | 1<<28 | ' ' // an entry for impossible encodings

func main() {
	if unicode.Version != version || norm.Version != version || cases.UnicodeVersion != version {
		log.Fatalf("unicode %s, norm %s, cases %s: all must be %s (Go 1.26)", unicode.Version, norm.Version, cases.UnicodeVersion, version)
	}
	var out bytes.Buffer
	p := func(f string, a ...any) { fmt.Fprintf(&out, f, a...) }
	p("// Code generated by _gen; DO NOT EDIT.\n\npackage unidata\n\n// Version is the Unicode version of the tables.\nconst Version = %q\n\n", version)

	var blocks [][64]uint32
	blockIndex := map[[64]uint32]int{}
	expansions.WriteByte(' ') // so that no offset is zero
	for _, keep := range []bool{false, true} {
		name := "plain"
		if keep {
			name = "kept"
		}
		p("var %s = Table{\nLow: [2048 + 128]Entry{", name)
		for k := range rune(0x800 + 0x80) {
			if k%12 == 0 {
				p("\n")
			}
			switch {
			case k < 0x80:
				p("%#x,", invalid)
			case k < 0x800:
				p("%#x,", entry(k, keep))
			default:
				p("%#x,", entry(k-0x800, keep))
			}
		}
		p("\n},\nIndex: [1024]uint16{")
		for hi := range rune(1024) {
			var b [64]uint32
			for lo := range rune(64) {
				r := hi<<6 | lo
				e := entry(r, keep)
				if r < 0x800 || r >= 0xd800 && r < 0xe000 {
					e = invalid
				}
				// Unchanged code points have no bytes, so that more blocks are equal.
				if c := string(r); len(c) == 3 {
					same := uint32(c[0]) | uint32(c[1])<<8 | uint32(c[2])<<16 | 3<<28
					if e&^(15<<24) == same {
						e &^= 0xffffff
					}
				}
				b[lo] = e
			}
			k, ok := blockIndex[b]
			if !ok {
				k = len(blocks)
				blockIndex[b] = k
				blocks = append(blocks, b)
			}
			if hi%16 == 0 {
				p("\n")
			}
			p("%d,", k)
		}
		p("\n},\nRanges: []Range{\n")
		supplementary(p, keep)
		p("},\n}\n\n")
	}
	p("// blocks holds what 64 code points each become.\nvar blocks = [...][64]Entry{\n")
	for _, b := range blocks {
		p("{")
		for _, e := range b {
			p("%#x,", e)
		}
		p("},\n")
	}
	p("}\n\nconst expansions = %+q\n", expansions.String())

	p("\n// orders holds the combining classes of the marks that tokens keep.\nvar orders = []Order{\n")
	ranges(func(r rune) uint32 { return uint32(order(r, true)) }, 0x110000, func(lo, hi rune, v uint32) {
		if v != 0 {
			p("{%#x, %#x, %d},\n", lo, hi, v)
		}
	})
	p("}\n")
	src, err := format.Source(out.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("tables.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "blocks %d, expansions %d bytes\n", len(blocks), expansions.Len())
}

func ranges(f func(rune) uint32, end rune, yield func(lo, hi rune, v uint32)) {
	lo, v := rune(0), f(0)
	for r := rune(1); r <= end; r++ {
		if r == end || f(r) != v {
			yield(lo, r-1, v)
			if r < end {
				lo, v = r, f(r)
			}
		}
	}
}

// supplementary writes ranges of code points above U+FFFF that are not separators:
// unchanged code points by class, others by their folded form.
func supplementary(p func(string, ...any), keep bool) {
	type rng struct {
		lo, hi rune
		e      uint32
		delta  rune
	}
	var rs []rng
	for r := rune(0x10000); r < 0x110000; r++ {
		s := fold(r, keep)
		if s == " " {
			continue
		}
		x := rng{lo: r, hi: r}
		c, n := utf8.DecodeRuneInString(s)
		switch {
		case s == "":
			x.e = ignore << 24
		case n == len(s) && c >= 0x10000 && !reorders(c, keep):
			x.e, x.delta = uint32(class(c))<<24|4<<28, c-r
		default:
			x.e = entry(r, keep)
		}
		if n := len(rs); n > 0 && rs[n-1].hi == r-1 && rs[n-1].e == x.e && rs[n-1].delta == x.delta {
			rs[n-1].hi = r
			continue
		}
		rs = append(rs, x)
	}
	if !slices.IsSortedFunc(rs, func(a, b rng) int { return int(a.lo - b.lo) }) {
		log.Fatal("unsorted")
	}
	for _, x := range rs {
		p("{%#x, %#x, %#x, %d},\n", x.lo, x.hi, x.e, x.delta)
	}
}
