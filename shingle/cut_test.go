package shingle_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

func TestCutRemovesSpans(t *testing.T) {
	for _, tt := range []struct{ why, text, want string }{ // Cut removes the text in []
		{"nothing", " a b ", " a b "},
		{"a word", "a [b] c", "a c"},
		{"the first of equal spaces stays", "a\t[b] c", "a\tc"},
		{"the greater break stays", "a [b.]\n\nc", "a\n\nc"},
		{"a blank line is a greater break", "a\n[b]\n\nc", "a\n\nc"},
		{"line ends of Windows", "a\r\n[b]\nc", "a\r\nc"},
		{"between two spans", "a [b]\n[c] d", "a\nd"},
		{"at the beginning", "[a] b", "b"},
		{"indented", "  [a]\n  b", "  b"},
		{"at the end", "a [b]\n", "a\n"},
		{"at the very end", "a\n[b]", "a"},
		{"all", " [a]\n", "\n"},
		{"words stay two", "ab[中]cd", "ab cd"},
		{"scripts without spaces", "中文[重复]中文", "中文中文"},
		{"kana stay two", "ひら[中]がな", "ひら がな"},
		{"bytes do not become a letter", "a\xe4[b]\xb8\xad", "a\xe4 \xb8\xad"},
		{"marks stay", "a ([b]) c", "a () c"},
	} {
		text, spans := bracketed(tt.text)
		if got := shingle.Cut(text, spans).Text; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.why, got, tt.want)
		}
	}
}

// bracketed returns a text and the spans in brackets.
func bracketed(s string) (string, []shingle.Span) {
	var b strings.Builder
	var spans []shingle.Span
	for i := range len(s) {
		switch s[i] {
		case '[':
			spans = append(spans, shingle.Span{Start: b.Len()})
		case ']':
			spans[len(spans)-1].End = b.Len()
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), spans
}

func TestOriginalMapsBackToText(t *testing.T) {
	text, spans := bracketed("one [two] three [four five]\nsix")
	rest := shingle.Cut(text, spans)
	for _, tt := range []struct{ part, want string }{
		{"one", "one"}, {"three", "three"}, {"one three", "one two three"}, {"ree\nsi", "ree four five\nsi"}, {"\n", ""}, {rest.Text, text},
	} {
		at := strings.Index(rest.Text, tt.part)
		if got := rest.Original(shingle.Span{Start: at, End: at + len(tt.part)}).Of(text); got != tt.want {
			t.Errorf("Original(%q of %q) = %q, want %q", tt.part, rest.Text, got, tt.want)
		}
	}
}

// FuzzCut cuts every token whose bit is set. The rest must have exactly the other tokens,
// and Original must return their places.
func FuzzCut(f *testing.F) {
	f.Add("one two  three\n\nfour; five ab中cd ½", []byte{0b01010101, 0b1010})
	f.Add("ひら中がな don't\u200b x\xe4y\xb8\xad", []byte{0b01010100})
	f.Fuzz(func(t *testing.T, text string, bits []byte) {
		var sh shingle.Shingler
		var spans []shingle.Span
		var want []shingle.Token
		tokens := sh.AppendTokens(nil, text)
		for i := 0; i < len(tokens); {
			k := i + 1 // tokens of one character are cut together
			for k < len(tokens) && tokens[k].Start < tokens[k-1].End {
				k++
			}
			if i/8 < len(bits) && bits[i/8]>>(i%8)&1 == 1 {
				spans = append(spans, shingle.Span{Start: tokens[i].Start, End: tokens[k-1].End})
			} else {
				want = append(want, tokens[i:k]...)
			}
			i = k
		}
		rest := shingle.Cut(text, spans)
		got := sh.AppendTokens(nil, rest.Text)
		if !slices.EqualFunc(got, want, func(x, y shingle.Token) bool { return x.Hash == y.Hash }) {
			t.Fatalf("tokens of %q without %v: rest %q has other tokens, want those that were not cut", text, spans, rest.Text)
		}
		for i := range got {
			if at := rest.Original(got[i].Span); at != want[i].Span {
				t.Fatalf("Original(token %q) = %v in %q, want %v", got[i].Of(rest.Text), at, text, want[i].Span)
			}
		}
		if utf8.ValidString(text) && !utf8.ValidString(rest.Text) {
			t.Fatalf("%q without %v is %q, want valid UTF-8", text, spans, rest.Text)
		}
	})
}

func TestSentencesEndWhereExpected(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"No stop", []string{"No stop"}},
		{"One. Two! \"Three?\" Four", []string{"One.", "Two!", "\"Three?\"", "Four"}},
		{"Dr. Smith met J. Doe. they left, e.g. now.\n\nTitle\n\nEnd.", []string{"Dr. Smith met J. Doe. they left, e.g. now.", "Title", "End."}},
		{"第一句。第二句！“第三句？”第四", []string{"第一句。", "第二句！", "“第三句？”", "第四"}},
		{"...\n\n(abc). B.", []string{"(abc).", "B."}},
	} {
		var got []string
		for s := range shingle.Sentences(tt.text) {
			got = append(got, s.Of(tt.text))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// FuzzSentences checks that sentences ascend, have no space around them, and hold every
// token once.
func FuzzSentences(f *testing.F) {
	f.Add("One. Two!\n\n\"Three?\" 第一句。第二句。\n- a. B\n- c")
	f.Fuzz(func(t *testing.T, text string) {
		tokens := shingle.Shingler{}.AppendTokens(nil, text)
		at, n := 0, 0
		for s := range shingle.Sentences(text) {
			if s.Start < at || s.End <= s.Start || strings.TrimSpace(s.Of(text)) != s.Of(text) {
				t.Fatalf("sentence %v of %q is %q, want sentences in order, not empty and without space at their ends", s, text, s.Of(text))
			}
			at = s.End
			for n < len(tokens) && tokens[n].End <= s.End {
				if tokens[n].Start < s.Start {
					t.Fatalf("token %q of %q is in no sentence, want it in one", tokens[n].Of(text), text)
				}
				n++
			}
		}
		if n < len(tokens) {
			t.Fatalf("token %q of %q is in no sentence, want it in one", tokens[n].Of(text), text)
		}
	})
}
