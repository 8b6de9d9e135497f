package shingle

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/align"
)

// A passage with at least this similarity is one text whose figures were updated,
// unless it has a slot for every templateTokens equal tokens, and mostly values in
// the slots.
const (
	templateSimilarity = .8
	templateTokens     = 8
	templateSlots      = 4
)

// template reports whether a passage is a fixed wording with different content in it:
// its sides differ in slots that both sides fill with values, which are numbers and
// names. Values are at least a quarter of the difference, or a third if there is only
// one slot. It is computed from the two sides alone, so it does not depend on the
// other documents of a corpus.
func template(a, b edges, runs []align.Run, matched int) bool {
	va, vb := values{edges: a}, values{edges: b}
	similar := 2*float64(matched) >= templateSimilarity*float64(a.to-a.from+b.to-b.from)
	if similar && len(runs)+1 < max(templateSlots, (matched+templateTokens-1)/templateTokens) {
		return false // at most len(runs)+1 slots, which is too few
	}
	slots, differ, filled := 0, 0, 0
	slot := func(i, x, j, y int) {
		if i == x && j == y {
			return
		}
		differ += x - i + y - j
		// The part of a number that both sides have, such as the 35 of 35 and 35.3, belongs
		// to the slot.
		for i > a.from && j > b.from && (a.t.inNumber(i) || b.t.inNumber(j)) {
			i, j = i-1, j-1
		}
		for x < a.to && y < b.to && (a.t.inNumber(x) || b.t.inNumber(y)) {
			x, y = x+1, y+1
		}
		if n, m := va.count(i, x), vb.count(j, y); n > 0 && m > 0 {
			slots++
			filled += n + m
		}
	}
	i, j := a.from, b.from
	for _, r := range runs {
		slot(i, int(r.A), j, int(r.B))
		i, j = int(r.A+r.N), int(r.B+r.N)
	}
	slot(i, a.to, j, b.to)
	if similar {
		return slots >= templateSlots && templateTokens*slots >= matched && 3*filled >= 2*differ
	}
	return slots >= 2 && 4*filled >= differ || slots == 1 && 3*filled >= differ
}

// inNumber reports whether token i continues the number of the token before it: both
// have digits, and a mark between them joins digits.
func (t *Text) inNumber(i int) bool {
	if i == 0 || i == t.Len() {
		return false
	}
	from, to := t.between(i)
	if to <= from || to-from > len("’") || t.text[from] == ' ' {
		return false // as for most tokens
	}
	switch t.text[from:to] {
	case ".", ",", "-", "/", ":", "'", "’", "\u00a0", "\u202f":
	default:
		return false
	}
	digits := func(i int) bool { return hasNumber(t.Token(i).Of(t.text)) }
	return digits(i-1) && digits(i)
}

// values marks the words on one side of a passage that are numbers or names.
type values struct {
	edges
	seen  bool
	small bool // computed on demand: at least a quarter of the words begin with a lower-case letter
}

// names reports whether capitalized words on this side count as names.
func (v *values) names() bool {
	if v.seen {
		return v.small
	}
	small, large := 0, 0
	for i := v.from; i < v.to; i++ {
		switch r := v.first(i); {
		case unicode.IsLower(r):
			small++
		case unicode.IsUpper(r):
			large++
		}
	}
	v.seen, v.small = true, 3*small >= large
	return v.small
}

// first returns the first character of a token.
func (v *values) first(i int) rune {
	at := v.t.start(i)
	if c := v.t.text[at]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(v.t.text[at:v.t.end(i)])
	return r
}

// count returns the number of values among the tokens [from, to).
func (v *values) count(from, to int) (n int) {
	for i := from; i < to; i++ {
		if v.is(i) {
			n++
		}
	}
	return n
}

// is reports whether a token is a number (in digits, or a small one in words) or a
// name (a word with a capital letter that does not begin a sentence).
func (v *values) is(i int) bool {
	r := v.first(i)
	if r >= 0x4e00 && r <= 0x9fff {
		return hanNumeral(r) // one ideograph is one token
	}
	word := v.t.Token(i).Of(v.t.text)
	if hasNumber(word) {
		return true
	}
	switch {
	case unicode.IsUpper(r):
		if numeral(strings.ToLower(word)) {
			return true
		}
		return i > 0 && v.names() && !v.t.endsSentence(i-1)
	case unicode.Is(unicode.Han, r):
		return hanNumeral(r)
	}
	return numeral(word)
}

// hasNumber reports whether a word has a digit or another numeric character, such as ½.
func hasNumber(word string) bool {
	for i := 0; i < len(word); i++ {
		if c := word[i]; c >= utf8.RuneSelf {
			return strings.ContainsFunc(word[i:], unicode.IsNumber)
		} else if '0' <= c && c <= '9' {
			return true
		}
	}
	return false
}

func hanNumeral(r rune) bool {
	switch r {
	case '〇', '零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万', '億', '亿':
		return true
	}
	return false
}

// numeral reports whether a word is a number. Words that are also articles, such as
// "un", are not.
func numeral(word string) bool {
	switch word {
	case "nil", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "hundred", "thousand",
		"null", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "hundert", "tausend",
		"zéro", "deux", "trois", "quatre", "cinq", "sept", "huit", "neuf", "dix", "onze", "douze", "cent", "mille",
		"cero", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "cien", "mil",
		"due", "tre", "quattro", "cinque", "sette", "otto", "nove", "dieci", "undici", "dodici", "dois", "três", "quatro", "sete", "oito", "dez", "doze",
		"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "сто", "тысяч":
		return true
	}
	return false
}
