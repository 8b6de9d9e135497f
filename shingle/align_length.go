package shingle

import (
	"unicode/utf8"

	"github.com/neardup/neardup/internal/align"
	"github.com/neardup/neardup/internal/unidata"
)

// The weights of tokens, in hundredths of an English word. The weights of ideographs
// and clusters were measured on help pages in English, Chinese and Khmer that are
// translations of each other (.62 and .39), and on English sentences with their
// Chinese, Japanese and Thai translations (.71, and .38 for Thai; in Japanese, runs
// of kana share the weight that is left after the ideographs).
const (
	weightWord      = 100
	weightIdeograph = 65
	weightKana      = 65
	weightCluster   = 38
)

// weightOf returns the weight of the token that begins s.
func weightOf(s string) uint8 {
	if s[0] < 0xe0 {
		return weightWord
	}
	class := 0
	if r, n := utf8.DecodeRuneInString(s); n == 3 {
		class = unidata.Plain().Three(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16).Class()
	} else {
		e, _ := unidata.Plain().Four(r)
		class = e.Class()
	}
	switch class {
	case unidata.Single:
		return weightIdeograph
	case unidata.Hiragana, unidata.Katakana:
		return weightKana
	case unidata.Cluster, unidata.Prefix, unidata.Stacker:
		return weightCluster
	}
	return weightWord
}

// weigh stores the weights of the tokens, unless all are words.
func (t *Text) weigh() {
	t.weight = weightWord * len(t.starts)
	if t.sh.Unit != Words {
		return
	}
	for i := range t.starts {
		at := t.start(i)
		if t.text[at] < 0xe0 {
			continue
		}
		w := weightOf(t.text[at:])
		if w != weightWord && t.weights == nil {
			t.weights = make([]uint8, len(t.starts))
			for k := range t.weights {
				t.weights[k] = weightWord
			}
		}
		if t.weights != nil {
			t.weight -= weightWord - int(w)
			t.weights[i] = w
		}
	}
}

// Weights returns the weight of each token in hundredths of an English word, so that
// a length means about the same in every script: 65 for an ideograph and a run of
// kana, 38 for a cluster of Thai or Khmer. It is nil if every weight is 100, as in
// scripts with spaces and with [Chars]. The slice must not be modified.
func (t *Text) Weights() []uint8 { return t.weights }

// long reports whether the equal tokens of a chain weigh at least as much as the
// given number of words.
func long(a *Text, c align.Chain, least int) bool {
	if int(c.Matched) < least {
		return false
	}
	if a.weights == nil {
		return true
	}
	sum := 0
	for _, r := range c.Runs {
		for _, w := range a.weights[r.A : r.A+r.N] {
			sum += int(w)
		}
	}
	return sum >= weightWord*least
}

// scale returns the number of tokens of the two texts that weigh as much as n words.
func scale(a, b *Text, n int) int {
	if a.weights == nil || b.weights == nil {
		return n
	}
	tokens := len(a.starts) + len(b.starts)
	weight := a.weight + b.weight
	return (n*weightWord*tokens + weight/2) / weight
}
