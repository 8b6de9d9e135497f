package shingle_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/shingle"
)

func words(s shingle.Shingler, text string) []string {
	var got []string
	for _, t := range s.AppendTokens(nil, text) {
		got = append(got, t.Of(text))
	}
	return got
}

func TestTokensAreSplit(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		why  string
	}{
		{"", nil, "nothing"},
		{" \r\n\t", nil, "white space"},
		{"One two", []string{"One", "two"}, "words"},
		{"don't 'quoted' rock’n’roll", []string{"don't", "quoted", "rock’n’roll"}, "apostrophes between letters join"},
		{"dogs' 5'10 o''c", []string{"dogs", "5", "10", "o", "c"}, "other apostrophes do not"},
		{"a_b-c.d:e,f", []string{"a", "b", "c", "d", "e", "f"}, "punctuation splits"},
		{"x2 42nd 3.14", []string{"x2", "42nd", "3", "14"}, "digits"},
		{"cafe\u0301 café", []string{"cafe\u0301", "café"}, "a mark belongs to its letter"},
		{"soft\u00adhyphen ze\u200bro", []string{"soft\u00adhyphen", "ze\u200bro"}, "invisible characters are nothing"},
		{"中文 text混合", []string{"中", "文", "text", "混", "合"}, "an ideograph is a token"},
		{"हिन्दी में", []string{"हिन्दी", "में"}, "vowel signs belong to the word"},
		{"ภาษาไทย", []string{"ภา", "ษา", "ไท", "ย"}, "Thai clusters"},
		{"ភាសាខ្មែរ", []string{"ភា", "សា", "ខ្មែ", "រ"}, "Khmer clusters"},
		{"コンピューターを使う", []string{"コンピューター", "を", "使", "う"}, "Japanese"},
		{"らーめんとラーメンを食べたいです", []string{"らーめんと", "ラーメン", "を", "食", "べたいです"}, "kana runs"},
		{"한국어 단어", []string{"한국어", "단어"}, "Korean"},
		{"a\xffb\xe4\xb8c", []string{"a", "b", "c"}, "broken encoding separates"},
		{"ﬁne ﬃ", []string{"ﬁne", "ﬃ"}, "ligatures"},
	} {
		if diff := cmp.Diff(c.want, words(shingle.Shingler{}, c.text)); diff != "" {
			t.Errorf("%q: %s (-want +got):\n%s", c.text, c.why, diff)
		}
	}
}

func TestFoldingMakesEqualTokens(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"Straße", "STRASSE"}, {"ﬁn", "fin"}, {"ＡＢＣ１２", "abc12"}, {"café", "CAFE"},
		{"cafe\u0301", "café"}, {"don’t", "DON'T"}, {"soft\u00adhyphen", "softhyphen"},
		{"Ёлка", "елка"}, {"ΟΔΟΣ", "οδός"}, {"İstanbul", "istanbul"}, {"ISPARTA", "ısparta"},
		{"ｶﾞ", "ガ"}, {"か\u3099", "が"}, {"\u1112\u1161\u11ab", "한"}, {"\uac00\u11a8", "각"},
		{"مُحَمَّد", "محمد"}, {"كـتاب", "كتاب"}, {"ﻛﺘﺎﺏ", "كتاب"}, {"שָׁלוֹם", "שלום"},
		{"क़", "क\u093c"}, {"ো", "ো"}, {"٣", "3"}, {"Œuvre Łódź", "oeuvre lodz"},
		{"a\u00a0b — c", "a b c"}, {"㍿", "株式会社"}, {"Ⅷ", "viii"}, {"①", "1"}, {"ﷲ", "الله"},
		{"⑷", "4"}, {"20 ℃", "20°C"}, {"№ 5", "no 5"}, {"ŉ", "'n"}, {"１０㎞", "10km"}, {"E\u0338", "e"},
	} {
		a := (shingle.Shingler{}).Set(c.a)
		b := (shingle.Shingler{}).Set(c.b)
		if len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("tokens of %q = %q, of %q = %q, want the same", c.a, words(shingle.Shingler{}, c.a), c.b, words(shingle.Shingler{}, c.b))
		}
	}
	keep := shingle.Shingler{KeepAccents: true}
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"café", "cafe\u0301", 1}, {"café", "cafe", 0}, {"ệ", "e\u0323\u0302", 1}, {"ệ", "e\u0302\u0323", 1}, {"CAFÉ", "café", 1},
	} {
		if got := keep.Set(c.a).Jaccard(keep.Set(c.b)); got != c.want {
			t.Errorf("accents kept: similarity of %q and %q = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
