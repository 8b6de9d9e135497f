package boilerplate

import (
	"strings"
	"testing"
)

// TestWordsBeginAgreesWithTryingAll compares the lookup of a first word with one that tries all words.
func TestWordsBeginAgreesWithTryingAll(t *testing.T) {
	naive := func(l *words, text string) bool {
		first := text
		for first != "" && !letters[first[0]] {
			first = first[1:]
		}
		n := 0
		for n < len(first) && letters[first[n]] {
			n++
		}
		for _, words := range l.by {
			for _, w := range words {
				if len(w) == n && strings.EqualFold(w, first[:n]) {
					return true
				}
			}
		}
		return false
	}
	for _, l := range []*words{adWords, signWords} {
		yes, no := 0, 0
		check := func(text string) {
			want := naive(l, text)
			if got := l.begin(text); got != want {
				t.Errorf("begin(%q) = %v, want %v", text, got, want)
			}
			if want {
				yes++
			} else {
				no++
			}
		}
		for _, words := range append(adWords.by[:], signWords.by[:]...) {
			for _, w := range words {
				for _, before := range []string{"", "[ ", "— ", "x", "7 "} {
					for _, after := range []string{"", ".", " and so on", "s", "é", "0", "\n"} {
						check(before + w + after)
						check(before + strings.ToUpper(w) + after)
						check(before + strings.ToUpper(w[:1]) + w[1:] + after)
						check(before + w[:len(w)-1] + after)
					}
				}
			}
		}
		for _, text := range []string{"", " ", "...", "a", "é", "\xff", "adverti\u017fement"} {
			check(text)
		}
		if yes < 100 || no < 100 {
			t.Errorf("%d texts begin with a word of the list and %d do not, want at least 100 of each", yes, no)
		}
	}
}
